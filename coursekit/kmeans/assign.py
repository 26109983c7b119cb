"""Assign: which centre is nearest to each point.

The squared distance of a point x to a centre c is ‖x‖² - 2 (c·x - ½‖c‖²). ‖x‖² is the same for
all centres, so the nearest centre is that with the largest *score* c·x - ½‖c‖², and a matrix
product gives the scores of many points. They stand centres × points: looking for the largest then
goes along contiguous rows.

Two things save work, and neither changes an answer:

- A point's *lead* is how much farther the second-nearest centre is than the nearest. When
  centres move, it shrinks by no more than the two longest moves together. Until it is used up,
  the point cannot have changed its cluster and is not looked at (G. Hamerly, "Making k-means
  even faster", SIAM Data Mining 2010).
- Scores are in float32. Where they differ by less than rounding can explain, the distances are
  computed in float64 from the points themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .chunks import Chunk, Scratch
from .points import Points

SINGLE = float(np.finfo(np.float32).eps)
DOUBLE = float(np.finfo(np.float64).eps)
TINY = 1e-36  # below it float32 loses digits
FAR = 1e30  # from any score
NUMBERS = 2**20  # in the differences of points and centres that are taken at a time


@dataclass
class Nearest:
    """The answer for some points.

    Attributes
    ----------
    labels : ndarray of shape (n,)
        Index of the nearest centre; of equally near ones the lowest.
    lead : ndarray of shape (n,), or None
        A lower bound of the distance to the second-nearest centre minus that to the nearest, in
        the scale of `Points.blocks`. None if it was not asked for.
    """

    labels: np.ndarray
    lead: np.ndarray | None


class Centers:
    """Centres with what scoring needs, computed once for all chunks.

    Parameters
    ----------
    centers : ndarray of shape (n_clusters, n_features), float64
        In the coordinates of the points.
    points : Points
        Give mean and scale.

    Attributes
    ----------
    exact : ndarray of shape (n_clusters, n_features), float64
        As given, scaled.
    weights : ndarray of shape (n_clusters, n_features + 1)
        Their product with ``points.blocks`` gives the scores.
    doubt : float
        Scores that differ by no more than this may be equal.
    slack : float
        How wrong a squared distance from scores may be.
    """

    def __init__(self, centers: np.ndarray, points: Points) -> None:
        moved = (centers - points.mean) / points.scale
        squares = (moved**2).sum(axis=1)
        self.exact = centers / points.scale
        # The points have a 1 as last feature: one product gives c·x - ½‖c‖².
        self.weights = np.column_stack([moved, -squares / 2]).astype(points.blocks.dtype)
        size, reach = math.sqrt(squares.max()), points.reach
        # The error of a sum of d + 1 products: as many roundings, two more for the numbers
        # themselves, and some to spare.
        rounding = (centers.shape[1] + 10) * float(np.finfo(self.weights.dtype).eps)
        self.doubt = 2 * rounding * size * (size + reach) + TINY
        self.slack = 2 * self.doubt + rounding * reach**2

    def __len__(self) -> int:
        return len(self.exact)


def label_type(n_clusters: int) -> type:
    """Return the smallest type that holds the labels and one more, for "none yet"."""
    return np.uint8 if n_clusters < 256 else np.uint16 if n_clusters < 65536 else np.int32


def nearest(
    points: Points,
    chunk: Chunk,
    centers: Centers,
    some: np.ndarray | None = None,
    leads: bool = False,
) -> Nearest:
    """Return the nearest centres of the points in a chunk, or of some of them.

    Parameters
    ----------
    points : Points
        The points.
    chunk : Chunk
        Which of them.
    centers : Centers
        The centres.
    some : ndarray of int, optional
        Which of the chunk's points, counted from its first; by default all.
    leads : bool
        Whether to give the leads, too.
    """
    if some is None:
        columns, squares = points.blocks[chunk.blocks], points.squares[chunk.rows]
    else:
        rows = some + chunk.rows.start
        columns, squares = points.gathered(rows), points.squares.take(rows)
    count, scratch = len(squares), points.scratch
    if len(centers) == 1:
        return Nearest(np.zeros(count, np.uint8), np.full(count, np.inf) if leads else None)
    shape = (len(columns), len(centers), columns.shape[2])
    scores = scratch.array("scores", shape, columns.dtype)
    np.matmul(centers.weights, columns, out=scores)
    best, labels, contested = _largest(scores, centers.doubt, scratch)
    lead = None
    if leads:
        second = _second(scores, labels, scratch)
        parts = (part.ravel()[:count] for part in (best, second))
        lead = _lead(*parts, squares + centers.slack, centers.doubt)
    labels = labels.ravel()[:count]
    unsure = np.flatnonzero(contested.ravel()[:count])
    if len(unsure):
        rows = chunk.rows.start + (unsure if some is None else some[unsure])
        exact = points.X.take(rows, axis=0).astype(np.float64) / points.scale
        labels[unsure] = _by_distance(exact, centers.exact)
        if leads:
            lead[unsure] = 0
    return Nearest(labels, lead)


def _largest(scores: np.ndarray, doubt: float, scratch: Scratch) -> tuple[np.ndarray, ...]:
    """Return the largest score of each point, whose it is, and whether another may be as large.

    Parameters
    ----------
    scores : ndarray of shape (n_blocks, n_clusters, block)
        Scores of points.
    doubt : float
        Scores that differ by no more than this may be equal.
    scratch : Scratch
        Memory to work in.
    """
    numbers = _numbers(scores)
    best = scores.max(axis=1)
    near = scratch.array("near", scores.shape, bool)
    np.greater_equal(scores, (best - scores.dtype.type(doubt))[:, None], out=near)
    which = scratch.array("which", scores.shape, numbers.dtype)
    labels = np.multiply(near, numbers, out=which).max(axis=1)
    contested = near.view(np.uint8).sum(axis=1, dtype=numbers.dtype) > 1
    return best, labels, contested


def _second(scores: np.ndarray, labels: np.ndarray, scratch: Scratch) -> np.ndarray:
    """Return the largest score of each point but that of its label; changes the scores."""
    own = scratch.array("near", scores.shape, bool)
    far = scratch.array("far", scores.shape, scores.dtype)
    np.equal(labels[:, None], _numbers(scores), out=own)
    scores -= np.multiply(own, scores.dtype.type(FAR), out=far)
    return scores.max(axis=1)


def _numbers(scores: np.ndarray) -> np.ndarray:
    return np.arange(scores.shape[1], dtype=label_type(scores.shape[1]))[:, None]


def _lead(best, second, squares, doubt) -> np.ndarray:
    """Return a lower bound of the second distance minus the first; changes what it is given.

    It is (second² - first²) / (second + first), and half the numerator is by how much the best
    score is ahead.
    """
    ahead = best - second
    ahead -= doubt
    best *= -2
    best += squares
    second *= -2
    second += squares
    both = np.sqrt(best, out=best)
    both += np.sqrt(second, out=second)
    ahead *= 2 - 8 * SINGLE
    return np.divide(ahead, both, out=both)


def _by_distance(rows: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the nearest centre from distances in float64; of equally near ones the lowest.

    Equal means: nearer to each other than the rounding of the coordinates can tell.
    """
    labels = np.empty(len(rows), np.intp)
    reach = np.sqrt(np.einsum("ij,ij->i", centers, centers).max())
    step = max(1, NUMBERS // centers.size)
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        away = some[:, None, :] - centers
        distances = np.sqrt(np.einsum("ijk,ijk->ij", away, away))
        blur = 4 * DOUBLE * (np.sqrt(np.einsum("ij,ij->i", some, some)) + reach)
        tied = distances <= distances.min(axis=1, keepdims=True) + blur[:, None]
        labels[start : start + step] = tied.argmax(axis=1)
    return labels
