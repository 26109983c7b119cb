"""Programs in fresh processes: their answer, their time, the memory of them and their children."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from coursekit.ground import places
from coursekit.ground.errors import CourseError

HERE = Path(__file__).parent


def program(name: str, *arguments: str, python: str = sys.executable) -> dict[str, Any]:
    """Run ``programs/NAME.py`` and return the JSON object on the last line of its output."""
    command = [python, str(HERE / "programs" / f"{name}.py"), *arguments]
    done = run(command)
    return json.loads(done.stdout.splitlines()[-1])


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command from the root of the course; a failure is an error with its last line."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        cwd=places.course_root(),
    )
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise CourseError(
            f"{Path(command[0]).name} {' '.join(command[1:3])} failed: {' '.join(last)}",
            "Run the command by hand to see all of its output.",
        )
    return done


def seconds(command: list[str], **environment: str) -> float:
    """Return the wall time of a whole process."""
    began = time.perf_counter()
    run(command, **environment)
    return time.perf_counter() - began


def peak_mb(command: list[str]) -> float:
    """Return the peak of the memory (PSS, MiB) of a process and all below it, summed.

    PSS counts a page shared by n processes as 1/n in each, so that the sum is what is used.
    """
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=places.course_root()) as started:
        root = psutil.Process(started.pid)
        while started.poll() is None:
            peak = max(peak, _pss(root))
            time.sleep(0.05)
    if started.returncode:
        raise CourseError(f"{command[1]} failed", "Run the command by hand to see its output.")
    return peak / 2**20


def _pss(root: psutil.Process) -> int:
    total = 0
    try:
        for process in (root, *root.children(recursive=True)):
            total += process.memory_full_info().pss
    except psutil.NoSuchProcess:
        return 0  # one ended meanwhile: this sample does not count
    return total


@cache
def peers() -> str:
    """Return the Python of ``.venv-bench``, where mrjob and DuckDB live; made on demand."""
    folder = places.course_root() / ".venv-bench"
    lock = HERE / "requirements.lock"
    stamp = folder / "requirements.lock"
    python = str(folder / "bin" / "python")
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        uv = str(Path(sys.executable).with_name("uv"))
        run([uv, "venv", "--clear", "--python", sys.executable, str(folder)])
        run([uv, "pip", "install", "--python", python, "-r", str(lock)])
        stamp.write_text(lock.read_text())
    return python
