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
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from filelock import FileLock

from coursekit.ground import places
from coursekit.ground.errors import CourseError
from coursekit.ground.java import Java, find_java
from coursekit.spark_session import settings

# Days after which an archive that no session has used is removed (each takes some 220 MB).
_KEEP_DAYS = 30


def find(java: Java, jars: list[Path]) -> Path | None:
    """Return the archive for this Java and these jars, or None where none is prepared."""
    try:
        file = location(java, jars)
    except OSError:  # There is no cache folder and none can be made.
        return None
    if not file.is_file():
        return None
    with contextlib.suppress(OSError):  # A cache that cannot be written can still be used.
        os.utime(file)
    return file


def prepare_archive() -> Path:
    """Make the class-data archive for this Java and this PySpark, unless it is there already.

    Starts Spark once, runs what the chapters run, and writes the classes that were loaded: about
    a minute on two cores, 220 MB in the cache folder. The file appears complete or not at all,
    and of two processes that ask at once one makes it and the other waits.

    Returns
    -------
    Path
        The archive.

    Raises
    ------
    CourseError
        Spark cannot start, or the archive cannot be written.
    """
    java, jars = find_java(), settings.jars(settings.spark_home())
    try:
        return _made_once(java, jars)
    except OSError as error:
        raise CourseError(
            f"Spark's class-data archive could not be written: {error}",
            "Free 1 GB there, or set COURSEKIT_CACHE to another folder. Spark works without it.",
        ) from None


def _made_once(java: Java, jars: list[Path]) -> Path:
    file = location(java, jars)
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.parent / "making.lock"):
        if not file.is_file():
            _clear(file.parent)
            with tempfile.TemporaryDirectory(dir=file.parent, prefix="making-") as folder:
                _make(java, jars, Path(folder)).replace(file)
    return file


def location(java: Java, jars: list[Path]) -> Path:
    """Return where the archive for this Java and these jars is, or would be."""
    library = java.home / "lib" / "server" / "libjvm.so"
    parts = [str(java.home), java.version, *settings.java_options()]
    for file in [library, *jars]:
        if file.is_file():
            about = file.stat()
            parts.append(f"{file} {about.st_size} {about.st_mtime_ns}")
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return places.cache_dir() / "spark" / f"classes-{key}.jsa"


def _make(java: Java, jars: list[Path], folder: Path) -> Path:
    classes, made = folder / "classes.txt", folder / "classes.jsa"
    _run([sys.executable, "-m", "coursekit.spark_session.warm_up", str(classes)])
    _run(
        [
            str(java.executable),
            *settings.java_options(),
            "-Xshare:dump",
            f"-XX:SharedClassListFile={classes}",
            f"-XX:SharedArchiveFile={made}",
            # Thousands of lines say which classes cannot be archived: generated code, mostly.
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
            "-cp",
            os.pathsep.join(map(str, jars)),
        ]
    )
    return made


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise CourseError(
            "Spark's class-data archive could not be made: "
            + " / ".join(line.strip() for line in lines[-3:]),
            f"Free 1 GB in {places.cache_dir()} and try again. Spark works without it, slower.",
        )


def _clear(folder: Path) -> None:
    """Remove archives that nothing uses any more, and what a killed process left half made."""
    limit = time.time() - _KEEP_DAYS * 86_400
    for file in folder.glob("classes-*.jsa"):
        if file.stat().st_mtime < limit:
            file.unlink(missing_ok=True)
    for left in folder.glob("making-*/"):
        shutil.rmtree(left, ignore_errors=True)
