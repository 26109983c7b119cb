"""Records on their way through a small job: map, combine, shuffle, reduce. Born in chapter 6.

What moves is what really happened: `coursekit.mapreduce.trace` runs the job and notes for each
record which records it was made from. The picture is SVG, drawn here; the browser only moves boxes.
"""

from __future__ import annotations

import dataclasses
import html
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    from ipywidgets import VBox

    from coursekit.mapreduce import Job, Step, Trace

MOST_PAIRS = 40  # more boxes than this in a column cannot be read in one picture
LONGEST = 13  # characters in the box of a pair; a line gets twice as many

# In pixels. A column is as wide as its boxes and the way to the next column.
_BOX, _LINE_BOX, _WAY, _HIGH, _ROW, _HEAD, _TOP = 104, 190, 46, 21, 25, 24, 34
_TITLES = {"input": "input lines", "map": "map", "combine": "combine",
           "shuffle": "shuffle and sort", "reduce": "reduce"}  # fmt: skip
_SENDERS = ("input", "map", "combine")  # the stages that run in a map task
_COLOURS = ("sky", "orange", "green", "yellow", "purple", "vermilion", "blue")
_STYLE = """<style>
.ck-shuffle text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#111}
.ck-shuffle .ck-title{font:600 13px system-ui,sans-serif}
.ck-shuffle .ck-task{font:12px system-ui,sans-serif}
.ck-shuffle .ck-used{opacity:.28}
@media (prefers-reduced-motion:no-preference){
.ck-shuffle .ck-born{animation:ck-appear .9s}
.ck-shuffle .ck-moving{animation:ck-move .9s ease-in-out}}
.ck-shuffle .ck-moving{opacity:0}
@keyframes ck-appear{from{opacity:0}85%{opacity:0}to{opacity:1}}
@keyframes ck-move{from{opacity:1;transform:translate(var(--dx),var(--dy))}
90%{opacity:1}to{opacity:1;transform:none}}
</style>"""


@dataclass(frozen=True)
class Frame:
    """One step of the animation.

    Parameters
    ----------
    caption : str
        What happens, in a sentence.
    born : tuple of int
        The records (numbers of steps of the trace) that come into being.
    """

    caption: str
    born: tuple[int, ...]


def frames(trace: Trace) -> list[Frame]:
    """Return the steps of the animation: one per line, combining map task, sender and key.

    Parameters
    ----------
    trace : Trace
        From `coursekit.mapreduce.trace`.
    """
    lines = trace.at("input")
    first = Frame(
        f"{_count(len(lines), 'line')} for {_count(trace.map_tasks, 'map task')}: each gets a part"
        " of the lines and sees no other.",
        _ids(lines),
    )
    made = [_mapped(trace), _combined(trace), _shuffled(trace), _reduced(trace)]
    return [first, *(frame for several in made for frame in several)]


def _mapped(trace: Trace) -> Iterator[Frame]:
    pairs = groupby(trace.at("map"), key=lambda step: (step.task, step.parents))
    for (task, parents), group in pairs:
        born = list(group)
        if len(parents) == 1:
            source = f"reads “{trace.steps[parents[0]].value}” and yields"
        else:
            source = "has seen all its lines and yields" if parents else "begins and yields"
        yield Frame(f"Map: task {task} {source} {_count(len(born), 'pair')}.", _ids(born))


def _combined(trace: Trace) -> Iterator[Frame]:
    for task in range(trace.map_tasks if trace.combines else 0):
        before, after = trace.at("map", task), trace.at("combine", task)
        if before:
            yield Frame(
                f"Combine: map task {task} puts its own equal keys together,"
                f" {_count(len(before), 'pair')} become {len(after)}. Nothing has been sent yet.",
                _ids(after),
            )


def _shuffled(trace: Trace) -> Iterator[Frame]:
    for task in range(trace.map_tasks):
        sent = [s for s in trace.at("shuffle") if trace.steps[s.parents[0]].task == task]
        where = Counter(step.task for step in sent)
        parts = ", ".join(f"{where[part]} to partition {part}" for part in sorted(where))
        if sent:
            yield Frame(
                f"Shuffle: map task {task} sends {_count(len(sent), 'record')}, {parts}."
                " The key alone decides; each partition is kept sorted.",
                _ids(sent),
            )


def _reduced(trace: Trace) -> Iterator[Frame]:
    answers = groupby(trace.at("reduce"), key=lambda step: (step.task, step.parents))
    for (task, parents), group in answers:
        born = list(group)
        values = ", ".join(repr(trace.steps[parent].value) for parent in parents)
        keys = {trace.steps[parent].key for parent in parents}
        called = f"gets “{_plain(keys.pop())}” with {values}" if len(keys) == 1 else "ends"
        yield Frame(
            f"Reduce: reducer {task} {called} and yields {', '.join(map(_pair, born))}.",
            _ids(born),
        )


def _ids(steps: Iterable[Step]) -> tuple[int, ...]:
    return tuple(step.id for step in steps)


