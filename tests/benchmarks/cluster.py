"""Spark on a cluster of two workers against Spark in one process, on the same two cores."""

from __future__ import annotations

import json
import sys
from functools import cache

from coursekit.engines import SparkCluster, spark_cluster

from .harness import Benchmark
from .process import HERE, run


@cache
def _cluster() -> SparkCluster:
    return spark_cluster(workers=2)  # it ends with this process


def _took(where: str) -> dict[str, float]:
    done = run(
        [sys.executable, str(HERE / "programs" / "spark_heaviest.py")], COURSEKIT_SPARK=where
    )
    return json.loads(done.stdout.splitlines()[-1])


BENCHMARKS = [
    Benchmark(
        "cluster-job",
        1.5,  # results of tasks travel between processes; the work is the same
        "chapter 08's row-by-row function, second run: 2 workers / 1 process with 2 cores",
        lambda: _took(_cluster().url)["again"],
        lambda: _took("local[2]")["again"],
    ),
    Benchmark(
        "cluster-first-job",
        None,
        "the same with the start of driver and executors: 2 workers / 1 process",
        lambda: _took(_cluster().url)["first"],
        lambda: _took("local[2]")["first"],
    ),
]
