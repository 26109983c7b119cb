"""A MapReduce job and its answer. How and where a job runs is chosen when it is run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.ground.errors import CourseError

from .context import ENGINE_COUNTERS
from .inputs import Inputs, plan
from .runners import Task, run_all
from .spark_runner import run_on_spark
from .streaming import write_streaming
from .tasks import Functions, Pair, in_order, run_map, run_reduce

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SHOWN = 10  # pairs


class Job(Functions):
    """A MapReduce job.

    Parameters
    ----------
    mapper : callable or class
        ``mapper(line)`` yields ``(key, value)`` pairs, any number of them. A class keeps state
        for one task (in-mapper combining): ``map(line)``, and if there, ``setup()`` before the
        first and ``cleanup()`` after the last line; each may yield pairs.
    reducer : callable or class, optional
        ``reducer(key, values)`` yields ``(key, value)`` pairs; ``values`` can be read once. A
        class has ``reduce(key, values)`` and may have ``setup()`` and ``cleanup()``. Without a
        reducer all pairs are handed on as they are, sorted.
    combiner : callable, optional
        Like a reducer, run on the pairs of one map task, none, one or many times. It yields the
        key it was given.
    partitioner : callable, optional
        ``partitioner(key, reducers)`` gives the number of the reducer, from 0. By default a
        checksum of the key, the same on every machine.
    name : str
        For messages and reports.
    max_attempts : int
        How often a task is tried before the job fails; 4, as in Hadoop.
    """

    def run(
        self,
        inputs: Inputs,
        runner: str = "inline",
        reducers: int = 2,
        workers: int | None = None,
        split_bytes: int | None = None,
    ) -> Result:
        """Run the job on this machine, its pairs in memory.

        Parameters
        ----------
        inputs : str, Path, list of Path, or iterable of lines
            Text is a path: file, folder or pattern. Anything else holds the lines themselves.
        runner : {"inline", "processes"}
            One task after the other in this process, or several worker processes.
        reducers : int
            Number of reduce tasks, hence of partitions.
        workers : int, optional
            Number of worker processes; by default one for each processor.
        split_bytes : int, optional
            Size of a split, the input of one map task; by default a quarter of the input.

        Raises
        ------
        TaskFailed
            If a task fails ``max_attempts`` times; names the record.
        CourseError
            If the input cannot be read, or keys cannot be sorted.
        """
        for name, number in (("reducers", reducers), ("workers", workers)):
            if number is not None and number < 1:
                raise CourseError(f"{name} is {number}", "Give at least 1.")
        began = time.perf_counter()
        splits = plan(inputs, split_bytes)
        maps = (Task(self, run_map, (split, reducers), split) for split in splits)
        mapped = run_all(maps, runner, workers)
        in_order(key for done in mapped for key in done.first)  # of all tasks, before any reduces
        parts = ([done.partitions[number] for done in mapped] for number in range(reducers))
        reduces = (Task(self, run_reduce, (p,), f"partition {n}") for n, p in enumerate(parts))
        reduced = run_all(reduces, runner, workers)
        counters: Counter[str] = Counter()
        for done in mapped + reduced:
            counters.update(done.counters)
        answer = [done.pairs for done in reduced]
        return Result(self.name, answer, ordered(counters), time.perf_counter() - began)

    def run_on_spark(self, spark: SparkSession, inputs: Inputs, reducers: int = 2) -> Result:
        """Run the job on Spark, by RDD; same answer, same partitions.

        Parameters
        ----------
        spark : SparkSession
            From ``ck.spark()``.
        inputs : str, Path, list of Path, or iterable of lines
            As for `run`; also an address such as ``"s3a://…"``, which Spark reads itself: the way
            for data that outgrow memory.
        reducers : int
            Number of partitions of the answer.
        """
        began = time.perf_counter()
        answer, counters = run_on_spark(self, spark, inputs, reducers)
        return Result(self.name, answer, ordered(counters), time.perf_counter() - began)

    def write_streaming(self, folder: str | Path) -> tuple[Path, Path]:
        """Write ``mapper.py`` and ``reducer.py`` for Hadoop Streaming; return their paths.

        They need nothing but Python, and hold the source of the job's functions with all that it
        names. Try them without Hadoop::

            cat input | python3 mapper.py | LC_ALL=C sort | python3 reducer.py
        """
        return write_streaming(self, folder)


@dataclass(frozen=True)
class Result:
    """The answer of a job: iterate over it for its pairs.

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
        return len(self.pairs)

    def __repr__(self) -> str:
        head = f"{self.name}: {len(self):,} pair{'s' * (len(self) != 1)} in "
        head += f"{len(self.partitions):,} partition{'s' * (len(self.partitions) != 1)}"
        shown = [f"  {key!r}: {value!r}" for key, value in self.pairs[:SHOWN]]
        more = [f"  … {len(self) - SHOWN:,} more"] if len(self) > SHOWN else []
        return "\n".join([head, *shown, *more])

    def _repr_html_(self) -> str:
        counters = "\n".join(f"{name}: {number:,}" for name, number in self.counters.items())
        more = f"<details><summary>counters</summary><pre>{escape(counters)}</pre></details>"
        return f"<pre>{escape(repr(self))}</pre>{more}"


def ordered(counters: dict[str, int]) -> dict[str, int]:
    """Return the counters in the order of a job's life, the learner's own after the engine's."""
    own = sorted(name for name in counters if name not in ENGINE_COUNTERS)
    return {name: counters[name] for name in (*ENGINE_COUNTERS, *own) if name in counters}