def sent(trace: Trace, shown: list[Frame]) -> int:
    """Return how many records have gone through the shuffle after some frames."""
    born = {number for frame in shown for number in frame.born}
    return sum(step.id in born for step in trace.at("shuffle"))


def draw(trace: Trace, position: int | None = None) -> str:
    """Draw a step of the animation.

    Parameters
    ----------
    trace : Trace
        From `coursekit.mapreduce.trace`.
    position : int, optional
        Which of its `frames`, from 0: the new records move from those they were made of, used ones
        are pale. Without it, all records are drawn at rest.

    Returns
    -------
    str
        An SVG element.
    """
    told = frames(trace)
    shown = told if position is None else told[: position + 1]
    born = {number for frame in shown for number in frame.born}
    fresh = set() if position is None else set(told[position].born)
    used = {parent for number in born for parent in trace.steps[number].parents}
    plan = _Plan(trace)
    boxes = [plan.box(trace.steps[n], _state(n, fresh, used, position)) for n in sorted(born)]
    movers = [mover for number in sorted(fresh) for mover in plan.movers(trace.steps[number])]
    label = html.escape(in_words(trace) if position is None else told[position].caption)
    return (
        f'<svg class="ck-shuffle" xmlns="http://www.w3.org/2000/svg" role="img"'
        f' viewBox="0 0 {plan.width} {plan.height}" width="{plan.width}"'
        f' style="max-width:100%;height:auto" aria-label="{label}">{_STYLE}'
        f'<rect width="{plan.width}" height="{plan.height}" rx="6" fill="#fff"/>'
        f"{plan.backdrop()}{''.join(boxes)}{''.join(movers)}</svg>"
    )


def _state(number: int, fresh: set[int], used: set[int], position: int | None) -> str:
    if number in fresh:
        return "ck-born"
    return "ck-used" if number in used and position is not None else "ck-rest"


class _Plan:
    """Where everything stands: a column per stage, in it a block per task."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._left, x = {}, 14
        for stage in trace.stages():
            self._left[stage] = x
            x += self._wide(stage) + _WAY
        self.width = x - _WAY + 14
        self._blocks = {True: self._stacked(True), False: self._stacked(False)}
        self.height = max(top + high for tops in self._blocks.values() for top, high in tops) + 14
        keys = dict.fromkeys(s.key for stage in trace.stages()[1:] for s in trace.at(stage))
        self._colour = {key: _COLOURS[i % len(_COLOURS)] for i, key in enumerate(keys)}

    def _wide(self, stage: str) -> int:
        return _LINE_BOX if stage == "input" else _BOX

    def _stacked(self, senders: bool) -> list[tuple[int, int]]:
        """Return top and height of each task's block: of map tasks, or of partitions."""
        stages = [s for s in self.trace.stages() if (s in _SENDERS) == senders]
        blocks, top = [], _TOP
        for task in range(self.trace.map_tasks if senders else self.trace.reducers):
            rows = max(len(self.trace.at(stage, task)) for stage in stages)
            high = _HEAD + _ROW * max(rows, 1)
            blocks.append((top, high))
            top += high + 12
        return blocks

    def place(self, step: Step) -> tuple[int, int]:
        """Return the left upper corner of a record's box."""
        top, _ = self._blocks[step.stage in _SENDERS][step.task]
        return self._left[step.stage], top + _HEAD + _ROW * step.position

    def backdrop(self) -> str:
        """Draw the titles of the columns and a frame around what one task does."""
        titles = "".join(
            f'<text class="ck-title" x="{x}" y="20">{_TITLES[stage]}</text>'
            for stage, x in self._left.items()
        )
        return titles + self._frames(True, "map task") + self._frames(False, "partition")

    def _frames(self, senders: bool, name: str) -> str:
        stages = [s for s in self.trace.stages() if (s in _SENDERS) == senders]
        x = self._left[stages[0]] - 8
        wide = self._left[stages[-1]] + self._wide(stages[-1]) + 8 - x
        return "".join(
            f'<rect x="{x}" y="{top}" width="{wide}" height="{high}" rx="6" fill="#f4f4f4"'
            f' stroke="#999"/><text class="ck-task" x="{x + 8}" y="{top + 16}">{name} {task}</text>'
            for task, (top, high) in enumerate(self._blocks[senders])
        )

    def box(self, step: Step, state: str) -> str:
        """Draw a record in its own place."""
        return self._box(step, step.stage == "input", self.place(step), state)

    def movers(self, step: Step) -> Iterator[str]:
        """Draw a box for each parent; it moves to the new record and is gone at the end."""
        x, y = self.place(step)
        for parent in (self.trace.steps[number] for number in step.parents):
            left, top = self.place(parent)
            way = f"--dx:{left - x}px;--dy:{top - y}px"
            # Out of a line comes a pair; everywhere else it is the parent itself that moves.
            shown = step if parent.stage == "input" else parent
            yield self._box(shown, False, (x, y), "ck-moving", way)

    def _box(
        self, step: Step, is_line: bool, at: tuple[int, int], state: str, way: str = ""
    ) -> str:
        from coursekit.views.figure import COLOURS

        text = _cut(step.value, 2 * LONGEST) if is_line else _cut(_pair(step), LONGEST)
        colour = "#777" if is_line else COLOURS[self._colour[step.key]]
        wide = _LINE_BOX if is_line else _BOX
        style = f' style="{way}"' if way else ""
        return (
            f'<g class="{state}"{style}><rect x="{at[0]}" y="{at[1]}" width="{wide}"'
            f' height="{_HIGH}" rx="4" fill="#fff"/><rect x="{at[0]}" y="{at[1]}" width="{wide}"'
            f' height="{_HIGH}" rx="4" fill="{colour}" fill-opacity=".25" stroke="{colour}"'
            f' stroke-width="2"/><text x="{at[0] + 7}" y="{at[1] + 15}">{html.escape(text)}</text>'
            "</g>"
        )


