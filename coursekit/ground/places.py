"""Where the course lies on this machine: its notebooks, its data, the learner's folder."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

# The state of the learner copies; a folder that has it is a learner's folder.
MARKER = ".coursekit.json"


@cache
def course_root() -> Path:
    """Return the folder that holds ``notebooks/`` and ``datasets/``.

    That is the repository of a clone, or a folder inside the package of an installed course.
    ``COURSEKIT_COURSE`` names another one, for chapters of your own.
    """
    if chosen := os.environ.get("COURSEKIT_COURSE"):
        return Path(chosen).expanduser().resolve()
    package = Path(__file__).resolve().parents[1]
    installed = package / "_course"
    return installed if installed.is_dir() else package.parent


def is_clone() -> bool:
    """Tell whether the course runs from a clone of its repository."""
    return (course_root() / "pyproject.toml").is_file()


def notebooks() -> Path:
    """Return the folder of the solved notebooks; learners never edit it."""
    return course_root() / "notebooks"


def datasets() -> Path:
    """Return the folder of the shipped data and its manifest."""
    return course_root() / "datasets"


def workspace() -> Path:
    """Return the learner's folder: ``COURSEKIT_WORK``, a clone's ``work/``, or ``~/course``."""
    if chosen := os.environ.get("COURSEKIT_WORK"):
        return Path(chosen).expanduser()
    return course_root() / "work" if is_clone() else Path.home() / "course"


def build() -> Path:
    """Return the folder for reports and pictures made by commands, created when missing.

    Where a checkout cannot be written, it is one of the system's temporary folders.
    """
    folder = course_root() / "build" if is_clone() else Path.cwd() / "build"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="coursekit-build-"))
    return folder if os.access(folder, os.W_OK) else Path(tempfile.mkdtemp(prefix="coursekit-"))


def cache_dir() -> Path:
    """Return the per-user folder of what is made once and used again, created when missing.

    Grown data sets and Spark's class-data archive live here; all of it can be deleted.
    ``COURSEKIT_CACHE`` moves it.
    """
    chosen = os.environ.get("COURSEKIT_CACHE")
    folder = Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("coursekit"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
