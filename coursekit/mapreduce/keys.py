"""Keys: which are allowed, which are equal, to which partition each belongs."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise, zip_longest
from numbers import Integral
from typing import Any

from coursekit.ground.errors import CourseError

Partitioner = Callable[[Any, int], int]


def canonical(key: Any) -> Any:
    """Return the one form that all keys equal to this one share.

    Python holds ``1 == 1.0 == True``; they are one key, so they need one form: the int.

    Raises
    ------
    CourseError
        If the key is of a type that cannot be sorted and written the same way everywhere.
    """
    if isinstance(key, str | bytes) or key is None:
        return key
    if isinstance(key, Integral):
        return int(key)
    if isinstance(key, float):
        return _canonical_float(key)
    if isinstance(key, tuple):
        return tuple(canonical(part) for part in key)
    raise CourseError(
        f"a key of type {type(key).__name__} cannot be sorted and sent: {key!r:.80}",
        "Yield a key that is text, a number, None, or a tuple of these (for a date: isoformat()).",
    )


def _canonical_float(key: float) -> int | float:
    if math.isnan(key):
        raise CourseError(
            "nan cannot be a key: it is not equal to itself, so its values never meet",
            "Test with math.isnan() in the mapper and yield another key, or count the record.",
        )
    return int(key) if key.is_integer() else float(key)


def partition(key: Any, reducers: int) -> int:
    """Return the partition of a key: the checksum of its canonical form, modulo ``reducers``.

    Python's own ``hash`` will not do: for text it differs from one process to the next.
    """
    if type(key) is str:
        return zlib.crc32(key.encode("utf-8", "surrogatepass")) % reducers
    return zlib.crc32(repr(canonical(key)).encode()) % reducers


def bind(partitioner: Partitioner | None, reducers: int) -> Callable[[Any], int]:
    """Return a function from key to partition that also checks what the partitioner answers."""
    if partitioner is None:
        return partial(partition, reducers=reducers)
    return partial(_checked, partitioner, reducers)


def _checked(partitioner: Partitioner, reducers: int, key: Any) -> int:
    answer = partitioner(key, reducers)
    if isinstance(answer, Integral) and 0 <= answer < reducers:
        return int(answer)
    raise CourseError(
        f"the partitioner answered {answer!r:.40} for the key {key!r:.40}; "
        f"there are {reducers} reducers",
        f"Return a whole number from 0 to {reducers - 1}; `% reducers` keeps it in range.",
    )


def kinds(keys: Iterable[Any]) -> set[Any]:
    """Return the kinds of keys: two keys can be sorted if their kinds match (`check_kinds`)."""
    types = set(map(type, keys))
    if types <= {str}:
        return {"text"} if types else set()
    return {_kind(key) for key in keys}


def _kind(key: Any) -> Any:
    key = canonical(key)
    if isinstance(key, tuple):
        return tuple(map(_kind, key))
    if isinstance(key, int | float):
        return "number"
    return {str: "text", bytes: "bytes", type(None): "None"}[type(key)]


def check_kinds(found: set[Any]) -> None:
    """Raise a CourseError if keys of these kinds cannot be sorted among each other."""
    ordered: Sequence[Any] = sorted(found, key=repr)
    for first, second in pairwise(ordered):
        if not _match(first, second):
            raise CourseError(
                f"keys of different types cannot be sorted: {_say(first)} and {_say(second)}",
                "Let the mapper yield keys of one type, for example str(key).",
            )


def _match(first: Any, second: Any) -> bool:
    if isinstance(first, tuple) and isinstance(second, tuple):
        pairs = zip_longest(first, second)
        return all(None in pair or _match(*pair) for pair in pairs)
    return first == second


def _say(kind: Any) -> str:
    return f"({', '.join(map(_say, kind))})" if isinstance(kind, tuple) else kind
