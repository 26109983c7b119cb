"""Records on their way through a small job: map, combine, shuffle, reduce. Born in chapter 6.

What moves is what really happened: `coursekit.mapreduce.trace` runs the job and notes for each
record which records it was made from. The picture is SVG, drawn here; the browser only moves boxes.
"""

from __future__ import annotations

import dataclasses
import html
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from coursekit.ground.errors import CourseError
from coursekit.mapreduce import Job, Step, Trace, trace
from coursekit.views.explore import View, explore
from coursekit.views.figure import COLOURS

MOST_PAIRS = 40  # more boxes than this in a column cannot be read in one picture
LONGEST = 13  # characters in the box of a pair; a line gets twice as many

# In pixels. A column is as wide as its boxes and the way to the next column.
_BOX, _LINE_BOX, _WAY, _HIGH, _ROW, _HEAD, _TOP, _LEGEND = 104, 190, 46, 21, 25, 24, 34, 18
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


class Meeting(NamedTuple):
    """A key that several map tasks send, and the partition in which its records meet."""

    key: Any
    tasks: list[int]
    partition: int


class Frame(NamedTuple):
    """One step of the animation: what happens, and the records (``Step.id``) that come of it."""

    caption: str
    born: list[int]


def frames(run: Trace) -> list[Frame]:
    """Return the steps of the animation: one per line, combining map task, sender and key."""
    lines = run.at("input")
    first = (
        f"{_count(len(lines), 'line')} for {_count(run.map_tasks, 'map task')}: each gets a part"
        " of the lines and sees no other."
    )
    told = [(first, lines), *_mapped(run), *_combined(run), *_shuffled(run), *_reduced(run)]
    return [Frame(caption, [step.id for step in born]) for caption, born in told]


def _mapped(run: Trace) -> Iterator[tuple[str, list[Step]]]:
    pairs = groupby(run.at("map"), key=lambda step: (step.task, step.parents))
    for (task, parents), group in pairs:
        born = list(group)
        if len(parents) == 1:
            source = f"reads “{run.steps[parents[0]].value}” and yields"
        else:
            source = "has seen all its lines and yields" if parents else "begins and yields"
        yield f"Map: task {task} {source} {_count(len(born), 'pair')}.", born


def _combined(run: Trace) -> Iterator[tuple[str, list[Step]]]:
    for task in range(run.map_tasks if run.combines else 0):
        before, after = run.at("map", task), run.at("combine", task)
        if before:
            caption = (
                f"Combine: map task {task} puts its own equal keys together,"
                f" {_count(len(before), 'pair')} become {len(after)}. Nothing has been sent yet."
            )
            yield caption, after


def _shuffled(run: Trace) -> Iterator[tuple[str, list[Step]]]:
    for task in range(run.map_tasks):
        sent = [s for s in run.at("shuffle") if run.steps[s.parents[0]].task == task]
        where = Counter(step.task for step in sent)
        parts = ", ".join(f"{where[part]} to partition {part}" for part in sorted(where))
        if sent:
            caption = (
                f"Shuffle: map task {task} sends {_count(len(sent), 'record')}, {parts}."
                " The key alone decides; each partition is kept sorted."
            )
            yield caption, sent


def _reduced(run: Trace) -> Iterator[tuple[str, list[Step]]]:
    answers = groupby(run.at("reduce"), key=lambda step: (step.task, step.parents))
    for (task, parents), group in answers:
        born = list(group)
        values = ", ".join(repr(run.steps[parent].value) for parent in parents)
        keys = {run.steps[parent].key for parent in parents}
        called = f"gets “{_plain(keys.pop())}” with {values}" if len(keys) == 1 else "ends"
        yield f"Reduce: reducer {task} {called} and yields {', '.join(map(_pair, born))}.", born


def sent(run: Trace, shown: list[Frame]) -> int:
    """Return how many records have gone through the shuffle after some frames."""
    born = {number for frame in shown for number in frame.born}
    return sum(step.id in born for step in run.at("shuffle"))


def meeting(run: Trace) -> Meeting | None:
    """Return the key that most map tasks send, if it is at least two; it shows what a shuffle does.

    Of several such keys it is the one with the most pairs.
    """
    found: dict[Any, Meeting] = {}
    for step in run.at("shuffle"):
        known = found.setdefault(step.key, Meeting(step.key, [], step.task))
        task = run.steps[step.parents[0]].task
        if task not in known.tasks:
            known.tasks.append(task)
    pairs = Counter(step.key for step in run.at("map"))
    most = max(found.values(), key=lambda m: (len(m.tasks), pairs[m.key]), default=None)
    return most if most and len(most.tasks) > 1 else None


