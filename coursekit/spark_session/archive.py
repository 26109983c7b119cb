"""The class-data archive: Spark's classes parsed once, mapped into memory at every later start.

Starting Spark means loading some twelve thousand classes from three hundred jars; half of the
time until the first job goes there. Java can keep the parsed classes in a file (class-data
sharing, JEP 310 and 350). The file holds for one build of Java and one set of jars; Java checks
both and starts without the file where they differ.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from coursekit.ground import once, places
from coursekit.ground.errors import CourseError
from coursekit.ground.java import Java, find_java
from coursekit.spark_session import settings


def find(java: Java) -> Path | None:
    """Return the archive for this Java and the installed PySpark, or None if there is none."""
    return once.find(_place(java))


def discard(java: Java) -> bool:
    """Remove the archive for this Java, and tell whether there was one; set-up makes it again."""
    found = find(java)
    with contextlib.suppress(OSError):
        if found is not None:
            found.unlink()
            return True
    return False


def prepare_archive() -> Path:
    """Make the class-data archive for this Java and this PySpark, unless it is there already.

    Starts Spark once, runs what the chapters run, and writes the classes that were loaded: about
    a minute on two cores, 220 MB in the cache folder.

    Returns
    -------
    Path
        The archive.

    Raises
    ------
    CourseError
        Spark cannot start, or the archive cannot be written.
    """
    java = find_java()
    return once.once(
        _place(java),
        lambda new: _make(java, new),
        what="Spark's class-data archive, which only makes it faster,",
        room="1 GB",
        older="classes-*.jsa",
    )


def _place(java: Java) -> str:
    parts = [str(java.home), java.version, *settings.java_options()]
    for file in [java.home / "lib" / "server" / "libjvm.so", *settings.jars()]:
        if file.is_file():
            about = file.stat()
            parts.append(f"{file} {about.st_size} {about.st_mtime_ns}")
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return f"spark/classes-{key}.jsa"


def _make(java: Java, new: Path) -> None:
    classes = new.with_name("classes.txt")
    warm_up = [sys.executable, "-m", "coursekit.spark_session.warm_up", str(classes)]
    dump = [
        str(java.executable),
        *settings.java_options(),
        "-Xshare:dump",
        f"-XX:SharedClassListFile={classes}",
        f"-XX:SharedArchiveFile={new}",
        # Thousands of lines say which classes cannot be archived: generated code, mostly.
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        "-cp",
        os.pathsep.join(map(str, settings.jars())),
    ]
    for command in (warm_up, dump):
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise CourseError(
                "Spark's class-data archive could not be made: "
                + " / ".join(line.strip() for line in lines[-3:]),
                f"Free 1 GB in {places.cache_dir()} and try again. Spark works without it, slower.",
            )
