"""How mixed labels are, and how much less mixed they are after a split.

Entropy and its gain are those of J. R. Quinlan, "Induction of decision trees", Machine Learning 1
(1986); the gain ratio is from the same article; the Gini impurity is that of L. Breiman and
others, "Classification and regression trees" (1984).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Impurity = Callable[[np.ndarray], np.ndarray]


def entropy(labels: Any) -> float:
    """Return the entropy of labels, in bits: 0 if all are the same.

    Parameters
    ----------
    labels : array-like of shape (n,)
        One label per row, of any type.

    Examples
    --------
    >>> entropy(["yes", "no"])
    1.0
    """
    return float(entropy_of(_counts(labels)))


def gini(labels: Any) -> float:
    """Return the Gini impurity: how likely two draws, with replacement, give different labels.

    Parameters
    ----------
    labels : array-like of shape (n,)
        One label per row, of any type.

    Examples
    --------
    >>> gini(["yes", "no"])
    0.5
    """
    return float(gini_of(_counts(labels)))


def conditional_entropy(labels: Any, by: Any) -> float:
    """Return H(labels | by) in bits: the entropy left within the groups of ``by``, on average.

    Parameters
    ----------
    labels, by : array-like of shape (n,)
        One label and one value per row. A group counts by its share of the rows.
    """
    return float(left(entropy_of, _table(labels, by)))


def information_gain(labels: Any, by: Any) -> float:
    """Return by how many bits a split by the values of ``by`` lowers the entropy.

    Parameters
    ----------
    labels, by : array-like of shape (n,)
        One label and one value per row.

    Examples
    --------
    >>> information_gain(["yes", "yes", "no", "no"], by=["a", "a", "b", "b"])
    1.0
    """
    return float(gain(entropy_of, _table(labels, by)))


def gain_ratio(labels: Any, by: Any) -> float:
    """Return the information gain divided by the entropy of ``by`` itself; 0 for one value only.

    The divisor is large where there are many values: a column of row numbers gains much and
    says nothing.
    """
    return float(ratio(_table(labels, by)))


def weighted_gini(labels: Any, by: Any) -> float:
    """Return the Gini impurity left within the groups of ``by``, on average.

    Parameters
    ----------
    labels, by : array-like of shape (n,)
        One label and one value per row. A group counts by its share of the rows.
    """
    return float(left(gini_of, _table(labels, by)))


def gini_gain(labels: Any, by: Any) -> float:
    """Return by how much a split by the values of ``by`` lowers the Gini impurity."""
    return float(gain(gini_of, _table(labels, by)))


def entropy_of(counts: np.ndarray) -> np.ndarray:
    """Return the entropy, in bits, of counts per class along the last axis."""
    shares = _shares(counts)
    logarithms = np.log2(shares, where=shares > 0, out=np.zeros_like(shares))
    return np.abs((shares * logarithms).sum(axis=-1))  # the sum is zero or less


def gini_of(counts: np.ndarray) -> np.ndarray:
    """Return the Gini impurity of counts per class along the last axis."""
    return 1 - (_shares(counts) ** 2).sum(axis=-1)


def left(impurity: Impurity, table: np.ndarray) -> np.ndarray:
    """Return what impurity is left after a split.

    Parameters
    ----------
    impurity : callable
        `entropy_of` or `gini_of`.
    table : ndarray of shape (..., n_branches, n_classes)
        How many rows of each class go into each branch.

    Returns
    -------
    ndarray of shape (...)
    """
    return (_shares(table.sum(axis=-1)) * impurity(table)).sum(axis=-1)


def gain(impurity: Impurity, table: np.ndarray) -> np.ndarray:
    """Return by how much a split lowers the impurity; shapes as for `left`."""
    return impurity(table.sum(axis=-2)) - left(impurity, table)


def ratio(table: np.ndarray) -> np.ndarray:
    """Return the gain ratio of a split; shapes as for `left`."""
    own = entropy_of(table.sum(axis=-1))
    gained = gain(entropy_of, table)
    return np.divide(gained, own, where=own > 0, out=np.zeros_like(gained))


def _shares(counts: np.ndarray) -> np.ndarray:
    totals = counts.sum(axis=-1, keepdims=True)
    return counts / np.where(totals > 0, totals, 1)


def _counts(labels: Any) -> np.ndarray:
    codes = _codes(labels, "labels")
    return np.bincount(codes)


def _table(labels: Any, by: Any) -> np.ndarray:
    classes, branches = _codes(labels, "labels"), _codes(by, "by")
    if len(classes) != len(branches):
        raise ValueError(f"{len(classes)} labels, but {len(branches)} values to split by")
    table = np.zeros((branches.max() + 1, classes.max() + 1))
    np.add.at(table, (branches, classes), 1)
    return table


def _codes(values: Any, name: str) -> np.ndarray:
    """Return a number for each value: equal values, equal numbers."""
    import pandas as pd

    values = np.asarray(values)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"{name} should be one value per row, at least one; got {values.shape}")
    return pd.factorize(values, use_na_sentinel=False)[0]
