"""Runs a learner's code: within limits, apart from the check's own objects, output caught."""

from __future__ import annotations

import builtins
import contextlib
import copy
import signal
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from coursekit.ground import places

PACKAGE = str(Path(__file__).resolve().parents[1])
# An error of Spark brings a hundred lines of Java, of which the first ones say it all.
MOST_LINES = 4
# An endless recursion has a thousand frames, all alike.
MOST_FRAMES = 8
STANDARD = str(Path(traceback.__file__).resolve().parent)


OWN = (__file__, contextlib.__file__)
# Where Java starts, no limit can be set: memory is watched instead.
MOST_GROWTH = 2 << 30

# A code that waits (for Spark, for a server, for nothing) uses no processor: it gets longer.
WAITING = 3


class OutOfTime(BaseException):
    """Raised inside a learner's code when its time is over.

    Not an ``Exception``, so that a learner's ``except Exception`` does not catch it.
    """


class LearnerError(Exception):
    """An exception from a learner's own code.

    Parameters
    ----------
    error : Exception
        What was raised.
    printed : str
        What the code had printed until then.
    """

    def __init__(self, error: BaseException, printed: str = "") -> None:
        super().__init__(type(error).__name__)  # its own words may fail, too
        self.error = error
        self.printed = printed


def own_copy(value: Any) -> Any:
    """Return a deep copy, or the value itself where it cannot be copied (a Spark session, say)."""
    try:
        return copy.deepcopy(value)
    except Exception:
        return value


def run(
    code: Callable[[], Any], *, seconds: float, mebibytes: int | None = None
) -> tuple[Any, str]:
    """Run a learner's code and return its value and what it printed.

    Parameters
    ----------
    code : callable
        Takes nothing, returns the learner's value.
    seconds : float
        The time limit, see `time_limit`. It holds in a kernel's main thread, where learners' code
        always runs.
    mebibytes : int, optional
        How much more memory the code may ask for; see `memory_limit`.

    Raises
    ------
    LearnerError
        With the exception of the learner's code inside.
    OutOfTime
        When the limit is over.
    """
    from IPython.utils.capture import capture_output

    with capture_output() as shown:  # what it prints, also as an error, and what it displays
        try:
            with memory_limit(mebibytes), _no_keyboard_no_exit(), time_limit(seconds):
                value = code()
        except (Exception, SystemExit) as error:
            raise LearnerError(error, shown.stdout) from error
    return value, shown.stdout


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `OutOfTime` in the block when it has used ``seconds`` of the processor.

    On a quiet machine an endless loop ends after as many seconds on the clock. On a busy one, such
    as a class's server, good code is not blamed for the others: the clock alone counts only when
    it shows `WAITING` times as much. The block gets a `MemoryError` when the process has grown by
    2 GiB.

    A bare ``except:`` in a learner's loop swallows the alarm. So the alarm repeats, and from the
    second one on the learner's lines are traced: the first line that runs *inside* an exception
    handler raises again, which that handler cannot catch.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    import psutil

    rings, memory = 0, psutil.Process().memory_info
    processor, clock = time.process_time() + seconds, time.monotonic() + WAITING * seconds
    most = memory().rss + MOST_GROWTH

    def ring(signum, frame):
        nonlocal rings
        if frame is not None and frame.f_code.co_filename in OWN:
            return  # it is over: what puts everything back is not to be interrupted
        if memory().rss > most:
            raise MemoryError
        if time.process_time() < processor and time.monotonic() < clock:
            return
        rings += 1
        if rings > 1:
            _trace_learners_lines(frame)
        raise OutOfTime

    trace, handler = sys.gettrace(), signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, min(seconds, 0.1), 0.05)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        sys.settrace(trace)


def _trace_learners_lines(frame: types.FrameType | None) -> None:
    def escape(frame, event, argument):
        if event == "line" and sys.exc_info()[0] is not None:
            raise OutOfTime
        return escape

    sys.settrace(escape)
    while frame is not None and not frame.f_code.co_filename.startswith(PACKAGE):
        frame.f_trace = escape
        frame = frame.f_back


@contextlib.contextmanager
def memory_limit(mebibytes: int | None) -> Iterator[None]:
    """Let the block take so much more memory than the process has; then it gets a `MemoryError`.

    Linux only. What the block starts, such as Java, inherits the limit: give None there.
    """
    if mebibytes is None or sys.platform != "linux":
        yield
        return
    import resource

    import psutil

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = psutil.Process().memory_info().data + (mebibytes << 20)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


class Asked(RuntimeError):
    """Raised for ``input()``: nobody types while a check runs."""


@contextlib.contextmanager
def _no_keyboard_no_exit() -> Iterator[None]:
    """Refuse ``input()``, and make ``exit()`` an exception: in a notebook it ends the kernel."""
    from IPython.core.getipython import get_ipython

    def ask(*_: object) -> str:
        raise Asked("input() was called while the check ran.")

    def leave(*_: object) -> None:
        raise SystemExit

    shell = get_ipython()
    names = shell.user_ns if shell is not None else {}
    with mock.patch.object(builtins, "input", ask), mock.patch.dict(names, exit=leave, quit=leave):
        yield


def learner_traceback(error: BaseException) -> str:
    """Format an exception, cut to the lines that the learner wrote.

    Frames of coursekit, of installed packages and of the standard library are left out. File names
    are, too: a notebook cell's is a temporary path that says nothing.
    """
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if _is_learners(frame.filename):
            lines.append(f"line {frame.lineno}, in {frame.name}: {frame.line or ''}".rstrip(": "))
    if len(lines) > MOST_FRAMES:
        half = MOST_FRAMES // 2
        lines[half:-half] = [f"… {len(lines) - MOST_FRAMES} more calls …"]
    said = "".join(traceback.format_exception_only(error)).strip().splitlines()
    lines += said[:MOST_LINES] + (["…"] if len(said) > MOST_LINES else [])
    return "\n".join(lines)


def _is_learners(filename: str) -> bool:
    outside = (PACKAGE, STANDARD, str(places.notebooks() / "exercises"))
    return "site-packages" not in filename and not filename.startswith((*outside, "<frozen"))
