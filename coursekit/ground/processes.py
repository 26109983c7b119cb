"""What Linux offers to leave no process behind: children that end with their parent, orphans kept.

On other systems both functions do nothing; there, an orderly end still ends everything.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import time

import psutil

_TERMINATE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36  # PR_SET_… of Linux's prctl(2)


def end_with_parent() -> None:
    """Have the system send SIGTERM to this process when its parent ends, a killed one included."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_TERMINATE_WITH_PARENT, signal.SIGTERM)


def adopt_orphans() -> None:
    """Have orphaned grandchildren become children of this process, so that it finds them all."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1)


def end_descendants(patience: float = 5) -> None:
    """End all processes below this one: first they are asked, then they are killed.

    Parameters
    ----------
    patience : float
        Seconds between asking and killing.
    """
    below = psutil.Process().children(recursive=True)
    for each in below:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.terminate()
    psutil.wait_procs(below, timeout=patience)
    # Whoever was orphaned meanwhile has become a child of this process.
    while below := psutil.Process().children(recursive=True):
        for each in below:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(below, timeout=1)
        time.sleep(0.01)
