"""Every record's way through a small job, as plain data: what the shuffle animation shows.

Born in chapter 06. The records form a graph: each names the records it was made from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from coursekit.ground.errors import CourseError

from . import streaming_runtime as runtime
from . import tasks
from .context import attempt_of, failing
from .inputs import Split

Stage = Literal["input", "map", "combine", "shuffle", "reduce"]
STAGES: tuple[Stage, ...] = ("input", "map", "combine", "shuffle", "reduce")
LARGEST = 1000  # lines


@dataclass(frozen=True)
class Step:
    """One record at one stage.

    Attributes
    ----------
    id : int
        Number of the record in its trace: ``trace.steps[id]``.
    stage : {"input", "map", "combine", "shuffle", "reduce"}
        ``shuffle`` is the record in its reducer's input, sorted.
    task : int
        The map task for input, map and combine; the partition for shuffle and reduce.
    position : int
        Place among the records of the same stage and task, from 0.
    key, value : object
        An input record has its line number (from 1) as key and the line as value.
    parents : tuple of int
        The records that this one was made from: one line for a mapper's pair (all the task's
        lines for what ``cleanup()`` yields), all the values of the key for combine and reduce,
        the very record for shuffle.
    """

    id: int
    stage: Stage
    task: int
    position: int
    key: Any
    value: Any
    parents: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trace:
    """The whole way: ``steps`` in the order in which they came about."""

    name: str
    map_tasks: int
    reducers: int
    combines: bool
    steps: tuple[Step, ...]

    def at(self, stage: Stage, task: int | None = None) -> list[Step]:
        """Return the records of one stage, of one task if given."""
        return [s for s in self.steps if s.stage == stage and task in (None, s.task)]

    def stages(self) -> list[Stage]:
        """Return the stages that this job has; without a combiner there is no combine."""
        return [stage for stage in STAGES if stage != "combine" or self.combines]

    def pairs(self) -> list[tuple[Any, Any]]:
        """Return the answer, partition by partition: the same as the job's own."""
        return [(step.key, step.value) for step in self.at("reduce")]


def trace(
    job: tasks.Functions, lines: Iterable[Any], map_tasks: int = 2, reducers: int = 2
) -> Trace:
    """Run a job on a few lines and record every record's way.

    Parameters
    ----------
    job : Job
        Any job.
    lines : iterable
        At most 1,000 lines, dealt out to the map tasks in equal runs.
    map_tasks, reducers : int
        Number of map tasks and of partitions.
    """
    records = list(lines)
    if len(records) > LARGEST:
        raise CourseError(
            f"a trace of {len(records):,} lines is too much to look at",
            f"Give at most {LARGEST:,} lines, for example lines[:6].",
        )
    if map_tasks < 1 or reducers < 1:
        raise CourseError("a job needs map tasks and reducers", "Give at least 1 of each.")
    steps: list[Step] = []
    held: Counter[tuple[Stage, int]] = Counter()

    def add(stage: Stage, task: int, key: Any, value: Any, parents: Iterable[Step]) -> Step:
        made_from = tuple(parent.id for parent in parents)
        steps.append(Step(len(steps), stage, task, held[stage, task], key, value, made_from))
        held[stage, task] += 1
        return steps[-1]

    with attempt_of(1):
        for task in range(map_tasks):
            first, end = (len(records) * n // map_tasks for n in (task, task + 1))
            split = Split(first + 1, records[first:end])
            for key, value, parents in _mapped(job, split, task, add):
                add("map", task, key, value, parents)
        sent = [step for step in steps if step.stage == "map"]
        if job.combiner:
            mapped, sent = sent, []
            for task in range(map_tasks):
                for key, group in _by_key(s for s in mapped if s.task == task).items():
                    values = {key: [step.value for step in group]}
                    for value in tasks.combined(job, values, Counter())[key]:
                        sent.append(add("combine", task, key, value, group))
        tasks.in_order(step.key for step in sent)
        place = tasks.partitioner(job, reducers)
        placed = [(step, place(step.key)) for step in sent]
        for part in range(reducers):
            mine = sorted((s for s, number in placed if number == part), key=attrgetter("key"))
            arrived = [add("shuffle", part, s.key, s.value, [s]) for s in mine]
            current: list[Step] = []
            for key, value in tasks.reduced(job, _groups(arrived, current)):
                add("reduce", part, key, value, current)
    return Trace(job.name, map_tasks, reducers, job.combiner is not None, tuple(steps))


def _mapped(job: tasks.Functions, split: Split, task: int, add: Any) -> Iterator[tuple]:
    """Yield a task's pairs, each with the lines that it comes from."""
    lines = [add("input", task, split.first + i, r, ()) for i, r in enumerate(split.records())]
    current: list[Step] = []

    def watched() -> Iterator[Any]:
        for line in lines:
            current[:] = [line]
            yield line.value
        current[:] = lines  # what cleanup() yields comes from all of them

    def place() -> tuple[str, Any]:
        return split.place(current[-1].position if current else -1)

    with failing("mapper", job.name, place):
        for key, value in runtime.mapped(job.mapper, watched()):
            yield key, value, tuple(current)


def _groups(arrived: list[Step], current: list[Step]) -> Iterator[tuple[Any, list[Any]]]:
    """Yield the groups of a partition; ``current`` has the records of the one at work."""
    for key, group in _by_key(arrived).items():
        current[:] = group
        yield key, [step.value for step in group]
    current[:] = arrived  # what cleanup() yields comes from all of them


def _by_key(steps: Iterable[Step]) -> dict[Any, list[Step]]:
    groups: dict[Any, list[Step]] = {}
    for step in steps:
        groups.setdefault(step.key, []).append(step)
    return groups
