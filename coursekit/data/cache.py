"""Files made from the shipped ones: made once, kept in the cache, checked before every use.

A made file or folder has a neighbour, ``<name>.sha256``: one line per file with its checksum and
size. What does not agree with it (cut, changed, half deleted) is made again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from coursekit.data.manifest import fingerprint
from coursekit.ground import files
from coursekit.ground.once import once

_seen: set[tuple] = set()  # made files seen intact by this process, as last changed


def made(name: str, make: Callable[[Path], None]) -> Path:
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
    """

    def make_and_record(new: Path) -> None:
        make(new)
        # Beside the place of the file, not of the scratch: first the record, then the file.
        files.write_text(_record(new.parent.with_name(name)), _fingerprints(new))

    target = once(f"data/{name}", make_and_record, what=f"the data {name}", intact=_intact)
    # A learner's cache may link to the server's; other users can follow the true path only.
    return target.resolve()


def _record(target: Path) -> Path:
    return target.with_name(f"{target.name}.sha256")


def _files(target: Path) -> list[Path]:
    return sorted(target.iterdir()) if target.is_dir() else [target]


def _fingerprints(target: Path) -> str:
    prints = ((file.name, *fingerprint(file)) for file in _files(target))
    return "".join(f"{digest} {size} {name}\n" for name, digest, size in prints)


def _intact(target: Path) -> bool:
    try:
        now = tuple((f, f.stat().st_size, f.stat().st_mtime_ns) for f in _files(target))
        if now not in _seen:
            if _fingerprints(target) != _record(target).read_text(encoding="utf-8"):
                return False
            _seen.add(now)
    except FileNotFoundError:  # never made, or being replaced by another process
        return False
    return True
