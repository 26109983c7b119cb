"""Where tasks run: one after the other in this process, or in worker processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from coursekit.ground.errors import CourseError

from .context import TaskFailed, attempt_of, failure
from .tasks import Done, Functions


@dataclass(frozen=True)
class Task:
    """One piece of work of a job: ``work(job, *args)`` gives a `Done`."""

    job: Functions
    work: Callable[..., Done]
    args: tuple[Any, ...]
    about: object  # for messages: a split says "lines 1 to 7 of notes.txt"

    def run(self) -> Done:
        """Try until an attempt succeeds, or there were too many."""
        for number in range(1, self.job.max_attempts + 1):
            try:
                with attempt_of(number) as own:
                    done = self.work(self.job, *self.args)
                done.counters.update(own)
                done.counters["failed tasks"] = number - 1
                return done
            except TaskFailed:
                if number == self.job.max_attempts:
                    raise


def run_all(tasks: Iterable[Task], runner: str, workers: int | None) -> list[Done]:
    """Run tasks ``"inline"`` or in ``"processes"``; return what each handed back, in order."""
    if runner == "inline":
        return [task.run() for task in tasks]
    if runner != "processes":
        raise CourseError(
            f"there is no runner {runner!r}", "Choose runner='inline' or runner='processes'."
        )
    import cloudpickle

    tasks = list(tasks)
    with _travelling("the job cannot be sent to a worker process"):
        # by value: functions of a notebook are in no file
        messages = [cloudpickle.dumps(task) for task in tasks]
    found: list[Done] = []
    deaths = 0
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    while len(found) < len(tasks):
        # Once a process has died, one alone goes on: so it is certain which task ends it.
        number = 1 if deaths else min(workers or cores, len(tasks))
        with _processes(number) as pool:
            futures = [pool.submit(_run, message) for message in messages[len(found) :]]
            children = multiprocessing.active_children()
            try:
                for future in futures:
                    found.append(cloudpickle.loads(future.result()))
            except BrokenProcessPool:
                deaths += 1
        if deaths > tasks[0].job.max_attempts:
            codes = [child.exitcode for child in children if child.exitcode is not None]
            raise _died(tasks[len(found)], codes[0])
    for done in found[:1]:
        done.counters["failed tasks"] += deaths
    return found


def _died(task: Task, code: int) -> TaskFailed:
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    mend = "Look in the functions for what ends the process."
    if how == "SIGKILL":
        mend = "SIGKILL often means that memory ran out: yield less, or use a combiner."
    what = f"on {task.about}: the process died ({how})"
    return failure("worker process", task.job.name, task.job.max_attempts, what, mend)


@contextmanager
def _processes(number: int) -> Iterator[ProcessPoolExecutor]:
    """Give an executor, and in the end kill its processes, whatever they are doing."""
    before = set(multiprocessing.active_children())
    # A forked process begins in milliseconds and does not run the learner's script again.
    method = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    pool = ProcessPoolExecutor(number, method, initializer=_begin)
    try:
        yield pool
    finally:
        for process in set(multiprocessing.active_children()) - before:
            process.kill()
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Begin a process: Ctrl-C reaches all of them, but the first one ends the others."""
    from coursekit.ground.child import end_with_parent

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _run(message: bytes) -> bytes:
    import cloudpickle

    with _travelling("the job cannot be sent to a worker process"):
        task = cloudpickle.loads(message)
    done = task.run()
    with _travelling("its answer cannot be sent back"):
        return cloudpickle.dumps(done)


@contextmanager
def _travelling(what: str) -> Iterator[None]:
    """Name what cannot travel between processes; objects, and imports, may raise anything."""
    try:
        yield
    except Exception as error:
        raise CourseError(
            f"{what}: {type(error).__name__}: {' '.join(str(error).split())}",
            "Let its functions use plain data only, or use runner='inline'.",
        ) from error
