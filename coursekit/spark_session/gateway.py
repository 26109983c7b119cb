"""The Java process that runs Spark for this kernel: started, connected to, and ended with it.

``pyspark`` starts Java through a shell script and a second Java that only builds a command line.
Here that command line is written out, which saves both and lets Java start while Python is still
importing. Java watches its standard input and ends itself when that closes, so it never outlives
the kernel, however the kernel ends.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from coursekit.ground import memory
from coursekit.ground.errors import CourseError
from coursekit.ground.java import find_java
from coursekit.spark_session import archive, clusters, s3a, settings

# Seconds that Java may take until it listens; it takes one or two.
PATIENCE = 120
# Seconds that Java gets to end by itself before it is ended.
FAREWELL = 10


class Gateway:
    """Spark's Java process, with a folder of its own for its log and everything it writes.

    Parameters
    ----------
    where : str
        The master, such as ``"local[*]"``.
    extra : list of str, optional
        More options for Java; the class-data archive is made with one.

    Raises
    ------
    CourseError
        No suitable Java, too little memory, a master that is unknown or does not answer, or a Java
        that does not start.
    """

    def __init__(self, where: str, extra: list[str] | None = None) -> None:
        self.owner = os.getpid()
        self._java = find_java()
        clusters.require_answer(where)
        heap = settings.heap(memory.available())
        home = settings.spark_home()
        self.folder = Path(tempfile.mkdtemp(prefix="coursekit-spark-"))
        self.log = self.folder / "spark.log"
        self._said = self.folder / "listening"
        try:
            self.process = self._start(self._command(where, heap, home, extra), home)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        atexit.register(self.close)
        # A forked child must not hold Java's standard input open after this kernel is gone.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._let_go)

    @property
    def alive(self) -> bool:
        """Whether Java still runs."""
        return self.process.poll() is None

    def connect(self) -> Any:
        """Wait until Java listens and return py4j's gateway to it.

        Raises
        ------
        CourseError
            Java ended, or does not answer in time.
        """
        port, secret = self._await()
        # PySpark takes the address of a gateway that already runs from these two variables only.
        given = {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret}
        os.environ.update(given)
        try:
            from pyspark.java_gateway import launch_gateway

            gateway = launch_gateway()
        finally:
            for name in given:
                os.environ.pop(name, None)
        gateway.proc = self.process
        # Java removes the folder itself when it ends, even where Python was killed.
        files = gateway.jvm.java.io.File(str(self.folder))
        gateway.jvm.org.apache.spark.util.ShutdownHookManager.registerShutdownDeleteDir(files)
        return gateway

    def close(self) -> None:
        """End Java and remove the session's folder; nothing happens the second time."""
        if os.getpid() != self.owner:
            return
        atexit.unregister(self.close)
        self._let_go()
        try:
            self.process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def last_words(self) -> str:
        """Return the last lines of the log, for a message."""
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines()]
        telling = [x for x in lines if x and not x.startswith(("at ", "WARNING", "Picked up"))]
        return " / ".join(telling[-3:]) or "(nothing)"

    def _start(self, command: list[str], home: Path) -> subprocess.Popen:
        environ = os.environ | {
            "_PYSPARK_DRIVER_CONN_INFO_PATH": str(self._said),
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_CONNECT_MODE": "0",
            "PYSPARK_PYTHON": sys.executable,
            # File names with letters beyond ASCII are lost in Java under the bare C locale.
            "LC_ALL": "C.UTF-8",
        }
        # Java in a process group of its own is not hit by the kernel's interrupt (Ctrl-C).
        apart = {} if os.name == "nt" else {"process_group": 0}
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environ, **apart
            )

    def _command(self, where: str, heap: int, home: Path, extra: list[str] | None) -> list[str]:
        jars = settings.jars(home)
        ready = None if extra else archive.find(self._java, jars)
        properties = {
            **settings.system_properties(),
            **settings.spark_options(where, self.folder),
            **s3a.options(where),
            "java.io.tmpdir": str(self.folder),
            "derby.system.home": str(self.folder),
        }
        return [
            str(self._java.executable),
            *settings.java_options(),
            f"-Xmx{heap // memory.MIB}m",
            *([f"-XX:SharedArchiveFile={ready}", "-Xshare:auto"] if ready else []),
            *(extra or []),
            *(f"-D{name}={value}" for name, value in properties.items()),
            "-cp",
            # Behind Spark's jars: the archive holds for a class path that begins with them.
            os.pathsep.join([*map(str, [*jars, *s3a.jars()]), *clusters.class_path(where)]),
            "org.apache.spark.api.python.PythonGatewayServer",
        ]

    def _await(self) -> tuple[int, str]:
        limit = time.monotonic() + PATIENCE
        while not self._said.exists():
            if not self.alive:
                code, words = self.process.returncode, self.last_words()
                self.close()
                raise CourseError(
                    f"Java ({self._java.executable}) ended with code {code} while Spark was"
                    f" starting. Its last words: {words}",
                    "Run 'coursekit doctor': it names what this machine lacks.",
                )
            if time.monotonic() > limit:
                self.close()
                raise CourseError(
                    f"Spark's Java was not ready after {PATIENCE} seconds.",
                    "Close other programs and try again; 'coursekit doctor' looks for the cause.",
                )
            time.sleep(0.01)
        # Java writes the file under another name first, so what is here is complete.
        data = self._said.read_bytes()
        port, length = struct.unpack_from("!ii", data)
        return port, data[8 : 8 + length].decode()

    def _let_go(self) -> None:
        with contextlib.suppress(OSError):
            self.process.stdin.close()
