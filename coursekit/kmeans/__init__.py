"""k-means: the fast version of what chapter 10 writes by hand.

>>> from coursekit.kmeans import KMeans
>>> points = [[1, 1], [1.5, 2], [3, 4], [5, 7], [3.5, 5], [4.5, 5], [3.5, 4.5]]
>>> model = KMeans(n_clusters=2, init=[[1, 1], [5, 7]]).fit(points)
>>> model.labels_.tolist(), model.n_iter_, round(model.inertia_, 3)
([0, 0, 1, 1, 1, 1, 1], 3, 8.525)
"""

from .estimator import KMeans

__all__ = ["KMeans"]
