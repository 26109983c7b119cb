r"""Input: from paths or lines in memory to splits, and from a split to its records.

A split is what one map task reads. A line is never cut: it belongs to the split in which it
begins. Lines end with ``\n``, ``\r\n`` or ``\r``, as in Hadoop and in Python's text files.
"""

from __future__ import annotations

import glob
import gzip
import math
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import length_hint
from pathlib import Path
from sys import getsizeof
from typing import Any, BinaryIO

from coursekit.ground.errors import CourseError

from .failure import InputError, Place, cut

BLOCK = 1 << 18  # bytes read and decoded at a time; more does not make it faster
SMALLEST_SPLIT, LARGEST_SPLIT = 1 << 18, 1 << 26
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FileSplit:
    """The lines of a file that begin in bytes ``start`` (included) to ``end`` (not included)."""

    path: str
    start: int
    end: float
    zipped: bool = False

    def reader(self) -> FileReader:
        """Return a reader of this split."""
        return FileReader(self)

    def __str__(self) -> str:
        return self.path if self.zipped else f"{self.path}, bytes {self.start} to {self.end}"


@dataclass(frozen=True)
class MemorySplit:
    """Some of the records held in memory; ``first`` counts from 1."""

    first: int
    records: list[Any]

    def reader(self) -> MemoryReader:
        """Return a reader of this split."""
        return MemoryReader(self)

    def __str__(self) -> str:
        return f"records {self.first} to {self.first + len(self.records) - 1} in memory"


Split = FileSplit | MemorySplit
Inputs = str | Path | Iterable[Any]


def plan(inputs: Inputs, split_bytes: int | None = None) -> Iterator[Split]:
    """Return the splits of an input.

    Parameters
    ----------
    inputs : str, Path, list of Path, or iterable of records
        Text is a path: a file, a folder (its files, but none whose name begins with ``.`` or
        ``_``), or a pattern such as ``"logs/*.txt"``. Any other iterable holds the records
        themselves, usually lines.
    split_bytes : int, optional
        Size of a split; by default a quarter of the input, within 256 KiB and 64 MiB.

    Raises
    ------
    CourseError
        If there is no such file, or it may not be read.
    """
    if split_bytes is not None and split_bytes < 1:
        raise CourseError(f"split_bytes is {split_bytes}", "Give at least 1, or leave it out.")
    paths = _paths(inputs)
    if paths is None:
        return _plan_memory(inputs, split_bytes or SMALLEST_SPLIT)
    return iter(_plan_files(paths, split_bytes))


def _paths(inputs: Inputs) -> list[str] | None:
    """Return the files that the input names, or None if it holds the records themselves."""
    if isinstance(inputs, str | Path):
        return _expand(inputs)
    if not isinstance(inputs, Iterable):
        raise CourseError(
            f"the input is of type {type(inputs).__name__}", "Give a path, or a list of lines."
        )
    if isinstance(inputs, list | tuple) and inputs:
        if all(isinstance(item, Path) for item in inputs):
            return [path for item in inputs for path in _expand(item)]
        if all(isinstance(item, str) and os.path.isfile(item) for item in inputs):
            raise CourseError(
                "the input is a list of text, which means lines, but each one names a file",
                "For files give pathlib.Path objects, a folder, or a pattern such as 'logs/*.txt'.",
            )
    return None


def _expand(given: str | Path) -> list[str]:
    path = os.path.expanduser(os.fspath(given))
    if os.path.isdir(path):
        found = _files_of(path)
    elif os.path.lexists(path):
        return [path]
    elif isinstance(given, str) and glob.has_magic(path):
        found = sorted(name for name in glob.glob(path, recursive=True) if os.path.isfile(name))
    else:
        raise CourseError(
            f"there is no file {cut(str(given))}",
            "Check the path. For text held in memory give its lines: text.splitlines().",
        )
    if not found:
        raise CourseError(f"{cut(str(given))} holds no files", "Check the folder or the pattern.")
    return found


def _files_of(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [e.path for e in entries if e.is_file() and not e.name.startswith((".", "_"))]
    except OSError as error:
        raise _unreadable(folder, error) from error
    return sorted(names)


def _plan_files(paths: list[str], split_bytes: int | None) -> list[FileSplit]:
    sizes = {path: _size(path) for path in paths}
    total = sum(size for size, _ in sizes.values())
    step = split_bytes or min(max(math.ceil(total / 4), SMALLEST_SPLIT), LARGEST_SPLIT)
    splits = []
    for path in paths:
        size, zipped = sizes[path]
        if zipped:
            splits.append(FileSplit(path, 0, math.inf, zipped=True))
        else:
            for start in range(0, size, step):
                splits.append(FileSplit(path, start, min(start + step, size)))
    return splits


def _size(path: str) -> tuple[int, bool]:
    """Return the bytes of a file, and whether it is a gzip file (by content, not by name)."""
    try:
        with open(path, "rb") as file:
            return os.fstat(file.fileno()).st_size, file.read(2) == _GZIP
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: OSError) -> InputError:
    return InputError(
        f"cannot read {path}: {error.strerror or error}",
        "Check the path and who may read it (ls -l).",
    )


