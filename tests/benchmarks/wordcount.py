"""Word count of a 150 MB text: the course's engine on two processes against others.

Every program runs in a fresh process and says how long its work took, imports and the start of
Spark's session not counted, the start of worker processes counted.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial

from .harness import Benchmark
from .process import peers, program
from .text import text

SIZE, SMALL = 150, 15  # MB; the small one for mrjob, which is slow


def _seconds(name: str, *options: str) -> float:
    return program(name, str(text(SIZE)), *options)["seconds"]


def _per_mb(name: str, size: int, *options: str, python: str = sys.executable) -> float:
    return program(name, str(text(size)), *options, python=python)["seconds"] / size


def _mrjob() -> float:
    return _per_mb("mrjob_words", SMALL, python=peers())


def _duckdb() -> float:
    return program("duckdb_words", str(text(SIZE)), python=peers())["seconds"]


def _wc() -> float:
    began = time.perf_counter()
    subprocess.run(["wc", "-w", str(text(SIZE))], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


plain = partial(_seconds, "mapreduce_words", "plain")
BENCHMARKS = [
    Benchmark(
        "wordcount-plain",
        1.0,
        "plain mapper and combiner / one Counter",
        plain,
        partial(_seconds, "counter_words"),
        beside={"DuckDB": _duckdb, "wc -w": _wc},
    ),
    Benchmark(
        "wordcount-inmapper",
        0.6,
        "in-mapper combining / one Counter",
        partial(_seconds, "mapreduce_words", "inmapper"),
        partial(_seconds, "counter_words"),
    ),
    Benchmark(
        "wordcount-vs-spark",
        1 / 2.5,
        "plain mapper / PySpark RDD reduceByKey",
        plain,
        partial(_seconds, "spark_words"),
    ),
    Benchmark(
        "wordcount-vs-mrjob",
        1 / 15,
        "plain mapper / mrjob's local runner, per MB",
        partial(_per_mb, "mapreduce_words", SIZE, "plain"),
        _mrjob,
        unit="s/MB",
    ),
]
