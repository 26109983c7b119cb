"""Gives feedback on an exercise: ``check``, ``hint``, ``solution``."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from typing import Any, Literal

from coursekit.feedback import display, exercises, guard, lessons, progress, starters
from coursekit.ground.errors import CourseError

Outcome = Literal["passed", "failed", "raised", "not attempted"]

_WORDS = {
    "passed": "Passed",
    "failed": "Not yet",
    "raised": "Your code raised an error",
    "not attempted": "Not attempted yet",
}


class CheckFailed(AssertionError):
    """Raised instead of a shown result when a machine runs the notebook.

    nbgrader and the course's own tests tell a wrong answer by the exception of the check cell.
    """


@dataclass(frozen=True)
class Result:
    """What a check found: shown as HTML in JupyterLab and as text elsewhere.

    Attributes
    ----------
    id, title : str
        The exercise.
    outcome : {"passed", "failed", "raised", "not attempted"}
        ``raised`` also stands for code that was stopped by the time limit.
    tried, expected, got : str
        The first trial that went wrong; empty when none did.
    message : str
        What the mistake behind it is, where the check recognises it.
    traceback : str
        The learner's own lines of the traceback.
    """

    id: str
    title: str
    outcome: Outcome
    tried: str = ""
    expected: str = ""
    got: str = ""
    message: str = ""
    traceback: str = ""

    @property
    def passed(self) -> bool:
        """Whether the exercise is done."""
        return self.outcome == "passed"

    @property
    def _heading(self) -> str:
        return f"{_WORDS[self.outcome]}: {self.title}"

    @property
    def _rows(self) -> list[tuple[str, str]]:
        rows = [("tried", self.tried), ("expected", self.expected), ("got", self.got)]
        rows.append(("error", self.traceback))
        return [(label, text) for label, text in rows if text]

    @property
    def _next_step(self) -> str:
        if self.passed:
            return ""
        if self.outcome == "not attempted":
            return "Write your answer in the cell above, run it, then run this check."
        return f'Stuck? Run `hint("{self.id}")` in a new cell.'

    def __repr__(self) -> str:
        lines = [f"{display.SIGNS[self.outcome]} {self._heading}"]
        for label, text in self._rows:
            first, *rest = text.splitlines()
            lines.append(f"  {label + ':':<10}{first}")
            lines += [" " * 12 + line for line in rest]
        notes = (self.message, self._next_step)
        lines += [f"  {display.plain_line(text)}" for text in notes if text]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<span>{label}</span><pre>{html.escape(text)}</pre>" for label, text in self._rows
        )
        parts = [f"<div class='rows'>{rows}</div>" if rows else ""]
        if self.message:
            parts.append(f"<p class='message'>{display.rich_line(self.message)}</p>")
        if self._next_step:
            parts.append(f"<p class='next'>{display.rich_line(self._next_step)}</p>")
        return display.card(self.outcome, self._heading, "".join(parts))


def check(id: str, *answers: Any, **named: Any) -> Result:
    """Check an answer to an exercise.

    Parameters
    ----------
    id : str
        The exercise, such as ``"06-combiner"``.
    *answers, **named : object
        What the exercise asks for. Answers are never changed: the check works on copies.

    Returns
    -------
    Result
        Passed, failed, raised, or not attempted, with the first failing case.

    Raises
    ------
    CourseError
        For an unknown id, or an answer that was not handed over.
    CheckFailed
        Only where a machine runs the notebook (``COURSEKIT_STRICT=1``, or nbgrader's autograder).
    """
    exercise = exercises.find(id)
    _require_answers(exercise, answers, named)
    result = _grade(exercise, answers, named)
    progress.record(result)
    if _strict() and not result.passed:
        raise CheckFailed(repr(result))
    return result


def hint(id: str) -> display.Card:
    """Show the next hint of an exercise; after the last one, the way to the solution."""
    exercise = exercises.find(id)
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
    exercise = exercises.find(id)
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


def _require_answers(exercise: exercises.Exercise, answers: tuple, named: dict) -> None:
    import inspect

    try:
        inspect.signature(exercise.grade).bind(*answers, **named)
    except TypeError:
        names = ", ".join(inspect.signature(exercise.grade).parameters)
        raise CourseError(
            f"check({exercise.id!r}, …) got {len(answers) + len(named)} answers;"
            f" it takes: {names}.",
            f"Restore the check cell: `coursekit reset {exercise.id.partition('-')[0]}` lays a"
            " fresh copy and keeps yours.",
        ) from None


def _grade(exercise: exercises.Exercise, answers: tuple, named: dict[str, Any]) -> Result:
    about = {"id": exercise.id, "title": exercise.title}
    if any(starters.untouched(exercise.id, answer) for answer in (*answers, *named.values())):
        return Result(**about, outcome="not attempted")
    try:
        exercises.grade(exercise, answers, named)
    except exercises.TrialFailed as trial:
        return Result(
            **about,
            outcome="failed",
            tried=trial.tried,
            expected=trial.expected,
            got=trial.got,
            message=trial.message,
        )
    except exercises.TrialRaised as trial:
        return Result(
            **about,
            outcome="raised",
            tried=trial.tried,
            expected=trial.expected,
            traceback=trial.traceback,
            message=trial.message,
        )
    except guard.LearnerError as unfinished:
        if isinstance(unfinished.error, NotImplementedError):
            return Result(**about, outcome="not attempted")
        raise
    return Result(**about, outcome="passed")


def _strict() -> bool:
    return bool(os.environ.get("COURSEKIT_STRICT") or os.environ.get("NBGRADER_EXECUTION"))
