"""Starts a learner's server as the learner, within limits that the system's kernel keeps.

For a server without systemd; where it runs, systemdspawner limits all of a learner's processes
together, which is better.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable

import psutil
from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Integer


class LimitedSpawner(LocalProcessSpawner):
    """JupyterHub's spawner for the users of one machine, with limits of each process.

    ``mem_limit`` is what *one process* of the learner may write to (``RLIMIT_DATA``, setrlimit(2)):
    a kernel that fills memory gets a ``MemoryError``, and the machine goes on. Several kernels of
    one learner may take it each.
    """

    process_limit = Integer(
        2000, config=True, help="Processes and threads that one learner may have (RLIMIT_NPROC)."
    )
    politeness = Integer(
        5, config=True, help="Added to the niceness, so that the hub answers on a busy machine."
    )

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """Return what runs between fork and exec: the limits, then the learner's identity."""
        become = super().make_preexec_fn(name)
        limits = {resource.RLIMIT_NPROC: self.process_limit, resource.RLIMIT_CORE: 0}
        if self.mem_limit:
            limits[resource.RLIMIT_DATA] = self.mem_limit

        def prepare() -> None:
            for kind, most in limits.items():
                resource.setrlimit(kind, (most, most))
            os.nice(self.politeness)
            become()

        return prepare

    def get_state(self) -> dict:
        """Return what a restarted hub needs: the process, and when it was started."""
        state = super().get_state()
        if self.pid and (started := _started(self.pid)):
            state["started"] = started
        return state

    def load_state(self, state: dict) -> None:
        """Take the process up again, unless its number has a new owner (after a reboot, say)."""
        super().load_state(state)
        if self.pid and abs(_started(self.pid) - state.get("started", 0)) > 1:
            self.pid = 0


def _started(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0