def draw(run: Trace, position: int | None = None) -> str:
    """Draw a step of the animation as an SVG element.

    The new records move from those they were made of, used ones are pale. Lines join the records
    of one key that comes from several map tasks. Without a position, all records are drawn at rest.
    """
    told = frames(run)
    shown = told if position is None else told[: position + 1]
    born = {number for frame in shown for number in frame.born}
    fresh = set() if position is None else set(told[position].born)
    used = {parent for number in born for parent in run.steps[number].parents}
    plan = _Plan(run)
    boxes = ""
    for number in sorted(born):
        state = "ck-used" if number in used and position is not None else "ck-rest"
        boxes += plan.box(run.steps[number], "ck-born" if number in fresh else state)
    movers = "".join(mover for number in sorted(fresh) for mover in plan.movers(run.steps[number]))
    label = html.escape(in_words(run) if position is None else told[position].caption)
    return (
        f'<svg class="ck-shuffle" xmlns="http://www.w3.org/2000/svg" role="img"'
        f' viewBox="0 0 {plan.width} {plan.height}" width="{plan.width}"'
        f' style="max-width:100%;height:auto" aria-label="{label}">{_STYLE}'
        f'<rect width="{plan.width}" height="{plan.height}" rx="6" fill="#fff"/>'
        f"{plan.backdrop()}{plan.lines(born)}{boxes}{movers}</svg>"
    )


class _Plan:
    """Where everything stands: a column per stage, in it a block per task."""

    def __init__(self, run: Trace) -> None:
        self.run = run
        self._left, x = {}, 14
        for stage in run.stages():
            self._left[stage] = x
            x += self._wide(stage) + _WAY
        self.width = x - _WAY + 14
        self._blocks = {True: self._stacked(True), False: self._stacked(False)}
        self._low = max(top + high for tops in self._blocks.values() for top, high in tops) + 14
        self._meeting = meeting(run)
        self.height = self._low + (_LEGEND if self._meeting else 0)
        keys = dict.fromkeys(s.key for stage in run.stages()[1:] for s in run.at(stage))
        self._colour = {k: COLOURS[_COLOURS[i % len(_COLOURS)]] for i, k in enumerate(keys)}

    def _wide(self, stage: str) -> int:
        return _LINE_BOX if stage == "input" else _BOX

    def _stacked(self, senders: bool) -> list[tuple[int, int]]:
        """Return top and height of each task's block: of map tasks, or of partitions."""
        stages = [s for s in self.run.stages() if (s in _SENDERS) == senders]
        blocks, top = [], _TOP
        for task in range(self.run.map_tasks if senders else self.run.reducers):
            rows = max(len(self.run.at(stage, task)) for stage in stages)
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
        drawn = ""
        for stage, x in self._left.items():
            drawn += f'<text class="ck-title" x="{x}" y="20">{_TITLES[stage]}</text>'
        for senders, name in ((True, "map task"), (False, "partition")):
            stages = [s for s in self._left if (s in _SENDERS) == senders]
            x = self._left[stages[0]] - 8
            wide = self._left[stages[-1]] + self._wide(stages[-1]) + 8 - x
            for task, (top, high) in enumerate(self._blocks[senders]):
                drawn += (
                    f'<rect x="{x}" y="{top}" width="{wide}" height="{high}" rx="6"'
                    f' fill="#f4f4f4" stroke="#999"/>'
                    f'<text class="ck-task" x="{x + 8}" y="{top + 16}">{name} {task}</text>'
                )
        return drawn

    def lines(self, born: set[int]) -> str:
        """Draw the way of the key that comes from several map tasks, and say below what it is."""
        if self._meeting is None:
            return ""
        colour = self._colour[self._meeting.key]
        style = f'fill="none" stroke="{colour}" stroke-width="3" stroke-linecap="round"'
        drawn = ""
        for step in (self.run.steps[number] for number in sorted(born)):
            if step.stage == "input" or step.key != self._meeting.key:
                continue
            x, y = self.place(step)
            for parent in (self.run.steps[number] for number in step.parents):
                if parent.stage != "input":
                    left, top = self.place(parent)
                    left, top, low = left + self._wide(parent.stage), top + _HIGH / 2, y + _HIGH / 2
                    half = (left + x) / 2
                    drawn += (
                        f'<path class="ck-way" {style}'
                        f' d="M{left},{top} C{half},{top} {half},{low} {x},{low}"/>'
                    )
        at = self._low + 4
        return (
            f'{drawn}<path {style} d="M14,{at} H44"/>'
            f'<text class="ck-task" x="52" y="{at + 4}">{html.escape(_met(self._meeting))}</text>'
        )

    def movers(self, step: Step) -> Iterator[str]:
        """Draw a box for each parent; it moves to the new record and is gone at the end."""
        x, y = self.place(step)
        for parent in (self.run.steps[number] for number in step.parents):
            left, top = self.place(parent)
            # Out of a line comes a pair; everywhere else it is the parent itself that moves.
            shown = step if parent.stage == "input" else parent
            shown = dataclasses.replace(step, key=shown.key, value=shown.value)
            yield self.box(shown, "ck-moving", f"--dx:{left - x}px;--dy:{top - y}px")

    def box(self, step: Step, state: str, way: str = "") -> str:
        """Draw a record in its own place."""
        x, y = self.place(step)
        is_line = step.stage == "input"
        text = _cut(step.value, 2 * LONGEST) if is_line else _cut(_pair(step), LONGEST)
        colour = "#777" if is_line else self._colour[step.key]
        style = f' style="{way}"' if way else ""
        box = f'<rect x="{x}" y="{y}" width="{self._wide(step.stage)}" height="{_HIGH}" rx="4"'
        return (
            f'<g class="{state}"{style}>{box} fill="#fff"/>'
            f'{box} fill="{colour}" fill-opacity=".25" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{x + 7}" y="{y + 15}">{html.escape(text)}</text></g>'
        )


