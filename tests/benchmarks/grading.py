"""Grading thirty submissions in one go, against executing each as a notebook and no more."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from classkit import workspace
from classkit.classroom import folder, grading, release
from coursekit.feedback import lessons

from .harness import Benchmark
from .process import seconds

LEARNERS = 30
CHAPTER = lessons.chapter("01")
_NBCONVERT = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute"]


def _submission() -> str:
    """Return a learner copy with every exercise solved."""
    notebook = workspace.cut(CHAPTER.path)
    for cell in notebook["cells"]:
        if lessons.is_solution(cell):
            cell["source"] = lessons.solution_source(lessons.grade_id(cell))
    return json.dumps(notebook)


def _grade_all() -> float:
    with tempfile.TemporaryDirectory() as place:
        room = folder.init(Path(place) / "room")
        release.release(room, CHAPTER.number)
        for number in range(LEARNERS):
            handed_in = room.step("submitted", f"learner{number:02}", CHAPTER.name)
            handed_in.mkdir(parents=True)
            (handed_in / CHAPTER.path.name).write_text(_submission())
            (handed_in / "timestamp.txt").write_text("2027-01-01 00:00:00.000000 UTC")
        began = time.perf_counter()
        rows = grading.grade(room, CHAPTER.number)
        took = time.perf_counter() - began
    assert sum(row.points for row in rows) == LEARNERS * len(CHAPTER.exercises)
    print(f"  {took / LEARNERS:.1f} s a submission", flush=True)
    return took


def _execute_all() -> float:
    """Return the time of nbconvert for one of them, times thirty."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / CHAPTER.path.name
        path.write_text(_submission())
        return LEARNERS * seconds([*_NBCONVERT, "--output-dir", f"{place}/out", str(path)])


BENCHMARKS = [
    Benchmark(
        "class-grading",
        1.0,
        f"coursekit class grade, {LEARNERS} submissions / nbconvert --execute one by one",
        _grade_all,
        _execute_all,
    ),
]
