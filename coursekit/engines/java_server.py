"""One Java server of Spark: its command line, its log, the line that says it is ready, its end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from coursekit.ground.errors import CourseError
from coursekit.ground.java import find_java
from coursekit.ground.processes import end_with_parent
from coursekit.spark_session import archive, settings

# Seconds that a server may take until it is ready; on a quiet machine it takes two.
PATIENCE = 120
FAREWELL = 15
# A module that runtimes made by jlink lack; Spark demands it of every executor.
_LACKING = "--add-modules=jdk.incubator.vector"


class JavaServer:
    """A server class of Spark in a Java process of its own.

    Parameters
    ----------
    name : str
        What it is, for messages and for its log: ``"master"``.
    main : str
        The class to run.
    arguments : list of str
        What the class gets.
    folder : Path
        Where the log and everything it writes go.
    properties : dict of str to str, optional
        More system properties, Spark's settings among them.
    heap : int
        Its largest heap in MiB.
    """

    def __init__(
        self,
        name: str,
        main: str,
        arguments: list[str],
        folder: Path,
        *,
        properties: dict[str, str] | None = None,
        heap: int = 256,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        home = settings.spark_home()
        jars = settings.jars(home)
        java = find_java()
        ready = archive.find(java, jars)
        described = {
            **settings.system_properties(),
            "log4j2.configurationFile": (Path(__file__).parent / "log4j2.properties").as_uri(),
            "java.io.tmpdir": str(folder),
            **(properties or {}),
        }
        command = [
            str(java.executable),
            *settings.java_options(),
            f"-Xmx{heap}m",
            *([f"-XX:SharedArchiveFile={ready}", "-Xshare:auto"] if ready else []),
            *(f"-D{name}={value}" for name, value in described.items()),
            *("-cp", os.pathsep.join(map(str, jars))),
            main,
            *arguments,
        ]
        environ = os.environ | {
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_HOME": str(home),
            # Spark looks for a build of its own sources, unless it is told.
            "SPARK_SCALA_VERSION": _scala_version(jars),
            "JAVA_HOME": str(_java_for_executors(folder, jars, ready)),
            "PYSPARK_PYTHON": sys.executable,
            "LC_ALL": "C.UTF-8",
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environ,
                cwd=folder,
                preexec_fn=end_with_parent if sys.platform == "linux" else None,
            )

    def wait_for(self, pattern: str) -> str:
        """Wait for a line of the log and return the pattern's first group.

        Raises
        ------
        CourseError
            The server ended, or the line does not come in time.
        """
        limit = time.monotonic() + PATIENCE
        while True:
            ended = self.process.poll() is not None
            text = self.log.read_text(errors="replace")
            if found := re.search(pattern, text):
                return found[1]
            if ended or time.monotonic() > limit:
                happened = "ended" if ended else f"was not ready after {PATIENCE} s"
                raise CourseError(
                    f"Spark's {self.name} {happened}. Its last words: {_last_words(text)}",
                    "Run 'coursekit doctor': it names what this machine lacks.",
                )
            time.sleep(0.02)

    def end(self) -> None:
        """End it and wait until it is gone."""
        self.process.terminate()
        try:
            self.process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _scala_version(jars: list[Path]) -> str:
    core = next(jar.name for jar in jars if jar.name.startswith("spark-core_"))
    return core.removeprefix("spark-core_").partition("-")[0]


def _java_for_executors(folder: Path, jars: list[Path], ready: Path | None) -> Path:
    """Return a Java home whose ``java`` starts executors on this machine.

    Workers start executors with options of their own, which no setting changes. One of them is
    refused by a runtime made by jlink; and the class-data archive, which saves half of the start,
    needs the jars in its own order.
    """
    java = find_java()
    if os.name == "nt":
        return java.home
    home = folder / "java"
    (home / "bin").mkdir(parents=True, exist_ok=True)
    faster = f'"-XX:SharedArchiveFile={ready}" -Xshare:auto ' if ready else ""
    command = home / "bin" / "java"
    command.write_text(
        "#!/bin/sh\n"
        "last=\n"
        "for each do\n"
        "  shift\n"
        f'  [ "$last" = -cp ] && each="{os.pathsep.join(map(str, jars))}"\n'
        f'  [ "$each" = {_LACKING} ] || set -- "$@" "$each"\n'
        "  last=$each\n"
        "done\n"
        f'exec "{java.executable}" {faster}"$@"\n'
    )
    command.chmod(0o755)
    return home


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    telling = [x for x in lines if x and not x.startswith(("at ", "WARNING", "Picked up"))]
    errors = [x for x in telling if "ERROR" in x or "Exception" in x or x.startswith("Error")]
    return " / ".join((errors or telling)[-2:])[:400] or "(nothing)"
