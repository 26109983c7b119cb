"""One attempt of a task: its counters, its number, and the error that names a failing record."""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coursekit.ground.errors import CourseError

# In the order of a job's life.
ENGINE_COUNTERS = (
    *("map input records", "map output records", "combine input records"),
    *("combine output records", "shuffle bytes", "reduce input groups", "reduce input records"),
    *("reduce output records", "launched map tasks", "launched reduce tasks", "failed tasks"),
)
LONGEST = 120  # characters of a record in a message
REPAIR = "Repair the function, or catch the exception there and call mapreduce.count() instead."
NO_PAIRS = "The {} has to yield pairs, `yield key, value`; the key cannot be a list or a dict."

# One task at a time runs in a process. Outside of a task both functions still work, so that a
# mapper can be tried by hand: list(mapper("a line")).
_counts: Counter[str] = Counter()
_attempt = 1


class TaskFailed(CourseError):
    """An attempt of a task failed; a learner sees that of the last attempt."""


def count(name: str, n: int = 1) -> None:
    """Add to a counter of your own, from inside a mapper, combiner or reducer.

    The sums over all tasks are in ``result.counters``. Only attempts that succeed are counted.

    Parameters
    ----------
    name : str
        The counter, for example ``"bad lines"``; not one of the engine's own names.
    n : int
        What to add.
    """
    if name in ENGINE_COUNTERS:
        raise CourseError(
            f"the counter {name!r} is kept by the engine",
            "Choose another name for your own counter.",
        )
    _counts[name] += n


def attempt() -> int:
    """Return which attempt of the current task this is: 1 at first, 2 after a failure."""
    return _attempt


@contextmanager
def attempt_of(number: int) -> Iterator[Counter[str]]:
    """Run one attempt of a task: give the counters of its own functions, all zero."""
    global _counts, _attempt
    before = _counts, _attempt
    _counts, _attempt = Counter(), number
    try:
        yield _counts
    finally:
        _counts, _attempt = before


def failure(stage: str, job: str, attempts: int, what: str, mend: str) -> TaskFailed:
    """Return the error for a task that failed in so many attempts."""
    times = "once" if attempts == 1 else f"in {attempts} attempts"
    return TaskFailed(f"the {stage} of {job!r} failed {times} {what}", mend)


@contextmanager
def failing(stage: str, job: str, place: Callable[[], tuple[str, Any]]) -> Iterator[None]:
    """Turn what a learner's function raises into a `TaskFailed`.

    Only then is ``place`` asked where in its input the task was, and for the record there.
    """
    try:
        yield
    except CourseError:
        raise
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        frames = [f for f in frames if Path(f.filename).parent != Path(__file__).parent]
        what = " ".join(traceback.format_exception_only(error)[-1].split())
        if frames:
            # The line to name is the learner's own, even if it was a library that raised.
            own = [f for f in frames if not re.search("site-packages|/lib/python", f.filename)]
            at = (own or frames)[-1]
            what += f" (in {at.name}, line {at.lineno}: `{at.line}`)"
            mend = REPAIR
        else:  # no function of the learner's was at work: what it yielded is wrong
            mend = NO_PAIRS.format(stage)
        where, record = place()
        if record is not None:
            mend = f"The record: {cut(record)}. {mend}"
        raise failure(stage, job, _attempt, f"{where}: {what}", mend) from error


def cut(value: object) -> str:
    """Return a short form of a record, fit for one line of a message."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
