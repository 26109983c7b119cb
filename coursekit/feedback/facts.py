"""Facts about an answer as plain data, so that they can leave the process that observed it.

Grading observes a submission in a sandbox and compares outside. What comes out of the sandbox is
read by `decode`, which makes values only, never code.
"""

from __future__ import annotations

import base64
import datetime
import json
from dataclasses import dataclass
from typing import Any

from coursekit.feedback import compare


@dataclass(frozen=True)
class Raised:
    """An exception instead of a value: its classes' names, the own one first, and what it said."""

    names: tuple[str, ...]
    text: str = ""

    def is_a(self, kind: type[BaseException]) -> bool:
        """Tell whether the exception is of a class, or of one derived from it."""
        return kind.__name__ in self.names

    def __repr__(self) -> str:
        return self.names[0]


STOPPED = Raised(("TimeoutError", "OSError", "Exception"), "It did not end in time.")
ENDED = Raised(("ProcessEnded", "Exception"), "Python itself ended while your code ran.")


@dataclass(frozen=True)
class Other:
    """A value that is no plain data: the name of its class, and how it shows itself."""

    kind: str
    shown: str

    def __repr__(self) -> str:
        return self.shown


def encode(value: Any) -> Any:
    """Turn a fact into JSON's own types; everything but those is tagged with its kind."""
    value = compare.plain(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [encode(each) for each in value]
    kind = type(value).__name__
    if isinstance(value, dict):
        return {"dict": [[encode(k), encode(v)] for k, v in value.items()]}
    if isinstance(value, (tuple, set, frozenset)):
        kind = "tuple" if isinstance(value, tuple) else kind  # a named tuple, too
        return {kind: [encode(each) for each in value]}
    if isinstance(value, bytes):
        return {kind: base64.b64encode(value).decode()}
    if isinstance(value, (datetime.datetime, datetime.date)):
        return {kind: value.isoformat()}
    if isinstance(value, Raised):
        return {kind: [list(value.names), value.text]}
    if compare.is_table(value):
        return {kind: _table(value)}
    if value is ...:
        return {kind: ""}
    return {"Other": [kind, compare.brief(value)]}


def decode(data: Any) -> Any:
    """Return the value that `encode` was given, or an `Other` that stands for it.

    Raises
    ------
    ValueError
        For anything that `encode` does not write.
    """
    if isinstance(data, list):
        return [decode(each) for each in data]
    if not isinstance(data, dict):
        return data
    try:
        ((kind, inside),) = data.items()
        return _READERS[kind](inside)
    except Exception as error:
        raise ValueError(f"no fact: {str(data)[:80]}") from error


def dumps(value: Any) -> str:
    """Return a fact as one line of JSON."""
    return json.dumps(encode(value), ensure_ascii=False)


def _table(value: Any) -> list:
    """Return an array as kind of numbers, shape and values; a table as columns, index, values."""
    if type(value).__name__ == "DataFrame":
        return [
            encode(list(value.columns)),
            encode(list(value.index)),
            encode(value.to_numpy().tolist()),
        ]
    if type(value).__name__ == "Series":
        return [encode(value.name), encode(list(value.index)), encode(value.tolist())]
    if hasattr(value, "dtype") and hasattr(value, "ravel") and hasattr(value, "ndim"):
        return [value.dtype.str, list(value.shape), encode(value.ravel().tolist())]
    return [encode(value.tolist())]


def _array(inside: list) -> Any:
    import numpy as np

    kind, shape, values = inside
    return np.array(decode(values), dtype=np.dtype(kind)).reshape(shape)


def _frame(inside: list) -> Any:
    import pandas as pd

    columns, index, values = map(decode, inside)
    return pd.DataFrame(values, columns=columns, index=index).infer_objects()


def _series(inside: list) -> Any:
    import pandas as pd

    name, index, values = map(decode, inside)
    return pd.Series(values, index=index, name=name)


_READERS = {
    "dict": lambda pairs: {decode(k): decode(v) for k, v in pairs},
    "tuple": lambda values: tuple(map(decode, values)),
    "set": lambda values: set(map(decode, values)),
    "frozenset": lambda values: frozenset(map(decode, values)),
    "bytes": base64.b64decode,
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "Raised": lambda inside: Raised(tuple(map(str, inside[0])), str(inside[1])),
    "ndarray": _array,
    "DataFrame": _frame,
    "Series": _series,
    "ellipsis": lambda _: ...,
    "Other": lambda inside: Other(*map(str, inside)),
}
