"""Says what each exercise of an executed submission is worth, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from classkit.classroom.release import checked_exercise, graded
from classkit.classroom.restore import Submission
from coursekit.feedback import display, exercises, lessons

_OUTCOMES = {display.SIGNS[name]: name for name in ("failed", "raised", "not attempted")}
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
        Whether the visible check and the hidden tests passed.
    status : str
        ``passed``, ``failed``, ``raised``, ``not attempted``, ``other data`` (the hidden tests
        failed), ``stopped``, ``deleted``, ``unreadable`` or ``no proof``.
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


def judge(submission: Submission, executed: Any, outcome: dict) -> list[Verdict]:
    """Judge every exercise.

    Parameters
    ----------
    submission : Submission
        As mended.
    executed : dict
        The same notebook with outputs.
    outcome : dict
        A `classkit.classroom.worker.Outcome` as a dict.
    """
    answers = {lessons.grade_id(c): c["id"] for c in executed["cells"] if lessons.is_solution(c)}
    verdicts = []
    for grade_id, cell in graded(executed).items():
        exercise = checked_exercise(cell)
        status, text = _status(cell, exercise, answers.get(exercise, ""), outcome)
        note = submission.notes.get(exercise, "")
        if not submission.readable:
            status, text = "unreadable", f"✘ Not graded\nYour submission: {submission.problem}."
        elif "deleted" in note and status == "not attempted":
            status, text = "deleted", "The cell of your answer was deleted from the notebook."
        reason = "" if status == "passed" else _one_line(text)
        changed = outcome["proofs"].get(cell["id"], {}).get("changed", [])
        if changed:
            note = f"{note}; it changed the course's own {', '.join(sorted(set(changed)))}"
        reason = "; ".join(part for part in (note.strip("; "), reason) if part)
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


def _status(cell: Any, exercise: str, answer: str, outcome: dict) -> tuple[str, str]:
    stopped = outcome["stopped"].get(cell["id"]) or outcome["stopped"].get(answer)
    title = exercises.find(exercise).title
    if exercise in outcome["proofs"].get(cell["id"], {}).get("passed", ()):
        return "passed", f"✔ Passed: {title}"
    if stopped:
        return "stopped", f"✘ Not graded: {title}\n{stopped[0].upper()}{stopped[1:]}."
    error = next((o for o in cell["outputs"] if o["output_type"] == "error"), None)
    if error is None:
        return "no proof", (
            f"✘ Not passed: {title}\nThe check did not run to its end. Does a cell of yours change"
            " how cells run?"
        )
    if error["ename"] == "HiddenTestFailed":
        return "other data", (
            f"✘ Not yet: {title}\nYour answer is not right for other data than those of the check"
            " that you see."
        )
    said = str(error["evalue"])[:MOST_TEXT]
    if error["ename"] == "CheckFailed":
        lines = [line for line in said.splitlines() if not line.strip().startswith("Stuck?")]
        return _OUTCOMES.get(said[:1], "failed"), "\n".join(lines)
    return "raised", f"⚠ The check could not run: {title}\n{error['ename']}: {said}"


def _one_line(text: str) -> str:
    _, _, rest = text.partition("\n")
    return " ".join((rest or text).split())[:200]
