"""Releases a chapter: the notebook of the course, and a seed for data that learners do not see."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classkit import workspace
from classkit.classroom import nbgrader_steps
from classkit.classroom.folder import Classroom
from coursekit.feedback import authoring, lessons
from coursekit.ground import files
from coursekit.ground.errors import CourseError


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
        For an unknown chapter, one without exercises, an exercise that is not declared, or one
        whose exercises changed after learners had submitted.
    """
    found = lessons.chapter(chapter)
    if not found.exercises:
        raise CourseError(
            f"{found.name} has no exercises to grade.",
            "Release a chapter that has; `coursekit run --list` shows all.",
        )
    require_declared(found)
    room.seed(found.name, draw=True)
    source = lessons.read_notebook(found.path)
    path = room.root / "source" / found.name / found.path.name
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(path, json.dumps(source, indent=1, ensure_ascii=False) + "\n")
    nbgrader_steps.generate(room, found.name)
    _require_same_cells(room, found)
    nbgrader_steps.publish(room, found.name)
    points = sum(cell["metadata"]["nbgrader"]["points"] for cell in graded(source).values())
    return Release(found.name, found.exercises, points, room.exchange / room.course / "outbound")


def graded(notebook: Any) -> dict[str, Any]:
    """Return the check cells of a notebook by their grade_id."""
    return {
        lessons.grade_id(cell): cell
        for cell in notebook["cells"]
        if cell.get("metadata", {}).get("nbgrader", {}).get("grade")
    }


def checked_exercise(cell: Any) -> str:
    """Return the exercise that a check cell checks: the first argument of its call."""
    found = re.search(r"""(?:check|report)\(\s*["']([^"']+)["']""", lessons.source(cell))
    return found.group(1) if found else lessons.grade_id(cell)


def require_declared(chapter: lessons.Chapter) -> None:
    """Refuse a chapter of which an exercise is not declared, so that nothing could judge it."""
    declared = {each.id for each in authoring.of_chapter(chapter.number)}
    if missing := [each for each in chapter.exercises if each not in declared]:
        raise CourseError(
            f"{chapter.name} has exercises that are not declared: {', '.join(missing)}.",
            f"Declare them in notebooks/exercises/ch{chapter.number}.py, then release again.",
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
