"""What a check costs beyond the learner's own code."""

from __future__ import annotations

import statistics

from coursekit.feedback.lessons import solution_source

from .harness import Benchmark
from .process import program

LIMIT = 0.2  # s
_EXERCISE = "01-slices"  # its answer takes microseconds: what is measured is the check


def _first() -> float:
    # each start is a fresh process; the median of several is one measurement
    return statistics.median(_seconds("first") for _ in range(5))


def _later() -> float:
    return _seconds("later")


def _seconds(which: str) -> float:
    return program("check_answer", _EXERCISE, solution_source(_EXERCISE), which)["seconds"]


BENCHMARKS = [
    Benchmark(
        "check-overhead",
        1.0,
        "a first check in a fresh process, import not counted / 0.2 s",
        _first,
        lambda: LIMIT,
        beside={"later checks": _later},
    ),
]
