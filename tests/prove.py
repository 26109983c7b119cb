"""What ``make test`` calls: ``python -m tests.prove [PYTEST ARGUMENTS]``.

First, with the network open, the tests marked ``network``: set-up, which installs something, and
guards that an open network could change. Beside them everything is made that chapters need once.
Then all other tests, each once, in a network namespace with loopback only. After them the kernel's
own counter must say that nothing even tried to leave. Durations are kept in build/durations-*.txt.
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
    "--no-loadscope-reorder", "--durations=100",
]  # fmt: skip
PREPARE = [sys.executable, "-m", "classkit.cli", "prepare", "--all"]
CLOSED = [sys.executable, "-m", "tests.closed", "--count"]
ROOT = Path(__file__).resolve().parent.parent
NO_TESTS = 5  # pytest's code if the arguments select none


def main() -> int:
    """Run both stages and return the first exit code of a failure."""
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "left.txt").unlink(missing_ok=True)
    with subprocess.Popen(PREPARE, cwd=ROOT, stdout=subprocess.DEVNULL) as preparing:
        code = stage("open", [*PYTEST, "-m", "network", "tests"])
        if code not in (0, NO_TESTS) or (code := preparing.wait()):
            return code
    return stage("closed", [*CLOSED, *PYTEST, "-m", "not network", "notebooks", "tests"])


def stage(title: str, command: list[str]) -> int:
    """Run one of the two, with what the caller adds, and return its exit code."""
    print(f"\n=== Tests with the network {title} ===", flush=True)
    started = time.monotonic()
    code = _run([*command, *sys.argv[1:]], ROOT / "build" / f"durations-{title}.txt")
    print(f"=== {title}: exit code {code} after {time.monotonic() - started:.0f} s", flush=True)
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
