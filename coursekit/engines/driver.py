"""A Python program as the driver of a cluster: started, read, asked, ended. Born in chapter 8."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coursekit.ground.errors import CourseError

PATIENCE = 120  # seconds


class Driver:
    """A Python program in a process of its own, with ``COURSEKIT_SPARK`` set.

    Parameters
    ----------
    program : Path
        Its first line of output is the address of its Spark pages. Where it calls ``input()``, it
        waits until `go`.
    *arguments : object
        What it finds in ``sys.argv``.
    url : str
        The cluster's address.
    """

    def __init__(self, program: Path, *arguments: object, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(program), *map(str, arguments)],
            env=os.environ | {"COURSEKIT_SPARK": url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        self.pages = self.read()

    def read(self) -> str:
        """Return the next line that the program prints; wait for it."""
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        return line.rstrip("\n")

    def go(self) -> None:
        """Press Enter, where the program waits in ``input()``."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def executors(self) -> list[dict[str, Any]]:
        """Return what Spark knows of each executor, lost ones included."""
        found = self._ask("allexecutors")
        return sorted((e for e in found if e["id"] != "driver"), key=lambda e: e["id"])

    def failed_tasks(self) -> int:
        """Return how many tasks have failed, or were lost with their executor."""
        return sum(stage["numFailedTasks"] for stage in self._ask("stages"))

    def _ask(self, what: str) -> list[dict[str, Any]]:
        import requests

        with requests.Session() as http:
            http.trust_env = False  # loopback needs no proxy
            address = f"{self.pages}/api/v1/applications"
            application = http.get(address, timeout=30).json()[0]["id"]
            return http.get(f"{address}/{application}/{what}", timeout=30).json()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Look again until a condition holds."""
        limit = time.monotonic() + PATIENCE
        while not condition():
            if self._process.poll() is not None:
                raise self._ended()
            if time.monotonic() > limit:
                raise CourseError(
                    f"What the driver was waited for did not come in {PATIENCE} s.",
                    "Start the cluster again, with fewer programs beside it.",
                )
            time.sleep(0.1)

    def end(self) -> str:
        """Press Enter a last time; return what the program still prints until it ends."""
        said, _ = self._process.communicate("\n")
        return said.rstrip("\n")

    def _ended(self) -> CourseError:
        return CourseError(
            f"The program has ended (exit code {self._process.wait()}); it says no more.",
            "If it failed, its own error is shown above. Run it again with cluster.run(…).",
        )
