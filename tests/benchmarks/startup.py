"""What it costs to start: importing coursekit, and Spark with its first job."""

from __future__ import annotations

import statistics
import sys

from .harness import Benchmark
from .process import program, seconds

EXTRA = 0.05  # s that the import may cost


def _python(code: str) -> float:
    # starts take milliseconds, so the median of several is one measurement
    return statistics.median(seconds([sys.executable, "-c", code]) for _ in range(9))


def _import() -> float:
    return max(_python("import coursekit") - _python("pass"), 1e-6)


def _spark() -> float:
    return program("spark_start", "course")["seconds"]


def _plain_spark() -> float:
    return program("spark_start", "plain")["seconds"]


BENCHMARKS = [
    Benchmark(
        "import",
        1.0,
        "what `import coursekit` adds to bare Python / 50 ms",
        _import,
        lambda: EXTRA,
    ),
    Benchmark(
        "spark-start",
        0.55,
        "ck.spark and a first job / SparkSession.builder.getOrCreate() and the same",
        _spark,
        _plain_spark,
    ),
]
