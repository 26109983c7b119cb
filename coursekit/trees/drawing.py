"""A tree as a picture: boxes that cannot overlap, because each has a column of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coursekit.views.figure import COLOURS

from .words import Readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTER, MARGIN = 0.085, 0.35  # inches, at 9 points
LEVEL = 1.1  # inches from a question to its answers
DOWN = 0.65  # of the way to an answer: where it is written
# Of the palette, what dark text can be read on.
FILLS = [COLOURS[name] for name in ("sky", "orange", "green", "purple", "yellow")]


def draw(root: Readable, title: str, ax: Axes | None = None) -> Figure:
    """Draw a tree into axes, or into a new figure that is large enough."""
    import matplotlib.pyplot as plt

    width, height = _width(root), (root.depth + 0.8) * LEVEL
    if ax is None:
        _, ax = plt.subplots(figsize=(max(width, 4.5), height + 0.4), layout="constrained")
    ax.set(xlim=(0, width), ylim=(-height + 0.5 * LEVEL, 0.4 * LEVEL), title=title)
    ax.axis("off")
    _draw(ax, root, 0, 0)
    return ax.figure


def _width(node: Readable, answer: str = "") -> float:
    """Return the inches that a node needs with all below it."""
    own = max(len(node.says), len(_rows(node)), len(answer) / DOWN) * LETTER + MARGIN
    return max(own, sum(_width(below, answer) for answer, below in node.branches))


def _rows(node: Readable) -> str:
    return f"{node.rows} row" + "s" * (node.rows != "1")


def _draw(ax: Axes, node: Readable, start: float, level: int, answer: str = "") -> float:
    """Draw a node from ``start`` on, and all below it; return where its box stands."""
    x, y = start + _width(node, answer) / 2, -level * LEVEL
    spare = _width(node, answer) - sum(_width(below, said) for said, below in node.branches)
    start += spare / 2
    for said, below in node.branches:
        place = _draw(ax, below, start, level + 1, said)
        start += _width(below, said)
        ax.plot([x, place], [y, y - LEVEL], color="0.6", linewidth=1, zorder=0)
        ax.text(
            x + DOWN * (place - x), y - DOWN * LEVEL, said, fontsize=9, ha="center", va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    _box(ax, node, x, y)
    return x


def _box(ax: Axes, node: Readable, x: float, y: float) -> None:
    leaf = not node.branches
    fill = FILLS[node.majority % len(FILLS)] if leaf else "white"
    ax.text(
        x, y, f"{node.says}\n{_rows(node)}", fontsize=9, ha="center", va="center",
        bbox={"boxstyle": "round,pad=0.35", "facecolor": fill, "edgecolor": "0.3"},
    )  # fmt: skip
