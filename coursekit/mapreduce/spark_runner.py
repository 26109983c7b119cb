"""A job on Spark: the same functions as an RDD, the same partitions, the same answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from coursekit.ground.errors import CourseError

from . import tasks
from .context import attempt_of
from .inputs import Inputs, Split, plan

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession


def run_on_spark(
    job: tasks.Functions, spark: SparkSession, source: Inputs, reducers: int
) -> tuple[list[list[tasks.Pair]], dict[str, int]]:
    """Run a job by RDD; return the pairs of each partition, and the counters."""
    from py4j.protocol import Py4JJavaError
    from pyspark.accumulators import AccumulatorParam
    from pyspark.errors import PySparkException

    class Sum(AccumulatorParam):
        def zero(self, value: Counter) -> Counter:
            return Counter()

        def addInPlace(self, first: Counter, second: Counter) -> Counter:
            first.update(second)
            return first

    counters = spark.sparkContext.accumulator(Counter(), Sum())
    if isinstance(source, str) and "://" in source:  # an address that Spark reads itself
        lines = spark.sparkContext.textFile(source)
        splits = lines.mapPartitions(lambda part: [Split(1, list(part))])
    else:
        planned = list(plan(source))
        splits = spark.sparkContext.parallelize(planned, max(len(planned), 1))
    answer = (
        splits.mapPartitions(lambda some: _mapped(job, some, counters))
        .repartitionAndSortWithinPartitions(reducers, tasks.partitioner(job, reducers))
        .mapPartitions(lambda pairs: _reduced(job, pairs, counters))
        .glom()
    )
    try:
        partitions = answer.collect()
    except (Py4JJavaError, PySparkException) as error:
        _check_first(counters.value)
        # The two lines of our own error stand in what Spark made of it.
        found = re.search(r"coursekit\.\S+?(?:CourseError|TaskFailed): (.*)\n(.*)", str(error))
        if found:
            raise CourseError(*found.groups()) from error
        raise
    return partitions, _check_first(counters.value)


def _check_first(counted: Counter[Any]) -> dict[str, int]:
    """Raise if keys of different tasks cannot be sorted; return the counters alone.

    The smallest key of each task travels with the counters, as ("first", key).
    """
    tasks.in_order(name[1] for name in counted if isinstance(name, tuple))
    return {name: number for name, number in counted.items() if isinstance(name, str)}


def _mapped(
    job: tasks.Functions, splits: Iterable[Split], counters: Accumulator
) -> Iterator[tasks.Pair]:
    with attempt_of(_number()) as own:
        for split in splits:
            groups = tasks.mapped(job, split, own)
            own.update(("first", key) for key in tasks.in_order(groups)[:1])
            for key, values in groups.items():
                for value in values:
                    yield key, value
        counters.add(own)


def _reduced(
    job: tasks.Functions, pairs: Iterable[tasks.Pair], counters: Accumulator
) -> Iterator[tasks.Pair]:
    with attempt_of(_number()) as own:

        def values_of(group: Iterable[tasks.Pair]) -> Iterator[Any]:
            own["reduce input groups"] += 1
            for _, value in group:
                own["reduce input records"] += 1
                yield value

        groups = ((key, values_of(group)) for key, group in groupby(pairs, itemgetter(0)))
        for pair in tasks.reduced(job, groups):
            own["reduce output records"] += 1
            yield pair
        counters.add(own)


def _number() -> int:
    from pyspark import TaskContext

    return TaskContext.get().attemptNumber() + 1
