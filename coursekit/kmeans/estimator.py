"""The estimator: scikit-learn's conventions around Lloyd's algorithm."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .assign import Centers, nearest
from .chunks import Map, crew
from .lloyd import Clustering, lloyd
from .points import Points, inertia
from .start import at_random, kmeans_plusplus

SAME = 1e-10  # inertias nearer to each other, relatively, are equal
STARTS = {"k-means++": (kmeans_plusplus, 1), "random": (at_random, 10)}  # and how often by default


class KMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):
    """k-means clustering, written in chapter 10 step by step, here for large data.

    Parameters and attributes mean what they mean in ``sklearn.cluster.KMeans`` with
    ``algorithm="lloyd"``; from the same start both find the same clusters. Where a point is
    equally near to several centres, it goes to the one with the lowest number.

    Parameters
    ----------
    n_clusters : int
        How many clusters.
    init : {"k-means++", "random"} or array-like of shape (n_clusters, n_features)
        How the first centres are drawn from the points, or the centres themselves.
    n_init : int or "auto"
        How often to begin anew; the run with the smallest inertia counts. "auto" is 10 for
        "random", otherwise 1.
    max_iter : int
        Iterations of one run at most.
    tol : float
        A run ends when the squared shifts of all centres add up to no more than ``tol`` times the
        mean variance of the features.
    random_state : int, RandomState instance or None
        Makes the draws repeatable.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The centres, in the type of the data (float32 or float64).
    labels_ : ndarray of shape (n_samples,), int32
        The cluster of each point.
    inertia_ : float
        Sum of squared distances of the points to their nearest centres.
    n_iter_ : int
        Iterations of the run that counts.
    n_features_in_ : int
        Features seen by `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where the data had names.

    Examples
    --------
    >>> model = KMeans(n_clusters=2, random_state=0).fit([[1, 1], [1, 2], [8, 8], [9, 8]])
    >>> bool(model.labels_[0] == model.labels_[1] != model.labels_[2])
    True
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        n_init: int | str = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        random_state: Any = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> KMeans:
        """Find the clusters.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points. An array of float32 or float64 in C order is not copied.
        y : ignored
            There because estimators have it.

        Returns
        -------
        KMeans
            The estimator itself.

        Raises
        ------
        ValueError
            A parameter is out of its range; there are fewer points than clusters, or NaN,
            infinities or text among the data.
        """
        self._check_parameters()
        X = validate_data(self, X, dtype=[np.float64, np.float32], order="C")
        if len(X) < self.n_clusters:
            raise ValueError(f"n_samples={len(X)} should be >= n_clusters={self.n_clusters}.")
        given = self._given_start(X)
        with crew(len(X)) as each:
            points = Points(X, self.n_clusters, each)
            best = self._best_run(points, given, each)
        found = len(np.unique(best.labels))
        if found < self.n_clusters:
            warnings.warn(
                f"Only {found} of n_clusters={self.n_clusters} clusters have points: there may be "
                "fewer different points than clusters.",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.cluster_centers_ = best.centers.astype(X.dtype)
        self.labels_ = best.labels
        self.inertia_ = best.inertia
        self.n_iter_ = best.n_iter
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the nearest cluster of each point, shape (n_samples,), int32."""
        return self._nearest(X)[0]

    def transform(self, X: Any) -> np.ndarray:
        """Return the distances of points to all centres, shape (n_samples, n_clusters)."""
        return euclidean_distances(self._checked(X), self.cluster_centers_)

    def score(self, X: Any, y: Any = None) -> float:
        """Return minus the inertia that these points have with the centres found."""
        return -self._nearest(X)[1]

    def _nearest(self, X: Any) -> tuple[np.ndarray, float]:
        X = self._checked(X)
        labels = np.empty(len(X), np.int32)
        exact = self.cluster_centers_.astype(np.float64)
        with crew(len(X)) as each:
            points = Points(X, len(exact), each)
            centers = Centers(exact, points)
            found = each(lambda chunk: nearest(points, chunk, centers).labels, points.chunks)
            for chunk, some in zip(points.chunks, found, strict=True):
                labels[chunk.rows] = some
            return labels, inertia(points, exact, labels, each)

    def _checked(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=[np.float64, np.float32], order="C")

    def _check_parameters(self) -> None:
        for name in ("n_clusters", "max_iter"):
            _check(name, getattr(self, name), Integral, 1)
        _check("tol", self.tol, Real, 0)
        if self.n_init != "auto":
            _check("n_init", self.n_init, Integral, 1)
        if isinstance(self.init, str) and self.init not in STARTS:
            raise ValueError(f"init={self.init!r} should be 'k-means++', 'random' or an array.")

    def _given_start(self, X: np.ndarray) -> np.ndarray | None:
        """Return the given centres, checked; None if they are to be drawn."""
        if isinstance(self.init, str):
            return None
        start = check_array(self.init, dtype=X.dtype, order="C")
        if start.shape != (self.n_clusters, X.shape[1]):
            raise ValueError(
                f"init has shape {start.shape}; {self.n_clusters} clusters of points with "
                f"{X.shape[1]} features need {(self.n_clusters, X.shape[1])}."
            )
        return start.astype(np.float64)

    def _best_run(self, points: Points, given: np.ndarray | None, each: Map) -> Clustering:
        tol = self.tol * points.variance if self.tol else 0.0
        if given is not None:
            return lloyd(points, given, self.max_iter, tol, each)
        draw, runs = STARTS[self.init]
        random = check_random_state(self.random_state)
        best = None
        for _ in range(runs if self.n_init == "auto" else self.n_init):
            start = points.X[draw(points, self.n_clusters, random, each)].astype(np.float64)
            run = lloyd(points, start, self.max_iter, tol, each)
            # The same clusters in another order differ by rounding: no reason to change.
            if best is None or run.inertia < best.inertia * (1 - SAME):
                best = run
        return best

    @property
    def _n_features_out(self) -> int:
        """For the names of `transform`'s columns: kmeans0, kmeans1 and so on."""
        return len(self.cluster_centers_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _check(name: str, value: Any, kind: type, least: int) -> None:
    """Raise a ValueError if a parameter is not a number of this kind, ``least`` or more."""
    if not isinstance(value, kind) or isinstance(value, bool) or not value >= least:
        what = "a whole number" if kind is Integral else "a number"
        raise ValueError(f"{name}={value!r} should be {what} of {least} or more.")
