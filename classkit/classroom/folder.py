"""The instructor's folder of a class, and the shared folder through which work goes both ways."""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.feedback import lessons
from coursekit.ground import files
from coursekit.ground.errors import CourseError

FACTS = "class.json"
SEEDS = ".seeds.json"
VARIABLE = "COURSEKIT_CLASS"
# Learners add files of their own, see no list of them, and cannot touch those of others:
# group of the instructor on each new file (setgid), others may write and pass, sticky.
DROP_BOX = 0o3733


@dataclass(frozen=True)
class Classroom:
    """A class as its instructor has it.

    Attributes
    ----------
    root : Path
        The instructor's own folder (mode 0700): sources with hidden tests, submissions, grades.
    course : str
        The name under which the class exchanges work.
    shared : Path
        The folder that learners know as ``COURSEKIT_CLASS``.
    """

    root: Path
    course: str
    shared: Path

    @property
    def exchange(self) -> Path:
        """Folder of nbgrader's exchange."""
        return self.shared / "exchange"

    @property
    def progress(self) -> Path:
        """Folder of the progress that learners share."""
        return self.shared / "progress"

    @property
    def grades(self) -> Path:
        """The table of grades."""
        return self.root / "grades.csv"

    def step(self, name: str, learner: str, chapter: str) -> Path:
        """Return the folder of one step (``submitted`` …), as nbgrader lays it out."""
        return self.root / name / learner / chapter

    def learners(self, step: str, chapter: str) -> list[str]:
        """Return who has a folder of a chapter in a step, in order."""
        return sorted(path.parent.name for path in (self.root / step).glob(f"*/{chapter}"))

    def seed(self, chapter: str, *, draw: bool = False) -> int:
        """Return the secret seed of a chapter's hidden tests.

        Parameters
        ----------
        chapter : str
            The chapter's name.
        draw : bool
            Whether to draw it when there is none yet (at release).

        Raises
        ------
        CourseError
            When the chapter was never released.
        """
        path = self.root / SEEDS
        seeds = _read_json(path) if path.exists() else {}
        if chapter not in seeds:
            if not draw:
                raise CourseError(
                    f"{chapter} was not released in this class.",
                    f"Release it first: coursekit class release {chapter.partition('-')[0]}",
                )
            # below 2**31: every generator of the course takes it
            seeds[chapter] = secrets.randbits(31)
            path.touch(mode=0o600)
            files.write_text(path, json.dumps(seeds, indent=1) + "\n")
        return seeds[chapter]

    def config(self) -> Any:
        """Return nbgrader's configuration (a traitlets Config)."""
        return nbgrader_config(self.course, self.exchange, self.root)


def nbgrader_config(course: str, exchange: Path, root: Path | None = None) -> Any:
    """Return what nbgrader needs to know of a class, for an instructor or (no root) a learner."""
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.course_id = course
    config.Exchange.root = str(exchange)
    config.ClearSolutions.code_stub = {"python": lessons.STUB}
    if root is not None:
        config.CourseDirectory.root = str(root)
    return config


def init(root: Path, *, shared: Path | None = None, course: str | None = None) -> Classroom:
    """Make the folders of a class; a second call changes nothing.

    Parameters
    ----------
    root : Path
        The instructor's folder. It becomes readable by its owner only.
    shared : Path, optional
        The folder between instructor and learners; by default beside ``root``, named
        ``…-shared``.
    course : str, optional
        By default the folder's name.

    Raises
    ------
    CourseError
        When ``root`` holds something else, or the shared folder would lie inside it.
    """
    root = root.expanduser().absolute()
    if (root / FACTS).exists():
        return find(root)
    if root.exists() and any(root.iterdir()):
        raise CourseError(
            f"{root} is not empty, and not the folder of a class.",
            "Name a new folder: coursekit class init FOLDER",
        )
    for path in filter(None, (root, shared)):
        if odd := sorted(set("[]{}*?") & set(str(path))):
            raise CourseError(
                f"The path {path} has {' '.join(odd)} in it, which nbgrader reads as a pattern.",
                "Name another folder: coursekit class init FOLDER",
            )
    shared = (shared or root.with_name(root.name + "-shared")).expanduser().absolute()
    if shared.is_relative_to(root):
        raise CourseError(
            f"The shared folder {shared} lies inside the instructor's, which learners cannot read.",
            "Name one outside of it: --shared /srv/class",
        )
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", course or root.name).strip("-.") or "course"
    room = Classroom(root, name, shared)
    try:
        _make_folders(room)
    except OSError as error:
        raise CourseError(
            f"{error.filename or root} cannot be made ({error.strerror}).",
            "Name folders that you may write: coursekit class init FOLDER --shared FOLDER",
        ) from error
    return room


