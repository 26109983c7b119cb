"""What the embedded clouds have in common: a kernel has one of each, which ends with it."""

from __future__ import annotations

import os
import threading
from typing import ClassVar, Self

from coursekit.ground.errors import CourseError

LOOPBACK = "127.0.0.1"
# One for all: a cloud starts in a second, and two that start at once would mix up the environment.
_lock = threading.RLock()


class KernelCloud:
    """A cloud of which a kernel has one.

    A kind of cloud starts in its ``__init__``, and gives everything back in ``_end``.
    """

    NAME: ClassVar[str]  # "The embedded Azure"
    ABOUT: ClassVar[str]  # What it is, after its name; no port or key: stored outputs must agree.
    START: ClassVar[str]  # What a learner types to get one.
    _running: ClassVar[Self | None] = None

    def __init__(self) -> None:
        self._process = os.getpid()

    @classmethod
    def of_this_kernel(cls, *arguments: object) -> Self:
        """Return the one that runs, or start it; one whose process has died is started anew."""
        with _lock:
            if cls._running is not None and not cls._running.alive:
                cls._running._end()
                cls._running = None
            if cls._running is None:
                cls._running = cls(*arguments)
            return cls._running

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

    @property
    def _is_running(self) -> bool:
        return type(self)._running is self

    def _require_running(self) -> None:
        if not self._is_running:
            raise CourseError("This cloud has been stopped.", f"Start a new one: {self.START}")

    def _end(self) -> None:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{self.NAME}: {self.ABOUT}" if self._is_running else f"{self.NAME}, stopped."

    def _repr_html_(self) -> str:
        return "<p>" + repr(self).replace("\n", "<br>") + "</p>"
