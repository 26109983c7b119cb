"""Sorted runs on disk: what a map task leaves behind and a reduce task merges.

A run is one file. It holds, for each partition, its groups in key order, in pickled frames:
``(keys, counts, values)``, where ``counts`` says how many of the values belong to each key (None:
one each). Three flat lists take far less time to pickle than a list of groups. A frame is small,
so that many runs can be merged in little memory.
"""

from __future__ import annotations

import errno
import heapq
import os
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby, islice
from operator import itemgetter
from sys import getsizeof
from typing import Any

from coursekit.ground.errors import CourseError

Group = tuple[Any, list[Any]]
Frame = tuple[tuple[Any, ...], list[int] | None, list[Any]]
FRAME = 1000  # values in a frame
FAN_IN = 64  # runs merged at a time: each is an open file
# Pickled text and numbers take several times their size as Python objects.
GROWTH = 4
by_key = itemgetter(0)


@dataclass(frozen=True)
class Segment:
    """One partition within a run: where it lies and what it holds."""

    path: str
    offset: int
    length: int
    records: int

    def groups(self) -> Iterator[Group]:
        """Yield the groups in key order; a key with many values comes in several pieces."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            while file.tell() < self.offset + self.length:
                yield from _groups(pickle.load(file))


def write_run(folder: str, partitions: Iterable[Iterable[Group]]) -> list[Segment]:
    """Write groups, sorted by key within each partition, to a new file in a folder.

    Raises
    ------
    CourseError
        If the disk is full, or a value cannot be pickled.
    """
    segments = []
    try:
        handle, path = tempfile.mkstemp(suffix=".run", dir=folder)
        with open(handle, "wb") as file:
            for groups in partitions:
                offset, records = file.tell(), 0
                for values, frame in _frames(groups):
                    records += values
                    file.write(_dump(frame))
                segments.append(Segment(path, offset, file.tell() - offset, records))
    except OSError as error:
        raise disk_error(error, folder) from error
    return segments


def disk_error(error: OSError, folder: str) -> CourseError:
    """Return the error for a temporary folder that cannot be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    why = "its disk is full" if full else error.strerror or str(error)
    return CourseError(
        f"the shuffle cannot write to {folder}: {why}",
        "Free some space, or set the variable TMPDIR to a folder with more; a combiner needs less.",
    )


def _frames(groups: Iterable[Group]) -> Iterator[tuple[int, Frame]]:
    """Yield the number of values of a frame, and the frame."""
    groups = iter(groups)
    while some := list(islice(groups, FRAME // 4)):
        if sum([len(values) for _, values in some]) <= FRAME:
            yield _frame(some)
        else:
            yield from map(_frame, _small(some))


def _small(groups: list[Group]) -> Iterator[list[Group]]:
    """Yield the groups in portions of few values; a group with many is cut."""
    portion, held = [], 0
    for key, values in groups:
        for start in range(0, len(values), FRAME):
            piece = values[start : start + FRAME]
            portion.append((key, piece))
            held += len(piece)
            if held >= FRAME:
                yield portion
                portion, held = [], 0
    if portion:
        yield portion


def _frame(groups: list[Group]) -> tuple[int, Frame]:
    keys, lists = zip(*groups, strict=True)
    values = list(chain.from_iterable(lists))
    counts = None if len(values) == len(keys) else list(map(len, lists))
    return len(values), (keys, counts, values)


def _groups(frame: Frame) -> Iterator[Group]:
    keys, counts, values = frame
    if counts is None:
        return zip(keys, ([value] for value in values), strict=True)
    rest = iter(values)
    return ((key, list(islice(rest, n))) for key, n in zip(keys, counts, strict=True))


def _dump(frame: Frame) -> bytes:
    try:
        return pickle.dumps(frame, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # pickle raises several types, and objects raise their own
        key, value = _culprit(frame)
        raise CourseError(
            f"a value of type {type(value).__name__}, yielded for the key {key!r:.60}, cannot be "
            f"sent to a reducer: {' '.join(str(error).split())}",
            "Yield plain data: text, numbers, tuples, lists, dicts.",
        ) from error


def _culprit(frame: Frame) -> tuple[Any, Any]:
    """Return the pair that cannot be pickled."""
    pairs = [(key, value) for key, values in _groups(frame) for value in values]
    return next(pair for pair in pairs if not _can_be_sent(pair[1]))


def _can_be_sent(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:
        return False
    return True


def merged(segments: list[Segment], folder: str, memory: int) -> Iterator[tuple[Any, Iterator]]:
    """Yield each key of a partition once, in order, with an iterator over all its values.

    Values come in the order of the segments. In memory where the bound allows it, otherwise by
    merging the sorted runs from disk, so that only one frame of each is in memory.
    """
    if sum(segment.length for segment in segments) * GROWTH <= memory:
        yield from _merged_in_memory(segments)
        return
    while len(segments) > FAN_IN:
        first = _pieces(_merge(segments[:FAN_IN]))
        segments = [*write_run(folder, [first]), *segments[FAN_IN:]]
    yield from _merge(segments)


def _merged_in_memory(segments: list[Segment]) -> Iterator[tuple[Any, Iterator]]:
    together: dict[Any, list[Any]] = {}
    for key, values in chain.from_iterable(segment.groups() for segment in segments):
        together.setdefault(key, []).extend(values)
    for key in sorted(together):
        yield key, iter(together[key])


def _merge(segments: list[Segment]) -> Iterator[tuple[Any, Iterator]]:
    runs = [segment.groups() for segment in segments]
    for key, pieces in groupby(heapq.merge(*runs, key=by_key), key=by_key):
        yield key, chain.from_iterable(values for _, values in pieces)


def _pieces(groups: Iterable[tuple[Any, Iterator]]) -> Iterator[Group]:
    for key, values in groups:
        while piece := [value for value, _ in zip(values, range(FRAME), strict=False)]:
            yield key, piece


def partitioned(
    groups: dict[Any, list[Any]], place: Callable[[Any], int], reducers: int
) -> list[list[Group]]:
    """Return the groups of each partition, sorted by key."""
    parts: list[list[Group]] = [[] for _ in range(reducers)]
    for group in groups.items():
        parts[place(group[0])].append(group)
    for part in parts:
        part.sort(key=by_key)
    return parts


def size_of(groups: dict[Any, list[Any]], held: int) -> int:
    """Estimate the bytes that groups with ``held`` values take, from some fifty of them."""
    if not groups:
        return 0
    step = len(groups) // 50 + 1
    every = islice(groups.items(), 0, None, step)
    sample = [(key, values[-1]) for key, values in every if values]
    keys = sum(deep_size(key) for key, _ in sample) / max(len(sample), 1)
    values = sum(deep_size(value) for _, value in sample) / max(len(sample), 1)
    slot = 200  # the dict's entry, the list, and what it holds in reserve
    return int(len(groups) * (keys + slot) + held * (values + 9))


def deep_size(value: Any) -> int:
    """Return the bytes of a value with what it contains."""
    if value is None or (isinstance(value, int) and -5 <= value <= 256):
        return 0  # one object, shared by all
    size = getsizeof(value)
    if isinstance(value, tuple | list | set | frozenset):
        return size + sum(map(deep_size, value))
    if isinstance(value, dict):
        return size + sum(deep_size(k) + deep_size(v) for k, v in value.items())
    return size


def remove(segments: Iterable[Segment]) -> None:
    """Delete the files of runs that are no longer needed."""
    for path in {segment.path for segment in segments}:
        os.unlink(path)
