"""Tells an untouched starter from an attempt."""

from __future__ import annotations

import types
from functools import cache
from typing import Any

from coursekit.feedback import lessons
from coursekit.ground.errors import CourseError


def untouched(exercise: str, answer: Any) -> bool:
    """Tell whether an answer is still what the starter cell gives.

    A value is untouched while it is ``...``. A function or class is untouched while its compiled
    code equals that of the starter cell's function or class of the same name, so comments and
    blank lines do not count as an attempt.

    Parameters
    ----------
    exercise : str
        The exercise's id.
    answer : object
        What the learner handed to ``check``.
    """
    if answer is ...:
        return True
    starter = _starter_codes(exercise).get(getattr(answer, "__name__", None))
    if starter is None:
        return False
    if isinstance(answer, types.FunctionType):
        return _shape(answer.__code__) == starter
    return isinstance(answer, type) and _class_shape(answer) == starter


@cache
def _starter_codes(exercise: str) -> dict[str, Any]:
    """Return the shape of each function and class that the starter cell defines."""
    try:
        text = lessons.starter_source(exercise)
    except CourseError:
        return {}  # an exercise that has no notebook yet, as in the unit tests
    module = compile(text, "<starter>", "exec", dont_inherit=True)
    shapes: dict[str, Any] = {}
    for code in _codes(module):
        nested = _codes(code)
        is_class = "__module__" in code.co_names and "__qualname__" in code.co_names
        shapes[code.co_name] = (
            {part.co_name: _shape(part) for part in nested} if is_class else _shape(code)
        )
    return shapes


def _class_shape(answer: type) -> dict[str, Any]:
    functions = (value for value in vars(answer).values() if isinstance(value, types.FunctionType))
    return {function.__name__: _shape(function.__code__) for function in functions}


def _shape(code: types.CodeType) -> tuple:
    """Return what makes two functions the same code: no line numbers, no file name."""
    constants = tuple(
        _shape(value) if isinstance(value, types.CodeType) else (type(value).__name__, value)
        for value in code.co_consts
    )
    return code.co_code, constants, code.co_names, code.co_varnames


def _codes(code: types.CodeType) -> list[types.CodeType]:
    return [value for value in code.co_consts if isinstance(value, types.CodeType)]
