"""k-means on its way, pass by pass: regions, paths of the centroids, inertia. Born in chapter 10.

Each pass has two halves: *assign* gives every point the number of its nearest centroid, *update*
moves every centroid to the mean of its points (S. P. Lloyd, *Least Squares Quantization in PCM*,
IEEE Transactions on Information Theory 28, 1982). The picture is drawn of what these two did.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    import numpy as np
    from ipywidgets import VBox
    from matplotlib.figure import Figure

MOST_POINTS, MOST_CENTROIDS = 5000, 8  # more cannot be told apart in one picture
MOST_PASSES = 40
_COLOURS = ("blue", "orange", "green", "purple", "vermilion", "sky", "yellow", "black")
_WIDE = 1.45  # the left panel's width by its height
_MARKERS = "os^DvP*X"  # a shape beside the colour, for those who cannot tell colours apart


@dataclass(frozen=True)
class Step:
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
    empty : tuple of int
        Clusters without a point. Their centroids stay where they are.
    """

    kind: Literal["start", "assign", "update"]
    number: int
    centroids: np.ndarray
    labels: np.ndarray | None = None
    inertia: float | None = None
    changed: int = 0
    shift: float = 0.0
    empty: tuple[int, ...] = ()


def steps(points: Any, start: Any) -> list[Step]:
    """Run k-means from a start and return every half of every pass.

    Parameters
    ----------
    points : array-like, shape (n, 2)
        The points; of a DataFrame, its two columns.
    start : array-like, shape (k, 2)
        The first centroids.

    Returns
    -------
    list of Step
        The start, then assign and update by turns, until no centroid moves (or for 40 passes). A
        point as near to two centroids goes to the lower number.

    Raises
    ------
    CourseError
        Not two columns, too many points or centroids, or a missing value.
    """
    import numpy as np

    points, centroids = _table(points, "points"), _table(start, "start")
    _require_drawable(len(points), len(centroids))
    told = [Step("start", 0, centroids)]
    labels = np.full(len(points), -1)
    for number in range(1, MOST_PASSES + 1):
        before, labels = labels, _squared(points, centroids).argmin(axis=1)
        changed = int((labels != before).sum())
        empty = tuple(j for j in range(len(centroids)) if not (labels == j).any())
        inertia = _inertia(points, centroids, labels)
        told.append(Step("assign", number, centroids, labels, inertia, changed, empty=empty))
        old, centroids = centroids, _means(points, labels, centroids)
        shift = float(((centroids - old) ** 2).sum())
        inertia = _inertia(points, centroids, labels)
        told.append(Step("update", number, centroids, labels, inertia, 0, shift, empty))
        if shift == 0:
            break
    return told


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


def _require_drawable(points: int, centroids: int) -> None:
    if points > MOST_POINTS or centroids > MOST_CENTROIDS:
        raise CourseError(
            f"{points:,} points and {centroids} centroids cannot be told apart in one picture.",
            f"Show at most {MOST_POINTS:,} points, for example table.sample({MOST_POINTS}),"
            f" and {MOST_CENTROIDS} centroids.",
        )


