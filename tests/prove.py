"""What ``make test`` calls: the tests with the network open, then all of them with it closed.

``python -m tests.prove [PYTEST ARGUMENTS]``. That every notebook passes twice in a row is shown by
the two passes. The attack on the exercises and the browser run in the second one only: they take a
third of the time, and a closed network is the harder of the two proofs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

# One more worker than cores: browsers, servers and kernels that start leave a core idle.
PYTEST = [
    sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env",
    "--nbval-cell-timeout=120", "-n", str(min((os.cpu_count() or 1) + 1, 4)), "--dist", "loadscope",
    "--durations=8", "tests", "notebooks",
]  # fmt: skip
CLOSED = [sys.executable, "-m", "tests.closed"]
CLOSED_ONLY = ["--ignore=tests/test_exercises.py", "--ignore=tests/test_browser.py"]


def main() -> int:
    """Run both passes and return the first exit code that is not 0."""
    for title, command in (
        ("with the network open", [*PYTEST, *CLOSED_ONLY]),
        ("with the network closed", [*CLOSED, *PYTEST]),
    ):
        print(f"\n=== Tests {title} ===", flush=True)
        started = time.monotonic()
        code = subprocess.run([*command, *sys.argv[1:]]).returncode
        print(f"=== {title}: exit code {code} after {time.monotonic() - started:.0f} s", flush=True)
        if code:
            return code
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("error: Stopped by Ctrl-C.\n   → make test runs everything again.", file=sys.stderr)
        sys.exit(130)
