"""A MapReduce job: what to do. How and where it runs is chosen when it is run."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.ground.errors import CourseError

from . import inputs as _inputs
from . import keys, spill
from .result import Result, ordered
from .runners import Task, open_runner
from .streaming_runtime import identity
from .tasks import Done, Settings, run_map, run_reduce

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Job:
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
        How often a task is tried before the job fails.
    """

    mapper: Callable | type
    reducer: Callable | type = identity
    combiner: Callable | None = None
    partitioner: Callable[[Any, int], int] | None = None
    name: str = "job"
    max_attempts: int = 3

    def __post_init__(self) -> None:
        if self.reducer is None:
            object.__setattr__(self, "reducer", identity)
        _check_function("mapper", self.mapper, "map")
        _check_function("reducer", self.reducer, "reduce")
        for role in ("combiner", "partitioner"):
            function = getattr(self, role)
            if function is not None and (isinstance(function, type) or not callable(function)):
                raise CourseError(f"the {role} is {function!r:.60}", f"Give a function as {role}.")
        if self.max_attempts < 1:
            raise CourseError(f"max_attempts is {self.max_attempts}", "Give at least 1.")

    def run(
        self,
        inputs: _inputs.Inputs,
        runner: str = "inline",
        reducers: int = 2,
        workers: int | None = None,
        split_bytes: int | None = None,
        memory_mb: float = 32,
    ) -> Result:
        """Run the job on this machine.

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
            Size of a split, the input of one map task.
        memory_mb : float
            MiB of pairs that a task holds in memory; past this it spills to disk.

        Returns
        -------
        Result
            Pairs by partition, and counters.

        Raises
        ------
        TaskFailed
            If a task fails ``max_attempts`` times; names the record.
        CourseError
            If the input cannot be read, keys cannot be sorted, or the disk is full.
        """
        for name, number in (("reducers", reducers), ("workers", workers or 1)):
            if number < 1:
                raise CourseError(f"{name} is {number}", "Give at least 1.")
        began = time.perf_counter()
        splits = _inputs.plan(inputs, split_bytes)
        with (
            _temporary_folder() as folder,
            open_runner(runner, self.name, self.max_attempts, workers) as crew,
        ):
            settings = Settings(reducers, int(memory_mb * 2**20), folder)
            counters: Counter[str] = Counter()
            mapped = _gathered(crew.run(self._map_tasks(splits, settings)), counters)
            keys.check_kinds(set().union(*(done.kinds for done in mapped)))
            reduced = _gathered(crew.run(self._reduce_tasks(mapped, settings)), counters)
            counters["failed tasks"] = crew.failed
        return Result(
            self.name,
            [done.pairs for done in reduced],
            ordered(counters),
            time.perf_counter() - began,
        )

    def _map_tasks(self, splits: Iterable[_inputs.Split], settings: Settings) -> Iterator[Task]:
        for number, split in enumerate(splits):
            yield Task(number, run_map, (self, split, settings), str(split))

    def _reduce_tasks(self, mapped: list[Done], settings: Settings) -> Iterator[Task]:
        for number in range(settings.reducers):
            segments: list[spill.Segment] = [run[number] for done in mapped for run in done.runs]
            yield Task(number, run_reduce, (self, segments, settings), f"partition {number}")

    def run_on_spark(
        self, spark: SparkSession, inputs: _inputs.Inputs, reducers: int = 2
    ) -> Result:
        """Run the job on Spark, by RDD; same answer, same partitions.

        Parameters
        ----------
        spark : SparkSession
            From ``ck.spark()``.
        inputs : str, Path, list of Path, or iterable of lines
            As for `run`; also an address that Spark reads itself, such as ``"s3a://…"``.
        reducers : int
            Number of partitions of the answer.
        """
        from .spark_runner import run_on_spark

        return run_on_spark(self, spark, inputs, reducers)

    def write_streaming(self, folder: str | Path) -> tuple[Path, Path]:
        """Write the job as two scripts for Hadoop Streaming, ``mapper.py`` and ``reducer.py``.

        They need nothing but Python. Try them without Hadoop::

            cat input | python3 mapper.py | LC_ALL=C sort | python3 reducer.py

        Returns
        -------
        tuple of Path
            The two scripts.

        Raises
        ------
        CourseError
            If a function's source cannot be had (a lambda), or needs what plain Python lacks.
        """
        from .streaming import write_streaming

        return write_streaming(self, folder)


def _check_function(role: str, function: Any, method: str) -> None:
    if isinstance(function, type):
        if not callable(getattr(function, method, None)):
            raise CourseError(
                f"the {role} class {function.__name__} has no method {method}()",
                f"Add `def {method}(self, …)`; setup() and cleanup() are optional.",
            )
    elif not callable(function):
        raise CourseError(
            f"the {role} is {function!r:.60}, which cannot be called", f"Give a function as {role}."
        )


def _temporary_folder() -> tempfile.TemporaryDirectory:
    try:
        return tempfile.TemporaryDirectory(prefix="coursekit-mapreduce-")
    except OSError as error:
        raise spill.disk_error(error, tempfile.gettempdir()) from error


def _gathered(ended: Iterable[tuple[int, Done]], counters: Counter[str]) -> list[Done]:
    """Add up the counters of tasks; return what they handed back, in the tasks' own order."""
    found = dict(ended)
    for done in found.values():
        counters.update(done.counters)
    return [found[number] for number in sorted(found)]
