"""Growing a tree: at each node the best question, then the same for each answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from .impurity import Impurity, entropy_of, gain, gini_of, left, ratio

CRITERIA = ("gain", "gain ratio", "gini")
SAME = 1e-12  # scores closer than this are equal: the column that stands first wins


@dataclass(frozen=True)
class Question:
    """What a node asks.

    Attributes
    ----------
    column : int
        Which column it asks about.
    threshold : float or None
        For numbers: at most the threshold, or above it? None for categories.
    codes : tuple of int
        For categories: which of them have a branch, in the order of the branches.
    """

    column: int
    threshold: float | None = None
    codes: tuple[int, ...] = ()

    def branches(self, X: np.ndarray) -> np.ndarray:
        """Return the branch that each row takes; -1 for a category that has none."""
        values = X[:, self.column]
        if self.threshold is not None:
            return (values > self.threshold).astype(int)
        found = np.full(len(values), -1)
        for branch, code in enumerate(self.codes):
            found[values == code] = branch
        return found


@dataclass
class Node:
    """A node: how many training rows of each class reached it, and what it asks them.

    Attributes
    ----------
    counts : ndarray of shape (n_classes,)
        Rows of each class.
    depth : int
        Questions asked before.
    question : Question or None
        None for a leaf.
    children : list of Node
        One per branch.
    """

    counts: np.ndarray
    depth: int
    question: Question | None = None
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, parents first."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(frozen=True)
class Grower:
    """The rules of growing.

    Attributes
    ----------
    criterion : {"gain", "gain ratio", "gini"}
        What makes a question good.
    categorical : ndarray of shape (n_features,), bool
        Which columns hold codes of categories instead of numbers.
    n_classes : int
        How many classes there are.
    max_depth : float
        Questions one after the other, at most.
    min_samples_split, min_samples_leaf : int
        Rows that a node must have to be split, and that each branch must get.
    """

    criterion: str
    categorical: np.ndarray
    n_classes: int
    max_depth: float
    min_samples_split: int
    min_samples_leaf: int

    def grow(self, X: np.ndarray, y: np.ndarray) -> Node:
        """Return the root of a tree for numbers X and class numbers y."""
        root = Node(self._count(y), 0)
        waiting = [(root, np.arange(len(y)))]
        while waiting:
            node, rows = waiting.pop()
            node.question = self._ask(node, X[rows], y[rows])
            if node.question is None:
                continue
            branches = node.question.branches(X[rows])
            for branch in range(branches.max() + 1):
                some = rows[branches == branch]
                node.children.append(Node(self._count(y[some]), node.depth + 1))
                waiting.append((node.children[-1], some))
        return root

    def _count(self, y: np.ndarray) -> np.ndarray:
        return np.bincount(y, minlength=self.n_classes)

    def _ask(self, node: Node, X: np.ndarray, y: np.ndarray) -> Question | None:
        """Return the best question for these rows; None if they are to stay together."""
        pure = np.count_nonzero(node.counts) < 2
        if pure or node.depth >= self.max_depth or len(y) < self.min_samples_split:
            return None
        best, chosen = -np.inf, None
        for column, categorical in enumerate(self.categorical):
            find = self._by_category if categorical else self._by_threshold
            score, question = find(column, X[:, column], y)
            if score > best + SAME:
                best, chosen = score, question
        return chosen

    def _by_category(self, column: int, values, y) -> tuple[float, Question | None]:
        """Return the score of one branch per category, and the question."""
        codes, branches = np.unique(values.astype(int), return_inverse=True)
        table = np.zeros((len(codes), self.n_classes))
        np.add.at(table, (branches, y), 1)
        if len(codes) < 2 or table.sum(axis=1).min() < self.min_samples_leaf:
            return -np.inf, None
        return float(self._score(table)), Question(column, codes=tuple(codes.tolist()))

    def _by_threshold(self, column: int, values, y) -> tuple[float, Question | None]:
        """Return the score of the best threshold halfway between neighbours, and the question."""
        order = np.argsort(values, kind="stable")
        values = values[order]
        cuts = np.flatnonzero(values[:-1] < values[1:]) + 1  # rows below the cut
        least = self.min_samples_leaf
        cuts = cuts[(cuts >= least) & (cuts <= len(y) - least)]
        if not len(cuts):
            return -np.inf, None
        # The cumulative counts at a cut are the lower branch; the rest is the upper one.
        below = np.cumsum(np.eye(self.n_classes)[y[order]], axis=0)
        tables = np.stack([below[cuts - 1], below[-1] - below[cuts - 1]], axis=1)
        gains = gain(self._impurity, tables)
        best = int(np.argmax(gains >= gains.max() - SAME))
        low, high = values[cuts[best] - 1], values[cuts[best]]
        middle = low / 2 + high / 2
        threshold = float(low if middle >= high else middle)
        return float(self._score(tables[best])), Question(column, threshold)

    @property
    def _impurity(self) -> Impurity:
        return gini_of if self.criterion == "gini" else entropy_of

    def _score(self, table: np.ndarray) -> np.ndarray:
        return ratio(table) if self.criterion == "gain ratio" else gain(self._impurity, table)

    def importances(self, root: Node) -> np.ndarray:
        """Return each column's share of all the impurity that the questions took away."""
        taken = np.zeros(len(self.categorical))
        for node in root.walk():
            if node.question is not None:
                table = np.array([child.counts for child in node.children])
                before, after = self._impurity(node.counts), left(self._impurity, table)
                taken[node.question.column] += node.counts.sum() * (before - after)
        return taken / taken.sum() if taken.sum() > 0 else taken


def shares(root: Node, X: np.ndarray) -> np.ndarray:
    """Return the shares of the classes in the node where each row ends.

    A row whose category has no branch ends at the node that asked.
    """
    found = np.empty((len(X), len(root.counts)))
    waiting = [(root, np.arange(len(X)))]
    while waiting:
        node, rows = waiting.pop()
        found[rows] = node.counts / node.counts.sum()
        if node.question is not None and len(rows):
            branches = node.question.branches(X[rows])
            for branch, child in enumerate(node.children):
                waiting.append((child, rows[branches == branch]))
    return found
