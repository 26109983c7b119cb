"""Makes `.venv` ready: what `make lab`, `hub` and `test` call first. Needs Python only.

1. Nothing happens when `.venv` already fits requirements.lock, pyproject.toml and this Python.
2. Otherwise `.venv` is made and uv, itself a wheel, installs the exact pins: for `lab` what the
   chapters need; for `hub` JupyterHub, too; for `test` all tools of the tests besides.
3. A second caller at the same time is told, and ends.
4. A stop at any moment leaves a `.venv` that the next call completes: the stamp comes last.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / ".course-ready"
LOCK = ROOT / "requirements.lock"
# The Azure emulator, and the proxy of JupyterHub.
NODE_LOCKS = (
    "coursekit/cloud/azurite/package-lock.json",
    "classkit/hub/proxy/package-lock.json",
)
PYTHONS = ((3, 11), (3, 13))
# For whom: the extras of pyproject.toml, and the room that it all takes.
LEVELS = ("lab", "hub", "test")
WANTED = {"lab": ((), "2.0 GB"), "hub": (("hub",), "2.1 GB"), "test": (("hub", "test"), "2.5 GB")}


def main(level: str = "lab") -> int:
    """Make the environment ready for `lab`, `hub` or `test`, and return the exit code."""
    oldest, newest = PYTHONS
    if not oldest <= sys.version_info[:2] <= newest:
        return complain(
            f"Python {sys.version.split()[0]} is not one the course runs on (3.11 to 3.13).",
            "Install one of them, then name it: make lab PYTHON=python3.12",
        )
    if odd := sorted(set("[]{}*?") & set(str(ROOT))):
        return complain(
            f"The path of this folder, {ROOT}, has {' '.join(odd)} in it.",
            "Rename the folder: Spark and nbgrader read these characters as patterns.",
        )
    wanted = fingerprint()
    stamp = STAMP.read_text().split() if STAMP.exists() else []
    if stamp[:1] == [wanted] and LEVELS.index(stamp[1]) >= LEVELS.index(level):
        return 0
    with (ROOT / ".setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return complain(
                "Another `make` is setting the course up in this folder.",
                "Wait until it is done (a minute or two), then run this again.",
            )
        return set_up(wanted, level)


def fingerprint() -> str:
    """Digest what the environment depends on."""
    parts = [sys.version.encode(), str(ROOT).encode()]
    names = ("requirements.lock", "pyproject.toml", *NODE_LOCKS)
    parts += [(ROOT / name).read_bytes() for name in names]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def set_up(wanted: str, level: str) -> int:
    """Install everything, step by step, each with a line."""
    started = time.monotonic()
    extras, room = WANTED[level]
    python = str(VENV / "bin" / "python")
    uv = next(line.split()[0] for line in LOCK.read_text().splitlines() if line.startswith("uv=="))
    # A person's settings would send packages elsewhere: into an environment that is activated, say.
    elsewhere = ("VIRTUAL_ENV", "CONDA_PREFIX", "PIP_TARGET", "PIP_PREFIX", "PYTHONPATH")
    environment = {k: v for k, v in os.environ.items() if k not in elsewhere} | {"PIP_USER": "0"}
    course = f".[{','.join(extras)}]" if extras else "."
    made = usable()
    steps = [] if made else [("Making .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])]
    steps += [
        ("Installing the installer, uv", [python, "-m", "pip", "install", "-q", uv]),
        (
            f"Installing the course and its packages (about {room}, once; a minute or more)",
            [python, "-m", "uv", "pip", "install", "-q", "--python", python, "-c", str(LOCK),
             "-e", course],
        ),
        *([] if level == "test" else [(  # the tests prepare more, beside the first of them
            "Preparing Spark for fast starts, and your copies of the chapters",
            [python, "-m", "classkit.cli", "prepare"],
        )]),
    ]  # fmt: skip
    for title, command in steps:
        if "uv" in command:
            environment |= pips_index(python)
        print(f"{title} …", flush=True)
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace",
        )  # fmt: skip
        if done.returncode:
            return complain(f"{title} failed: {last_line(done.stdout)}", mend_for(done.stdout))
    STAMP.write_text(f"{wanted} {level}")
    print(f"Ready after {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def pips_index(python: str) -> dict[str, str]:
    """Hand the package index of pip's settings on to uv, which reads its own only."""
    if any(name in os.environ for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL")):
        return {}
    ask = [python, "-m", "pip", "config", "list"]
    said = subprocess.run(ask, capture_output=True, encoding="utf-8", errors="replace").stdout
    found = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    given = {name.rpartition(".")[2].replace("_", "-"): v.strip("'") for name, v in found.items()}
    return {"UV_DEFAULT_INDEX": given["index-url"]} if "index-url" in given else {}


def usable() -> bool:
    """Tell whether `.venv` runs and has this Python; then it is brought up to date in place."""
    ask = [str(VENV / "bin" / "python"), "-c", "import pip, sys; print(sys.version)"]
    try:
        said = subprocess.run(ask, capture_output=True, encoding="utf-8", errors="replace")
        return said.stdout.strip() == sys.version
    except OSError:
        return False


def last_line(text: str) -> str:
    """Return the line that says most: the first that names an error, or the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if "rror" in line]
    return (named or lines or ["no message"])[0][:300]


def mend_for(text: str) -> str:
    """Return the next step for a failed step, by its words."""
    if "ensurepip" in text or "No module named venv" in text:
        return "Install Python's venv module (Debian and Ubuntu: apt install python3-venv)."
    if "No space left" in text:
        return "Make room (the course needs about 3 GB), then run this again."
    if "ermission denied" in text:
        return "Allow writing to this folder, or clone the course into one of your own."
    if "No solution found" in text:
        return "pyproject.toml and requirements.lock disagree: make lock renews the pins."
    unreached = ("connect", "network", "resolve", "timed out", "fetch", "from versions: none")
    if any(word in text.lower() for word in unreached):
        return "Check the network (and proxy settings), then run this again; it goes on from here."
    return "Run it again; it goes on from here. If it fails again, please file an issue."


def complain(what: str, mend: str) -> int:
    """Print the two lines of an error."""
    print(f"error: {what}\n   → {mend}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):  # a terminal may lack a character, such as →
        stream.reconfigure(errors="replace")
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        print(
            "error: Stopped by Ctrl-C.\n   → Run it again; it goes on from here.", file=sys.stderr
        )
        sys.exit(130)
    except OSError as error:
        sys.exit(complain(f"{error.strerror} ({error.filename}).", mend_for(str(error))))
