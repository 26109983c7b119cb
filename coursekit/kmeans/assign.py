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
        the scale of `Points.moved`.
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
        Give the scale.
    """

    def __init__(self, centers: np.ndarray, points: Points) -> None:
        self.exact = centers
        self.small = points.small(centers)
        self.half_squares = np.float32(0.5) * np.einsum("ij,ij->i", self.small, self.small)
        self.size = np.sqrt(2 * self.half_squares.max())
        # The relative error of a sum of d products: d roundings, two more for the numbers
        # themselves, and some to spare.
        self.rounding = np.float32((centers.shape[1] + 8) * EPS)

    def __len__(self) -> int:
        return len(self.exact)


def label_type(n_clusters: int) -> type:
    """Return the smallest type that holds the labels and one more, for "none yet"."""
    return np.uint8 if n_clusters < 256 else np.uint16 if n_clusters < 65536 else np.int32


def nearest(points: Points, rows: slice | np.ndarray, centers: Centers) -> Nearest:
    """Return the nearest centre of some points, given as a slice or as indices."""
    moved, squares = points.moved[rows], points.squares[rows]
    if len(centers) == 1:
        return Nearest(np.zeros(len(moved), np.uint8), np.full(len(moved), np.inf, np.float32))
    best, second, labels = _largest_two(centers, moved)
    doubt = centers.rounding * centers.size * (np.sqrt(squares) + centers.size) + TINY
    ahead = best - second - 2 * doubt
    slack = 4 * doubt + centers.rounding * squares
    lead = _lead(ahead, squares - 2 * best, squares - 2 * second, slack)
    unsure = np.flatnonzero(ahead <= 0)
    if len(unsure):
        at = unsure + rows.start if isinstance(rows, slice) else rows[unsure]
        labels[unsure] = _by_distance(points.X[at], centers.exact)
        lead[unsure] = 0
    return Nearest(labels, lead)


def _largest_two(centers: Centers, moved: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the largest score of each point, the second largest, and whose the largest is."""
    scores = centers.small @ moved.T
    best = scores[0]
    best -= centers.half_squares[0]
    second = np.full_like(best, -np.inf)
    labels = np.zeros(len(best), label_type(len(centers)))
    for j in range(1, len(scores)):
        score = scores[j]
        score -= centers.half_squares[j]
        # A later label is a larger number: the maximum keeps the last centre that took the lead.
        np.maximum(labels, (score > best) * labels.dtype.type(j), out=labels)
        np.maximum(second, np.minimum(best, score), out=second)
        np.maximum(best, score, out=best)
    return best, second, labels


def _lead(ahead, first, second, slack) -> np.ndarray:
    """Return a lower bound of the second distance minus the first, from their squares.

    It is (second² - first²) / (second + first), and half the numerator is what is ahead.
    """
    both = np.sqrt(np.maximum(first, 0) + slack) + np.sqrt(np.maximum(second, 0) + slack)
    return np.float32(2 - 8 * EPS) * ahead / both


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
