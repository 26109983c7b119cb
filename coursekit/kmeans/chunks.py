"""Rows in blocks, blocks in chunks, chunks over threads.

A block is what one matrix product takes: small ones are much faster per row. A chunk is what one
thread works on at a time: its scores fit into a processor's cache, and it is large enough that
Python's own time does not count. NumPy lets go of Python's lock while it computes, so threads
really run side by side.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

ROWS = 4096  # of a block at most
PRODUCTS = 10**6  # of a block: up to here OpenBLAS has faster code for small matrices
SCORES = 400_000  # of a chunk

Map = Callable[..., Iterator[Any]]


@dataclass(frozen=True)
class Chunk:
    """Some neighbouring blocks, and the rows in them."""

    blocks: slice
    rows: slice


def block_size(n_samples: int, n_features: int, n_clusters: int) -> int:
    """Return how many rows make a block."""
    rows = PRODUCTS // (n_features * n_clusters)
    return min(n_samples, max(256, min(ROWS, rows)))


def chunks(n_samples: int, block: int, n_clusters: int) -> list[Chunk]:
    """Return the chunks that rows in blocks of this size are cut into, in order."""
    blocks = max(1, SCORES // (block * n_clusters))
    rows = blocks * block
    return [
        Chunk(slice(i * blocks, (i + 1) * blocks), slice(start, min(start + rows, n_samples)))
        for i, start in enumerate(range(0, n_samples, rows))
    ]


class Scratch(threading.local):
    """Memory for what lies between, kept by each thread from one chunk to the next.

    To ask the system for fresh memory again and again costs more than to compute in it.
    """

    def __init__(self) -> None:
        self._kept: dict[str, np.ndarray] = {}

    def array(self, name: str, shape: tuple[int, ...], kind: Any) -> np.ndarray:
        """Return an array of any content; what it held under this name is lost."""
        size = math.prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.size < size or kept.dtype != kind:
            kept = self._kept[name] = np.empty(size, kind)
        return kept[:size].reshape(shape)


@contextmanager
def crew(n_samples: int) -> Iterator[Map]:
    """Give a ``map`` that works on several chunks at a time; answers come in the chunks' order.

    Because of that order, sums over chunks do not depend on the number of threads. Few rows are
    not worth a thread.
    """
    threads = min(n_samples // ROWS, _processors())
    # One thread in the linear algebra for each of ours, or they would take each other's
    # processors; and for one of ours, too: the last digits then are the same on every machine.
    with _libraries().limit(limits=1, user_api="blas"):
        if threads < 2:
            yield map
            return
        with ThreadPoolExecutor(threads) as pool:
            yield pool.map


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries: once is enough
