"""Sums up the progress that learners share: where the class is stuck, and on what."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from classkit.classroom.collecting import owner_objection
from classkit.classroom.folder import Classroom
from coursekit.feedback import authoring, lessons

MOST_BYTES = 1_000_000
MOST_ATTEMPTS = 10_000
MOST_MINUTES = 60 * 24
MOST_TEXT = 300

# Whatever a file of another form leads to: a list for a number, infinity, brackets without end.
_MALFORMED = (
    ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError,
)  # fmt: skip


@dataclass(frozen=True)
class Effort:
    """What one learner did at one exercise; ``messages`` are those of its check."""

    attempts: int
    passed: bool
    minutes: float
    messages: tuple[str, ...]


@dataclass(frozen=True)
class Learner:
    """One learner who shares progress: the name, and the efforts by exercise."""

    name: str
    efforts: dict[str, Effort]


@dataclass(frozen=True)
class Line:
    """The class at one exercise.

    Attributes
    ----------
    chapter, exercise, title : str
        Which.
    tried, passed, attempts : int
        Learners who tried and who passed; attempts of all.
    minutes : tuple of float
        Of each learner who tried.
    messages : tuple of (str, int)
        What checks told most, and to how many learners.
    """

    chapter: str
    exercise: str
    title: str
    tried: int
    passed: int
    attempts: int
    minutes: tuple[float, ...]
    messages: tuple[tuple[str, int], ...]

    @property
    def share(self) -> float:
        """Share of those who tried that passed; 1 when nobody tried."""
        return self.passed / self.tried if self.tried else 1.0

    @property
    def median_minutes(self) -> float:
        """Median of the minutes."""
        return median(self.minutes) if self.minutes else 0.0

    @property
    def stuck(self) -> tuple:
        """Sorting key: most learners without a pass first, then most attempts per learner."""
        return (self.passed - self.tried, -self.attempts / max(self.tried, 1), self.exercise)


def read(room: Classroom) -> tuple[list[Learner], list[tuple[str, str]]]:
    """Return who shares progress, and the files that were left, each with the reason."""
    learners, refused = [], []
    known = frozenset(each for chapter in lessons.chapters() for each in chapter.exercises)
    for path in sorted(room.progress.glob("*.json")):
        if path.name.startswith("."):
            continue
        try:
            learners.append(Learner(path.stem, _efforts(_content(path, room), known)))
        except OSError as error:
            why = "it is a link" if error.errno == errno.ELOOP else error.strerror
            refused.append((path.name, why or "it cannot be read"))
        except _MALFORMED as error:
            named = isinstance(error, _Refused)
            refused.append((path.name, str(error) if named else "it is no progress file"))
    return learners, refused


class _Refused(ValueError):
    """A file that is left, with the reason."""


def _content(path: Path, room: Classroom) -> dict:
    # a link could point to any file of the instructor's, a pipe would never end
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise _Refused("it is no file")
        if why := owner_objection(facts.st_uid, path.stem, room.root):
            raise _Refused(why)
        if facts.st_size > MOST_BYTES:
            raise _Refused(f"it is larger than {MOST_BYTES / 1e6:.0f} MB")
        return json.loads(stream.read(MOST_BYTES + 1))


def _efforts(content: dict, known: frozenset[str]) -> dict[str, Effort]:
    """Take what is needed, within bounds: any learner may write anything into the own file."""
    efforts = {}
    for exercise in known.intersection(content["exercises"]):
        entry = content["exercises"][exercise]
        attempts = min(max(int(entry["attempts"]), 0), MOST_ATTEMPTS)
        minutes = float(entry["minutes"])
        if not 0 <= minutes <= MOST_MINUTES:
            raise _Refused(f"its minutes at {exercise} cannot be")
        messages = tuple(str(m)[:MOST_TEXT] for m in list(entry["messages"])[:50])
        if attempts:
            efforts[exercise] = Effort(attempts, entry["passed"] is True, minutes, messages)
    return efforts


def summarise(learners: Iterable[Learner]) -> list[Line]:
    """Return a line for every exercise of the course, in its order."""
    learners = list(learners)
    lines = []
    for chapter in lessons.chapters():
        for exercise in chapter.exercises:
            efforts = [each.efforts[exercise] for each in learners if exercise in each.efforts]
            said = Counter(message for effort in efforts for message in set(effort.messages))
            lines.append(
                Line(
                    chapter.name,
                    exercise,
                    authoring.find(exercise).title,
                    tried=len(efforts),
                    passed=sum(effort.passed for effort in efforts),
                    attempts=sum(effort.attempts for effort in efforts),
                    minutes=tuple(effort.minutes for effort in efforts),
                    messages=tuple(sorted(said.items(), key=lambda item: (-item[1], item[0]))[:3]),
                )
            )
    return lines


def worst(lines: Iterable[Line], most: int = 5) -> list[Line]:
    """Return where the class is stuck: exercises that most learners tried and did not pass."""
    return sorted((line for line in lines if line.passed < line.tried), key=lambda x: x.stuck)[
        :most
    ]
