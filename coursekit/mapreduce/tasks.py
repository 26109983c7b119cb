"""The two kinds of task: map (read, map, combine, sort, spill) and reduce (merge, reduce).

The loop over pairs in `_collect` is the only code that runs once per pair; all else runs once
per block, per key or per task. That is what makes a general engine as fast as it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from coursekit.ground.errors import CourseError

from . import context, keys, spill
from .failure import Failure, Place, cut, from_exception

if TYPE_CHECKING:
    from .inputs import Split
    from .job import Job

LONG = 32  # a key with more values than this is combined between two spills
FIRST_BATCH, LARGEST_BATCH = 1 << 10, 1 << 20  # pairs between two looks at the memory


@dataclass(frozen=True)
class Settings:
    """What every task of one run shares."""

    reducers: int
    memory: int  # bytes of map output, or of one partition, held in memory by a task
    folder: str  # for the runs


@dataclass
class Done:
    """What a task that succeeded hands back."""

    counters: Counter[str]
    runs: list[list[spill.Segment]] = field(default_factory=list)  # map: runs × partitions
    pairs: list[tuple[Any, Any]] = field(default_factory=list)  # reduce
    kinds: set[Any] = field(default_factory=set)  # of the keys


class Failed(Exception):
    """A learner's function raised; carries the description."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure


def attempt(work: Callable[..., Done], *args: Any, number: int) -> Done | Failure:
    """Run one attempt of a task and return what came of it, either way."""
    try:
        with context.task(number) as own:
            done = work(*args)
            done.counters.update(own)
            return done
    except Failed as failed:
        return failed.failure
    except CourseError as error:
        return Failure("task", str(error), Place(""), fatal=error)


def run_map(job: Job, split: Split, settings: Settings) -> Done:
    """Map the records of a split; leave sorted runs in the folder."""
    output = Output(job, settings)
    reader = split.reader()
    pairs = mapped(job.mapper, reader.blocks())
    try:
        _collect(pairs, output)
    except (Exception, SystemExit) as error:
        raise Failed(from_exception(error, "mapper", reader.place())) from error
    output.spill()
    output.counters["map input records"] = reader.count
    output.counters["launched map tasks"] = 1
    return Done(output.counters, runs=output.runs, kinds=output.kinds)


def mapped(mapper: Any, blocks: Iterable[Iterable[Any]]) -> Iterator[tuple[Any, Any]]:
    """Return all pairs that a mapper yields for blocks of records.

    A mapper class gets one object per task: ``setup()``, ``map(record)`` for each, ``cleanup()``.
    """
    records = chain.from_iterable(blocks)
    if not isinstance(mapper, type):
        # filter: a mapper may return None where it has nothing to yield
        return chain.from_iterable(filter(None, map(mapper, records)))
    return _mapped_by_object(mapper(), records)