def _make_folders(room: Classroom) -> None:
    room.root.mkdir(parents=True, exist_ok=True)
    room.root.chmod(0o700)
    room.shared.mkdir(parents=True, exist_ok=True)
    room.shared.chmod(0o755)
    room.progress.mkdir(exist_ok=True)
    room.progress.chmod(DROP_BOX)
    room.exchange.mkdir(exist_ok=True)
    # nbgrader asks for 0777 here; the sticky bit keeps what is in it from the hands of others
    room.exchange.chmod(0o1777)
    course = room.exchange / room.course
    for folder, mode in (
        ("", 0o755),
        ("outbound", 0o755),
        ("inbound", DROP_BOX),
        ("feedback", 0o711),
    ):
        (course / folder).mkdir(exist_ok=True)
        (course / folder).chmod(mode)
    for step in ("source", "submitted"):
        (room.root / step).mkdir(exist_ok=True)
    files.write_text(room.shared / FACTS, json.dumps({"course": room.course}) + "\n")
    (room.root / "nbgrader_config.py").write_text(
        '"""For nbgrader\'s own commands and pages in this folder."""\n\n'
        "c = get_config()  # noqa: F821\n"
        f"c.CourseDirectory.course_id = {room.course!r}\n"
        f"c.CourseDirectory.root = {str(room.root)!r}\n"
        f"c.Exchange.root = {str(room.exchange)!r}\n",
        encoding="utf-8",
    )
    facts = {"course": room.course, "shared": str(room.shared)}
    files.write_text(room.root / FACTS, json.dumps(facts, indent=1) + "\n")


def closed_above(shared: Path) -> Path | None:
    """Return the first folder on the way to the shared one that others cannot pass, if any."""
    return next((p for p in reversed(shared.parents) if not p.stat().st_mode & 0o001), None)


def find(start: Path | None = None) -> Classroom:
    """Return the class whose folder is ``start`` or one above it (by default, from here).

    Raises
    ------
    CourseError
        When there is none.
    """
    start = (start or Path.cwd()).expanduser().absolute()
    for folder in (start, *start.parents):
        facts = _read_json(folder / FACTS) if (folder / FACTS).is_file() else {}
        if "shared" in facts and "course" in facts:
            return Classroom(folder, facts["course"], Path(facts["shared"]))
    raise CourseError(
        f"{start} is not the folder of a class.",
        "Change into it or name it with --folder; `coursekit class init FOLDER` makes one.",
    )


@dataclass(frozen=True)
class Membership:
    """A class as a learner has it: the shared folder, and the course's name in it."""

    shared: Path
    course: str

    @property
    def exchange(self) -> Path:
        """Folder of nbgrader's exchange."""
        return self.shared / "exchange"

    @property
    def progress(self) -> Path:
        """Folder of the progress that learners share."""
        return self.shared / "progress"


def membership() -> Membership:
    """Return the class that ``COURSEKIT_CLASS`` names.

    Raises
    ------
    CourseError
        When it names none, or a folder that is not one.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        raise CourseError(
            "You are in no class: COURSEKIT_CLASS is not set.",
            "On the class's JupyterHub it is. Elsewhere ask your instructor for the folder.",
        )
    shared = Path(named).expanduser()
    try:
        facts = _read_json(shared / FACTS)
    except OSError:
        facts = {}
    if "course" not in facts:
        raise CourseError(
            f"COURSEKIT_CLASS names {shared}, which is not the shared folder of a class.",
            "Ask your instructor for the folder that `coursekit class init` has printed.",
        )
    return Membership(shared, facts["course"])


def _read_json(path: Path) -> dict:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise CourseError(
            f"{path} is damaged: it is not JSON.", "Restore it from your backup of the folder."
        ) from None
    return content if isinstance(content, dict) else {}
