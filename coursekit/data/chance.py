"""Random numbers that are the same on every machine, version of Python and processor.

Only integers are drawn, and grown values are made from them with integer arithmetic or single
sums and products: logarithms and exponentials differ in their last bit between processors.
"""

from __future__ import annotations

import zlib

import numpy as np


def generator(name: str, block: int) -> np.random.Generator:
    """Return the generator of one block of one data set.

    Every block has a generator of its own, so a block is the same whatever the scale: what a
    small scale holds is the beginning of what a larger one holds.
    """
    seed = zlib.crc32(name.encode())  # hash() differs from one process to the next
    return np.random.Generator(np.random.PCG64([2013, seed, block]))


def bell(rng: np.random.Generator, size: int, spread: int) -> np.ndarray:
    """Draw integers around 0, bell-shaped, as the sum of four uniform ones.

    Parameters
    ----------
    size : int
        How many.
    spread : int
        Half the range of each of the four: the result lies within ±4 `spread` and has a standard
        deviation of about 1.15 `spread`.

    Returns
    -------
    ndarray of int64, shape (size,)
    """
    return rng.integers(-spread, spread + 1, (4, size)).sum(axis=0)
