"""Files made from the shipped ones: made once, kept in the cache, checked before every use.

A made file or folder has a neighbour, ``<name>.sha256``, written after it: one line per file with
its checksum and size. What does not agree with it (cut, changed, half deleted) is made again.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from coursekit.data.files import write_bytes
from coursekit.data.manifest import fingerprint
from coursekit.ground import places
from coursekit.ground.errors import CourseError

Maker = Callable[[Path], None]


def made(name: str, make: Maker) -> Path:
    """Return the file or folder `name` of the cache, made by `make` if need be.

    Parameters
    ----------
    name : str
        Name inside the cache; it must say everything that its content depends on.
    make : callable
        Gets a path that does not exist yet and writes the file or folder there.

    Raises
    ------
    CourseError
        When the disk is full or the cache cannot be written.

    Notes
    -----
    Callers in several processes may ask at once: one makes, the others wait.
    """
    folder = places.cache_dir() / "data"
    target = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not _intact(target):
            with FileLock(folder / f"{name}.lock"):
                if not _intact(target):
                    _replace(target, make)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    # A learner's cache may link to the server's; other users can follow the true path only.
    return target.resolve()


def _replace(target: Path, make: Maker) -> None:
    _record(target).unlink(missing_ok=True)
    scratch = target.with_name(f".making-{target.name}")
    shutil.rmtree(scratch, ignore_errors=True)  # of a process that was killed
    scratch.mkdir()
    try:
        fresh = scratch / target.name
        make(fresh)
        _remove(target)
        fresh.rename(target)
        write_bytes(_record(target), [_fingerprints(target).encode()])
    finally:
        shutil.rmtree(scratch)


def _remove(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)


def _record(target: Path) -> Path:
    return target.with_name(f"{target.name}.sha256")


def _fingerprints(target: Path) -> str:
    files = sorted(target.iterdir()) if target.is_dir() else [target]
    prints = ((file.name, *fingerprint(file)) for file in files)
    return "".join(f"{digest} {size} {name}\n" for name, digest, size in prints)


_seen: set[tuple] = set()  # made files seen intact by this process, as last changed


def _intact(target: Path) -> bool:
    try:
        files = sorted(target.iterdir()) if target.is_dir() else [target]
        now = tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files)
        if now not in _seen:
            if _fingerprints(target) != _record(target).read_text(encoding="utf-8"):
                return False
            _seen.add(now)
    except FileNotFoundError:  # never made, or being replaced by another process
        return False
    return True


def _cannot_write(folder: Path, error: OSError) -> CourseError:
    if error.errno == errno.ENOSPC:
        return CourseError(
            f"The disk is full: the data could not be made in {folder}.",
            "Free some space, choose a smaller scale, or set COURSEKIT_CACHE to another folder.",
        )
    return CourseError(
        f"The data could not be made in {folder}: {error.strerror or error}.",
        "Check your rights to that folder, or set COURSEKIT_CACHE to another one.",
    )