def _mapped_by_object(mapper: Any, records: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
    yield from _hook(mapper, "setup")
    yield from chain.from_iterable(filter(None, map(mapper.map, records)))
    yield from _hook(mapper, "cleanup")


def _hook(instance: Any, name: str) -> Iterable[tuple[Any, Any]]:
    method = getattr(instance, name, None)
    return (method() or ()) if method else ()


def _collect(pairs: Iterator[tuple[Any, Any]], output: Output) -> None:
    batch = FIRST_BATCH
    for key, value in pairs:
        groups = output.groups
        groups[key].append(value)
        for key, value in islice(pairs, batch - 1):
            groups[key].append(value)
        batch = output.checked(batch)


class Output:
    """The pairs of a map task: grouped by key, combined when many, spilled when too many."""

    def __init__(self, job: Job, settings: Settings) -> None:
        self.job, self.settings = job, settings
        self.groups: dict[Any, list[Any]] = defaultdict(list)
        self.counters: Counter[str] = Counter()
        self.runs: list[list[spill.Segment]] = []
        self.kinds: set[Any] = set()
        self._place = keys.bind(job.partitioner, settings.reducers)
        self._seen = 0  # of the values held, those already counted as map output
        self._size = 0  # bytes held after the last look

    def checked(self, batch: int) -> int:
        """Combine or spill if need be; return how many pairs to take until the next look."""
        self._count_mapped()
        size = spill.size_of(self.groups, self._seen)
        fits = self.settings.memory // 4 * batch // max(size - self._size, 1)
        if self.job.combiner and (self._seen >= LARGEST_BATCH or size > self.settings.memory):
            self._combine(LONG)
            size = spill.size_of(self.groups, self._seen)
        self._size = size
        if size > self.settings.memory:
            self.spill()
        return max(1, min(batch * 4, LARGEST_BATCH, fits))

    def _count_mapped(self) -> None:
        held = sum(map(len, self.groups.values()))
        self.counters["map output records"] += held - self._seen
        self._seen = held

    def _combine(self, longer_than: int) -> None:
        """Combine, in place, the values of the keys that have more than so many."""
        combiner = self.job.combiner
        taken = given = 0
        for key, values in self.groups.items():
            if len(values) > longer_than:
                taken += len(values)
                values[:] = combined(combiner, key, values)
                given += len(values)
        self.counters["combine input records"] += taken
        self.counters["combine output records"] += given
        self._seen += given - taken

    def spill(self) -> None:
        """Sort what is held by partition and key, write it as a run, and begin anew."""
        self._count_mapped()
        if self.job.combiner:
            self._combine(0)
        if not self.groups:
            return
        self.kinds |= keys.kinds(self.groups)
        keys.check_kinds(self.kinds)
        place = self._placed if self.job.partitioner else self._place
        parts = spill.partitioned(self.groups, place, self.settings.reducers)
        run = spill.write_run(self.settings.folder, parts)
        self.runs.append(run)
        self.counters["spilled records"] += sum(segment.records for segment in run)
        self.counters["shuffle bytes"] += sum(segment.length for segment in run)
        self.groups.clear()
        self._seen = self._size = 0

    def _placed(self, key: Any) -> int:
        try:
            return self._place(key)
        except Exception as error:
            where = Place(f"for the key {cut(key)}")
            raise Failed(from_exception(error, "partitioner", where)) from error


def combined(combiner: Callable, key: Any, values: list[Any]) -> list[Any]:
    """Return the values that the combiner makes of the values of one key."""
    fewer = []
    try:
        for out, value in combiner(key, iter(values)) or ():
            if out is not key and out != key:
                raise _other_key(key, out)
            fewer.append(value)
    except Exception as error:
        where = Place(f"for the key {cut(key)}")
        raise Failed(from_exception(error, "combiner", where)) from error
    return fewer


def _other_key(key: Any, out: Any) -> CourseError:
    return CourseError(
        f"the combiner got the key {cut(key)} and yielded the key {cut(out)}",
        "A combiner only makes fewer values: yield the key that it was given.",
    )


def run_reduce(job: Job, segments: list[spill.Segment], settings: Settings) -> Done:
    """Merge the runs of one partition and reduce them."""
    counters: Counter[str] = Counter()
    groups = spill.merged(segments, settings.folder, settings.memory)
    counters["reduce input records"] = sum(segment.records for segment in segments)
    counters["launched reduce tasks"] = 1
    pairs = list(reduced(job.reducer, _counted(groups, counters)))
    counters["reduce output records"] = len(pairs)
    return Done(counters, pairs=pairs)


def _counted(groups: Iterable[tuple[Any, Iterator]], counters: Counter[str]) -> Iterator:
    for group in groups:
        counters["reduce input groups"] += 1
        yield group


def reduced(reducer: Any, groups: Iterable[tuple[Any, Iterator]]) -> Iterator[tuple[Any, Any]]:
    """Yield all pairs of a reducer for groups of ``(key, iterator over values)``.

    A reducer class gets one object per task: ``setup()``, ``reduce(key, values)``, ``cleanup()``.
    """
    instance = reducer() if isinstance(reducer, type) else None
    call = instance.reduce if instance else reducer
    where = Place("before the first key")
    try:
        if instance:
            yield from _pairs(_hook(instance, "setup"))
        for key, values in groups:
            where = _At(key)
            yield from _pairs(call(key, values) or ())
        if instance:
            where = Place("after the last key")
            yield from _pairs(_hook(instance, "cleanup"))
    except CourseError:
        raise
    except (Exception, SystemExit) as error:
        where = where.place() if isinstance(where, _At) else where
        raise Failed(from_exception(error, "reducer", where)) from error


@dataclass(frozen=True, slots=True)
class _At:
    key: Any

    def place(self) -> Place:
        return Place(f"for the key {cut(self.key)}")


def _pairs(yielded: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    for key, value in yielded:  # noqa: UP028 - unpacking shows here what is not a pair
        yield key, value
