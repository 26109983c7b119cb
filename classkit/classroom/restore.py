"""Mends a submission: every cell that is not the learner's to change is the course's again.

What a learner wrote stays, in its order: answers, extra cells, changed examples. In the place of a
check cell, whatever the submission says of it, stands one that observes the answer above it.
Cells that the learner deleted come back where they were.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path

from classkit.classroom.release import checked_exercise, graded
from coursekit.feedback import lessons

MOST_BYTES = 20_000_000  # a submission larger than this is not read
MOST_CELLS = 2_000


@dataclass
class Submission:
    """A submitted notebook, mended.

    Attributes
    ----------
    notebook : dict
        To be run: the learner's cells, and the cells that observe the answers.
    notes : dict of str to str
        Per exercise, what was found: ``"its answer's cell was deleted"``.
    problem : str
        What is wrong with the file.
    readable : bool
        False when nothing could be read; the notebook then holds the course's cells only.
    """

    notebook: dict
    notes: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    readable: bool = True


def mend(folder: Path, source: dict, name: str, seed: int) -> Submission:
    """Read the submission in a folder and mend it.

    Parameters
    ----------
    folder : Path
        The submitted files.
    source : dict
        The instructor's notebook.
    name : str
        The notebook's expected file name.
    seed : int
        Draws the class's own inputs.
    """
    notebook, problem = _read(folder, name)
    if notebook is None:
        return Submission(_assemble([], source, {}, seed), problem=problem, readable=False)
    notes: dict[str, str] = {}
    cells = [_plain(cell) for cell in notebook["cells"] if isinstance(cell, dict)]
    return Submission(_assemble(cells, source, notes, seed), notes, problem)


def observing(check: dict, seed: int) -> str:
    """Return the code that observes what a check cell hands over.

    It holds the seed: whoever reads it still has to write an answer that is right for its data.
    """
    exercise = checked_exercise(check)
    answers = ", ".join(lessons.answer_names(exercise))
    return (
        "from coursekit.feedback import observe as _observe\n"
        f"_observe.report({exercise!r}, {seed}, {answers})"
    )


def _read(folder: Path, name: str) -> tuple[dict | None, str]:
    """Return the notebook and what is odd about it, or None and why it cannot be read."""
    path, odd = folder / name, ""
    if not path.is_file():
        others = sorted(folder.glob("*.ipynb"))
        if len(others) != 1:
            return None, f"there is no {name} among the submitted files"
        path, odd = others[0], f"the file was renamed to {others[0].name}"
    if path.is_symlink() or path.stat().st_size > MOST_BYTES:
        return None, f"{path.name} is larger than {MOST_BYTES / 1e6:.0f} MB, or no file"
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None, f"{path.name} is damaged: it cannot be read as a notebook"
    if not isinstance(cells, list) or len(cells) > MOST_CELLS:
        return None, f"{path.name} is damaged: it has no proper list of cells"
    return notebook, odd


def _plain(cell: dict) -> dict:
    """Return a submitted cell with what grading needs, and nothing that could trip it up."""
    kind = cell.get("cell_type")
    text = cell.get("source", "")
    if isinstance(text, list):
        text = "".join(part for part in text if isinstance(part, str))
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    plain = {
        "cell_type": kind if kind in ("code", "markdown", "raw") else "raw",
        "id": str(cell.get("id", ""))[:64],
        "metadata": {"nbgrader": nbgrader} if isinstance(nbgrader, dict) else {},
        "source": text if isinstance(text, str) else "",
    }
    if plain["cell_type"] == "code":
        plain |= {"outputs": [], "execution_count": None}
    return plain


def _assemble(cells: list[dict], source: dict, notes: dict[str, str], seed: int) -> dict:
    """Put the submitted cells and the course's own together."""
    checks = graded(source)
    answers = {lessons.grade_id(c): c for c in source["cells"] if lessons.is_solution(c)}
    result = _place(cells, answers, checks, notes)
    place = {_key(cell): cell for cell in result}
    anchor = -1  # where the last cell of the course stands in the result
    for original in source["cells"]:
        grade_id, present = lessons.grade_id(original), place.get(_key(original))
        if present is not None:
            anchor = max(anchor, next(i for i, cell in enumerate(result) if cell is present))
            continue
        if original["cell_type"] != "code":
            continue  # prose is not needed to grade
        back = copy.deepcopy(original)
        back |= {"outputs": [], "execution_count": None, "source": lessons.source(original)}
        if grade_id in answers:
            back["source"] = lessons.starter_source(grade_id)
            if cells:
                notes[grade_id] = "the cell of the answer was deleted"
        anchor += 1
        result.insert(anchor, back)
    for cell in result:
        if lessons.grade_id(cell) in checks:
            original = checks[lessons.grade_id(cell)]
            cell |= {"cell_type": "code", "source": observing(original, seed)}
            cell["metadata"] = copy.deepcopy(original["metadata"])
    return {
        "cells": _with_ids(result),
        "metadata": {"kernelspec": source["metadata"]["kernelspec"]},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _place(
    cells: list[dict], answers: dict[str, dict], checks: dict[str, dict], notes: dict[str, str]
) -> list[dict]:
    """Keep the learner's cells; a check cell that does not stand below its answer goes.

    Of an answer that was copied, the last counts: it is what the kernel knows in the end. The
    others run, too, but carry no id.
    """
    last = {lessons.grade_id(cell): number for number, cell in enumerate(cells)}
    kept = []
    for number, cell in enumerate(cells):
        grade_id = lessons.grade_id(cell)
        if grade_id in checks:
            below = last.get(checked_exercise(checks[grade_id]), -1)
            if last[grade_id] != number or number < below:
                continue
        elif grade_id in answers and last[grade_id] == number:
            cell |= {"cell_type": "code", "outputs": [], "execution_count": None}
            cell["metadata"] = copy.deepcopy(answers[grade_id]["metadata"])
        else:
            cell["metadata"] = {}
            if grade_id in answers:
                notes[grade_id] = "the cell of the answer is there twice; the last one counts"
        kept.append(cell)
    return kept


def _key(cell: dict) -> str:
    """Return what tells a cell of the course: its grade_id, or its id."""
    return lessons.grade_id(cell) or cell.get("id", "")


def _with_ids(cells: list[dict]) -> list[dict]:
    """Give every cell an id that no other has."""
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number:04d}"
    return cells
