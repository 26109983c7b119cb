"""What a learner's mapper or reducer can ask of the task that runs it: count, attempt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from coursekit.ground.errors import CourseError

ENGINE_COUNTERS = (
    "map input records",
    "map output records",
    "combine input records",
    "combine output records",
    "spilled records",
    "shuffle bytes",
    "reduce input groups",
    "reduce input records",
    "reduce output records",
    "launched map tasks",
    "launched reduce tasks",
    "failed tasks",
)

# One task at a time runs in a process. Outside of a task both functions still work, so that a
# mapper can be tried by hand: list(mapper("a line")).
_counts: Counter[str] = Counter()
_attempt = 1


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
def task(number: int) -> Iterator[Counter[str]]:
    """Run one attempt of a task: yield its own counters, all zero at the start."""
    global _counts, _attempt
    before = _counts, _attempt
    _counts, _attempt = Counter(), number
    try:
        yield _counts
    finally:
        _counts, _attempt = before
