"""The points of a fit, laid out for speed."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from .chunks import ROWS, Chunk, Map, Scratch, block_size, chunks

OUTLYING = 64  # times the typical distance from the mean


class Points:
    """Points beside their copy in float32, moved to their mean.

    Most questions of the form "which centre is nearer" have an answer that float32 can tell with
    certainty, at half the memory and half the time of float64. The few others are decided from
    the points themselves, see `assign`. Where a few points lie very far from all others, the copy
    is in float64: too many questions would be left open.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), float32 or float64
        Kept as it is; neither copied nor changed.
    n_clusters : int
        Bounds the size of blocks and chunks.
    each : callable
        ``map``, or one over threads.

    Attributes
    ----------
    mean : ndarray of shape (n_features,), in the type of X
        Very nearly the mean of the points. Any point near them would serve.
    scale : float
        A power of two that brings the numbers below 1, so that float32 cannot overflow.
    blocks : ndarray of shape (n_blocks, n_features + 1, block), float32 or float64
        ``(X - mean) / scale``, block by block, features × points, so that products and sums go
        along contiguous rows. The last feature is 1. The last block may end with zeros.
    squares : ndarray of shape (n_samples,)
        The squared length of each of these vectors, the 1 left out.
    reach : float
        The length of the longest.
    chunks : list of Chunk
        How the rows are cut.
    variance : float
        The mean of the features' variances, in that scale.
    scratch : Scratch
        Memory to work in.
    """

    def __init__(self, X: np.ndarray, n_clusters: int, each: Map) -> None:
        n_samples, n_features = X.shape
        block = block_size(n_samples, n_features, n_clusters)
        self.X = X
        self.scratch = Scratch()
        self.chunks = chunks(n_samples, block, n_clusters)
        sums, sizes = zip(*each(self._survey, self.chunks), strict=True)
        self.mean = (np.sum(sums, axis=0) / n_samples).astype(X.dtype)
        self.scale = _power_of_two(max(sizes))
        shape = (-(-n_samples // block), n_features + 1, block)
        for kind in (np.float32, np.float64):
            self.blocks = np.zeros(shape, kind)
            self.squares = np.empty(n_samples, kind)
            firsts, seconds = zip(*each(self._fill, self.chunks), strict=True)
            self.reach = math.sqrt(self.squares.max())
            typical = math.sqrt(sum(seconds) / n_samples)
            if self.reach <= OUTLYING * typical:
                break  # else few far points leave float32 no digits for the many others
        first = np.sum(firsts, axis=0) / n_samples
        self.variance = float(typical**2 - first @ first) / n_features

    def _survey(self, chunk: Chunk) -> tuple[np.ndarray, float]:
        """Return the sum of a chunk's rows and its largest number, sign left out."""
        rows = self.X[chunk.rows]
        ones = np.ones(len(rows), rows.dtype)
        return (ones @ rows).astype(np.float64), max(abs(float(rows.min())), abs(float(rows.max())))

    def _fill(self, chunk: Chunk) -> tuple[np.ndarray, float]:
        """Fill a chunk of the copy; return the sum of its points and of their squares."""
        first, second = 0.0, 0.0
        block, stop = self.blocks.shape[2], chunk.rows.stop
        for i, start in enumerate(range(chunk.rows.start, stop, block), chunk.blocks.start):
            here = slice(start, min(start + block, stop))
            columns = self.blocks[i, :, : here.stop - start]
            self._lay_out(self.X[here], columns)
            squares = np.einsum("ij,ij->j", columns[:-1], columns[:-1], out=self.squares[here])
            first = first + columns[:-1].sum(axis=1, dtype=np.float64)
            second += float(squares.sum(dtype=np.float64))
        return first, second

    def _lay_out(self, rows: np.ndarray, columns: np.ndarray) -> None:
        """Write rows, moved and scaled, as columns; the last feature is 1."""
        moved = self.scratch.array("moved", rows.T.shape, rows.dtype)
        np.subtract(rows.T, self.mean[:, None], out=moved)
        np.multiply(moved, rows.dtype.type(1 / self.scale), out=columns[:-1], casting="same_kind")
        columns[-1] = 1

    def gathered(self, rows: np.ndarray) -> np.ndarray:
        """Return some rows as one block, shape (1, n_features + 1, len(rows)), in scratch."""
        shape = (1, self.blocks.shape[1], len(rows))
        found = self.scratch.array("columns", shape, self.blocks.dtype)
        self._lay_out(self._take(rows), found[0])
        return found

    def centred(self, rows: slice | np.ndarray) -> np.ndarray:
        """Return some of the points minus the mean, in float64, in scratch."""
        some = self.X[rows] if isinstance(rows, slice) else self._take(rows)
        found = self.scratch.array("centred", some.shape, np.float64)
        return np.subtract(some, self.mean, out=found)

    def _take(self, rows: np.ndarray) -> np.ndarray:
        found = self.scratch.array("rows", (len(rows), self.X.shape[1]), self.X.dtype)
        return self.X.take(rows, axis=0, out=found, mode="clip")  # other modes copy once more


def pieces(rows: slice) -> Iterator[slice]:
    """Yield short slices: what a cache holds, and memory that is handed out again at once."""
    for start in range(rows.start, rows.stop, ROWS):
        yield slice(start, min(start + ROWS, rows.stop))


def inertia(points: Points, centers: np.ndarray, labels: np.ndarray, each: Map) -> float:
    """Return the sum of the squared distances between points and the centres of their clusters."""

    def of_chunk(chunk: Chunk) -> float:
        total = 0.0
        for piece in pieces(chunk.rows):
            rows = points.X[piece]
            away = points.scratch.array("away", rows.shape, np.float64)
            centers.take(labels[piece], axis=0, out=away, mode="clip")
            away -= rows
            total += float(np.vdot(away, away))
        return total

    return sum(each(of_chunk, points.chunks))


def _power_of_two(size: float) -> float:
    # Twice the size, because the difference of two numbers can be that large.
    return 2.0 ** min(math.frexp(2 * size)[1], 1023) if size else 1.0
