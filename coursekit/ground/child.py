"""A server in a process of its own that ends with this one, a killed one included.

The child holds one end of a pipe, its standard input, and ends itself when the other end closes.
The system closes it when this process ends, however it ends.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import subprocess
import tempfile
import time

# Seconds that a server may take until it listens; most take one.
PATIENCE = 60
FAREWELL = 10


class StartFailed(Exception):
    """The child ended, or did not listen in time; the text is the last that it wrote."""


class Child:
    """A server process.

    Parameters
    ----------
    command : list of str
        It must end when its standard input closes, and print its port.
    listening : str
        A pattern, of what it prints when it is ready; its first group is the port.
    environment : dict of str to str, optional
        What it gets besides this process's own environment.
    patience : float
        Seconds that it may take until it listens.
    farewell : float
        Seconds that it may take to end; then it is killed.

    Attributes
    ----------
    port : int
        Where it listens.

    Raises
    ------
    StartFailed
    """

    def __init__(
        self,
        command: list[str],
        listening: str,
        environment: dict[str, str] | None = None,
        *,
        patience: float = PATIENCE,
        farewell: float = FAREWELL,
    ) -> None:
        self._owner = os.getpid()
        self._farewell = farewell
        # A file without a name: a pipe would fill up, and a named file would stay behind.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        # In a process group of its own it is not hit by the kernel's interrupt (Ctrl-C).
        apart = {} if os.name == "nt" else {"process_group": 0}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            env=os.environ | (environment or {}),
            **apart,
        )
        atexit.register(self.close)
        # A forked child must not hold the pipe open after this kernel is gone.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._let_go)
        self.port = self._await(listening, patience)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def number(self) -> int:
        """The number of its process."""
        return self._process.pid

    def close(self) -> None:
        """End it and wait until its port is free; nothing happens the second time."""
        if os.getpid() != self._owner:
            return
        atexit.unregister(self.close)
        self._let_go()
        try:
            self._process.wait(self._farewell)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _await(self, listening: str, patience: float) -> int:
        limit = time.monotonic() + patience
        while True:
            ended = not self.alive
            said = os.pread(self._log.fileno(), 1 << 20, 0).decode(errors="replace")
            if found := re.search(listening, said):
                return int(found[1])
            if ended or time.monotonic() > limit:
                self.close()
                raise StartFailed(_most_telling(said))
            time.sleep(0.01)

    def _let_go(self) -> None:
        with contextlib.suppress(OSError):
            self._process.stdin.close()


def _most_telling(said: str) -> str:
    """Return the line that names the error, or else the last one."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return next((line for line in lines if "rror" in line), (lines or ["(nothing)"])[-1])
