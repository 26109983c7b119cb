"""Says what each exercise of an executed submission is worth, and why.

The sandbox has only observed; here, outside, the same is observed of the solution and compared.
"""

from __future__ import annotations

import ast
import contextlib
from dataclasses import dataclass
from typing import Any

from classkit.classroom.release import checked_exercise, graded
from classkit.classroom.restore import Submission
from coursekit.feedback import authoring, display, lessons, observe
from coursekit.feedback import judge as compare
from coursekit.feedback.result import Result

MOST_TEXT = 4_000


@dataclass(frozen=True)
class Verdict:
    """What one exercise of one submission is worth.

    Attributes
    ----------
    exercise : str
        Its id.
    grade_id : str
        The check cell.
    passed : bool
        Whether it is right for the inputs of the check and for the class's own.
    status : str
        ``passed``, ``failed``, ``raised``, ``not attempted``, ``other data`` (wrong for the class's
        own inputs), ``stopped``, ``deleted``, ``unreadable`` or ``not observed``.
    text : str
        For the learner: the card of the check, or what happened instead.
    reason : str
        For the instructor, in one line.
    """

    exercise: str
    grade_id: str
    passed: bool
    status: str
    text: str
    reason: str = ""


def judge(submission: Submission, executed: Any, outcome: dict, seed: int) -> list[Verdict]:
    """Judge every exercise.

    Parameters
    ----------
    submission : Submission
        As mended.
    executed : dict
        The same notebook with outputs.
    outcome : dict
        A `classkit.classroom.worker.Outcome` as a dict.
    seed : int
        The class's.
    """
    answers = {lessons.grade_id(c): c for c in executed["cells"] if lessons.is_solution(c)}
    verdicts = []
    for grade_id, cell in graded(executed).items():
        exercise = checked_exercise(cell)
        status, text = _status(cell, exercise, answers.get(exercise), outcome, seed)
        note = submission.notes.get(exercise, "")
        if not submission.readable:
            status, text = "unreadable", f"✘ Not graded\nYour submission: {submission.problem}."
        elif "deleted" in note and status == "not attempted":
            status, text = "deleted", "The cell of your answer was deleted from the notebook."
        reason = "" if status == "passed" else _one_line(text)
        reason = "; ".join(part for part in (note, reason) if part)
        verdicts.append(Verdict(exercise, grade_id, status == "passed", status, text, reason))
    return verdicts


def show(executed: Any, verdicts: list[Verdict]) -> None:
    """Replace the outputs of every check cell by its verdict; nothing of hidden tests is left.

    nbgrader gives no point for a cell with an error among its outputs, and all for one without.
    """
    by_cell = {verdict.grade_id: verdict for verdict in verdicts}
    for grade_id, cell in graded(executed).items():
        verdict = by_cell[grade_id]
        cell["outputs"] = [
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"text/plain": verdict.text, "text/html": card(verdict)},
            }
        ]
        if not verdict.passed:
            cell["outputs"].append(
                {
                    "output_type": "error",
                    "ename": "NotPassed",
                    "evalue": verdict.status,
                    "traceback": [verdict.status],
                }
            )


def card(verdict: Verdict) -> str:
    """Return a verdict as HTML."""
    import html

    kind = {"passed": "passed", "not attempted": "not attempted", "raised": "raised"}
    heading, _, rest = verdict.text.partition("\n")
    body = f"<pre>{html.escape(rest)}</pre>" if rest else ""
    return display.card(kind.get(verdict.status, "failed"), heading.strip("✔✘⚠○ "), body)


def _status(cell: Any, id: str, answer: Any, outcome: dict, seed: int) -> tuple[str, str]:
    """Return the status of one exercise, and the text for its learner."""
    exercise = authoring.find(id)
    visible = hidden = None
    with contextlib.suppress(KeyError, TypeError, ValueError):  # no facts, or none that make sense
        facts = outcome["observed"][cell["id"]]
        visible = _compare(exercise, exercise.cases(), facts["check"])
        hidden = _compare(exercise, exercise.cases(seed), facts["hidden"])
        if visible.passed and hidden.passed:
            return "passed", f"✔ Passed: {exercise.title}"
    places = [cell, answer] if answer is not None else [cell]
    if why := next(filter(None, (outcome["stopped"].get(each["id"]) for each in places)), ""):
        return "stopped", f"✘ Not graded: {exercise.title}\n{why[0].upper()}{why[1:]}."
    if answer is not None and _is_starter(id, lessons.source(answer)):
        return "not attempted", f"○ Not attempted: {exercise.title}"
    if visible is None or hidden is None:
        error = next((o for o in cell["outputs"] if o["output_type"] == "error"), None)
        said = f"{error['ename']}: {str(error['evalue'])[:MOST_TEXT]}" if error else ""
        return "not observed", (
            f"⚠ The check could not run: {exercise.title}\n"
            + (said or "Does a cell of yours change how cells run?")
        )
    if visible.passed:
        return "other data", (
            f"✘ Not yet: {exercise.title}\nYour answer is not right for other data than those of"
            " the check that you see."
        )
    lines = repr(visible)[:MOST_TEXT].splitlines()
    return visible.outcome, "\n".join(x for x in lines if not x.strip().startswith("Stuck?"))


def _compare(exercise: authoring.Exercise, cases: list, observed: list) -> Result:
    """Compare what the sandbox has observed with what the solution does."""
    seen = [observe.from_data(each) for each in observed]
    result = compare.judge(exercise, zip(cases, seen, strict=False))
    if result.passed and len(seen) != len(cases):
        raise ValueError("facts are missing")
    return result


def _is_starter(id: str, text: str) -> bool:
    """Tell whether the code of an answer is still the starter's; comments do not count."""
    try:
        return ast.dump(ast.parse(text)) == ast.dump(ast.parse(lessons.starter_source(id)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _one_line(text: str) -> str:
    _, _, rest = text.partition("\n")
    return " ".join((rest or text).split())[:200]
