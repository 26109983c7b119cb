"""``python -m coursekit.hub.spark_service PORT MEMORY``: the class's one Spark, kept by the hub.

A Spark Connect server (see `coursekit.engines.keeper`) as a service that JupyterHub starts, starts
again when it has died, and ends. It ends with the hub also if the hub is killed, so the port is
free for the next one.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import asdict

from coursekit import processes
from coursekit.engines import keeper


def main() -> int:
    """Run the server on a port, with a heap of so many MiB, until SIGTERM."""
    port, memory = (int(word) for word in sys.argv[1:3])
    processes.end_with_parent()
    os.nice(5)  # as the learners' servers, so that the hub answers on a busy machine
    for name in [name for name in os.environ if name.startswith("JUPYTERHUB_")]:
        del os.environ[name]  # learners' functions run here; the hub's words are not for them
    os.environ["COURSEKIT_DETACHED"] = "1"  # a service is ended by a signal
    folder = tempfile.mkdtemp(prefix="coursekit-shared-spark-")
    plan = keeper.Plan("spark-connect", folder, port=port, memory=memory)
    sys.argv[1:] = [json.dumps(asdict(plan))]
    return keeper.main()


if __name__ == "__main__":
    sys.exit(main())
