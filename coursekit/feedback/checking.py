"""Gives feedback on an exercise: ``check``, ``hint``, ``solution``."""

from __future__ import annotations

import os
from typing import Any

from coursekit.feedback import (
    authoring,
    display,
    judge,
    lessons,
    progress,
    starters,
)
from coursekit.feedback.apart import observe_apart
from coursekit.feedback.result import Result
from coursekit.ground.errors import CourseError


class CheckFailed(AssertionError):
    """Raised instead of a shown result when a machine runs the notebook.

    nbgrader and the course's own tests tell a wrong answer by the exception of the check cell.
    """


def check(id: str, *answers: Any, record: bool = True) -> Result:
    """Check an answer to an exercise.

    Parameters
    ----------
    id : str
        The exercise, such as ``"06-combiner"``.
    *answers : object
        What the exercise asks for. Answers are never changed: the check works on copies.
    record : bool
        Whether the try counts. False only shows the card: for a wrong answer made on purpose.

    Returns
    -------
    Result
        Passed, failed, raised, not attempted or interrupted, with the first failing case.

    Raises
    ------
    CourseError
        For an unknown id, or an answer that was not handed over.
    CheckFailed
        Only where a machine runs the notebook (``COURSEKIT_STRICT=1``, or nbgrader's autograder).
    """
    exercise = authoring.find(id)
    try:
        result = _check(exercise, answers)
    except KeyboardInterrupt:
        return Result(id, exercise.title, "interrupted")
    if not record:
        return result
    progress.record(result)
    if _strict() and not result.passed:
        raise CheckFailed(repr(result))
    return result


def hint(id: str) -> display.Card:
    """Show the next hint of an exercise; after the last one, the way to the solution."""
    exercise = authoring.find(id)
    given = progress.hints_given(id)
    number = min(given, len(exercise.hints) - 1)
    progress.record_hint(id)
    text = exercise.hints[number]
    heading = f"Hint {number + 1} of {len(exercise.hints)}: {exercise.title}"
    if number + 1 == len(exercise.hints):
        text += f'\nThat was the last hint. After an attempt, `solution("{id}")` shows one way.'
    return display.Card("hint", heading, text)


def solution(id: str) -> display.Card:
    """Show the solution of an exercise: the very code that the course's tests run.

    One attempt comes first: reading a solution teaches most to those who tried.
    """
    exercise = authoring.find(id)
    if not progress.attempts(id):
        return display.Card(
            "not attempted",
            f"First an attempt: {exercise.title}",
            "Write something, right or wrong, and run its check. Then the solution is yours.\n"
            f'A hint helps to begin: `hint("{id}")`',
        )
    return display.Card(
        "solution", f"One solution: {exercise.title}", code=lessons.solution_source(id)
    )


def _check(exercise: authoring.Exercise, answers: tuple) -> Result:
    wanted = lessons.answer_names(exercise.id)
    if len(answers) != len(wanted):
        raise CourseError(
            f"check({exercise.id!r}, …) got {len(answers)} answers; it takes: {', '.join(wanted)}.",
            f"Restore the check cell: `coursekit reset {exercise.chapter}` lays a fresh copy and"
            " keeps yours.",
        )
    if any(starters.untouched(exercise.id, answer) for answer in answers):
        return Result(exercise.id, exercise.title, "not attempted")
    cases = exercise.cases()
    return judge.judge(exercise, ((c, observe_apart(exercise, answers, c)) for c in cases))


def _strict() -> bool:
    return bool(os.environ.get("COURSEKIT_STRICT") or os.environ.get("NBGRADER_EXECUTION"))


def watch_names() -> None:
    """Say so when a cell takes a name such as ``check`` away: nothing would be checked then."""
    from IPython.core.getipython import get_ipython
    from IPython.display import display as show

    from coursekit.feedback.quizzes import quiz

    if (shell := get_ipython()) is None:
        return
    ours = {"check": check, "hint": hint, "solution": solution, "quiz": quiz}
    known: set[str] = set()

    def look(_: object) -> None:
        for name, function in ours.items():
            now = shell.user_ns.get(name)
            if now is function:
                known.add(name)
            elif name in known and now is not None:
                known.remove(name)
                show(display.Card(
                    "note", f"{name} is yours now",
                    f"This cell gives the name `{name}` to something else, and the course's cells"
                    f" need it. Rename yours, then run: from coursekit import {name}",
                ))  # fmt: skip

    shell.events.register("post_run_cell", look)


watch_names()
