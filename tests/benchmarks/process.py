"""Programs in fresh processes: their answer and their time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

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
