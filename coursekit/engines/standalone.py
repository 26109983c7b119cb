"""A Spark cluster on this machine: a real standalone master and workers, each a process.

They come from the installed PySpark, listen on 127.0.0.1 and free ports, and end with the kernel
that asked for them. ``coursekit engines start spark-cluster`` starts one that outlives a kernel.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from coursekit.engines.keeper import READY, Plan, read_state
from coursekit.ground import memory
from coursekit.ground.child import Child, StartFailed
from coursekit.ground.errors import CourseError
from coursekit.ground.java import find_java

# What a master or a worker takes itself, beside the memory that executors get.
_OVERHEAD = 250 * memory.MIB


def spark_cluster(workers: int = 2, *, cores: int = 1, memory_mib: int = 1024) -> SparkCluster:
    """Start a Spark cluster that belongs to this kernel.

    Parameters
    ----------
    workers : int
        How many worker processes.
    cores : int
        Tasks that each runs at a time.
    memory_mib : int
        Memory that each gives to executors, in MiB; an executor of this course takes 1024.

    Returns
    -------
    SparkCluster

    Raises
    ------
    CourseError
        No suitable Java, too little memory, or a server that does not start.
    """
    plan = Plan("spark-cluster", "", workers=workers, cores=cores, memory=memory_mib)
    require_possible(plan)
    return SparkCluster(replace(plan, folder=tempfile.mkdtemp(prefix="coursekit-cluster-")))


def require_possible(plan: Plan) -> None:
    """Raise `CourseError` if this machine cannot carry out a plan."""
    find_java()
    if plan.workers < 1 or plan.cores < 1:
        raise CourseError(
            f"A cluster of {plan.workers} workers with {plan.cores} cores each does no work.",
            "Ask for at least one worker with one core.",
        )
    if plan.memory < 1024:
        raise CourseError(
            f"{plan.memory} MiB are too little: Spark's executors take 1024 MiB each.",
            "Give each worker at least 1024 MiB, or leave the number out.",
        )
    needed = (plan.workers + 1) * _OVERHEAD + plan.workers * plan.memory * memory.MIB
    if needed > (free := memory.available()):
        raise CourseError(
            f"This cluster needs {needed / memory.GIB:.1f} GiB, and {free / memory.GIB:.1f} GiB"
            " of memory are free.",
            "Ask for fewer workers, or shut down other notebooks (Kernel > Shut Down All Kernels).",
        )


class SparkCluster:
    """A cluster of this kernel; made by `spark_cluster`, never directly.

    Attributes
    ----------
    url : str
        Its address, for ``COURSEKIT_SPARK``.
    pages : str
        The address of the master's own pages.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._child = start_keeper(plan)
        self._state = read_state(Path(plan.folder))
        self.url, self.pages = self._state.url, self._state.pages

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers, dead ones included."""
        return [each.pid for each in self._state.servers if each.name != "master"]

    def stop(self) -> None:
        """End it with all its processes; stopping twice does no harm."""
        self._child.close()

    def __repr__(self) -> str:
        if not self._child.alive:
            return "A Spark cluster, stopped."
        plan = self._plan
        # No port: stored outputs must not differ from one run to the next.
        return (
            f"A Spark cluster on this machine: 1 master, {plan.workers} workers"
            f" ({plan.cores} core, {plan.memory} MiB each).\nIts own pages: cluster.pages"
        )

    def _repr_html_(self) -> str:
        return "<p>" + repr(self).replace("\n", "<br>") + "</p>"


def start_keeper(plan: Plan) -> Child:
    """Start the servers of a plan under a keeper that ends with this process."""
    command = [sys.executable, "-m", "coursekit.engines.keeper", json.dumps(asdict(plan))]
    try:
        return Child(command, rf"{READY} (\d+)", patience=300)
    except StartFailed as failed:
        raise failure(str(failed)) from None


def failure(said: str) -> CourseError:
    """Return the error that a keeper's last words tell."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = next(
        (line for line in lines if line.startswith("error: ")), (lines or ["(nothing)"])[-1]
    )
    return CourseError(
        told.removeprefix("error: "), "Run 'coursekit doctor': it names what this machine lacks."
    )
