"""From login to a ready notebook, for a class that comes in at once.

A real hub, started for each measurement. A learner logs in, their copies are laid, their server
starts, and a kernel answers: the next cell they run is their own.
"""

from __future__ import annotations

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

import websocket

from classkit.hub import demo
from tests.hub_session import Class, log_in_by_http, tried_out, xsrf

from .harness import Benchmark

PATIENCE = 300
# The first that JupyterLab asks of a kernel (Jupyter's messaging protocol 5.3).
QUESTION = {
    "channel": "shell",
    "header": {
        "msg_id": "1",
        "msg_type": "kernel_info_request",
        "session": "benchmark",
        "username": "",
        "version": "5.3",
        "date": "2026-01-01T00:00:00Z",
    },
    "parent_header": {},
    "metadata": {},
    "content": {},
}


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
    home = f"/user/{name}/"
    token = xsrf(session, home)
    kernels = f"{hub.address}{home}api/kernels"
    started = session.post(kernels, headers={"X-XSRFToken": token})
    started.raise_for_status()
    cookies = [f"{c.name}={c.value}" for c in session.cookies if c.path in ("/", home)]
    line = websocket.create_connection(
        f"{kernels}/{started.json()['id']}/channels?_xsrf={token}".replace("http", "ws", 1),
        cookie="; ".join(cookies),
        origin=hub.address,
        timeout=PATIENCE,
    )
    with contextlib.closing(line):
        line.send(json.dumps(QUESTION))
        while json.loads(line.recv())["msg_type"] != "kernel_info_reply":
            pass


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
