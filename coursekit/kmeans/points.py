"""The points of a fit, laid out for speed."""

from __future__ import annotations

import math

import numpy as np

from .chunks import Map, chunks


class Points:
    """Points beside their copy in float32, moved to their mean.

    Most questions of the form "which centre is nearer" have an answer that float32 can tell with
    certainty, at half the memory and half the time of float64. The few others are decided from
    the points themselves, see `assign`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), float32 or float64
        Kept as it is; neither copied nor changed.
    n_clusters : int
        Bounds the size of a chunk.
    each : callable
        ``map``, or one over threads.

    Attributes
    ----------
    mean : ndarray of shape (n_features,), float64
        Very nearly the mean of the points. Any point near them would serve.
    scale : float
        A power of two that brings the numbers below 1, so that float32 cannot overflow.
    moved : ndarray of shape (n_samples, n_features), float32
        ``(X - mean) / scale``.
    squares : ndarray of shape (n_samples,), float32
        Squared norms of the rows of ``moved``.
    chunks : list of slice
        How the rows are cut.
    """

    def __init__(self, X: np.ndarray, n_clusters: int, each: Map) -> None:
        self.X = X
        self.chunks = chunks(len(X), n_clusters)
        sums, sizes = zip(*each(self._survey, self.chunks), strict=True)
        self.mean = np.sum(sums, axis=0) / len(X)
        self.scale = _power_of_two(max(sizes))
        self.moved = np.empty(X.shape, np.float32)
        self.squares = np.empty(len(X), np.float32)
        moments = list(each(self._move, self.chunks))
        self._first = np.sum([first for first, _ in moments], axis=0) / len(X)
        self._second = sum(second for _, second in moments) / len(X)

    def _survey(self, chunk: slice) -> tuple[np.ndarray, float]:
        """Return the sum of a chunk's rows and its largest number, sign left out."""
        rows = self.X[chunk]
        ones = np.ones(len(rows), rows.dtype)
        return (ones @ rows).astype(np.float64), max(abs(float(rows.min())), abs(float(rows.max())))

    def _move(self, chunk: slice) -> tuple[np.ndarray, float]:
        """Fill a chunk of the copy; return the sum of its rows and of their squares."""
        rows = self.centred(chunk)
        rows /= self.scale
        moved, squares = self.moved[chunk], self.squares[chunk]
        moved[...] = rows
        np.einsum("ij,ij->i", moved, moved, out=squares)
        return np.ones(len(rows)) @ rows, float(squares.sum(dtype=np.float64))

    def centred(self, rows: slice | np.ndarray) -> np.ndarray:
        """Return some of the points minus the mean, a new array in float64."""
        return self.X[rows] - self.mean

    def small(self, centers: np.ndarray) -> np.ndarray:
        """Return centres as the copy has its points: moved, scaled, float32."""
        return ((centers - self.mean) / self.scale).astype(np.float32)

    @property
    def variance(self) -> float:
        """The mean of the features' variances."""
        return float(self._second - self._first @ self._first) / self.X.shape[1] * self.scale**2


def _power_of_two(size: float) -> float:
    # Twice the size, because the difference of two numbers can be that large.
    return 2.0 ** min(math.frexp(2 * size)[1], 1023) if size else 1.0


def inertia(points: Points, centers: np.ndarray, labels: np.ndarray, each: Map) -> float:
    """Return the sum of the squared distances between points and the centres of their clusters."""

    def of_chunk(chunk: slice) -> float:
        away = points.X[chunk] - centers[labels[chunk]]
        return float(np.vdot(away, away))

    return sum(each(of_chunk, points.chunks))
