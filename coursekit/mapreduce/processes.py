"""The runner that works with several processes, which begin as `worker.main`."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import cloudpickle

from .failure import Failure, Place
from .runners import Retries, Task
from .tasks import Done
from .worker import COMMAND, receive, send, unsent


class Processes:
    """Runs tasks in worker processes.

    Not a pool: each process has a socket of its own, so that when one dies it is certain which
    task it was running, and it starts in a third of the time that a pool's processes take.
    """

    def __init__(self, job: str, max_attempts: int, workers: int) -> None:
        self._retries = Retries(job, max_attempts)
        self._workers = [_Worker() for _ in range(workers)]
        self._threads = ThreadPoolExecutor(workers)  # each waits for the answer of one worker

    @property
    def failed(self) -> int:
        """Attempts that failed so far."""
        return self._retries.failed

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Done]]:
        """Yield the number of each task with what it handed back, in the order they end."""
        source, again = iter(tasks), deque[Task]()
        idle = list(self._workers)
        running: dict[Future, tuple[_Worker, Task]] = {}
        while True:
            while idle and (task := again.popleft() if again else next(source, None)):
                worker = idle.pop()
                worker.start()
                running[self._threads.submit(worker.ask, task)] = worker, task
            if not running:
                return
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                worker, task = running.pop(future)
                idle.append(worker)
                answer = future.result()
                if isinstance(answer, Failure):
                    again.append(self._retries.after(task, answer))
                else:
                    yield task.number, answer

    def close(self) -> None:
        """End all worker processes at once."""
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown()
        for worker in self._workers:
            worker.close()


class _Worker:
    """One process, replaced by a new one when it dies."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start the process if there is none; does not wait for it."""
        if self._process is not None:
            return
        ours, theirs = socket.socketpair()
        with ours, theirs, _ctrl_c_blocked():
            descriptor = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-c", COMMAND, str(descriptor), *sys.path],
                stdin=subprocess.DEVNULL,
                pass_fds=[descriptor],
            )
            self._stream = ours.makefile("rwb")

    def ask(self, task: Task) -> Done | Failure:
        """Return what a task handed back, or a description of how its process died."""
        try:
            message = cloudpickle.dumps((task.work, task.args, task.attempt))
        except Exception as error:  # objects raise their own
            raise unsent("the job cannot be sent to a worker process", error) from error
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            send(self._stream, message)
        packed = receive(self._stream)
        if packed is None:
            return self._died(task)
        answer = cloudpickle.loads(packed)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _died(self, task: Task) -> Failure:
        code = self._process.wait()
        self.close()
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Failure(
            "worker process",
            f"the process died ({how})",
            Place(f"on {task.about}"),
            hint="SIGKILL often means that memory ran out: lower memory_mb, or yield less.",
        )

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        if process := self._process:
            process.kill()
            process.wait()

    def close(self) -> None:
        """Forget the process, which has ended."""
        if self._process:
            self._stream.close()
            self._process = None


@contextlib.contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Let processes begin deaf to Ctrl-C: it reaches all, but this process ends the others."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
