"""Shares a learner's progress with the class's instructor: never before the learner says so.

What is shared is a file of its own, which the learner can read, in a folder where others see
neither it nor its name. It holds what the class summary needs and no more: exercises, attempts,
outcomes, hints, how often each message of a check came, minutes. No code, no times of day.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from coursekit.ground.errors import CourseError

VARIABLE = "COURSEKIT_CLASS"
VERSION = 1
MODE = 0o640  # the learner writes, the instructor's group reads, nobody else does
_COUNTS = ("attempts", "hints")


def excerpt(progress: dict[str, Any]) -> dict[str, Any]:
    """Return what is shared of a learner's progress."""
    shared = {}
    for id, entry in progress.get("exercises", {}).items():
        shared[id] = {
            **{name: entry.get(name, 0) for name in _COUNTS},
            "passed": bool(entry.get("passed_at")),
            "outcome": entry.get("outcome", ""),
            "minutes": round(entry.get("seconds", 0) / 60, 1),
            "messages": entry.get("messages", {}),
        }
    return {"version": VERSION, "exercises": shared}


def file() -> Path:
    """Return the learner's file in the class's folder.

    Raises
    ------
    CourseError
        When ``COURSEKIT_CLASS`` names no class.
    """
    named = os.environ.get(VARIABLE)
    folder = Path(named or "").expanduser() / "progress"
    if not named or not folder.is_dir():
        raise CourseError(
            f"{VARIABLE} names {named}, which is not the shared folder of a class."
            if named
            else f"You are in no class: {VARIABLE} is not set.",
            "On the class's JupyterHub it is right. Elsewhere ask your instructor for the folder.",
        )
    return folder / f"{user_name()}.json"


def user_name() -> str:
    """Return the learner's name on this system, as nbgrader does; on Kubernetes, the hub's."""
    import pwd

    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"user-{os.getuid()}"
    return os.environ.get("JUPYTERHUB_USER", name) if name == "jovyan" else name


def write(progress: dict[str, Any]) -> Path:
    """Write the excerpt in one step, readable for the learner and the instructor's group.

    Raises
    ------
    CourseError
        When there is no class, or its folder cannot be written.
    """
    path = file()
    if os.sep in path.stem or path.stem.startswith("."):
        raise CourseError(f"The name {path.stem!r} cannot be a file's.", "Ask your instructor.")
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(excerpt(progress), stream, indent=1, ensure_ascii=False)
            os.chmod(temporary, MODE)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CourseError(
            f"Your progress cannot be shared: {path.parent} ({error.strerror}).",
            "It stays private. Tell your instructor about this line.",
        ) from error
    return path


def remove() -> None:
    """Take the shared file back, if there is one.

    Raises
    ------
    CourseError
        When it is there and cannot be removed.
    """
    try:
        path = file()
    except CourseError:
        return  # in no class, so nothing is there
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CourseError(
            f"{path} cannot be removed ({error.strerror}).",
            "Ask your instructor to remove it; nothing new goes there.",
        ) from error


def keep_up_to_date(progress: dict[str, Any]) -> None:
    """Write the excerpt again; a check never fails because of it."""
    with contextlib.suppress(CourseError):
        write(progress)


def line(shared: bool) -> str:
    """Return the home page's line about it."""
    if shared:
        return (
            "You share your progress with your instructor, not with other learners."
            " <code>coursekit progress --private</code> takes it back."
        )
    return "Your progress is private: it stays in this folder." + (
        " <code>coursekit progress --share</code> shows it to your instructor."
        if os.environ.get("COURSEKIT_CLASS")
        else ""
    )
