"""Progress bars of commands, on stderr, so that what a command prints can be piped on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bars(names: list[str]) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each name; yield ``move(name, done, total)``."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    with Progress(
        "{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    ) as shown:  # fmt: skip
        tasks = {name: shown.add_task(name, total=None) for name in names}
        yield lambda name, done, total: shown.update(tasks[name], completed=done, total=total)


@contextmanager
def bar(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show one bar for many names; yield ``move(name, done, total)``."""
    with bars([title]) as move:
        yield lambda name, done, total: move(title, done, total)
