"""Systems of several processes that the course starts on this machine.

A Spark cluster is a real standalone master and workers, each a process of the installed PySpark.
They listen on 127.0.0.1 and free ports, and end with the kernel that asked for them. ``coursekit
engines start spark-cluster`` starts one that outlives a kernel.

>>> import coursekit as ck
>>> cluster = ck.engines.spark_cluster(workers=2)
>>> cluster.url
'spark://127.0.0.1:…'
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from coursekit.engines.driver import Driver
from coursekit.engines.servers import Engine, Plan

__all__ = ["Driver", "SparkCluster", "spark_cluster"]


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
    return SparkCluster(Plan("spark-cluster", workers=workers, cores=cores, memory=memory_mib))


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
        self._engine = Engine(plan, Path(tempfile.mkdtemp(prefix="coursekit-cluster-")))
        self.url, self.pages = self._engine.url, self._engine.pages["master"]
        servers = self._engine.children
        self._workers = [child.pid for name, child in servers.items() if name != "master"]

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers, dead ones included."""
        return list(self._workers)

    def run(self, program: Path, *arguments: object) -> Driver:
        """Start a Python program as the driver of this cluster, in a process of its own."""
        return Driver(program, *arguments, url=self.url)

    def stop(self) -> None:
        """End it with all its processes; stopping twice does no harm."""
        self._engine.close()

    def __repr__(self) -> str:
        if not self._engine.children["master"].alive:
            return "A Spark cluster, stopped."
        plan = self._engine.plan
        # No port: stored outputs must not differ from one run to the next.
        return (
            f"A Spark cluster on this machine: 1 master, {plan.workers} workers"
            f" ({plan.cores} core, {plan.memory} MiB each).\nIts own pages: cluster.pages"
        )

    def _repr_html_(self) -> str:
        return "<p>" + repr(self).replace("\n", "<br>") + "</p>"
