"""``python -m classkit.hub.keeper FOLDER``: starts the hub to try out, and ends it whole.

A process between ``coursekit hub`` and JupyterHub. It says when the hub answers. When it is asked
to end, or its standard input closes, which happens also if the command is killed, it ends the hub,
the proxy, the learners' servers and kernels, and removes the folder.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from coursekit.ground import processes

READY = "ready"
PATIENCE = 90
FAREWELL = 20


class _Ended(Exception):
    pass


def main() -> int:
    """Start the hub of a folder, tell that it answers, and keep it until the end."""
    folder = Path(sys.argv[1])
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command
    processes.adopt_orphans()
    hub = None
    try:
        hub = _start(folder)
        port = json.loads((folder / "settings.json").read_text(encoding="utf-8"))["port"]
        if not _answers(hub, port):
            print(f"error: {_last_words(folder / 'hub.log')}", flush=True)
            return 1
        print(READY, port, flush=True)
        sys.stdin.buffer.read()
    except _Ended:
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
        if hub is not None:
            hub.terminate()  # in order: it stops the learners' servers, and these their kernels
            _wait(hub)
        processes.end_descendants()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _leave(*_: object) -> None:
    raise _Ended


def _start(folder: Path) -> subprocess.Popen:
    configuration = Path(__file__).with_name("demo_config.py")
    with (folder / "hub.log").open("wb") as log:
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "classkit.lab.start",
                "jupyterhub",
                "--config",
                str(configuration),
            ],
            cwd=folder,
            env=os.environ | {"COURSEKIT_HUB": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=processes.end_with_parent,
        )


def _answers(hub: subprocess.Popen, port: int) -> bool:
    # A proxy variable must not carry a loopback request away.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit and hub.poll() is None:
        try:
            with opener.open(f"http://127.0.0.1:{port}/hub/login", timeout=10):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def _wait(hub: subprocess.Popen) -> None:
    try:
        hub.wait(FAREWELL)
    except subprocess.TimeoutExpired:
        hub.kill()
        hub.wait()


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    telling = [line.strip() for line in lines if "rror" in line]
    return ((telling or lines)[-1:] or ["it ended without a word"])[0][:400]


if __name__ == "__main__":
    sys.exit(main())
