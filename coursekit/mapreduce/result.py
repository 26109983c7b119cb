"""What a job answers: pairs by partition, and counters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

from .context import ENGINE_COUNTERS

Pair = tuple[Any, Any]
SHOWN = 10


@dataclass(frozen=True)
class Result:
    """The answer of a job.

    Attributes
    ----------
    name : str
        The job's name.
    partitions : list of list of (key, value)
        What each reducer yielded, keys in order: Hadoop's part files.
    counters : dict of str to int
        The engine's counters, then your own.
    seconds : float
        Wall time of the run.
    """

    name: str
    partitions: list[list[Pair]]
    counters: dict[str, int] = field(default_factory=dict)
    seconds: float = field(default=0.0, compare=False)

    @property
    def pairs(self) -> list[Pair]:
        """All pairs, partition by partition."""
        return [pair for part in self.partitions for pair in part]

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return sum(map(len, self.partitions))

    def __repr__(self) -> str:
        shown = [f"  {key!r}: {value!r}" for key, value in self.pairs[:SHOWN]]
        more = [f"  … {len(self) - SHOWN:,} more"] if len(self) > SHOWN else []
        parts = _plural(len(self.partitions), "partition")
        head = f"{self.name}: {_plural(len(self), 'pair')} in {parts}"
        return "\n".join([head, *shown, *more])

    def _repr_html_(self) -> str:
        rows = [
            _row(number, key, value)
            for number, part in enumerate(self.partitions)
            for key, value in part[:SHOWN]
        ][:SHOWN]
        more = f"<p>… {len(self) - len(rows):,} more</p>" if len(self) > len(rows) else ""
        return (
            f"<table><caption>{escape(self.name)}: {_plural(len(self), 'pair')}</caption>"
            "<thead><tr><th>partition</th><th>key</th><th>value</th></tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>{more}{self._counters_html()}"
        )

    def _counters_html(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{number:,}</td></tr>"
            for name, number in self.counters.items()
        )
        return (
            "<details><summary>counters</summary><table><thead><tr><th>counter</th>"
            f"<th>value</th></tr></thead><tbody>{rows}</tbody></table></details>"
        )


def ordered(counters: dict[str, int]) -> dict[str, int]:
    """Return the counters in the order of a job's life, the learner's own after the engine's."""
    own = sorted(name for name in counters if name not in ENGINE_COUNTERS)
    return {name: counters[name] for name in (*ENGINE_COUNTERS, *own) if name in counters}


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _row(number: int, key: Any, value: Any) -> str:
    cells = (number, repr(key), repr(value))
    return f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"
