"""Tries an exercise's hidden test: on the solution, the starter, and a cheat.

Called by the laboratory where a chapter runs anyway, because a chapter takes its time.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any
from unittest import mock

from classkit.classroom.hidden import HiddenTestFailed, verify
from coursekit.feedback import checking as feedback
from coursekit.feedback import exercises
from coursekit.feedback.result import Result
from tests import cheat

SEEDS = (1, 2, 3)


@dataclass
class HiddenAttempts:
    """What the hidden test of one exercise said; a text is the message of its failure."""

    solution: dict[int, str]  # by seed
    starter: str
    data: dict[str, list[str]]  # what the solution was called with, and what was wanted
    cheat_checked: Result | None  # None where the answer is no function
    cheat: str


def attempt(id: str, starter: tuple, solution: tuple) -> HiddenAttempts:
    """Try the hidden test of an exercise.

    Parameters
    ----------
    id : str
        The exercise.
    starter, solution : tuple
        The answers that the check cell hands over.
    """
    with contextlib.ExitStack() as stack:
        if id.startswith("08"):
            stack.enter_context(cheat.frames_that_know_their_rows())
        return _attempted(id, starter, solution)


def _attempted(id: str, starter: tuple, solution: tuple) -> HiddenAttempts:
    first, again, other = (_remembered(id, solution, seed) for seed in (*SEEDS[:1] * 2, SEEDS[1]))
    found = HiddenAttempts(
        solution={SEEDS[0]: first[0] + again[0], SEEDS[1]: other[0]},
        starter=_said(id, starter, SEEDS[0]),
        data={"first": first[1], "again": again[1], "other": other[1]},
        cheat_checked=None,
        cheat="",
    )
    found.solution |= {seed: _said(id, solution, seed) for seed in SEEDS[2:]}
    seen: list[list[str]] = [[] for _ in solution]
    with _partitions_in_this_process():
        feedback.check(id, *_each(solution, cheat.Remembering, seen))
    if any(seen):
        cheats = _each(solution, cheat.Cheat, seen)
        found.cheat_checked = feedback.check(id, *cheats)
        found.cheat = _said(id, cheats, SEEDS[2])
    return found


def _said(id: str, answers: tuple, seed: int) -> str:
    try:
        verify(id, *answers, seed=seed)
    except HiddenTestFailed as error:
        assert error.__context__ is None
        return str(error)
    return ""


def _remembered(id: str, answers: tuple, seed: int) -> tuple[str, list[str]]:
    """Return what the hidden test said, and the data it used."""
    data: list[str] = []
    exercises.find(id)  # so that its module is loaded, with the real `trial`
    trial = exercises.trial

    def noting(tried: str, code: Any, *, want: Any, **more: Any) -> Any:
        data.append(f"wants {cheat.mark(want)}")
        return trial(tried, code, want=want, **more)

    with mock.patch.object(exercises, "trial", noting):
        said = _said(id, _each(answers, cheat.Remembering, [data] * len(answers)), seed)
    return said, data


def _each(answers: tuple, kind: type, seen: list[list[str]]) -> tuple:
    return tuple(cheat.instead_of(a, kind, s) for a, s in zip(answers, seen, strict=True))


def _partitions_in_this_process() -> Any:
    """Let the check of 06-partitioner call here what it calls in new processes, to be seen."""
    from coursekit.feedback.checks import ch06

    return mock.patch.object(
        ch06, "_elsewhere", lambda own, seed, words: [own(w, 4) for w in words]
    )
