"""Every record's way through a small job, as plain data: what the shuffle animation shows.

Born in chapter 06. The records form a graph: each names the records it was made from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from coursekit.ground.errors import CourseError

from . import context, keys, tasks
from .failure import TaskFailed, from_exception
from .inputs import MemorySplit
from .job import Job

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


def trace(job: Job, lines: Iterable[Any], map_tasks: int = 2, reducers: int = 2) -> Trace:
    """Run a job on a few lines and record every record's way.

    Parameters
    ----------
    job : Job
        Any job.
    lines : iterable
        At most 1,000 lines, dealt out to the map tasks in equal runs.
    map_tasks, reducers : int
        Number of map tasks and of partitions.

    Returns
    -------
    Trace
        Plain data, ready to be drawn.
    """
    records = list(lines)
    if len(records) > LARGEST:
        raise CourseError(
            f"a trace of {len(records):,} lines is too much to look at",
            f"Give at most {LARGEST:,} lines, for example lines[:6].",
        )
    if map_tasks < 1 or reducers < 1:
        raise CourseError("a job needs map tasks and reducers", "Give at least 1 of each.")
    tracer = _Tracer(job, reducers)
    try:
        with context.task(1):
            tracer.run(records, map_tasks)
    except tasks.Failed as failed:
        raise failed.failure.fatal or TaskFailed(job.name, failed.failure, 1) from failed
    combines = job.combiner is not None
    return Trace(job.name, map_tasks, reducers, combines, tuple(tracer.steps))


class _Tracer:
    def __init__(self, job: Job, reducers: int) -> None:
        self.job, self.reducers = job, reducers
        self.steps: list[Step] = []
        self._place = keys.bind(job.partitioner, reducers)
        self._held: dict[tuple[Stage, int], int] = defaultdict(int)

    def run(self, records: list[Any], map_tasks: int) -> None:
        for task in range(map_tasks):
            first, end = (len(records) * n // map_tasks for n in (task, task + 1))
            self._map(task, first, records[first:end])
        for task in range(map_tasks if self.job.combiner else 0):
            self._combine(task)
        self._shuffle("combine" if self.job.combiner else "map")
        for task in range(self.reducers):
            self._reduce(task)

    def _add(self, stage: Stage, task: int, key: Any, value: Any, *parents: int) -> int:
        position = self._held[stage, task]
        self._held[stage, task] += 1
        self.steps.append(Step(len(self.steps), stage, task, position, key, value, parents))
        return len(self.steps) - 1

    def _at(self, stage: Stage, task: int) -> list[Step]:
        return [step for step in self.steps if step.stage == stage and step.task == task]

    def _map(self, task: int, first: int, records: list[Any]) -> None:
        ids = [
            self._add("input", task, first + number, record)
            for number, record in enumerate(records, 1)
        ]
        reader = MemorySplit(first + 1, records).reader()
        started: list[int] = []
        ended = [False]

        def watched() -> Iterator[Any]:
            for block in reader.blocks():
                for number, record in zip(ids, block, strict=True):
                    started.append(number)
                    yield record
            ended[0] = True

        try:
            for key, value in tasks.mapped(self.job.mapper, [watched()]):
                parents = ids if ended[0] else started[-1:]
                self._add("map", task, key, value, *parents)
        except (Exception, SystemExit) as error:
            raise tasks.Failed(from_exception(error, "mapper", reader.place())) from error

    def _combine(self, task: int) -> None:
        for key, group in _by_key(self._at("map", task)).items():
            values = [step.value for step in group]
            for value in tasks.combined(self.job.combiner, key, values):
                self._add("combine", task, key, value, *(step.id for step in group))

    def _shuffle(self, last: Stage) -> None:
        sent = [step for step in self.steps if step.stage == last]
        keys.check_kinds(keys.kinds(step.key for step in sent))
        for partition in range(self.reducers):
            mine = [step for step in sent if self._place(step.key) == partition]
            for step in sorted(mine, key=attrgetter("key")):
                self._add("shuffle", partition, step.key, step.value, step.id)

    def _reduce(self, task: int) -> None:
        current: list[Step] = []
        arrived = self._at("shuffle", task)

        def groups() -> Iterator[tuple[Any, Iterator[Any]]]:
            for key, group in _by_key(arrived).items():
                current[:] = group
                yield key, iter([step.value for step in group])
            current[:] = arrived  # what cleanup() yields comes from all of them

        for key, value in tasks.reduced(self.job.reducer, groups()):
            self._add("reduce", task, key, value, *(step.id for step in current))


def _by_key(steps: Iterable[Step]) -> dict[Any, list[Step]]:
    groups: dict[Any, list[Step]] = {}
    for step in steps:
        groups.setdefault(step.key, []).append(step)
    return groups
