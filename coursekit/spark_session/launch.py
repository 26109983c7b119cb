"""How a Java process of Spark is started: a session's own, or a server of a cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from coursekit.ground.java import Java
from coursekit.spark_session import archive, settings


def command(
    java: Java,
    main: str,
    *arguments: str,
    folder: Path,
    heap: int,
    properties: dict[str, str],
    behind: Iterable[str | Path] = (),
    class_list: Path | None = None,
) -> list[str]:
    """Return the command line of a Java process of Spark.

    Parameters
    ----------
    java : Java
        Which Java.
    main, *arguments : str
        The class to run, and what it gets.
    folder : Path
        The process's own: what it writes goes there.
    heap : int
        Its largest heap in MiB.
    properties : dict of str to str
        Java's system properties, Spark's settings among them.
    behind : iterable of str or Path, optional
        What the class path has besides Spark's jars.
    class_list : Path, optional
        Start without the class-data archive, and write the loaded classes there, to make one.
    """
    if class_list:
        classes = [f"-XX:DumpLoadedClassList={class_list}"]
    else:
        ready = archive.find(java)
        classes = [f"-XX:SharedArchiveFile={ready}", "-Xshare:auto"] if ready else []
    told = {
        "io.netty.tryReflectionSetAccessible": "true",
        "io.netty.allocator.type": "pooled",
        "log4j2.configurationFile": Path(__file__).with_name("log4j2.properties").as_uri(),
        # The same messages and text on every machine, whatever its language.
        "file.encoding": "UTF-8",
        "user.language": "en",
        "user.country": "US",
        "java.io.tmpdir": str(folder),
        "derby.system.home": str(folder),
        **properties,
    }
    return [
        str(java.executable),
        *settings.java_options(),
        f"-Xmx{heap}m",
        *classes,
        *(f"-D{name}={value}" for name, value in told.items()),
        # Spark's jars come first: the archive holds for a class path that begins with them.
        *("-cp", os.pathsep.join(map(str, [*settings.jars(), *behind]))),
        main,
        *arguments,
    ]


def environ() -> dict[str, str | None]:
    """Return the variables that a Java process of Spark needs, and None for those it must not get.

    A person's options for Java, or for another Spark, would change this one.
    """
    return {
        **dict.fromkeys(("_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")),
        **dict.fromkeys(("SPARK_LOCAL_DIRS", "SPARK_CONF_DIR", "SPARK_CONNECT_MODE_ENABLED")),
        "SPARK_HOME": str(settings.spark_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_CONNECT_MODE": "0",
        "PYSPARK_PYTHON": sys.executable,
        # File names with letters beyond ASCII are lost in Java under the bare C locale.
        "LC_ALL": "C.UTF-8",
    }
