"""Spark's servers as processes of this one: what each is told, when it is ready, how it ends."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from coursekit.ground import memory
from coursekit.ground.child import Child, StartFailed
from coursekit.ground.errors import CourseError
from coursekit.ground.java import Java, find_java
from coursekit.spark_session import archive, launch, settings

# Seconds that a server may take until it is ready; on a quiet machine it takes two.
PATIENCE = 120
# What a master or a worker takes itself, beside the memory that executors get.
_OVERHEAD = 250 * memory.MIB
_LOOPBACK = ("--host", "127.0.0.1")


@dataclass(frozen=True)
class Plan:
    """What to start.

    Parameters
    ----------
    kind : str
        ``"spark-cluster"`` or ``"spark-connect"``.
    port : int
        Where the master or the Connect server listens; 0 takes a free one.
    workers, cores, memory : int
        Of a cluster: how many, cores of each, MiB of each. Of a Connect server: MiB of its heap.
    master : str
        Of a Connect server: where its jobs run.
    """

    kind: str
    port: int = 0
    workers: int = 2
    cores: int = 1
    memory: int = 1024
    master: str = "local[*]"


class Engine:
    """The servers of a plan; they end when `close` is called, or when this process ends.

    Parameters
    ----------
    plan : Plan
        What to start.
    folder : Path
        For logs and all that the servers write; it exists, and goes away with them.

    Attributes
    ----------
    url : str
        The address, for ``COURSEKIT_SPARK``.
    children : dict of str to Child
        The servers by name.
    pages : dict of str to str
        The address of each server's own pages.

    Raises
    ------
    CourseError
        This machine cannot carry out the plan, or a server does not start.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.children: dict[str, Child] = {}
        self.pages: dict[str, str] = {}
        try:
            self._java = find_java()
            require_possible(plan)
            self.url = self._connect() if plan.kind == "spark-connect" else self._cluster()
        except BaseException:  # Ctrl-C, too
            self.close()
            raise

    def close(self) -> None:
        """End all servers, the last first; a second time does nothing."""
        for child in reversed(self.children.values()):
            child.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _cluster(self) -> str:
        plan = self.plan
        ports = ["--port", str(plan.port), "--webui-port", "0"]
        quiet = {"spark.master.rest.enabled": "false"}  # a second door, which nobody here needs
        home = {"JAVA_HOME": str(_java_for_executors(self.folder, self._java))}
        main = "org.apache.spark.deploy.master.Master"
        self._start("master", main, [*_LOOPBACK, *ports], quiet, environ=home)
        url = self._wait("master", r"Starting Spark master at (\S+)")
        self.pages["master"] = self._wait("master", r"MasterWebUI.* at (http\S+)")
        size = ["--cores", str(plan.cores), "--memory", f"{plan.memory}m"]
        workers = [f"worker-{number}" for number in range(plan.workers)]
        for name in workers:  # all at once: each spends its time loading classes
            place = ["--work-dir", str(self.folder / name), url]
            arguments = [*_LOOPBACK, "--port", "0", "--webui-port", "0", *size, *place]
            self._start(name, "org.apache.spark.deploy.worker.Worker", arguments, environ=home)
        for name in workers:
            self.pages[name] = self._wait(name, r"WorkerWebUI.* at (http\S+)")
            self._wait(name, r"(Successfully registered with master)")
        self._wait("master", rf"(?s)((?:Registering worker.*){{{plan.workers}}})")
        # Spark turns the address into a name where it finds one.
        for name, page in self.pages.items():
            self.pages[name] = page.replace("://localhost:", "://127.0.0.1:")
        return url

    def _connect(self) -> str:
        properties = {
            **settings.spark_options(self.plan.master, self.folder),
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(self.plan.port),
            "spark.scheduler.mode": "FAIR",  # several learners share it
            "spark.app.name": "spark-connect",
        }
        main = "org.apache.spark.sql.connect.service.SparkConnectServer"
        self._start("connect", main, [], properties, heap=self.plan.memory)
        port = self._wait("connect", r"Successfully started service 'SparkUI' on port (\d+)")
        self.pages["connect"] = f"http://127.0.0.1:{port}"
        port = self._wait("connect", r"Spark Connect server started at: \S*?:(\d+)")
        return f"sc://127.0.0.1:{port}"

    def _start(
        self,
        name: str,
        main: str,
        arguments: list[str],
        properties: dict[str, str] | None = None,
        *,
        heap: int = 256,
        environ: dict[str, str | None] | None = None,
    ) -> None:
        command = launch.command(
            self._java,
            main,
            *arguments,
            folder=self.folder,
            heap=heap,
            properties={"coursekit.log": "info", **(properties or {})},
        )
        core = next(jar.name for jar in settings.jars() if jar.name.startswith("spark-core_"))
        self.children[name] = Child(
            command,
            environ={
                **launch.environ(),
                # Spark looks for a build of its own sources, unless it is told.
                "SPARK_SCALA_VERSION": core.removeprefix("spark-core_").partition("-")[0],
                **(environ or {}),
            },
            patience=PATIENCE,
            farewell=15,
            guarded=True,
            log=self.folder / f"{name}.log",
            cwd=self.folder,
            folder=self.folder,
        )

    def _wait(self, name: str, pattern: str) -> str:
        try:
            return self.children[name].wait_for(pattern)
        except StartFailed as failed:
            late = f"was not ready after {PATIENCE} s"
            raise CourseError(
                f"Spark's {name} {late if failed.code is None else 'ended'}."
                f" Its last words: {failed}",
                "Run 'coursekit doctor': it names what this machine lacks.",
            ) from None


def require_possible(plan: Plan) -> None:
    """Raise `CourseError` if this machine cannot carry out a plan."""
    if plan.workers < 1 or plan.cores < 1:
        raise CourseError(
            f"A cluster of {plan.workers} workers with {plan.cores} cores each does no work.",
            "Ask for at least one worker with one core.",
        )
    if plan.memory < 1024:
        raise CourseError(
            f"{plan.memory} MiB are too little: Spark's executors take 1024 MiB each.",
            "Give each worker at least 1024 MiB, or leave the number out.",
        )
    needed = (plan.workers + 1) * _OVERHEAD + plan.workers * plan.memory * memory.MIB
    if needed > (free := memory.available()):
        raise CourseError(
            f"This cluster needs {needed / memory.GIB:.1f} GiB, and {free / memory.GIB:.1f} GiB"
            " of memory are free.",
            "Ask for fewer workers, or shut down other notebooks (Kernel > Shut Down All Kernels).",
        )


def _java_for_executors(folder: Path, java: Java) -> Path:
    """Return a Java home whose ``java`` starts executors on this machine.

    Workers start executors with options of their own, which no setting changes. One of them, a
    module, is refused by a runtime made by jlink; and the class-data archive, which saves half of
    the start, needs the jars in its own order.
    """
    if os.name == "nt":
        return java.home
    home = folder / "java"
    (home / "bin").mkdir(parents=True)
    ready = archive.find(java)
    faster = f'"-XX:SharedArchiveFile={ready}" -Xshare:auto ' if ready else ""
    command = home / "bin" / "java"
    command.write_text(
        "#!/bin/sh\n"
        "last=\n"
        "for each do\n"
        "  shift\n"
        f'  [ "$last" = -cp ] && each="{os.pathsep.join(map(str, settings.jars()))}"\n'
        '  [ "$each" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$each"\n'
        "  last=$each\n"
        "done\n"
        f'exec "{java.executable}" {faster}"$@"\n'
    )
    command.chmod(0o755)
    return home
