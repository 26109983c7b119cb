"""k-means: the course's against scikit-learn's Lloyd and Spark's MLlib, and the memory it takes.

All start at the same points and run 20 iterations, on 16 features and 10 clusters: overlapping
blobs, and uniform noise, where no bound spares much. Spark's MLlib draws its own start; it runs as
many iterations.
"""

from __future__ import annotations

import math
from functools import cache, partial

from .harness import Benchmark
from .process import program

SIZES = {"200k": 200_000, "1m": 1_000_000}


def _fit(solver: str, data: str, samples: int, kind: str) -> dict:
    found = program("cluster", solver, data, str(samples), kind)
    if solver != "spark" and kind == "float64":
        wanted = _inertia(data, samples)
        assert math.isclose(found["inertia"], wanted, rel_tol=1e-6), (found["inertia"], wanted)
    return found


@cache
def _inertia(data: str, samples: int) -> float:
    return program("cluster", "scikit-learn", data, str(samples), "float64")["inertia"]


def _seconds(solver: str, data: str, samples: int, kind: str) -> float:
    return _fit(solver, data, samples, kind)["seconds"]


def _grown(solver: str, samples: int, kind: str) -> float:
    return _fit(solver, "blobs", samples, kind)["grown"] / 2**20


def _against_scikit_learn(size: str, kind: str, data: str) -> Benchmark:
    samples = SIZES[size]
    return Benchmark(
        f"kmeans-{size}-{kind}" + ("-noise" if data == "noise" else ""),
        1.0,
        f"k-means of {samples:,} points ({data}, {kind}) / scikit-learn's Lloyd",
        partial(_seconds, "ours", data, samples, kind),
        partial(_seconds, "scikit-learn", data, samples, kind),
    )


def _memory(kind: str) -> Benchmark:
    samples = SIZES["1m"]
    return Benchmark(
        f"kmeans-memory-{kind}",
        2.0,
        f"what the peak memory grows by in a fit ({kind}) / the data",
        partial(_grown, "ours", samples, kind),
        lambda: samples * 16 * int(kind[-2:]) / 8 / 2**20,
        unit="MiB",
        beside={"scikit-learn": partial(_grown, "scikit-learn", samples, kind)},
    )


BENCHMARKS = [
    *(
        _against_scikit_learn(size, kind, data)
        for size in SIZES
        for kind in ("float64", "float32")
        for data in ("blobs", "noise")
    ),
    # A task of Spark costs milliseconds before it computes, and each iteration is a job: on one
    # machine and data of this size a fifth of its time must be within reach.
    Benchmark(
        "kmeans-vs-spark",
        0.2,
        "k-means of 200,000 points (blobs, float64) / Spark MLlib on two cores",
        partial(_seconds, "ours", "blobs", SIZES["200k"], "float64"),
        partial(_seconds, "spark", "blobs", SIZES["200k"], "float64"),
    ),
    _memory("float64"),
    _memory("float32"),
]
