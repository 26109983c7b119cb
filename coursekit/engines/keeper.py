"""``python -m coursekit.engines.keeper PLAN``: starts Spark's servers and keeps them.

A process between the servers and whoever asked for them. It tells when all are ready, writes what
it started into ``state.json`` of the plan's folder, and ends the servers when it is asked to
(SIGTERM) or when its standard input closes, which happens also if the asking kernel is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import psutil

from coursekit.engines.java_server import JavaServer
from coursekit.ground.errors import CourseError

READY = "ready"
_LOOPBACK = ["--host", "127.0.0.1"]


@dataclass(frozen=True)
class Plan:
    """What to start.

    Parameters
    ----------
    kind : str
        ``"spark-cluster"`` or ``"spark-connect"``.
    folder : str
        For logs and state; it must exist, and goes away with the servers.
    port, ui_port : int
        Where the master or the Connect server listens, and its pages; 0 takes free ones.
    workers, cores, memory : int
        Of a cluster: how many, cores of each, MiB of each.
    master : str
        Of a Connect server: where its jobs run.
    """

    kind: str
    folder: str
    port: int = 0
    ui_port: int = 0
    workers: int = 2
    cores: int = 1
    memory: int = 1024
    master: str = "local[*]"


@dataclass
class Server:
    """A server that runs."""

    name: str
    pid: int
    started: float
    pages: str = ""


@dataclass
class State:
    """What was started. Ids of processes come with the time of their start, so none is mistaken."""

    kind: str
    url: str
    pages: str
    keeper: Server
    servers: list[Server] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write it into a folder; it appears whole or not at all."""
        unfinished = folder / "state.json.part"
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.replace(folder / "state.json")


def read_state(folder: Path) -> State | None:
    """Return what a keeper wrote into a folder, or None."""
    try:
        told = json.loads((folder / "state.json").read_text())
        servers = [_known(Server, each) for each in (told["keeper"], *told["servers"])]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return _known(State, told | {"keeper": servers[0], "servers": servers[1:]})


def _known(kind: type, told: dict) -> Any:
    # Another version of the course may have written more.
    return kind(**{each.name: told[each.name] for each in fields(kind)})


def main() -> int:
    """Start what the plan says, tell that it is ready, and keep it until the end."""
    plan = Plan(**json.loads(sys.argv[1]))
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asked
    try:
        with _servers(plan) as state:
            state.write(Path(plan.folder))
            print(READY, os.getpid(), flush=True)
            _stay()
    except CourseError as error:
        print(f"error: {error.what}\n   → {error.mend}", flush=True)
        return 1
    except _Ended:
        pass
    finally:
        shutil.rmtree(plan.folder, ignore_errors=True)
    return 0


class _Ended(Exception):
    pass


def _leave(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
    raise _Ended


def _stay() -> None:
    """Return when standard input closes; where there is none, wait for a signal."""
    if os.environ.get("COURSEKIT_DETACHED"):
        while True:
            signal.pause()
    sys.stdin.buffer.read()


@contextlib.contextmanager
def _servers(plan: Plan) -> Iterator[State]:
    with contextlib.ExitStack() as stack:
        start = {"spark-cluster": _cluster, "spark-connect": _connect}[plan.kind]
        yield start(plan, stack)


def _started(server: JavaServer, stack: contextlib.ExitStack) -> JavaServer:
    stack.callback(server.end)
    return server


def _cluster(plan: Plan, stack: contextlib.ExitStack) -> State:
    folder = Path(plan.folder)
    quiet = {"spark.master.rest.enabled": "false"}  # a second door, which nobody here needs
    ports = [*_LOOPBACK, "--port", str(plan.port), "--webui-port", str(plan.ui_port)]
    master = _started(
        JavaServer(
            "master", "org.apache.spark.deploy.master.Master", ports, folder, properties=quiet
        ),
        stack,
    )
    url = master.wait_for(r"Starting Spark master at (\S+)")
    pages = _on_loopback(master.wait_for(r"MasterWebUI.* at (http\S+)"))
    size = ["--cores", str(plan.cores), "--memory", f"{plan.memory}m"]
    workers = []
    for number in range(plan.workers):  # all at once: each spends its time loading classes
        place = ["--work-dir", str(folder / f"worker-{number}"), url]
        arguments = [*_LOOPBACK, "--port", "0", "--webui-port", "0", *size, *place]
        main = "org.apache.spark.deploy.worker.Worker"
        workers.append(_started(JavaServer(f"worker-{number}", main, arguments, folder), stack))
    shown = [_on_loopback(each.wait_for(r"WorkerWebUI.* at (http\S+)")) for each in workers]
    for each in workers:
        each.wait_for(r"(Successfully registered with master)")
    master.wait_for(rf"(?s)((?:Registering worker.*){{{plan.workers}}})")
    servers = [_described(master, pages)]
    servers += [_described(each, page) for each, page in zip(workers, shown, strict=True)]
    return State(plan.kind, url, pages, _own(), servers)


def _connect(plan: Plan, stack: contextlib.ExitStack) -> State:
    from coursekit.spark_session import settings

    folder = Path(plan.folder)
    properties = {
        **settings.spark_options(plan.master, folder),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(plan.port),
        "spark.scheduler.mode": "FAIR",  # several learners share it
        "spark.app.name": "spark-connect",
    }
    server = _started(
        JavaServer(
            "connect", "org.apache.spark.sql.connect.service.SparkConnectServer", [], folder,
            properties=properties, heap=plan.memory,
        ),
        stack,
    )  # fmt: skip
    pages = server.wait_for(r"Successfully started service 'SparkUI' on port (\d+)")
    port = server.wait_for(r"Spark Connect server started at: \S*?:(\d+)")
    url, pages = f"sc://127.0.0.1:{port}", f"http://127.0.0.1:{pages}"
    return State(plan.kind, url, pages, _own(), [_described(server, pages)])


def _on_loopback(address: str) -> str:
    # Spark turns the address into a name where it finds one.
    return address.replace("://localhost:", "://127.0.0.1:")


def _described(server: JavaServer, pages: str) -> Server:
    started = psutil.Process(server.process.pid).create_time()
    return Server(server.name, server.process.pid, started, pages)


def _own() -> Server:
    return Server("keeper", os.getpid(), psutil.Process().create_time())


if __name__ == "__main__":
    sys.exit(main())
