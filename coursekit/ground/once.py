"""Made once and kept in the cache folder: by one process while others wait, whole or not at all.

A thing is made in a scratch folder beside its place and then renamed, so that whoever finds it
finds all of it. What a killed process left half made is removed by the next one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from coursekit.ground import places
from coursekit.ground.errors import CourseError

_DAY = 86_400
# After so many days without use a thing goes, where a newer one has taken its place.
_KEEP_DAYS = 30
_SCRATCH = ".making"


class Unwritable(CourseError):
    """The cache folder is full or cannot be written."""


def find(name: str, intact: Callable[[Path], bool] = Path.exists) -> Path | None:
    """Return the file or folder that was made under a name, or None.

    Parameters
    ----------
    name : str
        Its path inside the cache folder.
    intact : callable, optional
        Tells whether the file or folder is what was made.
    """
    try:
        target = places.cache_dir() / name
        if not intact(target):
            return None
        # What is used is not swept. The time of the last change stays, for others compare it.
        with contextlib.suppress(OSError):  # a class shares a cache that only its owner writes
            os.utime(target, ns=(time.time_ns(), target.stat().st_mtime_ns))
        return target
    except OSError:  # there is no cache folder, and none can be made
        return None


def once(
    name: str,
    make: Callable[[Path], object],
    *,
    what: str,
    room: str = "some space",
    intact: Callable[[Path], bool] = Path.exists,
    older: str = "",
) -> Path:
    """Return a file or folder of the cache, made if need be.

    Parameters
    ----------
    name : str
        Its path inside the cache folder; it must say everything that the content depends on.
    make : callable
        Gets a path that does not exist yet, and writes the file or folder there.
    what : str
        For messages: what is made, as the beginning of a sentence.
    room : str
        For messages: the space that making it takes, such as ``"300 MB"``.
    intact : callable, optional
        Tells whether the file or folder is what was made; a damaged one is made again.
    older : str, optional
        Pattern of the names that other versions of the same have beside it. Those that nothing
        has used for 30 days are removed when a new one is made.

    Returns
    -------
    Path

    Raises
    ------
    Unwritable
        The disk is full, or the folder cannot be written.
    """
    if found := find(name, intact):
        return found
    from filelock import FileLock

    target = Path(name)
    try:
        target = places.cache_dir() / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(_lock(target)):
            if not intact(target):  # else another process has made it meanwhile
                _sweep(target, older)
                _make(target, make)
    except OSError as error:
        where = target.parent if target.is_absolute() else error.filename
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unwritable(
                f"The disk is full: {what} could not be made in {where}.",
                f"Free {room} there, or set COURSEKIT_CACHE to another folder.",
            ) from error
        raise Unwritable(
            f"{what[0].upper()}{what[1:]} could not be made in {where}: {error.strerror or error}.",
            "Check your rights to that folder, or set COURSEKIT_CACHE to another one.",
        ) from error
    return target


def remove(name: str) -> None:
    """Delete what was made under a name; the next `once` makes it anew."""
    from filelock import FileLock

    target = places.cache_dir() / name
    with FileLock(_lock(target)):
        _delete(target)


def _lock(target: Path) -> Path:
    return target.with_name(f".{target.name}.lock")


def _make(target: Path, make: Callable[[Path], object]) -> None:
    scratch = target.with_name(f".{target.name}{_SCRATCH}")
    _delete(scratch)
    scratch.mkdir()
    try:
        make(scratch / target.name)
        if target.exists():  # a damaged one; nothing is lost before the new one is whole
            target.rename(scratch / "damaged")
        (scratch / target.name).rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _sweep(target: Path, older: str) -> None:
    """Remove versions that nothing uses any more, and what killed processes left beside them."""
    now = time.time()
    for other in target.parent.glob(older) if older else ():
        if other != target and other.stat().st_atime < now - _KEEP_DAYS * _DAY:
            _delete(other)
            _lock(other).unlink(missing_ok=True)
    for scratch in target.parent.glob(f".*{_SCRATCH}"):
        if scratch.stat().st_mtime < now - _DAY:
            _delete(scratch)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
