"""``coursekit hub``: a real JupyterHub on this machine, to try a class out and to test with.

Real are the hub, the proxy, the accounts at the door and the learners' servers. All accounts are
one user of this machine, so they are not kept apart from each other: that is the work of
``deploy/jupyterhub_config.py``.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from classkit.hub import proxy
from coursekit.ground import places
from coursekit.ground.child import Child, StartFailed, free_port, free_ports, http_get
from coursekit.ground.errors import CourseError

DEFAULT_PORT = 8000
NAMES = ("ada", "ben")
TEACHER = "teacher"
PATIENCE = 90
FAREWELL = 20
# Variables of the course that learners' servers get from whoever starts the hub.
HANDED_ON = ("COURSEKIT_SPARK", "COURSEKIT_CLASS", "JAVA_HOME")


def serve(
    *, port: int | None = None, learners: int = 2, say: Callable[[str], None] = print
) -> None:
    """Run a hub until Ctrl-C, SIGTERM or a closed terminal ends it; nothing is left behind.

    Parameters
    ----------
    port : int, optional
        0 for any free port; by default 8000.
    learners : int
        How many accounts for learners: ada, ben, learner3, …
    say : callable
        Gets the lines for the reader. The address is a line of its own.

    Raises
    ------
    CourseError
        The port is taken, JupyterHub is missing, its proxy cannot be installed, or the hub does
        not start.
    KeyboardInterrupt
        It is ended while it starts.
    """
    if find_spec("jupyterhub") is None:
        raise CourseError(
            "JupyterHub is not installed.", 'Install it: python -m pip install "coursekit[hub]"'
        )
    proxy.PROGRAM.install()
    chosen = _port(port)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="coursekit-hub-"))
    hub = None
    try:
        settings = _prepare(folder, chosen, learners)
        hub = _start(folder, chosen)
        for line in _welcome(settings):
            say(line)
        try:
            hub.wait()
        except KeyboardInterrupt:
            say("Ending the hub and every server …")
            return
        raise CourseError(
            "The hub ended by itself.", "Start it again; `coursekit doctor` looks at this machine."
        )
    finally:
        if hub is not None:
            hub.close()
        shutil.rmtree(folder, ignore_errors=True)


def names(learners: int) -> list[str]:
    """Return the names of so many learners."""
    return [NAMES[n] if n < len(NAMES) else f"learner{n + 1}" for n in range(learners)]


def _prepare(folder: Path, port: int, learners: int) -> dict:
    (folder / "homes").mkdir()
    (folder / "tmp").mkdir()
    hub_port, proxy_port = free_ports(2)
    settings = {
        "port": port,
        "hub_port": hub_port,
        "proxy_port": proxy_port,
        "learners": names(learners),
        "teacher": TEACHER,
        "learner_password": secrets.token_hex(6),
        "teacher_password": secrets.token_hex(16),  # JupyterHub wants 32 signs for an admin
        "cache": str(places.cache_dir()),
        "environment": {name: os.environ[name] for name in HANDED_ON if name in os.environ},
    }
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    return settings


def _start(folder: Path, port: int) -> Child:
    configuration = str(Path(__file__).with_name("demo_config.py"))
    start = [sys.executable, "-m", "jupyterhub", "--config", configuration]
    hub = Child(
        start,
        environ={"COURSEKIT_HUB": str(folder)},
        patience=PATIENCE,
        farewell=FAREWELL,  # in order: it stops the learners' servers, and these their kernels
        guarded=True,
        log=folder / "hub.log",
        cwd=folder,
        folder=folder,
    )
    try:
        hub.wait_for(lambda: http_get(f"http://127.0.0.1:{port}/hub/login"))
    except StartFailed as failed:
        raise CourseError(
            f"JupyterHub did not start: {failed}",
            "Run `coursekit doctor`: it names what this machine lacks.",
        ) from None
    return hub


def _welcome(settings: dict) -> list[str]:
    learners = settings["learners"]
    some = ", ".join(learners if len(learners) < 4 else [*learners[:2], "…", learners[-1]])
    return [
        "JupyterHub is ready:",
        f"http://127.0.0.1:{settings['port']}",
        f"learners   {some}; password {settings['learner_password']}",
        f"instructor {settings['teacher']}; password {settings['teacher_password']}",
        "All accounts are one user of this machine and can read each other's files;"
        " deploy/ keeps a class apart.",
        "Ctrl-C here ends it with all servers, and removes what the accounts have made.",
    ]


def _port(wanted: int | None) -> int:
    candidate = DEFAULT_PORT if wanted is None else wanted
    try:
        return free_port(candidate)
    except OSError:
        pass
    answer = http_get(f"http://127.0.0.1:{candidate}/hub/api") or b""
    who = (
        "A JupyterHub runs already" if b'"version"' in answer else "Something else listens, or may"
    )
    raise CourseError(
        f"Port {candidate} of this machine cannot be used. {who} there.",
        'Stop it, or let another port be found: make hub ARGS="--port 0"',
    )