def _pair(step: Step) -> str:
    return f"{_plain(step.key)}: {_plain(step.value)}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _cut(value: Any, longest: int) -> str:
    text = _plain(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def in_words(trace: Trace) -> str:
    """Describe the whole way for those who cannot see it."""
    told = [
        f"From {_count(len(trace.at('input')), 'line')}: {_count(len(trace.at('map')), 'pair')},"
        f" made by {_count(trace.map_tasks, 'map task')}."
    ]
    if trace.combines:
        told.append(f"The combiner makes {len(trace.at('combine'))} of them.")
    for part in range(trace.reducers):
        keys = dict.fromkeys(_plain(step.key) for step in trace.at("shuffle", part))
        told.append(
            f"The shuffle sends {_count(len(trace.at('shuffle', part)), 'record')} to partition"
            f" {part}: {', '.join(keys) or 'no key'}."
        )
    told.append(f"The reducers yield {', '.join(map(_pair, trace.at('reduce'))) or 'nothing'}.")
    return " ".join(told)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def explore_shuffle(job: Job, lines: Iterable[Any], map_tasks: int = 2, reducers: int = 2) -> VBox:
    """Return an animation of a job's records, with a slider, Play, and a switch for the combiner.

    Where no widget can be shown, all records are drawn at once, and told in words.

    Parameters
    ----------
    job : Job
        Any job of `coursekit.mapreduce`. The switch is there if it has a combiner.
    lines : iterable
        Its input: a few short lines.
    map_tasks, reducers : int
        Number of map tasks and of partitions.

    Raises
    ------
    CourseError
        More than 40 pairs, or none.
    """
    from coursekit.mapreduce import trace

    records = list(lines)
    ways = {False: trace(dataclasses.replace(job, combiner=None), records, map_tasks, reducers)}
    if job.combiner is not None:
        ways[True] = trace(job, records, map_tasks, reducers)
    pairs = len(ways[False].at("map"))
    if not 0 < pairs <= MOST_PAIRS:
        raise CourseError(
            f"{_count(pairs, 'pair')} cannot be shown in one picture",
            f"Give lines of which the mapper makes 1 to {MOST_PAIRS} pairs, for example lines[:2].",
        )
    return _animation(ways)


def _animation(ways: dict[bool, Trace]) -> VBox:
    from ipywidgets import HTML, Checkbox, HBox, IntSlider, Play, VBox, jslink

    class Animation(VBox):
        """The box; without a browser, all records in one picture, and words."""

        def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
            shown = ways[combiner.value]
            without = {"image/svg+xml": draw(shown), "text/plain": in_words(shown)}
            return {**super()._repr_mimebundle_(**kwargs), **without}

    combiner = Checkbox(value=True in ways, description="with combiner", indent=False)
    step = IntSlider(min=0, max=1, description="Step")
    play = Play(min=0, max=1, interval=1500)
    caption, picture = HTML(), HTML()
    step.add_class("ck-shuffle-step")
    combiner.add_class("ck-shuffle-combiner")
    jslink((play, "value"), (step, "value"))

    def refresh(*_: Any) -> None:
        shown = ways[combiner.value]
        told = frames(shown)[: step.value + 1]
        count = _count(sent(shown, told), "record")
        caption.value = (
            f"<p aria-live='polite' style='min-height:3em;line-height:1.4;margin:0'>"
            f"{html.escape(told[-1].caption)}<br><b>Sent by the shuffle so far: {count}</b></p>"
        )
        picture.value = draw(shown, step.value)

    def choose(*_: Any) -> None:
        step.max = play.max = len(frames(ways[combiner.value])) - 1
        step.value = play.value = 0
        refresh()

    combiner.observe(choose, "value")
    step.observe(refresh, "value")
    choose()
    controls = [play, step, combiner] if True in ways else [play, step]
    return Animation([HBox(controls), caption, picture]).add_class("ck-view")
