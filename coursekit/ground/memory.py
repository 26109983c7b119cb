"""How much memory this process may still take: the machine's, or its container's if less."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import psutil

MIB = 1 << 20
GIB = 1 << 30


def available(root: Path = Path("/")) -> int:
    """Return the memory in bytes that is free for new use.

    Parameters
    ----------
    root : Path, optional
        Where ``proc`` and ``sys`` are; another folder stands for another machine.

    Returns
    -------
    int
        The machine's available memory, or what is left under the limit of a control group
        (a container's, a JupyterHub user's) where that is less.
    """
    return max(0, min([psutil.virtual_memory().available, *_left_in_groups(root)]))


def _left_in_groups(root: Path) -> Iterator[int]:
    """Yield the bytes left in every control group of this process that has a limit.

    Source: kernel.org, admin-guide/cgroup-v2 (memory.max, memory.current) and cgroup-v1/memory.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            mount, names = root / "sys/fs/cgroup", ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            mount = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        # In a container the path may be the host's; then only the mount itself is there.
        group = PurePosixPath(path.lstrip("/"))
        for folder in dict.fromkeys([group, *group.parents, PurePosixPath(".")]):
            limit, used = (_number(mount / folder / name) for name in names)
            if limit is not None and used is not None:
                yield limit - used + _file_cache(mount / folder)


def _file_cache(folder: Path) -> int:
    """Return the bytes of file cache that the kernel gives back when memory is wanted."""
    try:
        text = (folder / "memory.stat").read_text(encoding="utf-8")
    except OSError:
        return 0
    values = dict(line.split(maxsplit=1) for line in text.splitlines())
    return int(values.get("total_inactive_file", values.get("inactive_file", 0)))


def _number(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
