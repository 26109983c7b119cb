"""Collects what learners handed in; what is not theirs, or would do harm, is named and left."""

from __future__ import annotations

import datetime
import os
import pwd
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from classkit.classroom import nbgrader_steps
from classkit.classroom.folder import Classroom
from classkit.classroom.restore import MOST_BYTES
from coursekit.feedback import lessons
from coursekit.ground.errors import CourseError

MOST_FILES = 50
# Learner, chapter, time, and a random part that others cannot guess.
_NAME = re.compile(r"(?P<learner>[\w@-][\w.@-]*)\+(?P<chapter>[^+/]+)\+(?P<time>[^+/]+)(\+[^+/]+)?")


@dataclass(frozen=True)
class Collected:
    """What came in.

    Attributes
    ----------
    learners : tuple of str
        Whose submission is there now.
    fresh : tuple of str
        Whose is new, or newer than before.
    refused : tuple of (str, str)
        Names of what was left, and why.
    """

    learners: tuple[str, ...]
    fresh: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


def collect(room: Classroom, chapter: str) -> Collected:
    """Collect the latest submission of each learner.

    Raises
    ------
    CourseError
        When the chapter was not released, or nothing was handed in.
    """
    from nbgrader.exchange.default import ExchangeCollect

    found = lessons.chapter(chapter)
    room.seed(found.name)
    nbgrader_steps.require_exchange(room.exchange)
    refused: dict[str, str] = {}

    class Collect(ExchangeCollect):
        def _path_to_record(self, path: str) -> dict:
            """Return what nbgrader needs; a refused folder belongs to nobody."""
            record = {"username": None, "filename": Path(path).name}
            record["timestamp"] = datetime.datetime.min
            if why := objection(Path(path), room.root):
                refused[Path(path).name] = why
                return record
            return super()._path_to_record(path)

        def init_src(self) -> None:
            super().init_src()
            self.src_records = [r for r in self.src_records if r["username"] is not None]

    before = _stamps(room, found.name)
    config = room.config()
    with nbgrader_steps.quiet(f"collect {found.name}"):
        place = nbgrader_steps.directory(config, found.name)
        Collect(coursedir=place, config=config, update=True).start()
    after = _stamps(room, found.name)
    if not after and not refused:
        raise CourseError(
            f"Nobody has submitted {found.name} yet.",
            f"Learners submit with: coursekit submit {found.number}",
        )
    fresh = tuple(name for name, stamp in after.items() if before.get(name) != stamp)
    return Collected(tuple(after), fresh, tuple(sorted(refused.items())))


def objection(path: Path, root: Path) -> str:
    """Return why a submitted folder is not taken, or an empty string."""
    parts = _NAME.fullmatch(path.name)
    if parts is None:
        return "its name is not that of a submission"
    if _time(parts["time"]) is None:
        return "its name holds no time"
    try:
        return owner_objection(path.lstat().st_uid, parts["learner"], root) or _contents(path)
    except OSError as error:
        return f"it cannot be read ({error.strerror})"


def owner_objection(owner: int, learner: str, root: Path) -> str:
    """Return what speaks against something of a learner's that a user owns, or an empty string.

    On a server where each learner is a user of their own, the owner must be the learner of the
    name. Where all work as the instructor's user, as on Kubernetes, names cannot be proved.
    """
    if owner in (os.getuid(), root.stat().st_uid) or _user(owner) == learner:
        return ""
    return f"it belongs to {_user(owner)}, not to {learner}"


def _contents(path: Path) -> str:
    if not stat.S_ISDIR(path.lstat().st_mode):
        return "it is no folder"
    size = number = 0
    for folder, folders, names in os.walk(path):
        for name in [*folders, *names]:
            facts = os.lstat(os.path.join(folder, name))
            number += 1
            if not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)):
                return f"{name} in it is a link or no file"
            size += facts.st_size
            if size > MOST_BYTES or number > MOST_FILES:
                return f"it is larger than {MOST_BYTES / 1e6:.0f} MB or {MOST_FILES} files"
    return ""


def _time(text: str) -> object:
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(text)
    except (ValueError, OverflowError, TypeError):
        return None


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _stamps(room: Classroom, chapter: str) -> dict[str, str]:
    stamps = {}
    for learner in room.learners("submitted", chapter):
        stamp = room.step("submitted", learner, chapter) / "timestamp.txt"
        stamps[learner] = stamp.read_text(errors="replace") if stamp.is_file() else ""
    return stamps
