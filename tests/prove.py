"""What ``make test`` calls: all tests, with the network closed.

``python -m tests.prove [PYTEST ARGUMENTS]``. Before them, with the network open, come the notebooks
and the tests that an open network could change (marked ``network``). So every notebook passes twice
in a row, and in both states; what knows no network is not run twice.
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
    # In the order given: the longest files, the notebooks and the browser, must not come last.
    "--no-loadscope-reorder", "--durations=8",
]  # fmt: skip
CLOSED = [sys.executable, "-m", "tests.closed"]
ALL = ["notebooks", "tests"]
NO_TESTS = 5  # pytest's code if the arguments select none


def main() -> int:
    """Run both passes and return the first exit code of a failure."""
    for title, command in (
        ("with the network open", [*PYTEST, "--only-network", *ALL]),
        ("with the network closed", [*CLOSED, *PYTEST, *ALL]),
    ):
        print(f"\n=== Tests {title} ===", flush=True)
        started = time.monotonic()
        code = subprocess.run([*command, *sys.argv[1:]]).returncode
        print(f"=== {title}: exit code {code} after {time.monotonic() - started:.0f} s", flush=True)
        if code not in (0, NO_TESTS):
            return code
    return code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("error: Stopped by Ctrl-C.\n   → make test runs everything again.", file=sys.stderr)
        sys.exit(130)
