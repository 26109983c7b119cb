"""Recognises what goes wrong in any exercise, in one place.

`of_form` is sure: the value, or the answer itself, is of another kind than the one asked for. An
exercise's guess counts for less. `of_any` is asked when the exercise has nothing to say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from coursekit.feedback import compare
from coursekit.feedback.facts import Other, Raised
from coursekit.feedback.observe import Seen

_ANSWERS = {  # by what the answer is and what the solution is
    ("async function", "function"): "`async def` makes a coroutine function: a call of it gives a"
    " coroutine, not the value. A plain `def` is asked for.",
    ("generator function", "function"): "There is a `yield` in your function, so a call of it"
    " gives a generator, not the value. Hand the value back with `return`.",
    ("function", "generator function"): "Your function has no `yield`. A generator function is"
    " asked for.",
    ("class", "function"): "Your answer is a class. A function is asked for.",
    ("function", "class"): "Your answer is a function. A class is asked for.",
    ("value", "function"): "Your answer is a value. The function itself is asked for, without a"
    " call.",
    ("function", "value"): "Your answer is a function. The value is asked for: call it.",
}
_LAZY = {"generator", "map", "filter", "zip", "range", "reversed", "enumerate", "islice",
         "dict_keys", "dict_values", "dict_items"}  # fmt: skip
_RAISED = {
    "TimeoutError": "Your code did not come to an end. Is there a loop whose condition never"
    " becomes false?",
    "MemoryError": "Your code asks for more memory than this exercise needs by far. Does a list"
    " grow without end?",
    "SystemExit": "Your code calls `exit()`, which ends Python and the whole notebook. A function"
    " ends with `return`.",
    "ProcessEnded": "Your code ended Python itself: with `os._exit()`, or by a crash.",
    "RecursionError": "The function calls itself again and again. Which call ends it?",
    "Asked": "Your code asks for `input()`. A function gets what it needs as its arguments.",
}


def of_form(want: Any, got: Any, seen: Seen, kind: str) -> str:
    """Return the message for a right value in another form, or for another kind of answer.

    Parameters
    ----------
    want, got : object
        The first fact that differs, as it is wanted and as it came out.
    seen : Seen
        The whole observation.
    kind : str
        What the solution is; see `kind_of_answer`.
    """
    told = _ANSWERS.get((seen.kind, kind))
    # an error may have many causes, but not where a value or a class stands for a function
    if told and (not isinstance(got, Raised) or seen.kind in ("value", "class")):
        return told
    if isinstance(got, Raised) or isinstance(want, (Raised, type)):
        return ""
    name = got.kind if isinstance(got, Other) else type(got).__name__
    if name == "coroutine":
        return _ANSWERS["async function", "function"]
    if name in _LAZY and isinstance(want, (list, tuple, set)):
        return f"This is a `{name}` object, not a {type(want).__name__}. `list(…)` makes one of it."
    for other in {list, tuple, set} - {type(want)}:
        if type(want) in (list, tuple) and type(got) is other and _same_members(got, want):
            return (
                f"The values are right, but in a {other.__name__}; a {type(want).__name__} is"
                " asked for."
            )
    leaves = list(_leaves(want, got))
    if leaves and all(type(w) is type(g) or _shows_the_same(w, g) for w, g in leaves):
        for w, g in leaves:
            if type(w) is not type(g) and isinstance(w, str) != isinstance(g, str):
                return (
                    f"The value looks right, but {'it' if w is want else 'a part of it'} is a"
                    f" {type(g).__name__}, not a {type(w).__name__}."
                )
    return _rounded(leaves) if leaves else ""


def of_any(want: Any, got: Any, seen: Seen, earlier: list[tuple[str, Any]]) -> str:
    """Return the message for what goes wrong in any exercise, or an empty text.

    Parameters
    ----------
    want, got, seen : object
        As for `of_form`.
    earlier : list of (str, object)
        What was tried before, and the values wanted there, where they are hardly met by chance.
    """
    if isinstance(got, Raised):
        if told := next((tell for kind, tell in _RAISED.items() if kind in got.names), ""):
            return told
        if wanted := _exception(want):
            return f"Your code raises a {got.names[0]}. A {wanted} is asked for here."
        return ""
    if wanted := _exception(want):
        return f"Your code returns a value. Here it has to raise a {wanted}."
    if seen.changed is not None and compare.same(got, seen.changed):
        return "Your code changed what it was given. Work on a copy, or build something new."
    if got is None and want is not None:
        if seen.printed:
            return "Your code prints a value but returns None. A function hands back with `return`."
        return "Your code returns None. Is there a `return` on every way through it?"
    if got is ... and want is not ...:
        return "The value is still `...`: put your answer there."
    for tried, value in earlier:
        if len(compare.brief(value)) > 2 and compare.same(got, value):
            return (
                f"This is the answer to another question: {tried}. Does your code use a name of"
                " the notebook in place of its argument, or a fixed value?"
            )
    if isinstance(want, (list, tuple)) and type(got) is type(want) and _same_members(got, want):
        return "The values are right, but not in the order asked for."
    return ""


def _exception(want: Any) -> str:
    if isinstance(want, type) and issubclass(want, BaseException):
        return want.__name__
    return want.names[0] if isinstance(want, Raised) else ""


def _same_members(got: Any, want: Any) -> bool:
    """Tell whether two containers hold the same, whatever their kind and order."""
    return len(got) == len(want) and sorted(map(_safely(repr), got)) == sorted(map(repr, want))


def _leaves(want: Any, got: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs of values in two containers of one shape; nothing if the shapes differ."""
    want, got = compare.plain(want), compare.plain(got)
    if isinstance(want, Mapping) and isinstance(got, Mapping):
        if want.keys() == got.keys():
            for key in want:
                yield from _leaves(want[key], got[key])
    elif isinstance(want, (list, tuple)) and type(got) is type(want):
        if len(want) == len(got):
            for one, other in zip(want, got, strict=True):
                yield from _leaves(one, other)
    elif not compare.is_table(want):
        yield want, got


def _shows_the_same(want: Any, got: Any) -> bool:
    if compare.is_table(got) or isinstance(got, (list, tuple, Mapping)):
        return False
    return _safely(str)(got) == str(want)


def _rounded(leaves: list[tuple[Any, Any]]) -> str:
    """Say so if all numbers are those wanted, cut or rounded to the same place."""
    if not any(_is_float(w) for w, _ in leaves):
        return ""

    def alike(change: Callable[[float], float]) -> bool:
        return all(
            compare.same(g, change(w)) if _is_float(w) and _is_number(g) else compare.same(g, w)
            for w, g in leaves
        )

    if any(alike(change) for change in (round, math.trunc, math.floor)):
        return "The decimals are lost. Is there a `//`, an `int(…)` or a `round(…)` in your code?"
    if any(alike(lambda w, n=n: round(w, n)) for n in range(1, 7)):
        return "The value is rounded. Hand it back as it is: rounding is for showing."
    return ""


def _is_float(value: Any) -> bool:
    return isinstance(value, float) and value == value and abs(value) != float("inf")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _safely(show: Callable[[Any], str]) -> Callable[[Any], str]:
    """A learner's own class may be unable to show itself."""

    def shown(value: Any) -> str:
        try:
            return show(value)
        except Exception:
            return ""

    return shown
