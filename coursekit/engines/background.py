"""Engines that outlive the command that started them: ``coursekit engines start|status|stop``.

One of each kind for a person and machine. A keeper holds it, which is this module run as
``python -m coursekit.engines.background PLAN FOLDER``: a process that starts the servers, writes
what it started into ``state.json``, and ends them when it is asked to (SIGTERM). The folder, in the
cache folder, has the logs and that state; it goes away with the engine.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import psutil

from coursekit.engines.servers import PATIENCE, Engine, Plan
from coursekit.ground import files, places
from coursekit.ground.child import Child, StartFailed, free_port
from coursekit.ground.errors import CourseError

KINDS = ("spark-cluster", "spark-connect")
FAREWELL = 60


@dataclass(frozen=True)
class Server:
    """A process of an engine. Its number comes with its start: a number may get a new owner."""

    name: str
    pid: int
    started: float
    pages: str = ""

    @property
    def alive(self) -> bool:
        """Whether the process that was started still runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    @classmethod
    def of(cls, name: str, pid: int, pages: str = "") -> Server:
        """Describe a process that runs."""
        return cls(name, pid, psutil.Process(pid).create_time(), pages)


@dataclass(frozen=True)
class State:
    """What a keeper started."""

    kind: str
    url: str
    keeper: Server
    servers: list[Server]


def start(plan: Plan) -> State:
    """Start an engine and return when it is ready.

    Raises
    ------
    CourseError
        One runs already, a port is taken, or a server does not start.
    """
    try:
        free_port(plan.port)  # Spark itself would silently take the next one
    except OSError as error:
        raise CourseError(
            f"Port {plan.port} of this machine cannot be used: {error.strerror}.",
            "Name another one, or leave --port out, and a free one is found.",
        ) from None
    folder = _folder(plan.kind)
    with files.locked(folder, seconds=5):  # one command at a time
        if (known := read_state(folder)) and known.keeper.alive:
            raise CourseError(
                f"A {plan.kind} runs already: {known.url}",
                f"Use it, or end it: coursekit engines stop {plan.kind}",
            )
        _end(known)  # of a keeper that was killed
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = [sys.executable, "-m", "coursekit.engines.background"]
        keeper = Child(
            [*command, json.dumps(asdict(plan)), str(folder)],
            patience=3 * PATIENCE,
            farewell=FAREWELL,
            detached=True,
            log=folder / "keeper.log",
            folder=folder,
        )
        try:
            return keeper.wait_for(lambda: read_state(folder))
        except StartFailed as failed:
            try:  # the two lines of the error that the keeper met
                what, mend = json.loads(failed.said.splitlines()[-1])
            except (ValueError, IndexError):
                what, mend = str(failed), "Run 'coursekit doctor': it names what is missing here."
            raise CourseError(what, mend) from None


def running(kind: str) -> str | None:
    """Return the address of an engine that runs, or None."""
    state = read_state(_folder(kind))
    alive = state and all(server.alive for server in (state.keeper, *state.servers))
    return state.url if alive else None


def status() -> list[State]:
    """Return every engine that was started and not stopped."""
    return [state for kind in KINDS if (state := read_state(_folder(kind)))]


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
    folder = _folder(kind)
    with files.locked(folder, seconds=5):
        state = read_state(folder)
        _end(state)
        shutil.rmtree(folder, ignore_errors=True)
        return state is not None


def read_state(folder: Path) -> State | None:
    """Return what a keeper wrote into a folder, or None."""
    try:
        told = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        servers = [_known(Server, each) for each in (told["keeper"], *told["servers"])]
        return _known(State, told | {"keeper": servers[0], "servers": servers[1:]})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _known(kind: type, told: dict) -> Any:
    # Another version of the course may have written more.
    return kind(**{each.name: told[each.name] for each in fields(kind)})


def _folder(kind: str) -> Path:
    engines = places.cache_dir() / "engines"
    engines.mkdir(exist_ok=True)
    return engines / kind


def _end(state: State | None) -> None:
    """End the keeper, which ends its servers; then whatever of them is left."""
    if state is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        if state.keeper.alive:
            psutil.Process(state.keeper.pid).terminate()
            psutil.Process(state.keeper.pid).wait(FAREWELL)
    for server in state.servers:
        with contextlib.suppress(psutil.NoSuchProcess):
            if server.alive:
                psutil.Process(server.pid).kill()


def main() -> int:
    """Start what the plan says, write it down, and keep it until SIGTERM."""
    folder = Path(sys.argv[2])
    asked = []

    def leave(*_: object) -> None:
        if not asked:  # once is enough
            asked.append(True)
            raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, leave)
    try:
        engine = Engine(Plan(**json.loads(sys.argv[1])), folder)
        try:
            servers = [
                Server.of(name, child.pid, engine.pages[name])
                for name, child in engine.children.items()
            ]
            state = State(engine.plan.kind, engine.url, Server.of("keeper", os.getpid()), servers)
            files.write_text(folder / "state.json", json.dumps(asdict(state)))
            while True:
                signal.pause()
        finally:
            engine.close()
    except CourseError as error:
        print(json.dumps([error.what, error.mend]), flush=True)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