def _plan_memory(records: Iterable[Any], split_bytes: int) -> Iterator[MemorySplit]:
    held, size, first = [], 0, 1
    for record in records:
        held.append(record)
        size += getsizeof(record)
        if size >= split_bytes:
            yield MemorySplit(first, held)
            first += len(held)
            held, size = [], 0
    if held:
        yield MemorySplit(first, held)


class FileReader:
    """Reads a file split block by block, and knows which record it gave out last."""

    def __init__(self, split: FileSplit) -> None:
        self.split = split
        self.count = 0  # records in the blocks given out so far
        self._offset, self._raw, self._left = split.start, b"", iter(())
        self._lines = 0

    def blocks(self) -> Iterator[Iterator[str]]:
        """Yield an iterator over the lines of each block, without their line ends."""
        try:
            with self._open() as file:
                for offset, raw in self._raw_blocks(file):
                    self._offset, self._raw = offset, raw
                    lines = _lines(self._decode())
                    self._lines = len(lines)
                    self.count += len(lines)
                    self._left = iter(lines)
                    yield self._left
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"the gzip file {self.split.path} is damaged or cut short: {error}",
                f"Test it with `gzip -t {self.split.path}` and get it again from its source.",
            ) from error
        except OSError as error:
            raise _unreadable(self.split.path, error) from error

    def _open(self) -> BinaryIO:
        path = self.split.path
        return gzip.open(path, "rb") if self.split.zipped else open(path, "rb")

    def _raw_blocks(self, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
        position = self._first_line(file)
        while position < self.split.end:
            raw = file.read(int(min(BLOCK, self.split.end - position)))
            if not raw:
                return
            if not raw.endswith(b"\n"):
                raw += file.readline()
            skip = len(_BOM) if position == 0 and raw.startswith(_BOM) else 0
            yield position + skip, raw[skip:]
            position += len(raw)

    def _first_line(self, file: BinaryIO) -> int:
        """Go to the first line that begins in this split and return its offset."""
        start = self.split.start
        if start == 0:
            return 0
        file.seek(start - 1)
        return start - 1 + len(file.readline())

    def _decode(self) -> str:
        try:
            return self._raw.decode("utf-8")
        except UnicodeDecodeError as error:
            offset = self._offset + error.start
            number = self._line_number(offset)
            raise InputError(
                f"{self.split.path} is not UTF-8 text: byte {offset} (on line {number}) is "
                f"0x{self._raw[error.start]:02x}",
                f"Convert it, for example: iconv -f LATIN1 -t UTF-8 {self.split.path} > new.txt",
            ) from error

    def _line_number(self, offset: int) -> int:
        """Count the lines before an offset; only done for an error message."""
        with self._open() as file:
            text = file.read(offset)
        return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n") + 1

    def place(self) -> Place:
        """Return where the line that was given out last is in the file."""
        index = self._lines - length_hint(self._left) - 1
        lines = self._raw.splitlines(keepends=True)
        if not 0 <= index < len(lines):
            return Place(f"at the start of {self.split}", path=self.split.path)
        offset = self._offset + sum(map(len, lines[:index]))
        number = self._line_number(offset)
        text = lines[index].decode("utf-8").rstrip("\r\n")
        where = f"on line {number} of {self.split.path} (byte {offset})"
        return Place(where, cut(text), self.split.path, number, offset)


def _lines(text: str) -> list[str]:
    # not str.splitlines(), which also splits at form feeds and other characters inside a line
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


class MemoryReader:
    """Gives out the records of a split held in memory, and knows which it gave out last."""

    def __init__(self, split: MemorySplit) -> None:
        self.split = split
        self.count = len(split.records)
        self._left: Iterator[Any] = iter(())

    def blocks(self) -> Iterator[Iterator[Any]]:
        """Yield one iterator over all records; text loses its line end."""
        self._left = iter(
            [r.rstrip("\r\n") if isinstance(r, str) else r for r in self.split.records]
        )
        yield self._left

    def place(self) -> Place:
        """Return which record was given out last."""
        index = len(self.split.records) - length_hint(self._left) - 1
        number = self.split.first + index
        record = cut(self.split.records[index]) if index >= 0 else None
        return Place(f"on record {number} of the input in memory", record, line=number)
