"""Observes an answer in a forked copy of this process, which can be ended whatever it does.

A signal stops a loop of Python's, but no endless call into C, such as ``sum(itertools.count())``.
A memory limit set here would hold for the kernel, too, and ``os._exit`` would end it. In a copy all
of this costs the copy only. Java, threads and connections do not survive a fork: an exercise that
needs them (``memory=None``) is observed in the kernel itself.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import warnings

import psutil

from coursekit.feedback import guard
from coursekit.feedback.authoring import Case, Exercise
from coursekit.feedback.facts import ENDED, STOPPED
from coursekit.feedback.observe import ERROR, Seen, from_data, observe, to_data

PATIENCE = 1.0  # seconds that the copy has to stop by itself


def observe_apart(exercise: Exercise, answers: tuple, case: Case) -> Seen:
    """Do what `observe` does, in a copy of this process where that is possible.

    Raises
    ------
    KeyboardInterrupt
        When the learner interrupts the kernel; the copy has ended then.
    """
    if exercise.memory is None or sys.platform != "linux":
        return observe(exercise, answers, case)
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the kernel has threads; see `_run`
        child = os.fork()
    if child == 0:
        _run(exercise, answers, case, writer)
    os.close(writer)
    try:
        data, used = _read(reader, child, exercise.seconds)
    finally:
        os.close(reader)
        status = _end(child)
    if data:
        return from_data(json.loads(data))
    if os.WIFSIGNALED(status) and used is not None:
        if used < exercise.seconds / 2:  # it waited: for good, or for a thread that is not there
            return observe(exercise, answers, case)
        return Seen([(ERROR, STOPPED)])
    return Seen([(ERROR, ENDED)])


def _run(exercise: Exercise, answers: tuple, case: Case, writer: int) -> None:
    """Be the copy: observe, write the facts, end without anybody's clean-up."""
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)  # the kernel's event loop listens there
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        facts = json.dumps(to_data(observe(exercise, answers, case)))
        with open(writer, "w", encoding="utf-8") as pipe:
            pipe.write(facts)
    finally:
        os._exit(0)


def _read(reader: int, child: int, seconds: float) -> tuple[bytes, float | None]:
    """Return what the copy wrote, and the processor seconds it had used when time was over."""
    data, clock = b"", time.monotonic() + guard.WAITING * seconds + PATIENCE
    process = psutil.Process(child)
    while True:
        if select.select([reader], [], [], 0.1)[0]:
            part = os.read(reader, 1 << 16)
            data += part
            if not part:
                return data, None
            continue
        times = process.cpu_times()
        used = times.user + times.system
        if used > seconds + PATIENCE or time.monotonic() > clock:
            return b"", used


def _end(child: int) -> int:
    """End the copy and whatever it started; return its status."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:  # it ended before it had a group of its own
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]
