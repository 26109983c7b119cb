"""What the engine and the scripts for Hadoop Streaming share; it is copied into both scripts.

A line is a key, a tab, a value. Text that begins with a letter stands as it is; anything else is
written as in a Python program: 7, (39.02, 1), ['a', 'b']. Numbers that are equal are written
alike as keys (1, 1.0 and True: as 1), because Hadoop compares keys as text.
"""

import ast
import itertools
import math
import numbers
import os
import sys
import types


def _count(name, n=1):
    """Add to a counter; Hadoop reads these lines from standard error."""
    print(f"reporter:counter:job,{name.replace(',', ' ')},{n}", file=sys.stderr)


def _attempt():
    """Return which attempt of the task this is, from 1."""
    number = os.environ.get("mapreduce_task_attempt_id", "_0").rpartition("_")[2]  # noqa: SIM112
    return int(number) + 1


# What a job's functions know as coursekit.mapreduce.
_mapreduce = types.SimpleNamespace(count=_count, attempt=_attempt)


def canonical(key):
    """Return the one form that all keys equal to this one share; TypeError if there is none.

    Python holds ``1 == 1.0 == True``; they are one key, so they need one form: the int.
    """
    if isinstance(key, tuple):
        return tuple(canonical(part) for part in key)
    if isinstance(key, float):
        if math.isnan(key):
            raise TypeError("nan cannot be a key: it is not equal to itself, so nothing meets it")
        return int(key) if key.is_integer() else float(key)
    if isinstance(key, numbers.Integral):
        return int(key)
    if key is None or isinstance(key, (str, bytes)):
        return key
    raise TypeError(f"a key of type {type(key).__name__} cannot be sorted and sent: {key!r:.80}")


def encode(value):
    """Return a value as text without tab or line end; TypeError if it is not plain data."""
    if isinstance(value, str) and value[:1].isalpha() and value.isprintable():
        return value
    _check_plain(value)
    text = repr(value)
    return f"({text})" if text[0].isalpha() else text  # (None), (b'…'): not the word


def _check_plain(value):
    if type(value) is dict:
        value = [*value, *value.values()]
    elif value is None or type(value) in (bool, int, float, str, bytes):
        return
    elif type(value) not in (list, tuple, set):
        raise TypeError(f"a value of type {type(value).__name__} cannot be written as text")
    for part in value:
        _check_plain(part)


def decode(text):
    """Return the key or the value that a text stands for."""
    if text[:1].isalpha():
        return text
    if text.isdecimal():
        return int(text)  # at once, because most values are counts
    tree = ast.parse(text, mode="eval")
    return ast.literal_eval(_InfinityAndNan().visit(tree))


class _InfinityAndNan(ast.NodeTransformer):
    def visit_Name(self, node):
        return ast.Constant(float(node.id)) if node.id in ("inf", "nan") else node


def mapped(mapper, records):
    """Return all pairs that a mapper yields for the records of one task.

    A class gets one object per task: ``setup()``, ``map(record)`` for each, ``cleanup()``.
    """
    task = mapper() if isinstance(mapper, type) else None
    # filter: a mapper may return None where it has nothing to yield
    pairs = itertools.chain.from_iterable(filter(None, map(task.map if task else mapper, records)))
    return itertools.chain(_hook(task, "setup"), pairs, _hook(task, "cleanup"))


def reduced(reducer, groups):
    """Yield all pairs of a reducer for groups of ``(key, iterator over its values)``.

    A class gets one object per task: ``setup()``, ``reduce(key, values)``, ``cleanup()``.
    """
    task = reducer() if isinstance(reducer, type) else None
    yield from _hook(task, "setup")
    for key, values in groups:
        yield from (task.reduce if task else reducer)(key, values) or ()
    yield from _hook(task, "cleanup")


def _hook(task, name):
    yield from getattr(task, name, tuple)() or ()


def identity(key, values):
    """Yield every value as it came: the reducer of a job that has none, as in Hadoop."""
    for value in values:
        yield key, value


def run_mapper(mapper, combiner=None):
    """Map the lines of standard input; write pairs, combined if there is a combiner."""
    pairs = mapped(mapper, (line.rstrip("\n") for line in _standard_input()))
    # Half a million pairs at a time fit into any memory; a combiner may run as often as it likes.
    while combiner and (some := list(itertools.islice(pairs, 500_000))):
        groups = {}
        for key, value in some:
            groups.setdefault(key, []).append(value)
        for key, values in groups.items():
            _write(combiner(key, iter(values)) or ())
    _write(pairs)


def run_reducer(reducer):
    """Reduce the sorted lines of standard input; write pairs."""
    fields = (line.rstrip("\n").partition("\t") for line in _standard_input())
    groups = (
        (decode(key), (decode(value) for _, _, value in lines))
        for key, lines in itertools.groupby(fields, key=lambda field: field[0])
    )
    _write(reduced(reducer, groups))


def _standard_input():
    sys.stdin.reconfigure(encoding="utf-8-sig", errors="strict", newline=None)
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    return sys.stdin


def _write(pairs):
    for key, value in pairs:
        print(encode(canonical(key)), encode(value), sep="\t")
