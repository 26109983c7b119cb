"""Assign: which centre is nearest to each point.

The squared distance of a point x to a centre c is ‖x‖² - 2 (c·x - ½‖c‖²). ‖x‖² is the same for
all centres, so the nearest centre is that with the largest *score* c·x - ½‖c‖², and a matrix
product gives the scores of a whole chunk. They stand centres × points: each step of the running
maximum then goes along a contiguous row.

Two things save work, and neither changes an answer:

- A point's *lead* is how much farther the second-nearest centre is than the nearest. When
  centres move, it shrinks by no more than the two longest moves together. Until it is used up,
  the point cannot have changed its cluster and is not looked at (G. Hamerly, "Making k-means
  even faster", SIAM Data Mining 2010).
- Scores are in float32. Where they differ by less than rounding can explain, the distances are
  computed in float64 from the points themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .chunks import Chunk
from .points import Points

EPS = float(np.finfo(np.float32).eps)
TINY = np.float32(1e-36)  # below it float32 loses digits
NUMBERS = 2**20  # in the differences of points and centres that are taken at a time


@dataclass
class Nearest:
    """The answer for some points.

    Attributes
    ----------
    labels : ndarray of shape (n,)
        Index of the nearest centre; of equally near ones the lowest.
    lead : ndarray of shape (n,), float32
        A lower bound of the distance to the second-nearest centre minus that to the nearest, in
        the scale of `Points.blocks`.
    """

    labels: np.ndarray
    lead: np.ndarray


class Centers:
    """Centres with what scoring needs, computed once for all chunks.

    Parameters
    ----------
    centers : ndarray of shape (n_clusters, n_features), float64
        In the coordinates of the points.
    points : Points
        Give mean and scale.
    """

    def __init__(self, centers: np.ndarray, points: Points) -> None:
        small = points.small(centers)
        squares = np.einsum("ij,ij->i", small, small)
        self.exact = centers
        # The points have a 1 as last feature: one product gives c·x - ½‖c‖².
        self.small = np.column_stack([small, np.float32(-0.5) * squares])
        self.size = np.sqrt(squares.max())
        # The relative error of a sum of d + 1 products: as many roundings, two more for the
        # numbers themselves, and some to spare.
        self.rounding = np.float32((small.shape[1] + 10) * EPS)

    def __len__(self) -> int:
        return len(self.exact)


def label_type(n_clusters: int) -> type:
    """Return the smallest type that holds the labels and one more, for "none yet"."""
    return np.uint8 if n_clusters < 256 else np.uint16 if n_clusters < 65536 else np.int32


def nearest(
    points: Points, chunk: Chunk, centers: Centers, some: np.ndarray | None = None
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
    """
    if some is None:
        columns, norms = points.blocks[chunk.blocks], points.norms[chunk.rows]
    else:
        rows = some + chunk.rows.start
        columns, norms = points.gathered(rows), points.norms.take(rows)
    if len(centers) == 1:
        return Nearest(np.zeros(len(norms), np.uint8), np.full(len(norms), np.inf, np.float32))
    best, second, labels = (found[: len(norms)] for found in _largest_two(centers, columns))
    doubt = norms + centers.size
    doubt *= centers.rounding * centers.size
    doubt += TINY
    ahead = best - second
    ahead -= 2 * doubt
    lead = _lead(ahead, best, second, norms * norms, 4 * doubt, centers.rounding)
    unsure = np.flatnonzero(ahead <= 0)
    if len(unsure):
        rows = chunk.rows.start + (unsure if some is None else some[unsure])
        labels[unsure] = _by_distance(points.X.take(rows, axis=0), centers.exact)
        lead[unsure] = 0
    return Nearest(labels, lead)


def _largest_two(centers: Centers, columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the largest score of each point, the second largest, and whose the largest is."""
    scores = np.matmul(centers.small, columns)  # blocks × centres × points
    best = scores[:, 0].copy()
    second = np.full_like(best, -np.inf)
    labels = np.zeros(best.shape, label_type(len(centers)))
    lower = np.empty_like(best)
    for j in range(1, len(centers)):
        score = scores[:, j]
        # A later label is a larger number: the maximum keeps the last centre that took the lead.
        np.maximum(labels, (score > best) * labels.dtype.type(j), out=labels)
        np.minimum(best, score, out=lower)
        np.maximum(second, lower, out=second)
        np.maximum(best, score, out=best)
    return best.ravel(), second.ravel(), labels.ravel()


def _lead(ahead, best, second, squares, slack, rounding) -> np.ndarray:
    """Return a lower bound of the second distance minus the first.

    It is (second² - first²) / (second + first), and half the numerator is what is ahead.
    """
    slack += rounding * squares
    slack += squares
    both = 0
    for score in (best, second):
        distance = slack - 2 * score
        np.maximum(distance, 0, out=distance)
        both += np.sqrt(distance, out=distance)
    return np.divide(np.float32(2 - 8 * EPS) * ahead, both, out=both)


def _by_distance(rows: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the nearest centre from distances in float64; of equally near ones the lowest.

    Equal means: nearer to each other than the rounding of the coordinates can tell.
    """
    labels = np.empty(len(rows), np.intp)
    reach = np.sqrt(np.einsum("ij,ij->i", centers, centers).max())
    step = max(1, NUMBERS // centers.size)
    for start in range(0, len(rows), step):
        some = rows[start : start + step].astype(np.float64)
        away = some[:, None, :] - centers
        distances = np.sqrt(np.einsum("ijk,ijk->ij", away, away))
        blur = 4 * np.finfo(np.float64).eps * (np.sqrt(np.einsum("ij,ij->i", some, some)) + reach)
        tied = distances <= distances.min(axis=1, keepdims=True) + blur[:, None]
        labels[start : start + step] = tied.argmax(axis=1)
    return labels
