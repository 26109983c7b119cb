"""Hadoop Streaming: a job as two scripts that stand alone, and their output read back."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.ground.errors import CourseError

from . import streaming_runtime as runtime
from .source import collect

if TYPE_CHECKING:
    from .job import Job

_HEADER = '''#!/usr/bin/env python3
"""{job}: the {role} for Hadoop Streaming. Needs nothing but Python 3.

Try it without Hadoop:
    cat input | python3 mapper.py | LC_ALL=C sort | python3 reducer.py
"""
'''


def write_streaming(job: Job, folder: str | Path) -> tuple[Path, Path]:
    """Write ``mapper.py`` and ``reducer.py`` into a folder; see `Job.write_streaming`."""
    folder = Path(folder).expanduser()
    if job.partitioner is not None:
        raise CourseError(
            "a partitioner written in Python cannot be given to Hadoop Streaming",
            "Leave it out; Hadoop then spreads the keys by its own partitioner.",
        )
    functions: dict[str, Any] = {"mapper": job.mapper}
    if job.combiner:
        functions["combiner"] = job.combiner
    mapper = _script(job, "mapper", functions)
    reducer = _script(job, "reducer", {"reducer": job.reducer})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _written(folder / "mapper.py", mapper), _written(folder / "reducer.py", reducer)
    except OSError as error:
        raise CourseError(
            f"cannot write the scripts to {folder}: {error.strerror or error}",
            "Choose a folder that you may write to.",
        ) from error


def _script(job: Job, role: str, functions: dict[str, Any]) -> str:
    definitions = collect(functions)
    arguments = ", ".join(function.__name__ for function in functions.values())
    about = job.name.replace("\\", " ").replace('"', "'")
    return "\n".join(
        [
            _HEADER.format(job=about, role=role),
            inspect.getsource(runtime),
            "\n# The job's own functions\n",
            definitions,
            f'if __name__ == "__main__":\n    run_{role}({arguments})\n',
        ]
    )


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def read_streaming(output: str | Path | Iterable[str]) -> list[tuple[Any, Any]]:
    """Return the pairs that a streaming job wrote, in the order of their lines.

    Parameters
    ----------
    output : str, Path or iterable of str
        The text itself, the path of a file, or lines.

    Notes
    -----
    The order is that of the lines. Hadoop sorts keys as text (10 before 9); sort the pairs to
    compare them with another engine's.
    """
    if isinstance(output, Path):
        output = output.read_text(encoding="utf-8")
    lines = output.split("\n") if isinstance(output, str) else output
    fields = (line.rstrip("\r\n").partition("\t") for line in lines)
    return [(runtime.decode(key), runtime.decode(value)) for key, tab, value in fields if tab]
