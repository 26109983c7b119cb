"""Engines that outlive the command that started them: ``coursekit engines start|status|stop``.

One of each kind for a person and machine. Its folder, in the cache folder, has the logs and the
state that the keeper wrote; it goes away with the engine.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from coursekit.engines.keeper import Plan, Server, State, read_state
from coursekit.engines.standalone import failure, require_possible
from coursekit.ground import places
from coursekit.ground.errors import CourseError

KINDS = ("spark-cluster", "spark-connect")
FAREWELL = 30


@dataclass(frozen=True)
class Line:
    """One process of an engine, as ``status`` shows it."""

    engine: str
    name: str
    alive: bool
    pages: str


def start(plan: Plan) -> State:
    """Start an engine and return when it is ready.

    Parameters
    ----------
    plan : Plan
        Its folder is set here.

    Raises
    ------
    CourseError
        One runs already, a port is taken, or a server does not start.
    """
    require_possible(plan)
    _require_free(plan.port)
    folder = _folder(plan.kind)
    with _alone(plan.kind):
        if (known := read_state(folder)) and _is_alive(known.keeper):
            raise CourseError(
                f"A {plan.kind} runs already: {known.url}",
                f"Use it, or end it: coursekit engines stop {plan.kind}",
            )
        if known:
            _end(known)  # a keeper that was killed
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return _started(replace(plan, folder=str(folder)))


def running(kind: str) -> str | None:
    """Return the address of an engine that runs, or None."""
    state = read_state(_folder(kind))
    alive = state and all(map(_is_alive, (state.keeper, *state.servers)))
    return state.url if alive else None


def status() -> list[Line]:
    """Return every process of every engine that was started and not stopped."""
    lines = []
    for kind in KINDS:
        if state := read_state(_folder(kind)):
            lines += [Line(kind, s.name, _is_alive(s), s.pages) for s in state.servers]
    return lines


def stop(kind: str) -> bool:
    """End an engine; tell whether there was one.

    Raises
    ------
    CourseError
        There is no engine of that name.
    """
    if kind not in KINDS:
        raise CourseError(
            f"There is no engine {kind!r}.", f"The engines are {' and '.join(KINDS)}."
        )
    with _alone(kind):
        state = read_state(_folder(kind))
        if state:
            _end(state)
        shutil.rmtree(_folder(kind), ignore_errors=True)
        return state is not None


def _require_free(port: int) -> None:
    """Raise if a port is taken; Spark itself would silently take the next one."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except OSError as error:
        raise CourseError(
            f"Port {port} of this machine cannot be used: {error.strerror}.",
            "Name another one, or leave --port out, and a free one is found.",
        ) from None


def _folder(kind: str) -> Path:
    return places.cache_dir() / "engines" / kind


@contextlib.contextmanager
def _alone(kind: str):
    """Let one command at a time start or stop an engine of this kind."""
    lock = places.cache_dir() / "engines" / f"{kind}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout:
        raise CourseError(
            f"Another command starts or stops a {kind} at this moment.",
            "Wait until it has ended, then look: coursekit engines status",
        ) from None


def _started(plan: Plan) -> State:
    command = [sys.executable, "-m", "coursekit.engines.keeper", json.dumps(asdict(plan))]
    # Without a name: the keeper removes its folder when it fails.
    with tempfile.TemporaryFile() as said:
        keeper = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=os.environ | {"COURSEKIT_DETACHED": "1"},
            start_new_session=True,
        )
        try:
            while not (state := read_state(Path(plan.folder))):
                if keeper.poll() is not None:
                    raise failure(os.pread(said.fileno(), 1 << 16, 0).decode(errors="replace"))
                time.sleep(0.05)
        except BaseException:
            keeper.terminate()  # Ctrl-C in the middle of a start leaves nothing
            keeper.wait()
            raise
    return state


def _end(state: State) -> None:
    """End the keeper, which ends its servers; then whatever of them is left."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if _is_alive(state.keeper):
            os.kill(state.keeper.pid, signal.SIGTERM)
            psutil.Process(state.keeper.pid).wait(FAREWELL)
    for server in state.servers:
        with contextlib.suppress(psutil.NoSuchProcess):
            if _is_alive(server):
                psutil.Process(server.pid).kill()


def _is_alive(server: Server) -> bool:
    """Tell whether the process that was started still runs; its number may have a new owner."""
    try:
        process = psutil.Process(server.pid)
        return (
            abs(process.create_time() - server.started) < 1
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False
