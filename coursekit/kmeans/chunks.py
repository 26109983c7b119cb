"""Rows in chunks, chunks over threads.

A chunk's scores fit into a processor's cache. NumPy lets go of Python's lock while it computes,
so threads really run side by side; each uses one thread of the linear algebra library, or they
would take each other's processors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

ROWS = 16_384  # of a chunk, for ten clusters or fewer
SCORES = 10 * ROWS  # of a chunk: rows × clusters

Map = Callable[..., Iterator[Any]]


def chunks(n_samples: int, n_clusters: int) -> list[slice]:
    """Return the slices that cut so many rows into chunks, in order."""
    rows = max(256, min(ROWS, SCORES // n_clusters))
    return [slice(start, start + rows) for start in range(0, n_samples, rows)]


@contextmanager
def crew(n_chunks: int) -> Iterator[Map]:
    """Give a ``map`` that works on several chunks at a time; answers come in the chunks' order.

    Because of that order, sums over chunks do not depend on the number of threads.
    """
    threads = min(n_chunks, _processors())
    if threads < 2:
        yield map
        return
    with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        yield pool.map


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries: once is enough
