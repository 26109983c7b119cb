"""Keeps a learner's progress in one local JSON file that the learner can read.

The file is ``progress.json`` in the learner's folder. Outside such a folder (a test, an instructor
who opens a solved notebook) progress lives in the kernel's memory only. It is private, unless the
learner shares it with a class's instructor (`share`).

Minutes are an estimate from the times of checks, hints and quizzes: each counts the time since the
one before for its own exercise, reading included. A pause of more than `PAUSE_SECONDS` counts
nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.feedback import lessons, sharing
from coursekit.ground import files, places

if TYPE_CHECKING:
    from coursekit.feedback.result import Result

FILE = "progress.json"
PAUSE_SECONDS = 15 * 60
_in_memory: dict[str, Any] = {}
_warned = False


@dataclass(frozen=True)
class ChapterProgress:
    """How far a learner is in one chapter."""

    chapter: lessons.Chapter
    passed: tuple[str, ...]
    tried: tuple[str, ...]

    @property
    def total(self) -> int:
        """Number of exercises in the chapter."""
        return len(self.chapter.exercises)

    @property
    def done(self) -> bool:
        """Whether every exercise is passed."""
        return self.total > 0 and len(self.passed) == self.total


def summary(folder: Path | None = None) -> list[ChapterProgress]:
    """Return the progress of every chapter, read from a learner's folder."""
    folder = folder or places.workspace()
    entries = _read(folder / FILE).get("exercises", {})
    return [
        ChapterProgress(
            chapter,
            passed=tuple(e for e in chapter.exercises if entries.get(e, {}).get("passed_at")),
            tried=tuple(e for e in chapter.exercises if entries.get(e, {}).get("attempts")),
        )
        for chapter in lessons.chapters()
    ]


def record(result: Result) -> None:
    """Add the outcome of a check. An exercise once passed stays passed."""
    if result.outcome == "not attempted":
        return
    with _entry(result.id) as entry:
        now = _now()
        entry["attempts"] = entry.get("attempts", 0) + 1
        entry["outcome"] = result.outcome
        entry.setdefault("first_at", now)
        entry["last_at"] = now
        if result.passed:
            entry.setdefault("passed_at", now)
        elif result.message:
            messages = entry.setdefault("messages", {})
            messages[result.message] = messages.get(result.message, 0) + 1


def record_hint(id: str) -> None:
    """Count a hint."""
    with _entry(id) as entry:
        entry["hints"] = entry.get("hints", 0) + 1


def record_quiz(chapter: str, question: int, right: bool) -> None:
    """Add the first answer to a question of a quiz (later clicks are for reading)."""
    with _open() as progress:
        _seconds_since_last(progress)
        progress.setdefault("quizzes", {}).setdefault(chapter, {}).setdefault(str(question), right)


def share() -> Path:
    """Share progress with the instructor of the class from now on; return the shared file.

    Raises
    ------
    CourseError
        When there is no class, or no folder of the learner.
    """
    with _saved() as progress:
        path = sharing.write(progress)
        progress["shared"] = True
    return path


def keep_private() -> None:
    """End the sharing, and remove what was shared."""
    with _saved() as progress:
        progress.pop("shared", None)
    sharing.remove()


def is_shared(folder: Path | None = None) -> bool:
    """Tell whether the learner shares progress."""
    return _read((folder or places.workspace()) / FILE).get("shared") is True


def hints_given(id: str) -> int:
    """Return how many hints of an exercise were shown so far."""
    return _current().get("exercises", {}).get(id, {}).get("hints", 0)


def attempts(id: str) -> int:
    """Return how often an exercise was attempted so far."""
    return _current().get("exercises", {}).get(id, {}).get("attempts", 0)


def _file() -> Path | None:
    """Return the progress file of the learner's folder that this kernel runs in, if any.

    A machine's run of a notebook is no learner's attempt, wherever it runs.
    """
    if "COURSEKIT_STRICT" in os.environ or "NBGRADER_EXECUTION" in os.environ:
        return None
    if os.environ.get("COURSEKIT_WORK"):
        return places.workspace() / FILE
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / places.MARKER).is_file():
            return folder / FILE
    return None


def _current() -> dict[str, Any]:
    file = _file()
    return _in_memory if file is None else _read(file)


@contextmanager
def _entry(id: str) -> Iterator[dict[str, Any]]:
    with _open() as progress:
        entry = progress.setdefault("exercises", {}).setdefault(id, {})
        entry["seconds"] = entry.get("seconds", 0) + _seconds_since_last(progress)
        yield entry


def _seconds_since_last(progress: dict[str, Any]) -> int:
    """Return the seconds since anything was recorded, 0 after a pause; note the time."""
    now = int(time.time())
    passed = now - progress.get("active_at", now)
    progress["active_at"] = now
    return passed if 0 <= passed <= PAUSE_SECONDS else 0


@contextmanager
def _saved() -> Iterator[dict[str, Any]]:
    """Yield the progress in the learner's folder to be changed; a failure is the caller's."""
    file = places.workspace() / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    with files.locked(file):
        progress = _read(file)
        yield progress
        files.write_text(file, json.dumps(progress, indent=1, ensure_ascii=False) + "\n")


@contextmanager
def _open() -> Iterator[dict[str, Any]]:
    """Yield the progress to be changed and write it back; two kernels take turns.

    A full disk or a read-only folder must not spoil a check, so it is told once, on stderr.
    """
    file = _file()
    if file is None:
        yield _in_memory
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with files.locked(file):
            progress = _read(file)
            yield progress
            files.write_text(file, json.dumps(progress, indent=1, ensure_ascii=False) + "\n")
            if progress.get("shared") is True:
                sharing.keep_up_to_date(progress)
    except OSError as error:
        _warn(f"Your progress could not be saved in {file} ({error.strerror}).")


def _read(file: Path) -> dict[str, Any]:
    """Read a progress file; a damaged one is put aside, never overwritten."""
    try:
        progress = json.loads(file.read_text(encoding="utf-8-sig"))
        if isinstance(progress, dict):
            return progress
    except FileNotFoundError:
        return {}
    except ValueError:
        pass
    aside = file.with_name(f"progress.damaged-{time.strftime('%Y%m%d-%H%M%S')}.json")
    file.replace(aside)
    _warn(f"{file.name} was damaged. It is kept as {aside.name}; counting starts again.")
    return {}


def _warn(text: str) -> None:
    global _warned
    if not _warned:
        print(
            f"{text}\n→ Checks go on; make room or repair the folder to keep progress.",
            file=sys.stderr,
        )
        _warned = True


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
