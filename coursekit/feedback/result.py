"""The result of a check, shown as HTML in JupyterLab and as text elsewhere."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

from coursekit.feedback import display

Outcome = Literal["passed", "failed", "raised", "not attempted", "interrupted"]

_WORDS = {
    "passed": "Passed",
    "failed": "Not yet",
    "raised": "Your code raised an error",
    "not attempted": "Not attempted yet",
    "interrupted": "Interrupted",
}


@dataclass(frozen=True)
class Result:
    """What a check found: shown as HTML in JupyterLab and as text elsewhere.

    Attributes
    ----------
    id, title : str
        The exercise.
    outcome : {"passed", "failed", "raised", "not attempted", "interrupted"}
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
        if self.outcome == "interrupted":
            return "This says nothing about your answer. Run the check again."
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
