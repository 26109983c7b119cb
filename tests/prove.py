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
from pathlib import Path

# One more worker than cores: browsers, servers and kernels that start leave a core idle.
PYTEST = [
    sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env",
    "--nbval-cell-timeout=120", "-n", str(min((os.cpu_count() or 1) + 1, 4)), "--dist", "loadscope",
    "--no-loadscope-reorder", "--durations=8",  # in the order given
]  # fmt: skip
CLOSED = [sys.executable, "-m", "tests.closed"]
# These begin: if one of them came last, a core would have nothing to do meanwhile.
LONGEST = [
    "tests/test_browser.py", "tests/test_hub_class.py", "tests/test_exercises.py",
    "tests/test_notebooks.py", "notebooks/08-spark.ipynb", "tests/test_spark_session.py",
    "tests/test_lab.py", "tests/test_cloud_servers.py", "tests/test_engines.py",
]  # fmt: skip
ROOT = Path(__file__).resolve().parent.parent
NO_TESTS = 5  # pytest's code if the arguments select none


def main() -> int:
    """Run both passes and return the first exit code of a failure."""
    for title, command in (
        ("with the network open", [*PYTEST, "--only-network", *filter(_knows_networks, files())]),
        ("with the network closed", [*CLOSED, *PYTEST, *files()]),
    ):
        print(f"\n=== Tests {title} ===", flush=True)
        started = time.monotonic()
        code = subprocess.run([*command, *sys.argv[1:]]).returncode
        print(f"=== {title}: exit code {code} after {time.monotonic() - started:.0f} s", flush=True)
        if code not in (0, NO_TESTS):
            return code
    return code


def files() -> list[str]:
    """Return all notebooks and test files, the longest first."""
    found = [*sorted(ROOT.glob("notebooks/*.ipynb")), *sorted(ROOT.glob("tests/test_*.py"))]
    return list(dict.fromkeys([*LONGEST, *(str(file.relative_to(ROOT)) for file in found)]))


def _knows_networks(file: str) -> bool:
    """Tell whether a file runs with the network open, too; others are not even imported."""
    return file.endswith(".ipynb") or "mark.network" in (ROOT / file).read_text(encoding="utf-8")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("error: Stopped by Ctrl-C.\n   → make test runs everything again.", file=sys.stderr)
        sys.exit(130)
