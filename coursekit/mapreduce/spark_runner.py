"""A job on Spark: the same functions as an RDD, the same partitions, the same answer."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from coursekit.ground.errors import CourseError

from . import context, inputs, keys, tasks
from .failure import TaskFailed, from_exception
from .result import Result, ordered

if TYPE_CHECKING:
    from pyspark import RDD
    from pyspark.sql import SparkSession

    from .job import Job

HELD = 500_000  # pairs held by a map task before it combines them


def run_on_spark(job: Job, spark: SparkSession, source: inputs.Inputs, reducers: int) -> Result:
    """Run a job by RDD; see `Job.run_on_spark`."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    began = time.perf_counter()
    counters = _counters(spark)
    lines = _lines(spark, source)
    place = keys.bind(job.partitioner, reducers)
    answer = (
        lines.mapPartitions(lambda splits: _mapped(job, splits, counters))
        .repartitionAndSortWithinPartitions(reducers, place)
        .mapPartitions(lambda pairs: _reduced(job, pairs, counters))
        .glom()
    )
    try:
        partitions = answer.collect()
    except (Py4JJavaError, PySparkException) as error:
        keys.check_kinds(_take_kinds(counters.value))
        if own := _own_error(error):
            raise own from error
        raise
    counted = counters.value
    keys.check_kinds(_take_kinds(counted))
    return Result(job.name, partitions, ordered(counted), time.perf_counter() - began)


def _counters(spark: SparkSession) -> Any:
    from pyspark.accumulators import AccumulatorParam

    class Sum(AccumulatorParam):
        def zero(self, value: Counter) -> Counter:
            return Counter()

        def addInPlace(self, first: Counter, second: Counter) -> Counter:
            first.update(second)
            return first

    return spark.sparkContext.accumulator(Counter(), Sum())


def _lines(spark: SparkSession, source: inputs.Inputs) -> RDD:
    """Return an RDD of splits, one in each partition."""
    context = spark.sparkContext
    if isinstance(source, str) and "://" in source:  # an address that Spark reads itself
        lines = context.textFile(source)
        return lines.mapPartitions(lambda part: [inputs.MemorySplit(1, list(part))])
    splits = list(inputs.plan(source))
    return context.parallelize(splits, max(len(splits), 1))


def _mapped(job: Job, splits: Iterable[inputs.Split], counters: Any) -> Iterator[tuple[Any, Any]]:
    with context.task(_attempt()) as own:
        for split in splits:
            reader = split.reader()
            try:
                yield from _combined(job, _watched(job, reader), own)
            except tasks.Failed as failed:
                raise _task_failed(job, failed) from failed
            own["map input records"] += reader.count
        counters.add(own)


def _watched(job: Job, reader: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs of a mapper; name the record if it fails."""
    try:
        for key, value in tasks.mapped(job.mapper, reader.blocks()):
            hash(key)
            yield key, value
    except (Exception, SystemExit) as error:
        raise tasks.Failed(from_exception(error, "mapper", reader.place())) from error


def _combined(
    job: Job, pairs: Iterator[tuple[Any, Any]], own: Counter[Any]
) -> Iterator[tuple[Any, Any]]:
    while True:
        groups: dict[Any, list[Any]] = {}
        for key, value in islice(pairs, HELD):
            groups.setdefault(key, []).append(value)
        if not groups:
            return
        found = keys.kinds(groups)
        keys.check_kinds(found)
        own.update(("kind", kind) for kind in found)
        for key, values in groups.items():
            own["map output records"] += len(values)
            fewer = values
            if job.combiner:
                fewer = tasks.combined(job.combiner, key, values)
                own["combine input records"] += len(values)
                own["combine output records"] += len(fewer)
            for value in fewer:
                yield key, value


def _reduced(
    job: Job, pairs: Iterable[tuple[Any, Any]], counters: Any
) -> Iterator[tuple[Any, Any]]:
    with context.task(_attempt()) as own:
        try:
            for pair in tasks.reduced(job.reducer, _groups(pairs, own)):
                own["reduce output records"] += 1
                yield pair
        except tasks.Failed as failed:
            raise _task_failed(job, failed) from failed
        counters.add(own)


def _groups(pairs: Iterable[tuple[Any, Any]], own: Counter[Any]) -> Iterator[tuple[Any, Iterator]]:
    for key, group in groupby(pairs, key=lambda pair: pair[0]):
        own["reduce input groups"] += 1
        yield key, _values(group, own)


def _values(group: Iterable[tuple[Any, Any]], own: Counter[Any]) -> Iterator[Any]:
    for _, value in group:
        own["reduce input records"] += 1
        yield value


def _attempt() -> int:
    from pyspark import TaskContext

    return TaskContext.get().attemptNumber() + 1


def _task_failed(job: Job, failed: tasks.Failed) -> CourseError:
    failure = failed.failure
    return failure.fatal or TaskFailed(job.name, failure, _attempt())


def _own_error(error: Exception) -> CourseError | None:
    """Find the two lines of our own error in what Spark made of it."""
    found = re.search(
        r"coursekit\.\S+?(?:CourseError|TaskFailed|InputError): (.*)\n(.*)", str(error)
    )
    return CourseError(*found.groups()) if found else None


def _take_kinds(counted: Counter[Any]) -> set[Any]:
    """Remove the kinds of keys, which travel with the counters, and return them."""
    found = {name for name in counted if isinstance(name, tuple)}
    for name in found:
        del counted[name]
    return {kind for _, kind in found}
