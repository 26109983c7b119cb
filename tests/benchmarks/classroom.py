"""How many learners fit into a class's server: each with a Java of their own, or one Spark for all.

A learner is what JupyterHub starts for one: a Jupyter server with the course's options, and a
kernel that has the weather table in pandas and has run a job over all flights on Spark. (Who loads
the 336,776 flights into pandas, too, takes more: shown beside.) Memory is PSS, so that what
processes share counts once. Two classes of different size tell what one more learner costs and what
is there for all.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
from jupyter_client.manager import KernelManager

from coursekit.engines.servers import Engine, Plan
from tests.lab_session import lab

from .harness import Benchmark

SERVER_MIB = 24 * 1024
WANTED = 60  # learners with a shared Spark
SMALL, LARGE = 1, 3
PATIENCE = 300
WORK = """
import os
os.environ.update({setting!r})
import coursekit as ck
table = ck.load({table!r})
spark = ck.spark("class", quiet=True)
flights = spark.read.csv(str(ck.path("flights")), header=True, inferSchema=True)
assert flights.groupBy("carrier").count().count() == 16
"""


@dataclass(frozen=True)
class Costs:
    """What a class costs, in MiB."""

    learner: float
    fixed: float

    @property
    def learners(self) -> int:
        """How many learners fit into the server."""
        return int((SERVER_MIB - self.fixed) / self.learner)


def costs(shared: bool, table: str = "weather") -> Costs:
    """Measure a class with one Spark for all, or with a Java each."""
    small, large = (_class(size, shared, table) for size in (SMALL, LARGE))
    learner = (large - small) / (LARGE - SMALL)
    found = Costs(learner, small - SMALL * learner)
    kind = f"{table} in pandas, {'one Spark for all' if shared else 'a Java each'}"
    print(
        f"  {kind}: {found.learner:.0f} MiB a learner and {found.fixed:.0f} MiB for the class,"
        f" so {found.learners} learners in {SERVER_MIB // 1024} GiB",
        flush=True,
    )
    return found


def _class(size: int, shared: bool, table: str) -> float:
    """Return the memory of a class at work, in MiB."""
    with contextlib.ExitStack() as stack:
        processes = []
        setting = {"COURSEKIT_SPARK": ""}
        if shared:
            server, url = stack.enter_context(_connect())
            processes.append(server)
            setting["COURSEKIT_SPARK"] = url
        for _ in range(size):
            work = WORK.format(setting=setting, table=table)
            processes += stack.enter_context(_learner(work))
        return sum(map(_family_pss, processes)) / 2**20


@contextlib.contextmanager
def _connect() -> Iterator[tuple[int, str]]:
    """Start a Spark Connect server; yield the process above it, and its address."""
    folder = Path(tempfile.mkdtemp(prefix="coursekit-bench-"))
    engine = Engine(Plan("spark-connect", memory=2048), folder)
    try:
        yield engine.children["connect"].process.pid, engine.url
    finally:
        engine.close()


@contextlib.contextmanager
def _learner(work: str) -> Iterator[list[int]]:
    """Start a learner's server and kernel, let the kernel work, and yield their process ids."""
    kernel = KernelManager()
    with tempfile.TemporaryDirectory() as folder, lab(Path(folder)) as (_, command):
        kernel.start_kernel(cwd=folder)
        client = kernel.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=PATIENCE)
            reply = client.execute_interactive(
                work, timeout=PATIENCE, output_hook=lambda message: None
            )
            if reply["content"]["status"] != "ok":
                raise RuntimeError(f"a learner's work failed: {reply['content']['evalue']}")
            (server,) = psutil.Process(command.pid).children()
            yield [server.pid, kernel.provisioner.pid]
        finally:
            client.stop_channels()
            kernel.shutdown_kernel(now=True)


def _family_pss(number: int) -> int:
    root = psutil.Process(number)
    return sum(p.memory_full_info().pss for p in (root, *root.children(recursive=True)))


def _memory_of_sixty(table: str = "weather") -> float:
    shared = costs(True, table)
    return shared.fixed + WANTED * shared.learner


BENCHMARKS = [
    Benchmark(
        "class-memory",
        1.0,
        f"{WANTED} learners who share a Spark Connect server / {SERVER_MIB // 1024} GiB",
        _memory_of_sixty,
        lambda: SERVER_MIB,
        unit="MiB",
        beside={"with all flights in pandas": partial(_memory_of_sixty, "flights")},
    ),
    Benchmark(
        "class-shared-spark",
        1 / 2.5,
        "learners that fit with a Java each / with one Spark for all",
        lambda: costs(False).learners,
        lambda: costs(True).learners,
        unit="learners",
    ),
]
