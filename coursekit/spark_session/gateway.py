"""The Java process that runs Spark for this kernel: started, connected to, and ended with it.

``pyspark`` starts Java through a shell script and a second Java that only builds a command line.
Here that command line is written out, which saves both and lets Java start while Python is still
importing. Java watches its standard input and ends itself when that closes, so it never outlives
the kernel, however the kernel ends.
"""

from __future__ import annotations

import os
import shutil
import signal
import struct
import tempfile
from pathlib import Path
from typing import Any

from coursekit.ground import memory
from coursekit.ground.child import Child, StartFailed
from coursekit.ground.errors import CourseError
from coursekit.ground.java import find_java
from coursekit.spark_session import clusters, launch, s3a, settings

# Seconds that Java may take until it listens; it takes one or two.
PATIENCE = 120


# Aborted, or an address that is none: what Java does with a class-data archive that is damaged.
CRASHES = {-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS}


class Crashed(CourseError):
    """Java crashed while it started."""


class Gateway:
    """Spark's Java process, with a folder of its own for its log and everything it writes.

    Parameters
    ----------
    where : str
        The master, such as ``"local[*]"``.
    class_list : Path, optional
        Where to write the classes that are loaded; the class-data archive is made of them.

    Raises
    ------
    CourseError
        No suitable Java, too little memory, a master that is unknown or does not answer, or a Java
        that does not start.
    """

    def __init__(self, where: str, class_list: Path | None = None) -> None:
        self.java = find_java()
        clusters.require_answer(where)
        heap = settings.heap(memory.available())
        self.folder = Path(tempfile.mkdtemp(prefix="coursekit-spark-"))
        self._said = self.folder / "listening"
        try:
            command = launch.command(
                self.java,
                "org.apache.spark.api.python.PythonGatewayServer",
                folder=self.folder,
                heap=heap // memory.MIB,
                properties=settings.spark_options(where, self.folder) | s3a.options(where),
                behind=[*s3a.jars(), *clusters.class_path(where)],
                class_list=class_list,
            )
            self.child = Child(
                command,
                environ=launch.environ() | {"_PYSPARK_DRIVER_CONN_INFO_PATH": str(self._said)},
                patience=PATIENCE,
                log=self.folder / "spark.log",
                folder=self.folder,
            )
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def connect(self) -> Any:
        """Wait until Java listens and return py4j's gateway to it.

        Raises
        ------
        CourseError
            Java ended, or does not answer in time.
        """
        try:
            # Java writes the file under another name first, so what is there is complete.
            self.child.wait_for(self._said.exists)
        except StartFailed as failed:
            if failed.code is None:
                raise CourseError(
                    f"Spark's Java was not ready after {PATIENCE} seconds.",
                    "Close other programs and try again; 'coursekit doctor' looks for the cause.",
                ) from None
            kind = Crashed if failed.code in CRASHES else CourseError
            raise kind(
                f"Java ({self.java.executable}) ended with code {failed.code} while Spark was"
                f" starting. Its last words: {failed}",
                "Run 'coursekit doctor': it names what this machine lacks.",
            ) from None
        data = self._said.read_bytes()
        port, length = struct.unpack_from("!ii", data)
        # PySpark takes the address of a gateway that already runs from these two variables only.
        given = {
            "PYSPARK_GATEWAY_PORT": str(port),
            "PYSPARK_GATEWAY_SECRET": data[8 : 8 + length].decode(),
        }
        os.environ.update(given)
        try:
            from pyspark.java_gateway import launch_gateway

            gateway = launch_gateway()
        finally:
            for name in given:
                os.environ.pop(name, None)
        gateway.proc = self.child.process
        # Java removes the folder itself when it ends, even where Python was killed.
        files = gateway.jvm.java.io.File(str(self.folder))
        gateway.jvm.org.apache.spark.util.ShutdownHookManager.registerShutdownDeleteDir(files)
        return gateway
