"""What both scripts need around a job's own functions: pairs as text, counters, loops.

A line is a key, a tab, a value. Text that begins with a letter stands as it is; anything else is
JSON, with {"tuple": [...]} and the like for what JSON lacks. Numbers that are equal are written
alike (1, 1.0 and True: as 1), because Hadoop compares keys as text.
"""

import base64
import itertools
import json
import math
import os
import sys

_NOT_TEXT = {"true", "false", "null", "NaN", "Infinity"}


def _count(name, n=1):
    """Add to a counter; Hadoop reads these lines from standard error."""
    print(f"reporter:counter:job,{name.replace(',', ' ')},{n}", file=sys.stderr)


def _attempt():
    """Return which attempt of the task this is, from 1."""
    number = os.environ.get("mapreduce_task_attempt_id", "_0").rpartition("_")[2]  # noqa: SIM112
    return int(number) + 1


def encode_key(key):
    """Return a key as text without tab or line end."""
    if isinstance(key, str) and key[:1].isalpha() and key.isprintable() and key not in _NOT_TEXT:
        return key
    return json.dumps(_packed(_one_number(key)))


def _one_number(key):
    if isinstance(key, tuple):
        return tuple(_one_number(part) for part in key)
    if isinstance(key, float) and math.isnan(key):
        raise TypeError("nan cannot be a key: it is not equal to itself")
    if isinstance(key, bool) or (isinstance(key, float) and key.is_integer()):
        return int(key)
    if key is None or isinstance(key, (str, bytes, int, float)):
        return key
    raise TypeError(f"a key of type {type(key).__name__} cannot be sorted and sent")


def decode(text):
    """Return the key or the value that a text stands for."""
    if text[:1].isalpha() and text not in _NOT_TEXT:
        return text
    return json.loads(text, object_hook=_unpacked)


def encode_value(value):
    """Return a value as text."""
    if isinstance(value, str):
        return encode_key(value)
    return json.dumps(_packed(value))


def _packed(value):
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is list:
        return [_packed(part) for part in value]
    if kind is tuple:
        return {"tuple": [_packed(part) for part in value]}
    if kind in (set, frozenset):
        return {kind.__name__: [_packed(part) for part in value]}
    if kind is dict:
        return {"dict": [[_packed(key), _packed(part)] for key, part in value.items()]}
    if kind is bytes:
        return {"bytes": base64.b64encode(value).decode()}
    raise TypeError(f"a value of type {kind.__name__} cannot be written as a line of text")


_UNPACK = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "dict": dict,
    "bytes": base64.b64decode,
}


def _unpacked(packed):
    [(kind, content)] = packed.items()
    return _UNPACK[kind](content)


def _write(pairs):
    for key, value in pairs:
        print(encode_key(key), encode_value(value), sep="\t")


def _hook(instance, name):
    method = getattr(instance, name, None)
    return (method() or ()) if method else ()


def _use_utf8():
    sys.stdin.reconfigure(encoding="utf-8-sig", errors="strict", newline=None)
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")


def run_mapper(mapper, combiner=None):
    """Map the lines of standard input; write pairs, combined if there is a combiner."""
    _use_utf8()
    pairs = _mapped(mapper, (line.rstrip("\n") for line in sys.stdin))
    _write(_combined(combiner, pairs) if combiner else pairs)


def _mapped(mapper, lines):
    if not isinstance(mapper, type):
        yield from itertools.chain.from_iterable(filter(None, map(mapper, lines)))
        return
    task = mapper()
    yield from _hook(task, "setup")
    yield from itertools.chain.from_iterable(filter(None, map(task.map, lines)))
    yield from _hook(task, "cleanup")


def _combined(combiner, pairs, held=500_000):
    while True:
        groups = {}
        for key, value in itertools.islice(pairs, held):
            groups.setdefault(key, []).append(value)
        if not groups:
            return
        for key, values in groups.items():
            yield from combiner(key, iter(values)) or ()


def identity(key, values):
    """Yield every value as it came: the reducer of a job that has none, as in Hadoop."""
    for value in values:
        yield key, value


def run_reducer(reducer):
    """Reduce the sorted lines of standard input; write pairs."""
    _use_utf8()
    fields = (line.rstrip("\n").partition("\t") for line in sys.stdin)
    groups = itertools.groupby(fields, key=lambda field: field[0])
    task = reducer() if isinstance(reducer, type) else None
    if task:
        _write(_hook(task, "setup"))
    for key, lines in groups:
        values = (decode(value) for _, _, value in lines)
        _write((task.reduce if task else reducer)(decode(key), values) or ())
    if task:
        _write(_hook(task, "cleanup"))
