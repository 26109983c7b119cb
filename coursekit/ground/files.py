"""Writes files so that a stop at any moment leaves the old one or the new one, whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from coursekit.ground.errors import CourseError


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text to a file in one step: a temporary file beside it, then a rename.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    text : str
        The whole content.

    Raises
    ------
    OSError
        When the disk is full or the folder is read-only; the old file is untouched then.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def locked(path: Path, *, seconds: float = 20) -> Iterator[None]:
    """Hold a lock named after a file while the block runs; processes take turns.

    Raises
    ------
    CourseError
        When another process holds it for longer than ``seconds``.
    """
    lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
    try:
        with lock.acquire(timeout=seconds):
            yield
    except filelock.Timeout:
        raise CourseError(
            f"{path.name} is in use by another process for more than {seconds:g} s.",
            "Close the other notebook or command, then run this again.",
        ) from None
