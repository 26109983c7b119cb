"""The code of a chapter's cells, to run it behind the guard of a real account."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


@cache
def _cells(chapter: str):
    (path,) = NOTEBOOKS.glob(f"{chapter}-*.ipynb")
    return nbformat.read(path, as_version=4).cells


def code_between(chapter: str, heading: str, end: str) -> list[str]:
    """Return the code of the cells between two headings, without the exercises."""
    found, inside = [], False
    for cell in _cells(chapter):
        if cell.cell_type == "markdown" and (heading in cell.source or end in cell.source):
            inside = heading in cell.source
        elif inside and cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            found.append(cell.source)
    assert found, f"no cell of chapter {chapter} between {heading} and {end}"
    return found
