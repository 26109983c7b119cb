"""What the embedded clouds have in common: a kernel has one of each, which ends with it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import ClassVar, Self, TypeVar

from coursekit.cloud.guard import Guard
from coursekit.cloud.real import is_real
from coursekit.cloud.variables import Variables
from coursekit.ground.errors import CourseError

LOOPBACK = "127.0.0.1"
Own = TypeVar("Own")
# One for all: a cloud starts in a second, and two that start at once would mix up the environment.
_lock = threading.RLock()


class KernelCloud:
    """A cloud of which a kernel has one.

    A kind of cloud starts its server in ``__init__``, ends with `_lead_here` there, and ends the
    server in `_stop_server`.
    """

    NAME: ClassVar[str]  # "The embedded Azure"
    ABOUT: ClassVar[str]  # What it is, after its name; no port or key: stored outputs must agree.
    START: ClassVar[str]  # What a learner types to get one.
    GUARD: ClassVar[Guard]
    _running: ClassVar[Self | None] = None

    @classmethod
    def of_this_kernel(cls, *arguments: object, own: Callable[[], Own]) -> Self | Own:
        """Return the one that runs, or start it; one whose process has died is started anew.

        Where the learner asked for a real account, nothing starts: `own` gives that account.
        """
        with _lock:
            if is_real():
                if any(kind._running for kind in KernelCloud.__subclasses__()):
                    raise CourseError(
                        "A cloud of the course runs in this kernel, and COURSEKIT_CLOUD=real asks"
                        " for your own.",
                        "Restart the kernel, and set the variable before the first cell.",
                    )
                return own()
            if cls._running is not None and not cls._running.alive:
                cls._running._end()
                cls._running = None
            if cls._running is None:
                cls._running = cls(*arguments)
            return cls._running

    def _lead_here(self, variables: dict[str, str], without: tuple[str, ...] = ()) -> None:
        """Set variables that lead the SDK here, put others aside, and refuse other machines."""
        self._process = os.getpid()
        self._variables = Variables(variables, without)
        self.GUARD.install()

    @property
    def alive(self) -> bool:
        """Whether it can answer; a thread of this process always can."""
        return True

    def stop(self) -> None:
        """End it with all that it holds; this process gets its own settings back.

        Stopping twice does no harm. A forked child cannot stop its parent's cloud.
        """
        with _lock:
            if self._is_running and os.getpid() == self._process:
                type(self)._running = None
                self._end()

    def _end(self) -> None:
        self._stop_server()
        self._variables.restore()
        self.GUARD.remove()

    def _stop_server(self) -> None:
        raise NotImplementedError

    @property
    def _is_running(self) -> bool:
        return type(self)._running is self

    def _require_running(self) -> None:
        if not self._is_running:
            raise CourseError("This cloud has been stopped.", f"Start a new one: {self.START}")

    def __repr__(self) -> str:
        return f"{self.NAME}: {self.ABOUT}" if self._is_running else f"{self.NAME}, stopped."

    def _repr_html_(self) -> str:
        return "<p>" + repr(self).replace("\n", "<br>") + "</p>"
