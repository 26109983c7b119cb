"""A tree in words: what each node asks, which answers there are, what each leaf says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .grow import Node


@dataclass
class Readable:
    """A node with names instead of numbers.

    Attributes
    ----------
    says : str
        The column a node asks about, or the class a leaf answers.
    rows : str
        How many training rows came here; at a leaf how many of them were right.
    majority : int
        The number of the most frequent class.
    purity : float
        Its share of the rows.
    branches : list of (str, Readable)
        Answers and where they lead.
    """

    says: str
    rows: str
    majority: int
    purity: float
    branches: list[tuple[str, Readable]] = field(default_factory=list)

    def walk(self) -> Iterator[Readable]:
        """Yield this node and all below it."""
        yield self
        for _, below in self.branches:
            yield from below.walk()

    @property
    def depth(self) -> int:
        """Questions one after the other."""
        return max((1 + below.depth for _, below in self.branches), default=0)


def readable(node: Node, names: list[str], categories: list[Any], classes: np.ndarray) -> Readable:
    """Return a node, and all below it, with the names of columns, categories and classes."""
    total, majority = int(node.counts.sum()), int(node.counts.argmax())
    right = int(node.counts[majority])
    question = node.question
    if question is None:
        rows = f"{total}" if right == total else f"{right} of {total}"
        return Readable(str(classes[majority]), rows, majority, right / total)
    if question.threshold is None:
        answers = [str(categories[question.column][code]) for code in question.codes]
    else:
        answers = [f"≤ {question.threshold:.4g}", f"> {question.threshold:.4g}"]
    below = [readable(child, names, categories, classes) for child in node.children]
    branches = list(zip(answers, below, strict=True))
    return Readable(str(names[question.column]), f"{total}", majority, right / total, branches)


def lines(node: Readable, indent: str = "") -> Iterator[str]:
    """Yield a tree as lines: the question, then a line per answer."""
    if not indent:
        yield _say(node)
    for i, (answer, below) in enumerate(node.branches):
        last = i == len(node.branches) - 1
        yield f"{indent}{'└─' if last else '├─'} {answer}: {_say(below)}"
        yield from _below(below, indent + ("   " if last else "│  "))


def _below(node: Readable, indent: str) -> Iterator[str]:
    if node.branches:
        yield from lines(node, indent)


def _say(node: Readable) -> str:
    return node.says if node.branches else f"{node.says} ({node.rows})"


def describe(node: Readable) -> str:
    """Return a tree in a sentence or two."""
    if not node.branches:
        return f"A decision tree without a question: it always says {node.says}."
    leaves = sum(not below.branches for below in node.walk())
    answers = "; ".join(f"{answer}: {_lead(below)}" for answer, below in node.branches)
    return (
        f"A decision tree with {leaves} leaves, at most {node.depth} "
        f"question{'s' if node.depth > 1 else ''} deep, grown on {node.rows} rows. "
        f"It first asks for {node.says}. {answers}."
    )


def _lead(node: Readable) -> str:
    return f"next {node.says}" if node.branches else f"says {node.says}"