def _pair(step: Step) -> str:
    return f"{_plain(step.key)}: {_plain(step.value)}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _cut(value: Any, longest: int) -> str:
    text = _plain(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def in_words(run: Trace) -> str:
    """Describe the whole way for those who cannot see it."""
    told = [
        f"From {_count(len(run.at('input')), 'line')}: {_count(len(run.at('map')), 'pair')},"
        f" made by {_count(run.map_tasks, 'map task')}."
    ]
    if run.combines:
        told.append(f"The combiner makes {len(run.at('combine'))} of them.")
    for part in range(run.reducers):
        keys = dict.fromkeys(_plain(step.key) for step in run.at("shuffle", part))
        told.append(
            f"The shuffle sends {_count(len(run.at('shuffle', part)), 'record')} to partition"
            f" {part}: {', '.join(keys) or 'no key'}."
        )
    if met := meeting(run):
        told.append(f"{_met(met)}.")
    told.append(f"The reducers yield {', '.join(map(_pair, run.at('reduce'))) or 'nothing'}.")
    return " ".join(told)


def _met(met: Meeting) -> str:
    *others, last = map(str, met.tasks)
    return (
        f"“{_plain(met.key)}” is sent by map tasks {', '.join(others)} and {last},"
        f" and meets in partition {met.partition}"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def explore_shuffle(job: Job, lines: Iterable[Any], map_tasks: int = 2, reducers: int = 2) -> View:
    """Return an animation of a job's records: a slider, Play, and with or without the combiner.

    Where no widget can be shown, all records are drawn at once, and told in words.

    Parameters
    ----------
    job : Job
        Any job of `coursekit.mapreduce`. The choice is there if it has a combiner.
    lines : iterable
        Its input: a few short lines.
    map_tasks, reducers : int
        Number of map tasks and of partitions.

    Raises
    ------
    CourseError
        More than 40 pairs, or none.
    """
    records = list(lines)
    plain = trace(dataclasses.replace(job, combiner=None), records, map_tasks, reducers)
    runs = {"without combiner": plain}
    if job.combiner is not None:
        runs = {"with combiner": trace(job, records, map_tasks, reducers), **runs}
    pairs = len(plain.at("map"))
    if not 0 < pairs <= MOST_PAIRS:
        raise CourseError(
            f"{_count(pairs, 'pair')} cannot be shown in one picture",
            f"Give lines of which the mapper makes 1 to {MOST_PAIRS} pairs, for example lines[:2].",
        )

    def tell(name: str, position: int) -> str:
        told = frames(runs[name])[: position + 1]
        count = _count(sent(runs[name], told), "record")
        return f"{html.escape(told[-1].caption)}<br><b>Sent by the shuffle so far: {count}</b>"

    return explore(
        lambda name, position: draw(runs[name], position),
        tell,
        lambda name: in_words(runs[name]),
        {name: range(len(frames(run))) for name, run in runs.items()},
        choice="Job",
        still=None,
        play=True,
    )
