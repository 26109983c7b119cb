"""All chapters: ``coursekit run`` against one notebook after the other, and against the floor."""

from __future__ import annotations

import os
import sys
import tempfile
from functools import cache
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from coursekit.ground import places

from .harness import Benchmark
from .process import seconds

_NBCONVERT = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute"]
# The kernel and all below it (Spark's Java, workers), with those that have ended already: the first
# four numbers are user and system time, its own and its ended children's.
_PROBE = """
import psutil
kernel = psutil.Process()
family = [kernel, *kernel.children(recursive=True)]
print(sum(sum(process.cpu_times()[:4]) for process in family))
"""


def _notebooks() -> list[Path]:
    return sorted(places.notebooks().glob("*.ipynb"))


def _course_run() -> float:
    return seconds([sys.executable, "-m", "classkit.cli", "run"])


def _one_by_one() -> float:
    """Return the time of ``jupyter nbconvert --execute``, once for each notebook."""
    with tempfile.TemporaryDirectory() as folder:
        return sum(
            seconds([*_NBCONVERT, "--output-dir", folder, str(notebook)])
            for notebook in _notebooks()
        )


@cache
def _floor() -> float:
    """Return the processor time of all cells, divided by the cores: no runner can be faster.

    What a kernel starts is counted too: Spark's Java, the workers of a job.
    """
    return sum(map(_processor_time, _notebooks())) / (os.cpu_count() or 1)


def _processor_time(path: Path) -> float:
    notebook = nbformat.read(path, as_version=4)
    before, after = (nbformat.v4.new_code_cell(_PROBE) for _ in range(2))
    notebook.cells = [before, *notebook.cells, after]
    NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}}).execute()
    first, last = (float(cell.outputs[0].text) for cell in (before, after))
    return last - first


BENCHMARKS = [
    Benchmark(
        "chapters-run",
        0.4,
        "coursekit run / jupyter nbconvert --execute one by one",
        _course_run,
        _one_by_one,
    ),
    Benchmark(
        "chapters-floor",
        None,
        "coursekit run / processor time of the cells (with Java's) divided by the cores",
        _course_run,
        _floor,
    ),
]
