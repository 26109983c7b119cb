"""Progress bars of commands, on stderr, so that what a command prints can be piped on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bars(names: list[str], *, unit: str = "") -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each name; yield ``move(name, done, total)``.

    Parameters
    ----------
    names : list of str
        What stands before each bar.
    unit : str, optional
        ``"bytes"`` shows megabytes; otherwise things are counted.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TimeElapsedColumn,
    )

    count = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    console = Console(stderr=True)
    with Progress(
        "{task.description}", BarColumn(), count, TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    ) as shown:  # fmt: skip
        tasks = {name: shown.add_task(name, total=None) for name in names}
        yield lambda name, done, total: shown.update(tasks[name], completed=done, total=total)


@contextmanager
def bar(title: str, *, unit: str = "") -> Iterator[Callable[[str, int, int], None]]:
    """Show one bar for many names; yield ``move(name, done, total)``."""
    with bars([title], unit=unit) as move:
        yield lambda name, done, total: move(title, done, total)
