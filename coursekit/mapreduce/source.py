"""The source of a learner's functions, with all that they refer to, as one piece of text.

Works for functions and classes written in a module, a script or a notebook cell.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import re
import symtable
import sys
import textwrap
from types import FunctionType, ModuleType
from typing import Any

from coursekit.ground.errors import CourseError

from . import streaming_runtime

# What a function may use of coursekit, because the script brings it along.
_BROUGHT = {"count", "attempt"}


def collect(functions: dict[str, Any]) -> str:
    """Return source text that defines the functions, under their own names.

    Parameters
    ----------
    functions : dict of str to function or class
        By role, for messages: ``{"mapper": words}``.

    Raises
    ------
    CourseError
        If a source cannot be had, or needs what plain Python does not have.
    """
    collector = _Collector()
    for role, function in functions.items():
        collector.add(_plain_name(role, function), function, role)
    return collector.text()


def _plain_name(role: str, function: Any) -> str:
    name = getattr(function, "__name__", "")
    if name == "<lambda>":
        raise CourseError(
            f"the {role} is a lambda, whose source cannot be written into a script",
            "Write it as a function: def …",
        )
    if not isinstance(function, FunctionType | type):
        raise CourseError(
            f"the {role} is a {type(function).__name__}, which has no source of its own",
            "Write a function that calls it: def …",
        )
    return name


class _Collector:
    """Gathers imports, constants and definitions, each before its first use."""

    def __init__(self) -> None:
        self._imports: list[str] = []
        self._parts: list[str] = []
        self._known: dict[str, Any] = {}

    def text(self) -> str:
        return "\n".join([*sorted(set(self._imports)), "", "", *self._parts])

    def add(self, name: str, value: Any, role: str) -> None:
        if name in self._known:
            if self._known[name] is not value and self._known[name] != value:
                raise CourseError(
                    f"the name {name!r} means two different things in this job",
                    "Rename one of them, so that both fit into one script.",
                )
            return
        self._known[name] = value
        brought = vars(streaming_runtime)
        if name in brought and brought[name] is value:
            return
        if name in brought:
            raise CourseError(
                f"the name {name!r} is needed by the script itself", "Choose another name for it."
            )
        if isinstance(value, ModuleType):
            self._add_module(name, value, role)
        elif getattr(value, "__module__", "") == "coursekit.mapreduce.context":
            self._add_brought(name, value, role)
        elif _standard(value):
            self._add_import(name, value)
        elif isinstance(value, FunctionType | type):
            self._add_definition(name, value, role)
        else:
            if isinstance(value, re.Pattern):
                self._imports.append("import re")
            self._parts.append(f"{name} = {_literal(name, value, role)}\n\n")

    def _add_module(self, name: str, module: ModuleType, role: str) -> None:
        full = module.__name__
        if full == "coursekit":
            self._imports.append("import types")
            inner = "types.SimpleNamespace(count=_count, attempt=_attempt)"
            self._parts.append(f"{name} = types.SimpleNamespace(mapreduce={inner})\n\n")
        elif full == "coursekit.mapreduce":
            self._imports.append("import types")
            self._parts.append(
                f"{name} = types.SimpleNamespace(count=_count, attempt=_attempt)\n\n"
            )
        else:
            _check_standard(full, role)
            self._imports.append(f"import {full}" if full == name else f"import {full} as {name}")

    def _add_brought(self, name: str, value: Any, role: str) -> None:
        if value.__name__ not in _BROUGHT:
            raise _not_standard(f"coursekit.mapreduce.context.{value.__name__}", role)
        self._parts.append(f"{name} = _{value.__name__}\n\n")

    def _add_import(self, name: str, value: Any) -> None:
        own = value.__name__
        alias = "" if own == name else f" as {name}"
        self._imports.append(f"from {value.__module__} import {own}{alias}")

    def _add_definition(self, name: str, value: Any, role: str) -> None:
        if _installed(value.__module__ or ""):
            raise _not_standard(value.__module__, role)
        source = _source_of(value, role)
        for used, there in _used_names(source, value).items():
            self.add(used, there, role)
        _check_inner_imports(source, role)
        self._parts.append(source + "\n\n")
        if value.__name__ != name:
            self._parts.append(f"{name} = {value.__name__}\n\n")


def _standard(value: Any) -> bool:
    """Tell whether a value can be imported by its name from the standard library."""
    module, own = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if not (isinstance(module, str) and isinstance(own, str)):
        return False
    known = sys.stdlib_module_names - {"__main__"}
    return module.partition(".")[0] in known and getattr(sys.modules[module], own, None) is value


def _installed(module: str) -> bool:
    if module == "__main__":  # the learner's own, even where `python -m` started a package
        return False
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return "site-packages" in file or module.partition(".")[0] == "coursekit"


def _check_standard(module: str, role: str) -> None:
    if module.partition(".")[0] not in sys.stdlib_module_names:
        raise _not_standard(module, role)


def _not_standard(module: str, role: str) -> CourseError:
    return CourseError(
        f"the {role} uses {module}, which plain Python does not have",
        "Use the standard library in functions that become scripts for Hadoop Streaming.",
    )


def _literal(name: str, value: Any, role: str) -> str:
    """Return an expression that gives the value again."""
    if isinstance(value, re.Pattern):
        return f"re.compile({value.pattern!r}, {int(value.flags)})"
    if isinstance(value, frozenset):
        return f"frozenset({_literal(name, list(value), role)})"
    text = repr(value)
    try:
        same = ast.literal_eval(text) == value
    except (ValueError, SyntaxError):
        same = False
    if not same:
        raise CourseError(
            f"the {role} uses {name}, a {type(value).__name__} that cannot be written as text",
            "Make it plain data (numbers, text, lists, dicts), or make it inside the function.",
        )
    return text


def _source_of(value: Any, role: str) -> str:
    """Return the text that defines a function or class, moved to the left margin."""
    code = _any_code(inspect.unwrap(value))
    lines = linecache.getlines(code.co_filename) if code else []
    node = _definition(lines, value.__name__, code.co_firstlineno) if lines else None
    if node is None:
        raise CourseError(
            f"the source of {value.__name__!r} (the {role}) is out of reach",
            "Define it with def or class in a file or a notebook cell, then make the job again.",
        )
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return textwrap.dedent("".join(lines[first - 1 : node.end_lineno])).rstrip() + "\n"


def _any_code(value: Any) -> Any:
    """Return the code of a function, or of a class's first method: it knows its file."""
    if isinstance(value, FunctionType):
        return value.__code__
    for member in vars(value).values():
        member = inspect.unwrap(getattr(member, "__func__", member))
        if isinstance(member, FunctionType) and member.__qualname__.startswith(value.__qualname__):
            return member.__code__
    return None


