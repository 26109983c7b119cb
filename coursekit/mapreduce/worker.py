"""A worker process: takes tasks from a socket, one at a time, and answers each.

Started by `processes.Processes`. A message is a pickled ``bytes``, itself a cloudpickle, so
that a task that cannot be loaded here still leaves the stream in order.
"""

from __future__ import annotations

import os
import pickle
from typing import BinaryIO

import cloudpickle

from coursekit.ground.errors import CourseError

from .failure import Failure, Place
from .tasks import Done, attempt

COMMAND = (
    "import sys; descriptor, *sys.path = sys.argv[1:]; "
    "from coursekit.mapreduce.worker import main; main(int(descriptor))"
)


def main(descriptor: int) -> None:
    """Answer tasks until the other end is closed."""
    os.set_inheritable(descriptor, False)  # what a learner's function starts must not hold it open
    with open(descriptor, "rb") as tasks, open(descriptor, "wb", closefd=False) as answers:
        while (message := receive(tasks)) is not None:
            send(answers, _answer(message))


def send(stream: BinaryIO, message: bytes) -> None:
    """Write one message."""
    pickle.dump(message, stream, pickle.HIGHEST_PROTOCOL)
    stream.flush()


def receive(stream: BinaryIO) -> bytes | None:
    """Read one message; None if the other end is gone."""
    try:
        return pickle.load(stream)
    except (EOFError, OSError, pickle.UnpicklingError):
        return None


def _answer(message: bytes) -> bytes:
    """Return, packed, what a task handed back, or the exception that came out of it."""
    try:
        return cloudpickle.dumps(_done(message))
    except Exception as error:
        return cloudpickle.dumps(_unsent("its answer cannot be sent back", error))


def _done(message: bytes) -> Done | Failure | Exception:
    try:
        work, args, number = cloudpickle.loads(message)
    except Exception as error:  # an import in a learner's module may raise anything
        return _unsent("the job cannot be sent to a worker process", error)
    try:
        return attempt(work, *args, number=number)
    except Exception as error:
        return error


def _unsent(what: str, error: Exception) -> Failure:
    return Failure("task", what, Place(""), fatal=unsent(what, error))


def unsent(what: str, error: Exception) -> CourseError:
    """Return the error for what cannot travel between processes."""
    said = " ".join(str(error).split())
    return CourseError(
        f"{what}: {type(error).__name__}: {said}",
        "Let its functions use plain data only, or use runner='inline'.",
    )
