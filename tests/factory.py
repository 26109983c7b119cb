"""Small notebooks for the tests, one fixture for each way a notebook can be."""

import json
from pathlib import Path

STARTER = """\
def mean(numbers):
    ### BEGIN SOLUTION
    return sum(numbers) / len(numbers)
    ### END SOLUTION"""


def code(source, *, id, nbgrader=None, tags=()):
    """Return a code cell."""
    metadata = {"tags": list(tags)} if tags else {}
    if nbgrader:
        metadata["nbgrader"] = {"schema_version": 3, "task": False, **nbgrader}
    return {
        "cell_type": "code", "id": id, "metadata": metadata, "source": source,
        "outputs": [], "execution_count": None,
    }  # fmt: skip


def notebook(*cells, **facts):
    """Return a notebook of cells with the course's metadata."""
    return {
        "cells": list(cells),
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "coursekit": {"title": "A chapter", "promise": "It is short.", "minutes": 5, **facts},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def chapter(solution=STARTER, *more):
    """Return a solved chapter with one exercise."""
    return notebook(
        code("scale = 1\nseed = 0", id="params", tags=["parameters"]),
        code(
            solution,
            id="91-mean",
            nbgrader={"grade_id": "91-mean", "solution": True, "grade": False, "locked": False},
        ),
        code(
            "mean([1, 2])",
            id="91-mean-check",
            nbgrader={
                "grade_id": "91-mean-check", "solution": False, "grade": True, "locked": True,
                "points": 1,
            },
        ),
        *more,
    )  # fmt: skip


def write(path: Path, content: dict) -> Path:
    """Write a notebook to a file."""
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