def _definition(lines: list[str], name: str, number: int) -> Any:
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return None
    kinds = (ast.FunctionDef, ast.ClassDef)
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, kinds)
        and node.name == name
        and min([node.lineno, *(d.lineno for d in node.decorator_list)])
        <= number
        <= node.end_lineno
    ]
    return found[-1] if found else None


def _used_names(source: str, value: Any) -> dict[str, Any]:
    """Return what a definition refers to outside of itself, by name."""
    names: set[str] = set()
    _gather(symtable.symtable(source, "<job>", "exec"), names, top=True)
    there = _surroundings(value)
    return {
        name: there[name]
        for name in sorted(names)
        if name in there and name != value.__name__ and not name.startswith("__")
    }


def _gather(table: symtable.SymbolTable, names: set[str], top: bool = False) -> None:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (symbol.is_global() or (top and not symbol.is_assigned())):
            names.add(symbol.get_name())
    for child in table.get_children():
        _gather(child, names)


def _surroundings(value: Any) -> dict[str, Any]:
    """Return globals and enclosing variables of a function, or of a class's methods."""
    if isinstance(value, type):
        there: dict[str, Any] = dict(vars(sys.modules.get(value.__module__, builtins)))
        for member in vars(value).values():
            member = inspect.unwrap(getattr(member, "__func__", member))
            if isinstance(member, FunctionType):
                there |= _surroundings(member)
        return there
    function = inspect.unwrap(value)
    closed = inspect.getclosurevars(function).nonlocals
    return {**function.__globals__, **closed}


def _check_inner_imports(source: str, role: str) -> None:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                _check_standard(alias.name, role)
        elif isinstance(node, ast.ImportFrom):
            _check_standard(node.module or "", role)
