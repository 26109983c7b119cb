"""Reads the solved notebooks: the facts of a chapter, and each exercise's starter and solution.

The notebooks are the only source. What ``solution`` shows a learner, what the tests run, and what
counts as an untouched starter are all cut from the same cells, so they cannot drift apart.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from coursekit.ground import places
from coursekit.ground.errors import CourseError

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
# What a learner finds in place of a solution. A statement, so that it can stand in a function.
STUB = "pass  # your code here"


@dataclass(frozen=True)
class Chapter:
    """The facts of a chapter, from its notebook's metadata.

    Attributes
    ----------
    number : str
        ``"06"``, or a letter for an appendix.
    name : str
        The file's name without its ending: ``"06-mapreduce"``.
    title, promise : str
        What the home page shows.
    minutes : int
        Study time.
    needed, helpful : tuple of str
        Numbers of the chapters to have read.
    exercises : tuple of str
        Identifiers of the graded exercises, in order.
    path : Path
        The solved notebook.
    """

    number: str
    name: str
    title: str
    promise: str
    minutes: int
    needed: tuple[str, ...]
    helpful: tuple[str, ...]
    exercises: tuple[str, ...]
    path: Path


def read_notebook(path: Path) -> dict:
    """Read a notebook as JSON.

    Raises
    ------
    CourseError
        When the file is missing, unreadable or not a notebook.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(
            f"There is no notebook {path.name} in {path.parent}.",
            "Check the name; `coursekit run --list` shows every chapter.",
        ) from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise CourseError(
            f"{path.name} cannot be read as a notebook ({_one_line(error)}).",
            "Restore it: `git checkout` for a chapter, `coursekit reset CHAPTER` for your copy.",
        ) from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise CourseError(
            f"{path.name} is JSON, but not a notebook: it has no list of cells.",
            "Restore it: `git checkout` for a chapter, `coursekit reset CHAPTER` for your copy.",
        )
    return notebook


def source(cell: dict) -> str:
    """Return a cell's source as one string (the format allows a list of lines)."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


@cache
def chapters() -> tuple[Chapter, ...]:
    """Return every chapter in ``notebooks/``, in the course's order: numbers, then letters."""
    found = [_chapter(path) for path in places.notebooks().glob("*.ipynb")]
    return tuple(sorted(found, key=lambda chapter: chapter.name))


def chapter(name: str) -> Chapter:
    """Find a chapter by number (``"6"``, ``"06"``), by name, or by file name.

    Raises
    ------
    CourseError
        When there is no such chapter; the nearest one is named.
    """
    key = Path(str(name)).name.removesuffix(".ipynb").lower()
    for candidate in chapters():
        if key in (candidate.name.lower(), candidate.number.lower(), candidate.number.lstrip("0")):
            return candidate
    known = {c.name.lower(): c.name for c in chapters()}
    short = {c.name.lower().partition("-")[2]: c.name for c in chapters()}
    near = difflib.get_close_matches(key, [*known, *short], n=1, cutoff=0.5)
    guess = f" Did you mean {(known | short)[near[0]]}?" if near else ""
    raise CourseError(
        f"There is no chapter {name!r}.{guess}",
        "Chapters are: " + ", ".join(c.name for c in chapters()),
    )


def solution_source(exercise: str) -> str:
    """Return the solved cell of an exercise without the markers: the code that the tests run."""
    lines = _exercise_cell(exercise).splitlines()
    return "\n".join(line for line in lines if line.strip() not in (BEGIN, END)).strip("\n")


def starter_source(exercise: str) -> str:
    """Return the cell of an exercise as a learner gets it, with every solution region cut out."""
    region = re.compile(
        rf"^([ \t]*){re.escape(BEGIN)}[ \t]*\n.*?^[ \t]*{re.escape(END)}[ \t]*$",
        re.MULTILINE | re.DOTALL,
    )
    return region.sub(lambda match: match.group(1) + STUB, _exercise_cell(exercise))


def _chapter(path: Path) -> Chapter:
    notebook = read_notebook(path)
    facts = notebook.get("metadata", {}).get("coursekit", {})
    number = path.stem.partition("-")[0]
    return Chapter(
        number=number,
        name=path.stem,
        title=facts.get("title", path.stem),
        promise=facts.get("promise", ""),
        minutes=facts.get("minutes", 0),
        needed=tuple(facts.get("needed", ())),
        helpful=tuple(facts.get("helpful", ())),
        exercises=tuple(grade_id(c) for c in notebook["cells"] if is_solution(c)),
        path=path,
    )


def grade_id(cell: dict) -> str:
    """Return nbgrader's id of a cell; for a solution cell that is the exercise's id."""
    return cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")


def is_solution(cell: dict) -> bool:
    """Tell whether a cell holds the solution of an exercise."""
    return bool(cell.get("metadata", {}).get("nbgrader", {}).get("solution"))


@cache
def _exercise_cell(exercise: str) -> str:
    owner = chapter(exercise.partition("-")[0])
    for cell in read_notebook(owner.path)["cells"]:
        if is_solution(cell) and grade_id(cell) == exercise:
            return source(cell)
    raise CourseError(
        f"Chapter {owner.name} has no solution cell for the exercise {exercise!r}.",
        f"Its exercises are: {', '.join(owner.exercises) or 'none yet'}.",
    )


def _one_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
