"""What ``make test`` calls: ``python -m tests.prove [PYTEST ARGUMENTS]``.

First, with the network open, the tests of set-up, marked ``network``: what installs something.
Then the notebooks and the exercises, then all other tests, each once, in a network namespace with
loopback only. After notebooks and exercises the kernel's own counter must say that nothing even
tried to leave. The others are not counted: Chromium asks for its maker's servers, whatever its
flags say. Durations are kept in build/durations-*.txt.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

# One more worker than cores: browsers, servers and kernels that start leave a core idle.
PYTEST = [
    sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env",
    "--nbval-cell-timeout=120", "-n", str(min((os.cpu_count() or 1) + 1, 4)), "--dist", "loadgroup",
    "--durations=60",
]  # fmt: skip
CLOSED = [sys.executable, "-m", "tests.closed"]
LESSONS = ["notebooks", "tests/test_notebooks.py", "tests/test_exercises.py"]
ROOT = Path(__file__).resolve().parent.parent
NO_TESTS = 5  # pytest's code if the arguments select none


def main() -> int:
    """Run both stages and return the first exit code of a failure."""
    (ROOT / "build").mkdir(exist_ok=True)
    others = [f"--ignore={name}" for name in LESSONS]
    for title, command in (
        ("open", [*PYTEST, "-m", "network", "tests"]),
        ("closed-lessons", [*CLOSED, "--count", *PYTEST, "-m", "not network", *LESSONS]),
        ("closed-others", [*CLOSED, *PYTEST, "-m", "not network", *others, "tests"]),
    ):
        print(f"\n=== Tests with the network {title} ===", flush=True)
        started = time.monotonic()
        code = _run([*command, *sys.argv[1:]], ROOT / "build" / f"durations-{title}.txt")
        print(f"=== {title}: exit code {code} after {time.monotonic() - started:.0f} s", flush=True)
        if code not in (0, NO_TESTS):
            return code
    return code


def _run(command: list[str], log: Path) -> int:
    """Run a command; what it prints is shown and kept."""
    with log.open("w") as kept, subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for line in iter(lambda: process.stdout.read1(), b""):
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
            kept.write(line.decode(errors="replace"))
    return process.returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("error: Stopped by Ctrl-C.\n   → make test runs everything again.", file=sys.stderr)
        sys.exit(130)
