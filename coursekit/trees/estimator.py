"""The estimator: scikit-learn's conventions around a tree that can also split by categories."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_array, check_X_y
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from . import words
from .columns import Columns, has_categories
from .grow import CRITERIA, Grower, shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class TreeClassifier(ClassifierMixin, BaseEstimator):
    """A decision tree for tables of categories and numbers, as worked out in chapter 10.

    In a DataFrame a column of objects, text, categories or booleans is split into one branch per
    category (ID3, C4.5), a column of numbers at a threshold halfway between two neighbours (C4.5,
    CART). A plain array holds numbers.

    Parameters
    ----------
    criterion : {"gain", "gain ratio", "gini"}
        What makes a question good: the information gain, its ratio to the entropy of the split
        itself, or how much the Gini impurity drops. A threshold is always chosen by the gain, or
        the drop; the ratio then compares the columns. Of equally good questions the first is
        asked, by the order of the columns.
    max_depth : int or None
        Questions one after the other, at most; None: no limit.
    min_samples_split : int
        Rows that a node must have to be split.
    min_samples_leaf : int
        Rows that each branch must get.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels that occur.
    root_ : Node
        The tree.
    feature_importances_ : ndarray of shape (n_features_in_,)
        Each column's share of the impurity that all questions take away.
    n_features_in_, feature_names_in_
        Columns seen by `fit`, and their names where they had names.

    Notes
    -----
    A category that did not occur at a node in training has no branch there. Such a row gets the
    answer of that node: the majority of its training rows.

    Examples
    --------
    >>> tree = TreeClassifier(criterion="gini").fit([[1], [2], [8], [9]], ["a", "a", "b", "b"])
    >>> print(tree.text())
    column 0
    ├─ ≤ 5: a (2)
    └─ > 5: b (2)
    """

    def __init__(
        self,
        criterion: str = "gain",
        max_depth: int | None = None,
        min_samples_split: int = 2,
        min_samples_leaf: int = 1,
    ) -> None:
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf

    def fit(self, X: Any, y: Any) -> TreeClassifier:
        """Grow the tree.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,)
            A label per row.

        Returns
        -------
        TreeClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            A parameter is out of its range, or a value is missing or infinite.
        """
        self._check_parameters()
        if has_categories(X):
            validate_data(self, X, y, skip_check_array=True)  # keeps the columns' names
            self._columns = Columns(X)
            X, y = check_X_y(self._columns.numbers(X), y, dtype=np.float64)
        else:
            X, y = validate_data(self, X, y, dtype=np.float64)
            self._columns = Columns(X)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        grower = Grower(
            self.criterion,
            self._columns.categorical,
            len(self.classes_),
            np.inf if self.max_depth is None else self.max_depth,
            self.min_samples_split,
            self.min_samples_leaf,
        )
        self.root_ = grower.grow(X, codes)
        self.feature_importances_ = grower.importances(self.root_)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the shares of the classes where each row ends, shape (n_samples, n_classes)."""
        check_is_fitted(self)
        if self._columns.categorical.any():
            validate_data(self, X, reset=False, skip_check_array=True)
            X = check_array(self._columns.numbers(X), dtype=np.float64)
        else:
            X = validate_data(self, X, reset=False, dtype=np.float64)
        return shares(self.root_, X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most frequent class where each row ends; of equal ones the first."""
        likely = self.predict_proba(X).argmax(axis=1)
        return self.classes_[likely]

    def text(self) -> str:
        """Return the tree as lines of text."""
        return "\n".join(words.lines(self._readable()))

    def describe(self) -> str:
        """Return the tree in a sentence or two, for those who cannot see its drawing."""
        return words.describe(self._readable())

    def draw(self, ax: Axes | None = None) -> Figure:
        """Draw the tree.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure, large enough for the tree.

        Returns
        -------
        matplotlib.figure.Figure
            Show it with ``coursekit.views.figure.show(figure, alt=tree.describe())``.
        """
        from .drawing import draw

        return draw(self._readable(), f"Decision tree by {self.criterion}", ax)

    def _readable(self) -> words.Readable:
        check_is_fitted(self)
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            names = [f"column {i}" for i in range(self.n_features_in_)]
        return words.readable(self.root_, list(names), self._columns.categories, self.classes_)

    def _check_parameters(self) -> None:
        if self.criterion not in CRITERIA:
            raise ValueError(
                f"criterion={self.criterion!r} should be one of {', '.join(map(repr, CRITERIA))}."
            )
        least = {"max_depth": 1, "min_samples_split": 2, "min_samples_leaf": 1}
        for name, lowest in least.items():
            value = getattr(self, name)
            if value is None and name == "max_depth":
                continue
            if not isinstance(value, Integral) or isinstance(value, bool) or value < lowest:
                raise ValueError(f"{name}={value!r} should be a whole number of {lowest} or more.")
