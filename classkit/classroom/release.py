"""Releases a chapter: the notebook of the course, with hidden tests that learners do not get."""

from __future__ import annotations

import contextlib
import importlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classkit import workspace
from classkit.classroom import nbgrader_steps
from classkit.classroom.folder import Classroom
from coursekit.feedback import lessons
from coursekit.ground import files
from coursekit.ground.errors import CourseError

BEGIN = "### BEGIN HIDDEN TESTS"
END = "### END HIDDEN TESTS"
_CALL = re.compile(r"^check\((?P<arguments>.*)\)\s*$", re.DOTALL)


@dataclass(frozen=True)
class Release:
    """What was released: a chapter's name, its exercises and points, where learners get it."""

    chapter: str
    exercises: tuple[str, ...]
    points: float
    path: Path


def release(room: Classroom, chapter: str) -> Release:
    """Release a chapter to the class; a second release brings what was improved since.

    Parameters
    ----------
    room : Classroom
        The class.
    chapter : str
        Number or name.

    Raises
    ------
    CourseError
        For an unknown chapter, one without exercises, an exercise without hidden tests, or one
        whose exercises changed after learners had submitted.
    """
    found = lessons.chapter(chapter)
    if not found.exercises:
        raise CourseError(
            f"{found.name} has no exercises to grade.",
            "Release a chapter that has; `coursekit run --list` shows all.",
        )
    require_hidden_tests(found)
    room.seed(found.name, draw=True)
    source = with_hidden_tests(lessons.read_notebook(found.path))
    path = room.root / "source" / found.name / found.path.name
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(path, json.dumps(source, indent=1, ensure_ascii=False) + "\n")
    nbgrader_steps.generate(room, found.name)
    _require_same_cells(room, found)
    nbgrader_steps.publish(room, found.name)
    points = sum(cell["metadata"]["nbgrader"]["points"] for cell in graded(source).values())
    return Release(found.name, found.exercises, points, room.exchange / room.course / "outbound")


def with_hidden_tests(notebook: dict) -> dict:
    """Add to every check cell a region with the hidden tests of the same answers.

    nbgrader cuts the region from what learners get, and puts it back when it grades. It holds
    neither the data nor their seed: a learner's code could read the text of a cell that ran.
    """
    notebook = json.loads(json.dumps(notebook))
    for cell in graded(notebook).values():
        text = lessons.source(cell)
        call = _CALL.match(text.strip())
        if call is None:
            raise CourseError(
                f"The check cell {lessons.grade_id(cell)} is more than one call of check.",
                'Write it as check("ID", answer); hidden tests get the same answers.',
            )
        lines = [text.rstrip("\n"), BEGIN, "from classkit.classroom import proof"]
        cell["source"] = "\n".join([*lines, f"proof.verify({call['arguments']})", END])
    return notebook


def graded(notebook: Any) -> dict[str, Any]:
    """Return the check cells of a notebook by their grade_id."""
    return {
        lessons.grade_id(cell): cell
        for cell in notebook["cells"]
        if cell.get("metadata", {}).get("nbgrader", {}).get("grade")
    }


def checked_exercise(cell: Any) -> str:
    """Return the exercise that a check cell checks: the first argument of its call."""
    found = re.search(r"""check\(\s*["']([^"']+)["']""", lessons.source(cell))
    return found.group(1) if found else lessons.grade_id(cell)


def require_hidden_tests(chapter: lessons.Chapter) -> None:
    """Refuse a chapter of which an exercise has no hidden tests."""
    from classkit.classroom import hidden

    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module(f"{hidden.__name__}.ch{chapter.number}")
    missing = [each for each in chapter.exercises if each not in hidden._registry]
    if missing:
        raise CourseError(
            f"{chapter.name} has exercises without hidden tests: {', '.join(missing)}.",
            f"Write them in classkit/classroom/hidden/ch{chapter.number}.py, then release again.",
        )


def _require_same_cells(room: Classroom, chapter: lessons.Chapter) -> None:
    """Prove that the copy in a learner's folder and the released one are the same cells."""
    released = lessons.read_notebook(room.root / "release" / chapter.name / chapter.path.name)
    laid = workspace.cut(chapter.path)
    if _cells(released) != _cells(laid):
        raise CourseError(
            f"The released {chapter.name} differs from the copy that learners have.",
            "Update the course on this machine and in the learners' environment to one version.",
        )


def _cells(notebook: Any) -> list[tuple[str, str, str]]:
    return [(c["cell_type"], lessons.source(c), lessons.grade_id(c)) for c in notebook["cells"]]
