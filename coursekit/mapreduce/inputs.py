r"""Input: from paths or records in memory to splits. A split is what one map task reads.

A file is read whole, and its text cut at line ends. Lines end with ``\n``, ``\r\n`` or ``\r``, as
in Hadoop and in Python's text files.
"""

from __future__ import annotations

import glob
import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from sys import getsizeof
from typing import Any

from coursekit.ground.errors import CourseError

from .context import cut

SMALLEST_SPLIT, LARGEST_SPLIT = 1 << 18, 1 << 26  # bytes

Inputs = str | Path | Iterable[Any]


@dataclass(frozen=True)
class Split:
    """Some lines of the file ``path``, as one text, or some records; the first has a number."""

    first: int
    content: str | list[Any]
    path: str | None = None

    def records(self) -> list[Any]:
        """Return the records; text loses its line end."""
        if isinstance(self.content, str):
            # not str.splitlines(), which also splits at form feeds and other characters in a line
            return self.content.removesuffix("\n").split("\n")
        return [r.rstrip("\r\n") if isinstance(r, str) else r for r in self.content]

    def place(self, index: int) -> tuple[str, Any]:
        """Return where the record with this index is, and the record; -1 is before the first."""
        number = self.first + max(index, 0)
        where = f"line {number} of {self.path}" if self.path else f"record {number} of the input"
        if index < 0:
            return f"before {where}", None
        return f"on {where}{'' if self.path else ' in memory'}", self.records()[index]

    def __str__(self) -> str:
        numbers = f"{self.first} to {self.first + len(self.records()) - 1}"
        return f"lines {numbers} of {self.path}" if self.path else f"records {numbers} in memory"


def plan(inputs: Inputs, split_bytes: int | None = None) -> Iterator[Split]:
    """Return the splits of an input, of which `Job.run` says what it can be.

    A folder stands for its files, but none whose name begins with ``.`` or ``_``. A split is by
    default a quarter of the input, within 256 KiB and 64 MiB.
    """
    if split_bytes is not None and split_bytes < 1:
        raise CourseError(f"split_bytes is {split_bytes}", "Give at least 1, or leave it out.")
    if not isinstance(inputs, Iterable | Path):
        raise CourseError(
            f"the input is of type {type(inputs).__name__}", "Give a path, or a list of lines."
        )
    items = inputs if isinstance(inputs, list | tuple) and inputs else [None]
    if isinstance(inputs, str | Path):
        paths = _files(inputs)
    elif all(isinstance(item, Path) for item in items):
        paths = [path for item in items for path in _files(item)]
    elif all(isinstance(item, str) and os.path.isfile(item) for item in items):
        raise CourseError(
            "the input is a list of text, which means lines, but each one names a file",
            "For files give pathlib.Path objects, a folder, or a pattern such as 'logs/*.txt'.",
        )
    else:
        return _in_memory(inputs, split_bytes or SMALLEST_SPLIT)
    size = sum(os.path.getsize(path) for path in paths if os.path.exists(path))
    quarter = min(max(-(-size // 4), SMALLEST_SPLIT), LARGEST_SPLIT)
    return (split for path in paths for split in _of_file(path, split_bytes or quarter))


def _files(given: str | Path) -> list[str]:
    path = os.path.expanduser(given)
    if os.path.isdir(path):
        names = glob.glob(os.path.join(glob.escape(path), "[!._]*"))
    elif os.path.lexists(path):
        return [path]
    elif isinstance(given, str) and glob.has_magic(path):
        names = glob.glob(path, recursive=True)
    else:
        raise CourseError(
            f"there is no file {cut(str(given))}",
            "Check the path. For text held in memory give its lines: text.splitlines().",
        )
    found = sorted(filter(os.path.isfile, names))
    if not found:
        raise CourseError(f"{cut(str(given))} holds no files", "Check the folder or the pattern.")
    return found


def _of_file(path: str, split_bytes: int) -> Iterator[Split]:
    try:
        data = Path(path).read_bytes()
        if zipped := data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        text = data.decode("utf-8").removeprefix("\ufeff")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CourseError(
            f"the gzip file {path} is damaged or cut short: {error}",
            f"Test it with `gzip -t {path}` and get it again from its source.",
        ) from error
    except OSError as error:
        raise CourseError(
            f"cannot read {path}: {error.strerror or error}",
            "Check the path and who may read it (ls -l).",
        ) from error
    except UnicodeDecodeError as error:
        line = len((data[: error.start] + b"x").splitlines())
        raise CourseError(
            f"{path} is not UTF-8 text: byte {error.start} (on line {line}) is "
            f"0x{data[error.start]:02x}",
            f"Convert it, for example: iconv -f LATIN1 -t UTF-8 {path} > new.txt",
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # A gzip file can only be read from its beginning, so one task gets it whole, as in Hadoop.
    step = len(text) if zipped else split_bytes
    start, first = 0, 1
    while start < len(text):
        # A split has the lines that begin in its part of the file: no line is ever cut.
        end = text.find("\n", (start // step + 1) * step - 1) + 1 or len(text)
        yield Split(first, text[start:end], path)
        first += text.count("\n", start, end)
        start = end


def _in_memory(records: Iterable[Any], split_bytes: int) -> Iterator[Split]:
    held, size, first = [], 0, 1
    for record in records:
        held.append(record)
        size += getsizeof(record)
        if size >= split_bytes:
            yield Split(first, held)
            first += len(held)
            held, size = [], 0
    if held:
        yield Split(first, held)
