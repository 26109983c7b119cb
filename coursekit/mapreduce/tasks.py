"""The two kinds of task: map (map, combine, partition) and reduce (merge, sort, reduce)."""

from __future__ import annotations

import pickle
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from numbers import Integral
from operator import length_hint
from typing import Any

from coursekit.ground.errors import CourseError

from . import streaming_runtime as runtime
from .context import cut, failing
from .inputs import Split

Pair = tuple[Any, Any]
Groups = dict[Any, list[Any]]  # by key, its values in the order in which they came


@dataclass(frozen=True)
class Functions:
    """The functions of a job, and what messages call it; `Job` says what each is."""

    mapper: Callable | type
    reducer: Callable | type = runtime.identity
    combiner: Callable | None = None
    partitioner: Callable[[Any, int], int] | None = None
    name: str = "job"
    max_attempts: int = 4

    def __post_init__(self) -> None:
        if self.reducer is None:
            object.__setattr__(self, "reducer", runtime.identity)
        methods = {"mapper": "map", "reducer": "reduce", "combiner": None, "partitioner": None}
        for role, method in methods.items():
            function = getattr(self, role)
            if function is None and not method:
                continue
            if not callable(function) or (
                isinstance(function, type) and not (method and hasattr(function, method))
            ):
                raise CourseError(
                    f"the {role} is {function!r:.60}",
                    "Give a function" + (f", or a class that has {method}()." if method else "."),
                )
        if self.max_attempts < 1:
            raise CourseError(f"max_attempts is {self.max_attempts}", "Give at least 1.")


@dataclass
class Done:
    """What a task that succeeded hands back."""

    counters: Counter[str]
    partitions: list[bytes] = field(default_factory=list)  # of a map task: pickled groups
    first: list[Any] = field(default_factory=list)  # of a map task: its smallest key, if any
    pairs: list[Pair] = field(default_factory=list)  # of a reduce task


def run_map(job: Functions, split: Split, reducers: int) -> Done:
    """Map the records of a split, combine the values of each key, deal the keys out."""
    counters = Counter({"launched map tasks": 1})
    groups = mapped(job, split, counters)
    parts: list[Groups] = [{} for _ in range(reducers)]
    place = partitioner(job, reducers)
    for key, values in groups.items():
        parts[place(key)][key] = values
    try:
        partitions = [pickle.dumps(part, pickle.HIGHEST_PROTOCOL) for part in parts]
    except Exception as error:  # pickle raises several types, and objects raise their own
        raise CourseError(
            f"a value of {job.name!r} cannot be sent to a reducer: {' '.join(str(error).split())}",
            "Yield plain data: text, numbers, tuples, lists, dicts.",
        ) from error
    counters["shuffle bytes"] = sum(map(len, partitions))
    return Done(counters, partitions, in_order(groups)[:1])


def mapped(job: Functions, split: Split, counters: Counter[str]) -> Groups:
    """Return what the mapper yields for a split, by key, combined if the job has a combiner."""
    records = split.records()
    left = iter(records)
    groups: Groups = defaultdict(list)
    # What is left of the list tells which record is at work: no counting, record by record.
    with failing("mapper", job.name, lambda: split.place(len(records) - length_hint(left) - 1)):
        for key, value in runtime.mapped(job.mapper, left):
            groups[key].append(value)
    counters["map input records"] += len(records)
    counters["map output records"] += sum(map(len, groups.values()))
    in_order(groups)  # before the combiner meets a key that cannot be one
    return combined(job, groups, counters) if job.combiner else groups


def combined(job: Functions, groups: Groups, counters: Counter[str]) -> Groups:
    """Return the groups with fewer values: those that the combiner makes of them."""
    fewer: Groups = {}
    key = None
    with failing("combiner", job.name, lambda: at(key)):
        for key, values in groups.items():
            fewer[key] = []
            for out, value in job.combiner(key, iter(values)) or ():
                if out is not key and out != key:
                    raise CourseError(
                        f"the combiner got the key {cut(key)} and yielded the key {cut(out)}",
                        "A combiner only makes fewer values: yield the key that it was given.",
                    )
                fewer[key].append(value)
    counters["combine input records"] += sum(map(len, groups.values()))
    counters["combine output records"] += sum(map(len, fewer.values()))
    return fewer


def partition(key: Any, reducers: int) -> int:
    """Return the partition of a key: the checksum of its canonical form, modulo ``reducers``.

    Python's own ``hash`` will not do: for text it differs from one process to the next.
    """
    text = key if type(key) is str else repr(runtime.canonical(key))
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) % reducers


def partitioner(job: Functions, reducers: int) -> Callable[[Any], int]:
    """Return a job's function from key to partition, which checks what it answers."""

    def place(key: Any) -> int:
        with failing("partitioner", job.name, lambda: at(key)):
            answer = job.partitioner(key, reducers)
        if isinstance(answer, Integral) and 0 <= answer < reducers:
            return int(answer)
        raise CourseError(
            f"the partitioner answered {answer!r:.40} for the key {key!r:.40}; "
            f"there are {reducers} reducers",
            f"Return a whole number from 0 to {reducers - 1}; `% reducers` keeps it in range.",
        )

    return place if job.partitioner else lambda key: partition(key, reducers)


def in_order(keys: Iterable[Any]) -> list[Any]:
    """Return keys sorted; CourseError if they cannot be sorted and sent, each and together."""
    keys = list(keys)
    try:
        for key in keys if set(map(type, keys)) != {str} else ():
            runtime.canonical(key)
        return sorted(keys)
    except TypeError as error:
        what = str(error)
        if what.startswith("'<'"):
            types = " and ".join(re.findall(r"'(\w+)'", what))
            what = f"keys of different types cannot be sorted: {types}"
        raise CourseError(
            what, "Let the mapper yield keys of one type: text, numbers, None, or tuples of these."
        ) from error


def run_reduce(job: Functions, parts: list[bytes]) -> Done:
    """Bring the groups of one partition together, sort them by key, reduce them."""
    groups: Groups = defaultdict(list)
    for part in parts:
        for key, values in pickle.loads(part).items():
            groups[key].extend(values)
    pairs = list(reduced(job, ((key, groups[key]) for key in in_order(groups))))
    counters = Counter(
        {
            "launched reduce tasks": 1,
            "reduce input groups": len(groups),
            "reduce input records": sum(map(len, groups.values())),
            "reduce output records": len(pairs),
        }
    )
    return Done(counters, pairs=pairs)


def reduced(job: Functions, groups: Iterable[tuple[Any, Iterable]]) -> Iterator[Pair]:
    """Yield what the reducer yields for groups in order; name the key if it fails."""
    where = "before the first key", None

    def watched() -> Iterator[tuple[Any, Iterator[Any]]]:
        nonlocal where
        for key, values in groups:
            where = at(key)
            yield key, iter(values)
        where = "after the last key", None

    with failing("reducer", job.name, lambda: where):
        for key, value in runtime.reduced(job.reducer, watched()):  # noqa: UP028 - shows no-pairs
            yield key, value


def at(key: Any) -> tuple[str, None]:
    """Return the place of a key, for a message."""
    return f"for the key {cut(key)}", None
