"""The kernel of a submission: ``python -m classkit.classroom.kernel SECRETS CONNECTION``."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Read and remove the secrets, start IPython's kernel, set the hidden tests up, and serve."""
    path = Path(arguments[0])
    secrets = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()

    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(["-f", arguments[1], "--HistoryManager.hist_file=:memory:"])

    from classkit.classroom import proof

    proof.install(secrets["seed"], secrets["key"], secrets["chapter"])
    secrets.clear()
    app.start()


if __name__ == "__main__":
    main(sys.argv[1:])
