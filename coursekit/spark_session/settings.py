"""The settings that Spark starts with, and why each is there."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

from coursekit.ground import memory
from coursekit.ground.errors import CourseError
from coursekit.spark_session import clusters

LEAST_MEMORY = memory.GIB
MOST_HEAP = 2 * memory.GIB

# What a session sets for itself, so that a client of Spark Connect can, too.
SESSION = {
    # As many partitions on every machine, whatever its number of cores: the chapters' outputs are
    # compared. Data of this size needs no more; Spark's own default is two hundred.
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # The same timestamps on every machine.
    "spark.sql.session.timeZone": "UTC",
}

# The packages of the JDK that Spark reaches into (org.apache.spark.launcher.JavaModuleOptions).
# Spark's own list also adds the module jdk.incubator.vector, which runtimes made by jlink lack;
# only MLlib's linear algebra uses it, and falls back to plain Java without it.
_OPENED = [
    *("java.base/java." + name for name in ("lang", "lang.invoke", "lang.reflect", "io", "net")),
    *("java.base/java." + name for name in ("nio", "util", "util.concurrent")),
    *("java.base/java.util.concurrent.atomic", "java.base/jdk.internal.ref"),
    *("java.base/sun." + name for name in ("nio.ch", "nio.cs", "util.calendar")),
    "java.security.jgss/sun.security.krb5",
]


def master(environ: Mapping[str, str] | None = None) -> str:
    """Return where Spark runs: ``COURSEKIT_SPARK``, or every core of this machine.

    Raises
    ------
    CourseError
        The value is none that this course knows; see `coursekit.spark_session.clusters`.
    """
    environ = os.environ if environ is None else environ
    chosen = environ.get("COURSEKIT_SPARK", "").strip() or "local[*]"
    if clusters.kind(chosen) is None:
        raise CourseError(
            f"COURSEKIT_SPARK is {chosen!r}, which this course cannot start.",
            "Unset it to use every core of this machine, or name some, or a cluster: local[2],"
            " spark://host:7077.",
        )
    return chosen


def heap(available: int) -> int:
    """Return the largest heap for Spark's Java, in bytes, from the memory that is available.

    Two fifths of what is there, because Java needs as much again beside its heap and the Python
    workers need the rest; never more than 2 GiB, so that a class can share one machine.

    Raises
    ------
    CourseError
        Less than 1 GiB is available.
    """
    if available < LEAST_MEMORY:
        raise CourseError(
            f"Spark needs 1 GiB of free memory, and {available / memory.GIB:.2f} GiB is free.",
            "Close programs or other notebooks (Kernel > Shut Down All Kernels) and try again.",
        )
    # Spark itself refuses a heap below 450 MiB (UnifiedMemoryManager).
    return max(512 * memory.MIB, min(MOST_HEAP, available * 2 // 5))


def spark_home() -> Path:
    """Return the folder of the installed PySpark, without importing it.

    Raises
    ------
    CourseError
        PySpark is not installed.
    """
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise CourseError(
            "PySpark is not installed in this kernel's Python.",
            "Choose the course's kernel (Kernel > Change Kernel), or run 'make lab' again.",
        )
    return Path(found.origin).parent


def jars() -> list[Path]:
    """Return Spark's jars in one fixed order: a class-data archive holds for one order only."""
    return sorted((spark_home() / "jars").glob("*.jar"))


def spark_options(where: str, folder: Path) -> dict[str, str]:
    """Return Spark's own settings.

    Parameters
    ----------
    where : str
        The master, such as ``"local[*]"``.
    folder : Path
        The session's own folder: what Spark writes goes there and goes away with it.
    """
    return {
        "spark.master": where,
        # Loopback only: nothing of a learner's session can be reached from outside.
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        # Port 0 takes any free one, so that two learners on one machine never collide.
        "spark.ui.port": "0",
        "spark.ui.showConsoleProgress": "false",
        # Nothing is left in the learner's folder: no spark-warehouse, no metastore, no blocks.
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.default.parallelism": "4",
        **SESSION,
        **clusters.options(where),
    }


def java_options() -> list[str]:
    """Return the options for Java that belong to the class-data archive: both must agree."""
    return [
        # First, so that what follows may be unknown to an older Java.
        "-XX:+IgnoreUnrecognizedVMOptions",
        # Short jobs never live long enough to earn back what the optimising compiler costs.
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        *(f"--add-opens={package}=ALL-UNNAMED" for package in _OPENED),
        "--sun-misc-unsafe-memory-access=allow",
        "--enable-native-access=ALL-UNNAMED",
    ]