def _squared(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    return ((points[:, None, :] - centroids) ** 2).sum(axis=2)


def _means(points: np.ndarray, labels: np.ndarray, old: np.ndarray) -> np.ndarray:
    new = old.copy()
    for j in set(labels.tolist()):
        new[j] = points[labels == j].mean(axis=0)
    return new


def _inertia(points: np.ndarray, centroids: np.ndarray, labels: np.ndarray) -> float:
    return float(((points - centroids[labels]) ** 2).sum())


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
    alone = " ".join(f"Cluster {j} is empty: its centroid stays." for j in step.empty)
    return " ".join(part for part in (told, f"Inertia {step.inertia:.5g}.", alone) if part)


def in_words(told: Sequence[Step]) -> str:
    """Describe the whole way for those who cannot see it."""
    last = told[-1]
    assigned = [step for step in told if step.kind == "assign"]
    lowest = ", ".join(f"{step.inertia:.5g}" for step in assigned[:8])
    more = ", …" if len(assigned) > 8 else ""
    ends = "; ".join(
        f"centroid {j} from {_pair(first)} to {_pair(end)} with"
        f" {_count(int((last.labels == j).sum()), 'point')}"
        for j, (first, end) in enumerate(zip(told[0].centroids, last.centroids, strict=True))
    )
    stopped = "" if last.shift == 0 else " It has not ended yet."
    return (
        f"k-means with {_count(len(last.centroids), 'centroid')} and"
        f" {_count(len(last.labels), 'point')}, {_count(last.number, 'pass', 'passes')}."
        f" Inertia after each assignment: {lowest}{more}. The ways: {ends}.{stopped}"
    )


def _pair(place: Any) -> str:
    return f"({place[0]:.3g}, {place[1]:.3g})"


def _count(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def draw(
    points: Any, told: Sequence[Step], position: int = -1, names: Sequence[str] = ("x", "y")
) -> Figure:
    """Draw the state after a step, and the inertia so far.

    Parameters
    ----------
    points : array-like, shape (n, 2)
        The points of `steps`.
    told : sequence of Step
        From `steps`.
    position : int
        Which of them, from 0; the last one by default.
    names : sequence of str
        Two labels of axes, with units.

    Returns
    -------
    matplotlib.figure.Figure
        On the left the points, regions and paths; on the right the inertia of each half pass.
    """
    import matplotlib.pyplot as plt

    points = _table(points, "points")
    position %= len(told)
    figure, (place, course) = plt.subplots(
        1, 2, figsize=(9, 3.9), gridspec_kw={"width_ratios": [1.75, 1]}
    )
    figure.subplots_adjust(wspace=0.28)
    _draw_regions(place, points, told, told[position].centroids)
    _draw_points(place, points, told[position].labels)
    _draw_paths(place, told[: position + 1])
    place.set(title=_title(told[position]), xlabel=names[0], ylabel=names[1])
    _draw_inertia(course, told, position)
    return figure


def _title(step: Step) -> str:
    return "Start" if step.kind == "start" else f"Pass {step.number}: {step.kind}"


def _draw_regions(axes: Any, points: np.ndarray, told: Sequence[Step], now: np.ndarray) -> None:
    """Shade the places that are nearest to each centroid, and fix the axes, both equally long."""
    import numpy as np
    from matplotlib.colors import ListedColormap

    seen = np.vstack([points, *(step.centroids for step in told)])
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
        cmap=ListedColormap(_palette()[: len(now)]), vmin=-0.5, vmax=len(now) - 0.5,
        interpolation="nearest",
    )  # fmt: skip
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")


def _palette() -> list[str]:
    from coursekit.views.figure import COLOURS

    return [COLOURS[name] for name in _COLOURS]


def _draw_points(axes: Any, points: np.ndarray, labels: np.ndarray | None) -> None:
    size = 42 if len(points) < 50 else 14 if len(points) < 800 else 5
    if labels is None:
        axes.scatter(*points.T, s=size, color="#555", marker="o", linewidths=0)
        return
    for j in range(labels.max() + 1):
        axes.scatter(*points[labels == j].T, s=size, color=_palette()[j], marker=_MARKERS[j],
                     edgecolors="#333", linewidths=0.3 if size > 5 else 0)  # fmt: skip


def _draw_paths(axes: Any, told: Sequence[Step]) -> None:
    import numpy as np

    ways = np.array([step.centroids for step in told if step.kind != "assign"])
    for j, colour in enumerate(_palette()[: ways.shape[1]]):
        way = ways[:, j]
        axes.plot(*way.T, "-", color="black", linewidth=1, marker=".", markersize=4, zorder=3)
        axes.plot(*way[0], "x", color="black", markersize=8, markeredgewidth=1.8, zorder=3)
        axes.scatter(*way[-1], s=170, color=colour, edgecolors="black", linewidths=1.4, zorder=4)
        axes.annotate(str(j), way[-1], ha="center", va="center", fontsize=9, fontweight="bold",
                      color="white" if _COLOURS[j] in ("blue", "black", "vermilion") else "black",
                      zorder=5)  # fmt: skip


def _draw_inertia(axes: Any, told: Sequence[Step], position: int) -> None:
    from coursekit.views.figure import COLOURS

    halves = [step for step in told if step.kind != "start"]
    # A pass has the width 1: assign in its middle, update at its end.
    where = [step.number - (0.5 if step.kind == "assign" else 0) for step in halves]
    inertia = [step.inertia for step in halves]
    axes.plot(where, inertia, color="#bbb", linewidth=1)
    axes.plot(where[:position], inertia[:position], color="black", linewidth=1.2)
    for kind, marker, name in (("assign", "o", "after assign"), ("update", "s", "after update")):
        chosen = [i for i, step in enumerate(halves[:position]) if step.kind == kind]
        axes.plot([where[i] for i in chosen], [inertia[i] for i in chosen], marker,
                  color=COLOURS["sky" if kind == "assign" else "vermilion"], markersize=5,
                  markeredgecolor="black", markeredgewidth=0.4, label=name)  # fmt: skip
    axes.set(title="Inertia never rises", xlabel="pass", ylabel="inertia (unit of data, squared)",
             xlim=(0.2, halves[-1].number + 0.3), ylim=(0, max(inertia) * 1.08 or 1))  # fmt: skip
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def explore_centroids(points: Any, start: Any, names: Sequence[str] | None = None) -> VBox:
    """Return a widget that steps through the passes of k-means: a slider, Play, a choice of starts.

    Where no widget can be shown, the last step is drawn, and the whole way told in words.

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
        As `steps` raises.
    """
    starts = dict(start) if isinstance(start, Mapping) else {"given": start}
    ways = {name: steps(points, first) for name, first in starts.items()}
    columns = getattr(points, "columns", ("x", "y"))
    return _stepper(points, ways, [str(name) for name in names or columns])


def _stepper(points: Any, ways: dict[str, list[Step]], names: list[str]) -> VBox:
    from ipywidgets import HTML, Dropdown, HBox, Image, IntSlider, Play, VBox, jslink

    from coursekit.views.figure import png

    drawn: dict[tuple[str, int], bytes] = {}

    def picture_of(name: str, position: int) -> bytes:
        position %= len(ways[name])
        if (name, position) not in drawn:
            drawn[name, position] = png(draw(points, ways[name], position, names))
        return drawn[name, position]

    class Stepper(VBox):
        """The box; without a browser, the last step of each start in words, of one as a picture."""

        def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
            image = base64.b64encode(picture_of(choice.value, -1)).decode()
            without = {"image/png": image, "text/plain": _all_in_words(ways)}
            return {**super()._repr_mimebundle_(**kwargs), **without}

    choice = Dropdown(options=list(ways), description="Start")
    step = IntSlider(min=0, max=1, description="Step")
    play = Play(min=0, max=1, interval=1500)
    told = HTML()
    # At its own size: stretched to the width of the page, it would be blurred and too high.
    picture = Image(format="png", layout={"align_self": "flex-start"})
    step.add_class("ck-centroids-step")
    choice.add_class("ck-centroids-start")
    jslink((play, "value"), (step, "value"))

    def refresh(*_: Any) -> None:
        words = caption(ways[choice.value][step.value])
        told.value = (
            f"<p aria-live='polite' style='min-height:3em;line-height:1.4;margin:0'>{words}</p>"
        )
        picture.value = picture_of(choice.value, step.value)

    def choose(*_: Any) -> None:
        step.max = play.max = len(ways[choice.value]) - 1
        step.value = play.value = 0
        refresh()

    choice.observe(choose, "value")
    step.observe(refresh, "value")
    choose()
    controls = [play, step, choice] if len(ways) > 1 else [play, step]
    return Stepper([HBox(controls), told, picture]).add_class("ck-view")


def _all_in_words(ways: dict[str, list[Step]]) -> str:
    if len(ways) == 1:
        return in_words(next(iter(ways.values())))
    return "\n".join(f"Start {name}. {in_words(told)}" for name, told in ways.items())
