"""A process that this one starts, waits for, and ends: it never outlives this one.

A child holds one end of a pipe, its standard input, and ends itself when the other end closes. The
system closes it when this process ends, however it ends. A program that does not watch its standard
input is *guarded*: this module, run as ``python -m coursekit.ground.child``, stands between, does
the watching, and leaves none of the program's descendants behind.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import errno
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Seconds that a server may take until it is ready, and to end when it is asked to.
PATIENCE = 60
FAREWELL = 10


class StartFailed(Exception):
    """The child ended, or was not ready in time; the text is the last that it wrote.

    Attributes
    ----------
    code : int or None
        Its exit code; None if it ran on and was not ready.
    said : str
        All that it wrote.
    """

    def __init__(self, words: str, code: int | None, said: str) -> None:
        self.code, self.said = code, said
        super().__init__(words)


class Child:
    """A process that ends with this one.

    Parameters
    ----------
    command : list of str
        What to run.
    listening : str, optional
        A pattern of what it prints when it is ready; its first group is the port. Without it, ask
        `wait_for`.
    environ : dict of str to str, optional
        What it gets besides this process's own environment; None takes a variable away.
    patience : float
        Seconds that it may take until it is ready.
    farewell : float
        Seconds that it may take to end; then it is killed.
    guarded : bool
        Needed where the command does not end by itself when its standard input closes.
    detached : bool
        It outlives this process: nothing ends it but `close` and its own reasons.
    log : Path, optional
        A file for what it prints; by default one without a name.
    cwd : Path, optional
        Its working folder.
    folder : Path, optional
        A folder of its own, removed when it has ended.

    Attributes
    ----------
    port : int
        Where it listens, if `listening` was given.

    Raises
    ------
    StartFailed
    """

    def __init__(
        self,
        command: list[str],
        listening: str | None = None,
        environ: dict[str, str | None] | None = None,
        *,
        patience: float = PATIENCE,
        farewell: float = FAREWELL,
        guarded: bool = False,
        detached: bool = False,
        log: Path | None = None,
        cwd: Path | None = None,
        folder: Path | None = None,
    ) -> None:
        self._owner, self._patience, self._farewell = os.getpid(), patience, farewell
        self._folder, self._pid = folder, None
        # A pipe would fill up, and a temporary file with a name would stay behind.
        self._log = log.open("w+b") if log else tempfile.TemporaryFile()  # noqa: SIM115
        if guarded:
            guard = [sys.executable, "-m", "coursekit.ground.child", str(farewell)]
            command = [*guard, str(folder or ""), *command]
            self._farewell += FAREWELL
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
            stdout=subprocess.PIPE if guarded else self._log,
            stderr=self._log,
            env={k: v for k, v in {**os.environ, **(environ or {})}.items() if v is not None},
            cwd=cwd,
            # Neither the kernel's interrupt (Ctrl-C) nor the end of a terminal reaches it.
            start_new_session=True,
        )
        if not detached:
            atexit.register(self.close)
            # A forked child must not hold the pipe open after this process is gone.
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(after_in_child=self._let_go)
        if listening:
            self.port = int(self.wait_for(listening))

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    @property
    def own(self) -> bool:
        """Whether this process started it; a forked one did not."""
        return os.getpid() == self._owner

    @property
    def pid(self) -> int:
        """The number of the process that runs the command."""
        if self.process.stdout and self._pid is None:
            self._pid = int(self.process.stdout.readline())  # the guard tells it
        return self._pid or self.process.pid

    def wait_for(self, ready: str | Callable[[], Any]) -> Any:
        """Wait until it is ready.

        Parameters
        ----------
        ready : str or callable
            A pattern of what it prints, or a function that is asked until it returns something.

        Returns
        -------
        str or object
            The pattern's first group, or what the function returned.

        Raises
        ------
        StartFailed
            It ended, or is not ready in time; it is closed then.
        """
        limit = time.monotonic() + self._patience
        try:
            while True:
                ended = not self.alive
                if callable(ready):
                    answer = ready()
                else:
                    answer = (found := re.search(ready, self.said())) and found[1]
                if answer and not ended:
                    return answer
                if ended or time.monotonic() > limit:
                    code = self.process.returncode
                    raise StartFailed(self.last_words(), code, self.said())
                time.sleep(0.01)
        except BaseException:  # Ctrl-C, too
            self.close()
            raise

    def wait(self) -> int:
        """Wait until it ends by itself and return its exit code."""
        return self.process.wait()

    def said(self) -> str:
        """Return all that it has printed."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def last_words(self) -> str:
        """Return what it printed last, from its last error on if there is one; for a message."""
        lines = [line.strip() for line in self.said().splitlines()]
        # Java's frames and hints tell a learner nothing.
        lines = [x for x in lines if x and not x.startswith(("at ", "WARNING", "Picked up"))]
        errors = [n for n, line in enumerate(lines) if "rror" in line or "Exception" in line]
        told = lines[errors[-1] :][:3] if errors else lines[-3:]
        return " / ".join(told)[:400] or "(nothing)"

    def close(self) -> None:
        """End it, wait until it is gone, and remove its folder; a second time does nothing."""
        if not self.own or self._log.closed:
            return
        atexit.unregister(self.close)
        if self.process.stdin is None:
            self.process.terminate()
        self._let_go()
        try:
            self.process.wait(self._farewell)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self._log.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _let_go(self) -> None:
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()


def free_ports(count: int) -> list[int]:
    """Return different free ports of this machine: all are open at once, so none comes twice."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def free_port(wanted: int) -> int:
    """Return a port if a server can listen there, or any free one for 0.

    Raises
    ------
    OSError
        It is taken, or not allowed.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OverflowError:
            raise OSError(errno.EINVAL, "there is no such port") from None
        return probe.getsockname()[1]


def http_get(url: str, headers: dict[str, str] | None = None) -> bytes | None:
    """Return what a server on this machine answers, or None if it does not."""
    # A proxy variable must not carry a loopback request away.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers or {}), timeout=5) as answer:
            return answer.read() or b"(nothing)"
    except (OSError, http.client.HTTPException):
        return None


# What Linux offers to leave no process behind; on other systems the first two do nothing.

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
    import psutil

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


def guard(farewell: float, folder: str, command: list[str]) -> int:
    """Run a command until it ends, this is asked to end, or standard input closes.

    Parameters
    ----------
    farewell : float
        Seconds that the command gets to end in order; then it is killed.
    folder : str
        A folder to remove when it was asked to end, or nothing. (If the command ends by itself,
        others may still use the folder.)
    command : list of str
        What to run. Its number is printed, and what it prints goes to standard error.

    Returns
    -------
    int
        The command's exit code.
    """
    adopt_orphans()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        # If this guard itself is killed, the command at least is told.
        preexec_fn=end_with_parent if sys.platform == "linux" else None,
    )
    print(process.pid, flush=True)
    asked = threading.Event()

    def end() -> None:
        asked.set()
        process.terminate()
        try:
            process.wait(farewell)
        except subprocess.TimeoutExpired:
            process.kill()

    def watch() -> None:
        sys.stdin.buffer.read()
        end()

    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=end).start())
    threading.Thread(target=watch, daemon=True).start()
    code = process.wait()
    end_descendants()
    if folder and asked.is_set():
        shutil.rmtree(folder, ignore_errors=True)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    code = guard(float(sys.argv[1]), sys.argv[2], sys.argv[3:])
    sys.stdout.flush()
    os._exit(code)  # a thread may still wait for standard input
