"""Starts JupyterLab on the learner's folder, tells its address once it answers, and ends it."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

import filelock

from coursekit.ground import files, places
from coursekit.ground.child import Child, StartFailed, free_port, http_get
from coursekit.ground.errors import CourseError

HERE = Path(__file__).resolve().parent
DEFAULT_PORT = 8888
START_SECONDS = 120
# A learner needs none of nbgrader's own pages; loading them costs two seconds.
EXTENSIONS = {
    "classkit.lab.home": True,
    "nbgrader.server_extensions.assignment_list": False,
    "nbgrader.server_extensions.course_list": False,
    "nbgrader.server_extensions.formgrader": False,
    "nbgrader.server_extensions.validate_assignment": False,
}
LOCK = ".lab.lock"
ADDRESS = ".lab.url"


def serve(
    folder: Path,
    *,
    port: int | None = None,
    browser: bool = True,
    say: Callable[[str], None] = print,
) -> int:
    """Run JupyterLab on ``folder`` until it ends, and return its exit code; Ctrl-C ends it too.

    Parameters
    ----------
    folder : Path
        The learner's folder.
    port : int, optional
        0 for any free port. By default 8888, or any free port when that one is taken.
    browser : bool
        Whether to open the learner's browser.
    say : callable
        Gets the lines for the learner. The address, with its token, is a line of its own.

    Raises
    ------
    CourseError
        When the port is taken, the course is already open in this folder, or JupyterLab does not
        start.
    """
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise CourseError(
            f"The course is already open in {folder}.",
            f"Open {_known_address(folder)}, or stop it with Ctrl-C in the terminal that runs it.",
        ) from None
    try:
        return _serve(folder, _free_port(port), browser, say)
    finally:
        (folder / ADDRESS).unlink(missing_ok=True)
        lock.release()


def _serve(folder: Path, port: int, browser: bool, say: Callable[[str], None]) -> int:
    token = secrets.token_hex(24)
    url = f"http://127.0.0.1:{port}/lab?token={token}"
    log = places.cache_dir() / "jupyterlab.log"
    # A closed terminal or a service manager must not leave the server behind either.
    for ending in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, ending):  # Windows has no terminal that hangs up
            signal.signal(getattr(signal, ending), signal.default_int_handler)
    server = Child(
        command(folder, port),
        environ=environ(folder, token),
        patience=START_SECONDS,
        farewell=15,  # it stops its kernels first
        guarded=True,
        log=log,
    )
    status, key = f"http://127.0.0.1:{port}/api/status", {"Authorization": f"token {token}"}
    try:
        server.wait_for(lambda: http_get(status, key))
        files.write_text(folder / ADDRESS, url + "\n")
        os.chmod(folder / ADDRESS, 0o600)
        say("JupyterLab is ready:")
        say(url)
        say("Ctrl-C here stops it; your notebooks are saved as you work.")
        if browser:
            webbrowser.open(url)
        return server.wait()
    except StartFailed as failed:
        raise CourseError(
            f"JupyterLab did not start: {failed}",
            f"Run `coursekit doctor`; the whole log is in {log}",
        ) from None
    finally:
        server.close()


def environ(folder: Path, token: str) -> dict[str, str | None]:
    """Return the variables of the course's server: its own configuration, a person's look."""
    personal = Path.home() / ".jupyter" / "lab"
    return {
        "JUPYTER_TOKEN": token,
        "COURSEKIT_WORK": str(folder),
        "JUPYTER_NO_CONFIG": "1",  # an address or a contents manager of another project's
        "JUPYTERLAB_SETTINGS_DIR": str(personal / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(personal / "workspaces"),
        "MPLBACKEND": None,
    }


def command(folder: Path, port: int) -> list[str]:
    """Return the command line of JupyterLab for one learner on an own machine."""
    return [
        sys.executable, "-m", "jupyterlab",
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.allow_root=True",
        *options(folder),
    ]  # fmt: skip


def options(folder: Path) -> list[str]:
    """Return what makes JupyterLab the course's, alone or as a learner's server under a hub."""
    return [
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.jpserver_extensions={EXTENSIONS}",
        # Others on this machine cannot read what goes between the server and its kernels.
        "--KernelManager.transport_encryption=auto",
        f"--LabApp.extra_labextensions_path={HERE / 'labextensions'}",
        f"--LabApp.app_settings_dir={HERE / 'settings'}",
        "--LabApp.expose_app_in_browser=True",
    ]


def _free_port(wanted: int | None) -> int:
    for candidate in [DEFAULT_PORT, 0] if wanted is None else [wanted]:
        with contextlib.suppress(OSError):
            return free_port(candidate)
    raise CourseError(
        f"Port {wanted} on this machine is taken or not allowed.",
        'Choose another, or let one be found: make lab ARGS="--port 0"',
    )


def _known_address(folder: Path) -> str:
    try:
        return (folder / ADDRESS).read_text(encoding="utf-8").strip()
    except OSError:
        return "the address it printed"
