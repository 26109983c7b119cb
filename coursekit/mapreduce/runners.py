"""Where tasks run: one after the other in this process, or in worker processes.

A runner takes tasks, tries each until it succeeds or has failed too often, and yields what the
tasks hand back, with their number.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursekit.ground.errors import CourseError

from .failure import Failure, TaskFailed
from .tasks import Done, attempt

if TYPE_CHECKING:
    from .processes import Processes


@dataclass(frozen=True)
class Task:
    """One piece of work: ``work(*args)`` gives a `Done`."""

    number: int
    work: Callable[..., Done]
    args: tuple[Any, ...]
    about: str  # for messages: "bytes 0 to 100 of notes.txt"
    attempt: int = 1

    def again(self) -> Task:
        """Return the next attempt."""
        return Task(self.number, self.work, self.args, self.about, self.attempt + 1)


class Retries:
    """Decides about failed attempts, and counts them."""

    def __init__(self, job: str, max_attempts: int) -> None:
        self.job, self.max_attempts, self.failed = job, max_attempts, 0

    def after(self, task: Task, failure: Failure) -> Task:
        """Return the next attempt of a task, or raise if there is none."""
        if failure.fatal:
            raise failure.fatal
        self.failed += 1
        if task.attempt >= self.max_attempts:
            raise TaskFailed(self.job, failure, task.attempt)
        return task.again()


class Inline:
    """Runs tasks one after the other in this process."""

    def __init__(self, job: str, max_attempts: int) -> None:
        self._retries = Retries(job, max_attempts)

    @property
    def failed(self) -> int:
        """Attempts that failed so far."""
        return self._retries.failed

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Done]]:
        """Yield the number of each task with what it handed back."""
        for task in tasks:
            while isinstance(
                answer := attempt(task.work, *task.args, number=task.attempt), Failure
            ):
                task = self._retries.after(task, answer)
            yield task.number, answer


@contextmanager
def open_runner(
    kind: str, job: str, max_attempts: int, workers: int | None
) -> Iterator[Inline | Processes]:
    """Give a runner, ``"inline"`` or ``"processes"``, and end what it started."""
    if kind == "inline":
        yield Inline(job, max_attempts)
        return
    if kind != "processes":
        raise CourseError(
            f"there is no runner {kind!r}", "Choose runner='inline' or runner='processes'."
        )
    from .processes import Processes

    runner = Processes(job, max_attempts, workers or _cores())
    try:
        yield runner
    finally:
        runner.close()


def _cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
