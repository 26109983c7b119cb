"""Starts ``coursekit lab`` for a test and ends it, with everything it started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
COMMAND = [sys.executable, "-m", "classkit.cli", "lab", "--no-browser"]


@contextmanager
def lab(work: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """Yield the address that ``coursekit lab`` prints, and its process."""
    process = subprocess.Popen(
        [*COMMAND, *(arguments or ("--port", "0"))],
        env=os.environ | {"COURSEKIT_WORK": str(work)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if line.startswith("http://"):
                break
        else:
            raise AssertionError("no address:\n" + "".join(said))
        yield line.strip(), process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)
