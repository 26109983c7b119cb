"""The learner's side: submit a chapter, and fetch the feedback on it."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classkit.classroom import folder, nbgrader_steps
from classkit.classroom.restore import MOST_BYTES
from coursekit.feedback import lessons
from coursekit.ground import places
from coursekit.ground.errors import CourseError

KEPT = "submitted"
RECEIPT = "receipt.txt"


@dataclass(frozen=True)
class Receipt:
    """What was submitted: the chapter, when (UTC), the SHA-256 of the notebook, where a copy is.

    ``lost`` answers have no mark any more: the notebook was saved by a program that drops marks.
    """

    chapter: str
    time: str
    digest: str
    kept: Path
    attempted: int
    exercises: int
    lost: int


def submit(chapter: str, *, learner: str | None = None) -> Receipt:
    """Submit the copy of a chapter in the learner's folder; the last one submitted counts.

    Parameters
    ----------
    chapter : str
        Number or name.
    learner : str, optional
        For tests: another name than that of the user.

    Raises
    ------
    CourseError
        When there is no class, no copy, or the chapter is not an assignment yet.
    """
    found, member = lessons.chapter(chapter), folder.membership()
    copy = places.workspace() / found.path.name
    notebook = lessons.read_notebook(copy)
    if copy.stat().st_size > MOST_BYTES:
        raise CourseError(
            f"{copy.name} is larger than {MOST_BYTES / 1e6:.0f} MB: an output of yours is huge.",
            "In JupyterLab choose Edit, Clear Outputs of All Cells; save; submit again.",
        )
    _require_open(member, found)
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        place = Path(scratch) / found.name
        place.mkdir()
        shutil.copyfile(copy, place / copy.name)
        kept = _send(member, found.name, Path(scratch), learner)
    digest = _digest(kept / copy.name)
    time = (kept / "timestamp.txt").read_text().strip()
    marked = {lessons.grade_id(cell) for cell in notebook["cells"]}
    lost = len(set(found.exercises) - marked)
    attempted = _attempted(notebook, found)
    receipt = Receipt(found.name, time, digest, kept, attempted, len(found.exercises), lost)
    (kept / RECEIPT).write_text(
        f"{found.name} of course {member.course}\nsubmitted {time}\nSHA-256 {digest}\n",
        encoding="utf-8",
    )
    return receipt


def fetch_feedback(chapter: str, *, learner: str | None = None) -> list[Path]:
    """Fetch the feedback on what was submitted, and return its pages, the newest last.

    Raises
    ------
    CourseError
        When nothing was submitted from here, or there is no feedback yet.
    """
    from nbgrader.exchange.default import ExchangeFetchFeedback

    found, member = lessons.chapter(chapter), folder.membership()
    sent = list((places.workspace() / KEPT / member.course).glob(f"*+{found.name}+*"))
    if not sent:
        raise CourseError(
            f"You have not submitted {found.name} from this folder.",
            f"Submit it: coursekit submit {found.number}",
        )
    target = places.workspace() / "feedback"
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        config = _config(member, Path(scratch))
        with nbgrader_steps.quiet(f"fetch the feedback on {found.name}"):
            place = nbgrader_steps.directory(config, found.name, learner or "*")
            ExchangeFetchFeedback(coursedir=place, config=config).start()
        pages = []
        for page in sorted(Path(scratch).glob(f"{found.name}/feedback/*/*.html")):
            kept = target / f"{found.name}, {_tidy(page.parent.name)}.html"
            target.mkdir(exist_ok=True)
            shutil.copyfile(page, kept)
            pages.append(kept)
    if not pages:
        raise CourseError(
            f"There is no feedback on {found.name} yet.",
            "Your submission is safe; ask again when your instructor has graded it.",
        )
    return pages


def _send(member: folder.Membership, chapter: str, scratch: Path, learner: str | None) -> Path:
    """Submit through nbgrader's exchange; return the folder that keeps what was sent."""
    from nbgrader.auth import Authenticator
    from nbgrader.exchange.default import ExchangeSubmit

    kept = places.workspace() / KEPT / member.course
    before = set(kept.glob("*")) if kept.exists() else set()
    config = _config(member, scratch)
    with nbgrader_steps.quiet(f"submit {chapter}"):
        place = nbgrader_steps.directory(config, chapter, learner or "*")
        known = Authenticator(config=config)
        ExchangeSubmit(coursedir=place, authenticator=known, config=config).start()
    (new,) = set(kept.glob("*")) - before
    return new


def _config(member: folder.Membership, scratch: Path) -> Any:
    config = folder.nbgrader_config(member.course, member.exchange)
    config.Exchange.assignment_dir = str(scratch)
    config.Exchange.cache = str(places.workspace() / KEPT)
    config.Exchange.timestamp_format = "%Y-%m-%d %H:%M:%S.%f %Z"
    return config


def _require_open(member: folder.Membership, chapter: lessons.Chapter) -> None:
    course = member.exchange / member.course
    if not (course / "outbound" / chapter.name).is_dir():
        raise CourseError(
            f"{chapter.name} is not an assignment of {member.course} yet.",
            "Your work stays in your folder; ask your instructor when it opens.",
        )
    if not os.access(course / "inbound", os.W_OK | os.X_OK):
        raise CourseError(
            f"The exchange {course / 'inbound'} cannot be written.",
            "Your work stays in your folder; tell your instructor about this line.",
        )


def _attempted(notebook: dict, chapter: lessons.Chapter) -> int:
    """Count the answers whose text is not the starter's."""
    answers = {lessons.grade_id(c): lessons.source(c) for c in notebook["cells"]}
    return sum(
        answers.get(each, "").strip() not in ("", lessons.starter_source(each).strip())
        for each in chapter.exercises
    )


def _digest(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def _tidy(stamp: str) -> str:
    return stamp.replace(":", "-").partition(".")[0]
