"""``python -m classkit.hub.spark_service PORT MEMORY``: the class's one Spark, kept by the hub.

JupyterHub starts this as a service, and starts it again when it has ended. It starts a Spark
Connect server (``coursekit engines start spark-connect``, as the service's user) unless that runs
already, and ends when the server has died. When the hub is restarted, Spark goes on without it, as
the learners' servers do, so that nobody's tables are lost.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from classkit.hub import learner
from coursekit.engines import background
from coursekit.engines.servers import Plan
from coursekit.ground.errors import CourseError

KIND = "spark-connect"


def main() -> int:
    """Keep the server on a port, with a heap of so many MiB; end when it has died."""
    port, memory = (int(word) for word in sys.argv[1:3])
    for name in [name for name in os.environ if name.startswith("JUPYTERHUB_")]:
        del os.environ[name]  # learners' functions run in Spark; the hub's words are not for them
    os.nice(5)  # as the learners' servers, so that the hub answers on a busy machine
    # JupyterHub asks its services to end with SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if shared := os.environ.get(learner.SHARED_CACHE):
        learner.share_cache(Path(shared))
    try:
        _start(port, memory)
        while background.running(KIND):
            time.sleep(5)
        print("The class's Spark has died.", file=sys.stderr)
        return 1
    except CourseError as error:
        print(f"error: {error.what}\n   → {error.mend}", file=sys.stderr)
        time.sleep(20)  # the hub tries again as soon as this ends
        return 1
    except KeyboardInterrupt:
        return 0


def _start(port: int, memory: int) -> None:
    url = background.running(KIND)
    if url and url.endswith(f":{port}"):
        return
    if url:
        background.stop(KIND)  # the port was changed
    background.start(Plan(KIND, port=port, memory=memory))


if __name__ == "__main__":
    sys.exit(main())
