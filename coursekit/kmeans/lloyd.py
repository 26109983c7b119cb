"""Lloyd's algorithm: assign, update, shift, until nothing moves.

S. Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28 (1982).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .assign import SINGLE, Centers, label_type, nearest
from .chunks import Chunk, Map
from .points import Points, inertia, pieces

MANY = 0.25  # share of a chunk from which taking all its points is cheaper than gathering some
FEW = 0.15  # share of all points that leads must leave to be looked at, to be worth finding
SAMPLED = 16  # every so many leads tell how large they are
AFRESH = 32  # iterations after which sums are taken anew, so that rounding cannot pile up


@dataclass(frozen=True)
class Clustering:
    """What one run found.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, n_features), float64
    labels : ndarray of shape (n_samples,), int32
    inertia : float
        Sum of squared distances of the points to the centres of their clusters.
    n_iter : int
        Iterations run.
    """

    centers: np.ndarray
    labels: np.ndarray
    inertia: float
    n_iter: int


def lloyd(points: Points, start: np.ndarray, max_iter: int, tol: float, each: Map) -> Clustering:
    """Run k-means from given centres.

    Parameters
    ----------
    points : Points
        The points.
    start : ndarray of shape (n_clusters, n_features), float64
        The first centres.
    max_iter : int
        Iterations at most.
    tol : float
        End when the squared shifts of all centres, in the points' scale, add up to no more.
    each : callable
        ``map``, or one over threads.
    """
    centers = start
    clusters = Clusters(points, len(start))
    for n_iter in range(1, max_iter + 1):
        changed = clusters.assign(centers, each)
        if n_iter % AFRESH == 0:
            clusters.recount(each)
        new = clusters.update(centers)
        shift = np.sqrt((((new - centers) / points.scale) ** 2).sum(axis=1))
        clusters.moved(shift)
        centers = new
        if not changed:
            break
        if (shift**2).sum() <= tol:
            break
    if changed:
        clusters.assign(centers, each)  # so that labels belong to the last centres
    labels = clusters.labels.astype(np.int32)
    return Clustering(centers, labels, inertia(points, centers, labels, each), n_iter)


class Clusters:
    """Which point is in which cluster, and each cluster's sum and size.

    Parameters
    ----------
    points : Points
        The points.
    n_clusters : int
        How many clusters.

    Attributes
    ----------
    labels : ndarray of shape (n_samples,)
        The cluster of each point; ``n_clusters`` means none yet.
    travel : float
        How far centres have moved so far: the two longest shifts of each iteration, summed.
    shift : float
        What the last iteration added to the travel.
    holds : ndarray of shape (n_samples,), float32
        Up to which travel a point's label holds for certain.
    leads : list of float
        For each chunk, the lead that all but `FEW` of its points had when it was last found.
    sums : ndarray of shape (n_clusters, n_features), float64
        Sums of the points of each cluster, moved to the points' mean.
    counts : ndarray of shape (n_clusters,), float64
        Points in each cluster.
    """

    def __init__(self, points: Points, n_clusters: int) -> None:
        n_samples, n_features = points.X.shape
        self.points = points
        self.labels = np.full(n_samples, n_clusters, label_type(n_clusters))
        self.travel = self.shift = 0.0
        self.leads = [np.inf] * len(points.chunks)
        self.holds = np.zeros(n_samples, np.float32)
        self.sums = np.zeros((n_clusters, n_features))
        self.counts = np.zeros(n_clusters)

    def assign(self, centers: np.ndarray, each: Map) -> bool:
        """Give each point to its nearest centre; return whether any point changed its cluster."""
        known = Centers(centers, self.points)
        changed = False
        numbers = range(len(self.points.chunks))
        for change in each(lambda number: self._assign(number, known), numbers):
            if change is not None:
                changed = True
                self.sums += change[0]
                self.counts += change[1]
        return changed

    def _assign(self, number: int, centers: Centers) -> tuple[np.ndarray, np.ndarray] | None:
        """Assign one chunk; return what its changed points add to sums and counts."""
        chunk = self.points.chunks[number]
        labels, holds = self.labels[chunk.rows], self.holds[chunk.rows]
        doubtful = holds <= self.travel
        count = np.count_nonzero(doubtful)
        if not count:
            return None
        some = None if count > MANY * len(labels) else np.flatnonzero(doubtful)
        where = slice(None) if some is None else some
        # While centres move far, all points must be looked at next time, whatever their leads.
        leads = some is not None or self.shift < self.leads[number]
        found = nearest(self.points, chunk, centers, some, leads)
        if found.lead is None:
            holds[:] = 0
        else:
            if some is None:
                sample = np.sort(found.lead[::SAMPLED])
                self.leads[number] = float(sample[int(FEW * len(sample))])
            found.lead += self.travel
            found.lead *= 1 - 4 * SINGLE  # nothing may be rounded upwards
            holds[where] = found.lead
        differ = np.flatnonzero(found.labels != labels[where])
        if not len(differ):
            return None
        changed = differ if some is None else some[differ]
        old, new = labels[changed], found.labels[differ]
        labels[changed] = new
        return self._change(changed + chunk.rows.start, old, new)

    def _change(self, rows, old, new) -> tuple[np.ndarray, np.ndarray]:
        """Return how sums and counts change when some points go from old clusters to new ones."""
        sums, counts = np.zeros_like(self.sums), np.zeros_like(self.counts)
        codes = np.arange(len(counts), dtype=old.dtype)[:, None]
        for piece in pieces(slice(0, len(rows))):
            sign = (new[piece] == codes).astype(np.float64)
            sign -= old[piece] == codes
            sums += sign @ self.points.centred(rows[piece])
            counts += sign.sum(axis=1)
        return sums, counts

    def update(self, centers: np.ndarray) -> np.ndarray:
        """Return the mean of each cluster; an empty cluster gets a point far from its centre."""
        sums, counts = self.sums, self.counts
        if not counts.all():
            sums, counts = self._refill(centers)
        filled = counts > 0
        means = sums / np.where(filled, counts, 1)[:, None]
        means[~filled] = means[counts.argmax()]
        # Centres are as fine as the points: those of float32 points are float32 numbers.
        return (means + self.points.mean).astype(self.points.X.dtype).astype(np.float64)

    def _refill(self, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return sums and counts with a far point moved into each empty cluster."""
        sums, counts = self.sums.copy(), self.counts.copy()
        empty = np.flatnonzero(counts == 0)
        far = self._farthest(centers, len(empty))
        for cluster, row in zip(empty, far, strict=False):
            point = self.points.centred(slice(row, row + 1))[0]
            home = self.labels[row]
            sums[home] -= point
            counts[home] -= 1
            sums[cluster], counts[cluster] = point, 1
        return sums, counts

    def _farthest(self, centers: np.ndarray, count: int) -> np.ndarray:
        """Return the points farthest from their centres; none if all lie on them."""
        squares = np.concatenate(
            [
                ((self.points.X[c.rows] - centers[self.labels[c.rows]]) ** 2).sum(axis=1)
                for c in self.points.chunks
            ]
        )
        if not squares.any():
            return np.empty(0, int)
        return np.argpartition(squares, -count)[: -count - 1 : -1]

    def recount(self, each: Map) -> None:
        """Take sums and counts anew from the labels."""

        def of_chunk(chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
            labels = self.labels[chunk.rows]
            nowhere = np.full_like(labels, len(self.counts))
            return self._change(np.arange(chunk.rows.start, chunk.rows.stop), nowhere, labels)

        sums, counts = zip(*each(of_chunk, self.points.chunks), strict=True)
        self.sums, self.counts = np.sum(sums, axis=0), np.sum(counts, axis=0)

    def moved(self, shift: np.ndarray) -> None:
        """Add to the travel what moves of the centres can take from a point's lead.

        The nearest centre may have gone away by its shift, another may have come nearer by its
        own: by no more than the two longest together.
        """
        self.shift = float(np.sort(shift)[-2:].sum()) * (1 + 1e-6)
        self.travel += self.shift
