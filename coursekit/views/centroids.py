"""k-means on its way, pass by pass: regions, paths of the centroids, inertia. Born in chapter 10.

Each pass has two halves: *assign* gives every point the number of its nearest centroid, *update*
moves every centroid to the mean of its points (S. P. Lloyd, *Least Squares Quantization in PCM*,
IEEE Transactions on Information Theory 28, 1982). The picture is drawn of what these two did.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from coursekit.ground.errors import CourseError
from coursekit.views.explore import View, explore
from coursekit.views.figure import COLOURS

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

MOST_POINTS, MOST_CENTROIDS = 5000, 8  # more cannot be told apart in one picture
MOST_PASSES = 40
_NAMES = ("blue", "orange", "green", "purple", "vermilion", "sky", "yellow", "black")
_PALETTE = [COLOURS[name] for name in _NAMES]
_WIDE = 1.45  # the left panel's width by its height
_MARKERS = "os^DvP*X"  # a shape beside the colour, for those who cannot tell colours apart


class Step(NamedTuple):
    """What one half of a pass left behind.

    Attributes
    ----------
    kind : {"start", "assign", "update"}
        ``start`` comes before the first pass.
    number : int
        The pass, from 1; 0 at the start.
    centroids : numpy.ndarray, shape (k, 2)
        Where the centroids are after this step.
    labels : numpy.ndarray, shape (n,), or None
        The cluster of each point; None at the start.
    inertia : float or None
        Sum of the squared distances from each point to the centroid of its cluster.
    changed : int
        How many points have another cluster than before (assign; all of them in pass 1).
    shift : float
        Sum of the squared ways of the centroids (update).
    """

    kind: str
    number: int
    centroids: np.ndarray
    labels: np.ndarray | None = None
    inertia: float | None = None
    changed: int = 0
    shift: float = 0.0


def steps(points: Any, start: Any) -> list[Step]:
    """Run k-means from a start and return every half of every pass.

    It ends when no centroid moves, or after 40 passes. A point as near to two centroids goes to
    the lower number; a centroid without a point stays where it is.
    """
    import numpy as np

    points, centroids = _table(points, "points"), _table(start, "start")
    if len(points) > MOST_POINTS or len(centroids) > MOST_CENTROIDS:
        raise CourseError(
            f"{len(points):,} points and {len(centroids)} centroids cannot be told apart in one"
            " picture.",
            f"Show at most {MOST_POINTS:,} points, for example table.sample({MOST_POINTS}),"
            f" and {MOST_CENTROIDS} centroids.",
        )
    taken = [Step("start", 0, centroids)]
    labels = np.full(len(points), -1)
    for number in range(1, MOST_PASSES + 1):
        before, labels = labels, _squared(points, centroids).argmin(axis=1)
        inertia = float(((points - centroids[labels]) ** 2).sum())
        changed = int((labels != before).sum())
        taken.append(Step("assign", number, centroids, labels, inertia, changed))
        old, centroids = centroids, centroids.copy()
        for j in set(labels.tolist()):
            centroids[j] = points[labels == j].mean(axis=0)
        inertia = float(((points - centroids[labels]) ** 2).sum())
        shift = float(((centroids - old) ** 2).sum())
        taken.append(Step("update", number, centroids, labels, inertia, 0, shift))
        if shift == 0:
            break
    return taken


def _table(values: Any, name: str) -> np.ndarray:
    import numpy as np

    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or table.shape[1] != 2 or not len(table):
        raise CourseError(
            f"{name} has the shape {table.shape}; a picture of k-means needs (rows, 2).",
            "Choose two columns, for example table[['recency', 'value']].",
        )
    if not np.isfinite(table).all():
        raise CourseError(
            f"{name} holds a value that is missing or infinite: it has no distance to anything.",
            "Leave such rows out first, for example with table.dropna().",
        )
    return table


def _squared(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    return ((points[:, None, :] - centroids) ** 2).sum(axis=2)


def caption(step: Step) -> str:
    """Tell one step in a sentence or two."""
    if step.kind == "start":
        return (
            f"Start: {_count(len(step.centroids), 'centroid')}, no point has a cluster yet."
            " The shaded regions show which centroid is the nearest."
        )
    if step.kind == "assign":
        news = f"{_count(step.changed, 'point')} changed" if step.changed else "no point changed"
        told = f"Pass {step.number}, assign: each point goes to its nearest centroid; {news}."
    elif step.shift:
        told = (
            f"Pass {step.number}, update: each centroid moves to the mean of its points;"
            f" sum of squared shifts {step.shift:.5g}."
        )
    else:
        told = f"Pass {step.number}, update: no centroid moves. k-means has ended."
    empty = set(range(len(step.centroids))) - set(step.labels.tolist())
    alone = [f"Cluster {j} is empty: its centroid stays." for j in sorted(empty)]
    return " ".join([told, f"Inertia {step.inertia:.5g}.", *alone])


def in_words(taken: Sequence[Step]) -> str:
    """Describe the whole way for those who cannot see it."""
    last = taken[-1]
    assigned = [f"{step.inertia:.5g}" for step in taken if step.kind == "assign"]
    course = ", ".join([*assigned[:8], *["…"][: len(assigned) > 8]])
    ends = "; ".join(
        f"centroid {j} from ({a[0]:.3g}, {a[1]:.3g}) to ({b[0]:.3g}, {b[1]:.3g}) with"
        f" {_count(int((last.labels == j).sum()), 'point')}"
        for j, (a, b) in enumerate(zip(taken[0].centroids, last.centroids, strict=True))
    )
    passes = f"{last.number} pass{'' if last.number == 1 else 'es'}"
    return (
        f"k-means with {_count(len(last.centroids), 'centroid')} and"
        f" {_count(len(last.labels), 'point')}, {passes}. Inertia after each assignment: {course}."
        f" The ways: {ends}.{'' if last.shift == 0 else ' It has not ended yet.'}"
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def draw(
    points: Any, taken: Sequence[Step], position: int = -1, names: Sequence[str] = ("x", "y")
) -> Figure:
    """Draw points, regions and paths after a step, and the inertia so far.

    Parameters
    ----------
    points : array-like, shape (n, 2)
        The points.
    taken : sequence of Step
        All steps, from `steps`.
    position : int
        Which of them; the last one by default.
    names : sequence of str
        Two labels of axes, with units.
    """
    import matplotlib.pyplot as plt

    points, position = _table(points, "points"), position % len(taken)
    step = taken[position]
    figure, (place, course) = plt.subplots(
        1, 2, figsize=(9, 3.9), gridspec_kw={"width_ratios": [1.75, 1], "wspace": 0.28}
    )
    _draw_regions(place, points, taken, step.centroids)
    size = 42 if len(points) < 50 else 14 if len(points) < 800 else 5
    if step.labels is None:
        place.scatter(*points.T, s=size, color="#555", marker="o", linewidths=0)
    else:
        for j, colour in enumerate(_PALETTE[: len(step.centroids)]):
            own, edge = points[step.labels == j], 0.3 if size > 5 else 0
            place.scatter(*own.T, s=size, color=colour, marker=_MARKERS[j],
                          edgecolors="#333", linewidths=edge)  # fmt: skip
    _draw_paths(place, taken[: position + 1])
    title = "Start" if step.kind == "start" else f"Pass {step.number}: {step.kind}"
    place.set(title=title, xlabel=names[0], ylabel=names[1])
    _draw_inertia(course, taken[1:], position)
    return figure


def _draw_regions(axes: Any, points: np.ndarray, taken: Sequence[Step], now: np.ndarray) -> None:
    """Shade the places that are nearest to each centroid, and fix the axes, both equally long."""
    import numpy as np
    from matplotlib.colors import ListedColormap

    seen = np.vstack([points, *(step.centroids for step in taken)])
    low, high = seen.min(axis=0), seen.max(axis=0)
    middle = (low + high) / 2
    # One unit must be as long on both axes, or the picture would lie about distances.
    half = max(high[1] - low[1], (high[0] - low[0]) / _WIDE) * 0.56 or 1.0
    left, right = middle[0] - _WIDE * half, middle[0] + _WIDE * half
    bottom, top = middle[1] - half, middle[1] + half
    x, y = np.meshgrid(np.linspace(left, right, 261), np.linspace(bottom, top, 181))
    nearest = _squared(np.column_stack([x.ravel(), y.ravel()]), now).argmin(axis=1)
    axes.imshow(
        nearest.reshape(x.shape), origin="lower", extent=(left, right, bottom, top), alpha=0.22,
        cmap=ListedColormap(_PALETTE[: len(now)]), vmin=-0.5, vmax=len(now) - 0.5,
        interpolation="nearest",
    )  # fmt: skip
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")


def _draw_paths(axes: Any, taken: Sequence[Step]) -> None:
    import numpy as np

    ways = np.array([step.centroids for step in taken if step.kind != "assign"])
    for j, colour in enumerate(_PALETTE[: ways.shape[1]]):
        way = ways[:, j]
        axes.plot(*way.T, "-", color="black", linewidth=1, marker=".", markersize=4, zorder=3)
        axes.plot(*way[0], "x", color="black", markersize=8, markeredgewidth=1.8, zorder=3)
        axes.scatter(*way[-1], s=170, color=colour, edgecolors="black", linewidths=1.4, zorder=4)
        dark = _NAMES[j] in ("blue", "black", "vermilion")
        axes.annotate(str(j), way[-1], ha="center", va="center", fontsize=9, fontweight="bold",
                      color="white" if dark else "black", zorder=5)  # fmt: skip


def _draw_inertia(axes: Any, halves: Sequence[Step], shown: int) -> None:
    # A pass has the width 1: assign in its middle, update at its end.
    course = [(s.number - (0.5 if s.kind == "assign" else 0), s.inertia) for s in halves]
    highest = max(inertia for _, inertia in course)
    axes.plot(*zip(*course, strict=True), color="#bbb", linewidth=1)
    axes.plot(*zip(*course[:shown] or [(0, 0)], strict=True), color="black", linewidth=1.2)
    for kind, marker, colour in (("assign", "o", "sky"), ("update", "s", "vermilion")):
        chosen = [place for place, s in zip(course[:shown], halves, strict=False) if s.kind == kind]
        axes.plot([x for x, _ in chosen], [y for _, y in chosen], marker, color=COLOURS[colour],
                  ms=5, markeredgecolor="black", mew=0.4, label=f"after {kind}")  # fmt: skip
    axes.set(title="Inertia never rises", xlabel="pass", ylabel="inertia (unit of data, squared)",
             xlim=(0.2, halves[-1].number + 0.3), ylim=(0, highest * 1.08 or 1))  # fmt: skip
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def explore_centroids(points: Any, start: Any, names: Sequence[str] | None = None) -> View:
    """Return a widget that steps through the passes of k-means: a slider, Play, a choice of starts.

    Parameters
    ----------
    points : array-like or DataFrame, shape (n, 2)
        At most 5,000 points. A DataFrame's columns become the names of the axes.
    start : array-like, shape (k, 2), or mapping
        The first centroids, at most eight; or several starts by their names.
    names : sequence of str, optional
        Two labels of axes, with units.

    Raises
    ------
    CourseError
        Not two columns, too many points or centroids, or a missing value.
    """
    starts = dict(start) if isinstance(start, Mapping) else {"": start}
    ways = {str(name): steps(points, first) for name, first in starts.items()}
    axes = [str(name) for name in names or getattr(points, "columns", ("x", "y"))]
    told = {name: f"Start {name}. " * bool(name) + in_words(way) for name, way in ways.items()}
    return explore(
        lambda name, number: draw(points, ways[name], number, axes),
        lambda name, number: html.escape(caption(ways[name][number])),
        lambda _: "\n".join(told.values()),
        {name: range(len(way)) for name, way in ways.items()},
        choice="Start",
        play=True,
        alt=told.get,
    )
