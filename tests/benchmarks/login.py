"""From login to a ready notebook, for a class that comes in at once.

A real hub, started for each measurement. A learner logs in, their copies are laid, their server
starts, and a kernel is at rest: the next key they press is their own.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from coursekit.hub import demo
from tests.hub_session import Class, log_in_by_http, tried_out, xsrf

from .harness import Benchmark

PATIENCE = 300


def _ready(learners: int) -> float:
    """Return the seconds until the last of so many learners who log in at once is ready."""
    with tried_out("--port", "0", "--learners", str(learners)) as hub:
        names = demo.names(learners)
        hub.passwords |= dict.fromkeys(names, hub.passwords[demo.NAMES[0]])
        began = time.perf_counter()
        with ThreadPoolExecutor(learners) as pool:
            list(pool.map(lambda name: _enter(hub, name), names))
        return time.perf_counter() - began


def _enter(hub: Class, name: str) -> None:
    session = log_in_by_http(hub, name)
    kernels = f"{hub.address}/user/{name}/api/kernels"
    started = session.post(kernels, headers={"X-XSRFToken": xsrf(session, f"/user/{name}/")})
    started.raise_for_status()
    limit = time.monotonic() + PATIENCE
    while session.get(f"{kernels}/{started.json()['id']}").json()["execution_state"] != "idle":
        if time.monotonic() > limit:
            raise TimeoutError(f"the kernel of {name} does not start")
        time.sleep(0.1)


BENCHMARKS = [
    Benchmark(
        "class-login",
        1.0,
        "8 learners who log in at once / 8 times one alone",
        lambda: _ready(8),
        lambda: 8 * _ready(1),
        beside={"1 learner": lambda: _ready(1), "2 at once": lambda: _ready(2)},
    )
]
