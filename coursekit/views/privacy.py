"""What one person's privacy costs: two answers a reader must tell apart, and a slider of epsilon.

The measurement is the mean of clamped numbers with Laplace noise (C. Dwork, F. McSherry, K. Nissim
and A. Smith, *Calibrating Noise to Sensitivity in Private Data Analysis*, TCC 2006). If one row is
exchanged, the mean moves by at most ``(upper - lower) / n``; the noise has that by epsilon as its
scale. Everything drawn follows from these two numbers, so nothing here is random.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursekit.ground.errors import CourseError
from coursekit.views.explore import View, explore
from coursekit.views.figure import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EPSILONS = (0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
FIRST = EPSILONS.index(1.0)  # where the slider stands at first


@dataclass(frozen=True)
class PrivateMean:
    """A mean with Laplace noise; ``change`` is the most by which one number can move it."""

    mean: float
    change: float
    unit: str = "unit of the data"

    def scale(self, epsilon: float) -> float:
        """Return the noise's scale, which is also the mean error of an answer."""
        return self.change / epsilon

    def density(self, x: Any, epsilon: float, shift: float = 0.0) -> Any:
        """Return how likely answers ``x`` are when the true mean is ``shift`` further up."""
        import numpy as np

        scale = self.scale(epsilon)
        return np.exp(-np.abs(np.asarray(x) - self.mean - shift) / scale) / (2 * scale)


def guesses_right(epsilon: float) -> float:
    """Return how often the best guess from one answer tells the two tables apart (0.5 to 1).

    Two Laplace densities one sensitivity apart have the total variation ``1 - exp(-epsilon / 2)``.
    """
    return 1 - math.exp(-epsilon / 2) / 2


def private_mean(
    values: Iterable[float], lower: float, upper: float, unit: str = "unit of the data"
) -> PrivateMean:
    """Describe the mean of ``values``, each clamped to the range from ``lower`` to ``upper``."""
    numbers = [float(value) for value in values]
    if not numbers or any(math.isnan(number) for number in numbers):
        raise CourseError(
            "A mean needs numbers, and none of them missing.",
            "Leave out the missing ones first, for example with values.dropna().",
        )
    if not lower < upper:
        raise CourseError(
            f"The range from {lower:g} to {upper:g} is empty.",
            "Give the lower bound first; choose both without looking at the data.",
        )
    clamped = [min(max(number, lower), upper) for number in numbers]
    return PrivateMean(math.fsum(clamped) / len(clamped), (upper - lower) / len(clamped), unit)


def draw(measured: PrivateMean, epsilon: float) -> Figure:
    """Draw the answers of two tables that differ in one person, and the price of each epsilon."""
    import matplotlib.pyplot as plt
    import numpy as np

    figure, (answers, price) = plt.subplots(1, 2, figsize=(9, 3.2))
    figure.subplots_adjust(wspace=0.3)
    width = 4 * measured.scale(epsilon)
    x = np.linspace(measured.mean - width, measured.mean + measured.change + width, 800)
    for name, shift, colour, line in (
        ("lowest", 0.0, COLOURS["blue"], "-"),
        ("highest", measured.change, COLOURS["vermilion"], "--"),
    ):
        y = measured.density(x, epsilon, shift)
        answers.plot(x, y, line, color=colour, label=f"one person has the {name} value")
        answers.fill_between(x, y, color=colour, alpha=0.15)
    answers.set(
        title=f"Answers at epsilon {epsilon:g}",
        xlabel=f"answer ({measured.unit})",
        ylabel="how likely",
        yticks=[],
    )
    answers.margins(y=0.35)
    answers.set_ylim(bottom=0)
    answers.locator_params(axis="x", nbins=5)
    answers.xaxis.set_major_formatter("{x:,.0f}")
    answers.legend(fontsize=7, loc="upper left", frameon=False)

    errors = [measured.scale(each) for each in EPSILONS]
    price.plot(errors, [100 * guesses_right(each) for each in EPSILONS], "ko-", ms=3, lw=1)
    here = (measured.scale(epsilon), 100 * guesses_right(epsilon))
    price.plot(*here, "o", markersize=11, color=COLOURS["orange"], markeredgecolor="black")
    price.axhline(50, color=COLOURS["green"], linestyle=":", linewidth=1)
    price.text(max(errors), 51, "a coin", ha="right", fontsize=8, color=COLOURS["green"])
    price.set(
        title="What it costs, what it gives",
        xscale="log",
        ylim=(45, 103),
        xlabel=f"mean error of the answer ({measured.unit})",
        ylabel="guesses that are right (%)",
    )
    for axes in (answers, price):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def in_words(measured: PrivateMean, epsilon: float) -> str:
    """Describe the picture for those who cannot see it."""
    return (
        f"Mean with Laplace noise, epsilon {epsilon:g}. Exchanging one person moves the mean by at"
        f" most {measured.change:,.1f}; the answer is wrong by {measured.scale(epsilon):,.1f} on"
        f" average. Who sees one answer and guesses whether that person has the lowest or the"
        f" highest value is right {100 * guesses_right(epsilon):.0f} times in 100; a coin is right"
        f" 50 times."
    )


def explore_epsilon(
    values: Iterable[float], lower: float, upper: float, unit: str = "unit of the data"
) -> View:
    """Return a widget to weigh privacy against accuracy: a slider of epsilon.

    Parameters
    ----------
    values : iterable of float
        One number per person.
    lower, upper : float
        The range to which each number is clamped.
    unit : str
        The unit of values and range, for the axes.

    Raises
    ------
    CourseError
        No values, a value that is no number, or an empty range.
    """
    measured = private_mean(values, lower, upper, unit)
    return explore(
        lambda _, number: draw(measured, EPSILONS[number]),
        lambda _, number: in_words(measured, EPSILONS[number]),
        lambda _: in_words(measured, EPSILONS[FIRST]),
        EPSILONS,
        label="epsilon",
        start=FIRST,
        still=FIRST,
    )
