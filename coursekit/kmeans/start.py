"""Where the centres start: k-means++ or points drawn at random.

With the same ``random_state`` the draws are those of scikit-learn, so that both begin at the same
points.
"""

from __future__ import annotations

import numpy as np
from numpy.random import RandomState

from .chunks import Chunk, Map
from .points import Points, pieces


def kmeans_plusplus(points: Points, n_clusters: int, random: RandomState, each: Map) -> np.ndarray:
    """Return the row numbers of points to start from, drawn far from each other.

    The first is any point; each further one is drawn with a probability that grows with the
    squared distance to the nearest one chosen before (D. Arthur and S. Vassilvitskii,
    "k-means++: the advantages of careful seeding", SODA 2007). Of several candidates the one
    stays that leaves the smallest sum of squared distances.

    Parameters
    ----------
    points : Points
        The points.
    n_clusters : int
        How many to choose.
    random : numpy.random.RandomState
        Where chance comes from.
    each : callable
        ``map``, or one over threads.
    """
    n_samples = len(points.X)
    candidates = 2 + int(np.log(n_clusters))
    chosen = [random.choice(n_samples, p=np.full(n_samples, 1 / n_samples))]
    nearest = _squared_distances(points, chosen, each)[0]
    while len(chosen) < n_clusters:
        reached = np.cumsum(nearest)
        drawn = np.searchsorted(reached, random.uniform(size=candidates) * nearest.sum())
        drawn = np.minimum(drawn, n_samples - 1)  # rounding may put a draw past the end
        left = np.minimum(nearest, _squared_distances(points, drawn, each))
        best = left.sum(axis=1).argmin()
        chosen.append(drawn[best])
        nearest = left[best]
    return np.array(chosen)


def at_random(points: Points, n_clusters: int, random: RandomState, each: Map) -> np.ndarray:
    """Return the row numbers of points to start from, all different, each as likely as any."""
    n_samples = len(points.X)
    even = np.full(n_samples, 1 / n_samples)
    return random.choice(n_samples, size=n_clusters, replace=False, p=even)


def _squared_distances(points: Points, rows, each: Map) -> np.ndarray:
    """Return the squared distances from some points to all, shape (len(rows), n_samples)."""
    found = np.empty((len(rows), len(points.X)))
    some = points.centred(np.asarray(rows)).copy()

    def fill(chunk: Chunk) -> None:
        for piece in pieces(chunk.rows):
            here = points.centred(piece)
            squares = np.einsum("ij,ij->i", here, here) - 2 * (some @ here.T)
            squares += np.einsum("ij,ij->i", some, some)[:, None]
            np.maximum(squares, 0, out=found[:, piece])

    list(each(fill, points.chunks))
    return found
