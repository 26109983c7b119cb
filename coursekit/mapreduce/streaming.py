"""Hadoop Streaming: a job as two scripts that stand alone, and their output read back."""

from __future__ import annotations

import ast
import dis
import inspect
import linecache
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from coursekit.ground.errors import CourseError

from . import streaming_runtime as runtime
from .tasks import Functions

_SCRIPT = '''#!/usr/bin/env python3
"""{job}: the {role} for Hadoop Streaming. Needs nothing but Python 3.

Try it without Hadoop:
    cat input | python3 mapper.py | LC_ALL=C sort | python3 reducer.py
"""

from __future__ import annotations

{runtime}

# The job's own functions

{functions}

if __name__ == "__main__":
    run_{role}({arguments})
'''


def write_streaming(job: Functions, folder: str | Path) -> tuple[Path, Path]:
    """Write ``mapper.py`` and ``reducer.py`` into a folder; see `Job.write_streaming`."""
    folder = Path(folder).expanduser()
    if job.partitioner is not None:
        raise CourseError(
            "a partitioner written in Python cannot be given to Hadoop Streaming",
            "Leave it out; Hadoop then spreads the keys by its own partitioner.",
        )
    mapping = {"mapper": job.mapper} | ({"combiner": job.combiner} if job.combiner else {})
    scripts = {}
    for role, functions in (("mapper", mapping), ("reducer", {"reducer": job.reducer})):
        known = {name: (value, "") for name, value in vars(runtime).items()}
        for part, function in functions.items():
            name = getattr(function, "__name__", "")
            if name == "<lambda>" or not isinstance(function, FunctionType | type):
                kind = "lambda" if name == "<lambda>" else type(function).__name__
                raise CourseError(
                    f"the {part} is a {kind}, whose source cannot be written into a script",
                    "Write it as a function: def …",
                )
            _define(name, function, part, known)
        scripts[folder / f"{role}.py"] = _SCRIPT.format(
            job=job.name.replace("\\", " ").replace('"', "'"),
            role=role,
            runtime=inspect.getsource(runtime),
            functions="\n\n".join(text for _, text in known.values() if text),
            arguments=", ".join(function.__name__ for function in functions.values()),
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in scripts.items():
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
    except OSError as error:
        raise CourseError(
            f"cannot write the scripts to {folder}: {error.strerror or error}",
            "Choose a folder that you may write to.",
        ) from error
    return tuple(scripts)


def read_streaming(output: str | Path | Iterable[str]) -> list[tuple[Any, Any]]:
    """Return the pairs that a streaming job wrote, in the order of their lines.

    Hadoop sorts keys as text (10 before 9): sort the pairs to compare them with another engine's.

    Parameters
    ----------
    output : str, Path or iterable of str
        The text itself, the path of a file, or lines.
    """
    if isinstance(output, Path):
        output = output.read_text(encoding="utf-8")
    lines = output.split("\n") if isinstance(output, str) else output
    fields = (line.rstrip("\r\n").partition("\t") for line in lines)
    return [(runtime.decode(key), runtime.decode(value)) for key, tab, value in fields if tab]


def _define(name: str, value: Any, role: str, known: dict[str, tuple[Any, str]]) -> None:
    """Add to what is known by name the value and the text that defines it, after all it needs."""
    if name in known:
        if known[name][0] is not value and known[name][0] != value:
            raise CourseError(
                f"the name {name!r} means two things in the script of the {role}",
                "Choose another name for yours.",
            )
        return
    known[name] = value, ""  # so that functions may call each other
    is_module = isinstance(value, ModuleType)
    module = value.__name__ if is_module else getattr(value, "__module__", None) or ""
    own = getattr(value, "__name__", "")
    plain = module.partition(".")[0] in sys.stdlib_module_names - {"__main__"}
    if module == "coursekit":
        text = f"{name} = types.SimpleNamespace(mapreduce=_mapreduce)\n"
    elif module == "coursekit.mapreduce":
        text = f"{name} = _mapreduce\n"
    elif module == "coursekit.mapreduce.context" and own in vars(runtime._mapreduce):
        text = f"{name} = _mapreduce.{own}\n"
    elif is_module:
        _check_plain(module, role)
        text = f"import {module} as {name}\n"
    elif plain and getattr(sys.modules.get(module), own, None) is value:
        text = f"from {module} import {own} as {name}\n"
    elif isinstance(value, FunctionType | type):
        file = getattr(sys.modules.get(module), "__file__", None) or ""
        if module != "__main__" and ("site-packages" in file or module.startswith("coursekit.")):
            _check_plain(module, role)
        text = _source(value, role)
        for used, there in _used(text, value, role):
            _define(used, there, role, known)
        text += f"\n\n{name} = {own}\n" if name != own else ""
    else:
        text = f"{name} = {_literal(name, value, role)}\n"
    del known[name]  # it goes behind what it needs
    known[name] = value, text


def _source(value: Any, role: str) -> str:
    """Return the text that defines a function or a class, moved to the left margin."""
    for function in _functions(value):
        # Not inspect.getsource(), which finds no class of a notebook.
        lines = linecache.getlines(function.__code__.co_filename)
        for node in ast.walk(ast.parse("".join(lines))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == value.__name__:
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                if first <= function.__code__.co_firstlineno <= node.end_lineno:
                    return textwrap.dedent("".join(lines[first - 1 : node.end_lineno]))
    raise CourseError(
        f"the source of {value.__name__!r} (for the {role}) is out of reach",
        "Define it with def or class in a file or a notebook cell, then make the job again.",
    )


def _functions(value: Any) -> list[FunctionType]:
    """Return a function, or those of a class: they know their file and what surrounds them."""
    members = [value] if isinstance(value, FunctionType) else vars(value).values()
    found = [inspect.unwrap(getattr(member, "__func__", member)) for member in members]
    return [function for function in found if isinstance(function, FunctionType)]


def _used(source: str, value: Any, role: str) -> Iterator[tuple[str, Any]]:
    """Yield what a definition looks up outside of itself: names, and what they stand for."""
    there = dict(vars(sys.modules.get(value.__module__, runtime)))
    for function in _functions(value):
        there |= function.__globals__ | inspect.getclosurevars(function).nonlocals
    codes = [compile("from __future__ import annotations\n" + source, "<job>", "exec")]
    for code in codes:
        codes += [const for const in code.co_consts if isinstance(const, CodeType)]
        for step in dis.get_instructions(code):
            if step.opname == "IMPORT_NAME":
                _check_plain(step.argval, role)
            elif step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                name = step.argval
                if name in there and name != value.__name__ and not name.startswith("__"):
                    yield name, there[name]


def _check_plain(module: str, role: str) -> None:
    if module.partition(".")[0] not in sys.stdlib_module_names:
        raise CourseError(
            f"the {role} uses {module}, which plain Python does not have",
            "Use the standard library in functions that become scripts for Hadoop Streaming.",
        )


def _literal(name: str, value: Any, role: str) -> str:
    """Return an expression that gives plain data, or a pattern, again."""
    if isinstance(value, re.Pattern):
        return f"__import__('re').compile({value.pattern!r}, {int(value.flags)})"
    if isinstance(value, frozenset):
        return f"frozenset({_literal(name, set(value), role)})"
    try:
        text = runtime.encode([value])
    except TypeError:
        raise CourseError(
            f"the {role} uses {name}, a {type(value).__name__} that cannot be written as text",
            "Make it plain data (numbers, text, lists, dicts), or make it inside the function.",
        ) from None
    return text[1:-1]
