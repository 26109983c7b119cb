"""What a benchmark is, how it is run, and how its result is shown.

A benchmark compares two measurements, ours and a yardstick, taken one after the other, several
times, in changing order: whatever else the machine does then meets both.
"""

from __future__ import annotations

import difflib
import json
import os
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from coursekit.ground import places
from coursekit.ground.errors import CourseError

RUNS = 3
Measure = Callable[[], float]


@dataclass(frozen=True)
class Benchmark:
    """Ours against a yardstick.

    Attributes
    ----------
    name : str
        For the command line.
    goal : float or None
        The ratio ours / yardstick must not be larger; None: only a distance to a limit.
    about : str
        What is compared, in a few words.
    ours, yardstick : callable
        Take no arguments; give a number of one unit.
    unit : str
        Of both numbers.
    beside : dict of str to callable
        Other measures of the same unit, taken once: distances to the limit.
    """

    name: str
    goal: float | None
    about: str
    ours: Measure
    yardstick: Measure
    unit: str = "s"
    beside: dict[str, Measure] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One pair of measurements, with the machine's load (of the last minute) before it."""

    ours: float
    yardstick: float
    load: float

    @property
    def ratio(self) -> float:
        return self.ours / self.yardstick


@dataclass(frozen=True)
class Outcome:
    """The result of a benchmark: the median of its runs' ratios."""

    name: str
    about: str
    ratio: float
    goal: float | None
    met: bool | None
    spread: tuple[float, float]
    load: float
    unit: str
    runs: list[dict[str, float]]
    beside: dict[str, float]


def choose(benchmarks: list[Benchmark], names: list[str]) -> list[Benchmark]:
    """Return the named benchmarks, all if none is named.

    Raises
    ------
    CourseError
        If there is no such benchmark.
    """
    known = {benchmark.name: benchmark for benchmark in benchmarks}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0)
            raise CourseError(
                f"there is no benchmark {name!r}",
                f"Did you mean {near[0]!r}? All: {', '.join(known)}.",
            )
    return [known[name] for name in names] if names else benchmarks


def measure(benchmark: Benchmark, runs: int = RUNS) -> Outcome:
    """Run a benchmark and return what came out."""
    taken = [_run(benchmark, number) for number in range(runs)]
    ratios = [run.ratio for run in taken]
    ratio = statistics.median(ratios)
    return Outcome(
        name=benchmark.name,
        about=benchmark.about,
        ratio=ratio,
        goal=benchmark.goal,
        met=None if benchmark.goal is None else ratio <= benchmark.goal,
        spread=(min(ratios), max(ratios)),
        load=statistics.median(run.load for run in taken),
        unit=benchmark.unit,
        runs=[{**asdict(run), "ratio": run.ratio} for run in taken],
        beside={name: function() for name, function in benchmark.beside.items()},
    )


def _run(benchmark: Benchmark, number: int) -> Run:
    load = os.getloadavg()[0]
    if number % 2:
        yardstick, ours = benchmark.yardstick(), benchmark.ours()
    else:
        ours, yardstick = benchmark.ours(), benchmark.yardstick()
    return Run(ours, yardstick, load)


def table(outcomes: list[Outcome]) -> Table:
    """Return the outcomes as a table."""
    shown = Table(title="Ratios: ours / yardstick, median of the runs")
    for column in ("benchmark", "ratio", "goal", "met", "spread", "ours", "yardstick", "load"):
        shown.add_column(column, justify="left" if column == "benchmark" else "right")
    for outcome in outcomes:
        shown.add_row(*_cells(outcome))
    return shown


def _cells(outcome: Outcome) -> list[str]:
    low, high = outcome.spread
    beside = "".join(f"\n  {name}: {_number(value, outcome.unit)}"
                     for name, value in outcome.beside.items())  # fmt: skip
    return [
        f"{outcome.name}\n  {outcome.about}{beside}",
        f"{outcome.ratio:.3f}",
        "–" if outcome.goal is None else f"≤ {outcome.goal:.3f}",
        {None: "–", True: "yes", False: "NO"}[outcome.met],
        f"{low:.2f}–{high:.2f}",
        _number(statistics.median(run["ours"] for run in outcome.runs), outcome.unit),
        _number(statistics.median(run["yardstick"] for run in outcome.runs), outcome.unit),
        f"{outcome.load:.1f}",
    ]


def _number(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}"


def save(outcomes: list[Outcome], path: Path) -> None:
    """Write the outcomes as JSON; those of other benchmarks in the file stay."""
    ours = {outcome.name for outcome in outcomes}
    others = json.loads(path.read_text()) if path.exists() else []
    kept = [other for other in others if other["name"] not in ours]
    path.write_text(json.dumps([*kept, *map(asdict, outcomes)], indent=1) + "\n")


def main(benchmarks: list[Benchmark], names: list[str]) -> int:
    """Run, show, save; return 0 only if every goal was met."""
    console = Console()
    try:
        chosen = choose(benchmarks, names)
        outcomes = []
        for benchmark in chosen:
            with console.status(f"{benchmark.name}: {benchmark.about}"):
                outcomes.append(measure(benchmark))
            save(outcomes, places.build() / "bench.json")
    except CourseError as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return error.exit_code
    console.print(table(outcomes))
    missed = [outcome.name for outcome in outcomes if outcome.met is False]
    console.print(f"Goals missed: {', '.join(missed)}." if missed else "All goals met.")
    console.print(f"Written to {places.build() / 'bench.json'}.", soft_wrap=True)
    return 1 if missed else 0
