"""A failed attempt of a task, and the error a learner sees when the last attempt has failed."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path

from coursekit.ground.errors import CourseError

SHOWN = 120  # characters of a record in a message
_HERE = str(Path(__file__).parent)


class InputError(CourseError):
    """Input that cannot be read. Trying again cannot help, so the task is not retried."""


class TaskFailed(CourseError):
    """A task failed in every attempt.

    Attributes
    ----------
    failure : Failure
        The last attempt: stage, record, place, exception and the learner's own traceback.
    attempts : int
        How many attempts there were.
    """

    def __init__(self, job: str, failure: Failure, attempts: int) -> None:
        self.job, self.failure, self.attempts = job, failure, attempts
        times = "once" if attempts == 1 else f"in {attempts} attempts"
        super().__init__(
            f"the {failure.stage} of {job!r} failed {times} {failure.place}: {failure.error}",
            failure.mend,
        )

    def __reduce__(self):
        return type(self), (self.job, self.failure, self.attempts)


@dataclass(frozen=True)
class Place:
    """Where in the input a task was: a record, and how to find it."""

    text: str  # "on line 3 of notes.txt (byte 120)"
    record: str | None = None
    path: str | None = None
    line: int | None = None
    offset: int | None = None


@dataclass(frozen=True)
class Failure:
    """One attempt that failed, as plain data that crosses from process to process."""

    stage: str  # mapper, combiner, partitioner, reducer
    error: str  # "ValueError: … (in parse, line 3: `int(text)`)"
    where: Place
    traceback: str = ""
    hint: str = ""
    fatal: CourseError | None = None  # trying again cannot help: raise this

    @property
    def place(self) -> str:
        """Where it happened, as part of a sentence."""
        return self.where.text

    @property
    def mend(self) -> str:
        """The record and the next step."""
        record = f"The record: {self.where.record}. " if self.where.record else ""
        return record + (self.hint or _DEFAULT_HINT)


_DEFAULT_HINT = (
    "Repair the function, or catch the exception there and call mapreduce.count() instead."
)


def cut(value: object) -> str:
    """Return a short form of a record, fit for one line of a message."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text):,} characters)"


def from_exception(error: BaseException, stage: str, where: Place) -> Failure:
    """Describe what a learner's function raised: exception, its line, the record."""
    if isinstance(error, CourseError):
        return Failure(stage, str(error), where, fatal=error)
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)
    ]
    text = "".join(traceback.format_list(frames))
    last = traceback.format_exception_only(error)[-1].strip()
    said = " ".join(last.split())
    if not frames:
        return Failure(stage, said, where, text + last, hint=_shape_hint(stage))
    learner = _last_of_learner(frames)
    return Failure(
        stage, f"{said} (in {learner.name}, line {learner.lineno}: `{learner.line}`)",
        where, text + last,
    )  # fmt: skip


def _last_of_learner(frames: list[traceback.FrameSummary]) -> traceback.FrameSummary:
    """Return the innermost frame that is not in an installed library."""
    own = [
        f for f in frames if "site-packages" not in f.filename and "/lib/python" not in f.filename
    ]
    return (own or frames)[-1]


def _is_ours(filename: str) -> bool:
    return str(Path(filename).parent) == _HERE


def _shape_hint(stage: str) -> str:
    return (
        f"The {stage} has to yield pairs, `yield key, value`; the key cannot be a list or a dict."
    )
