"""What datasets/ holds, whether it is intact, and how it is brought back."""

from __future__ import annotations

import difflib
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from coursekit.data.files import write_bytes
from coursekit.ground import places
from coursekit.ground.errors import CourseError

MANIFEST = "manifest.json"
RESTORE = "Run `coursekit data --restore`: it brings the shipped file back."


@dataclass(frozen=True)
class Column:
    """One column: its Arrow type (``dtype``), its unit (empty where it has none), its meaning."""

    name: str
    dtype: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class DataFile:
    """One shipped file; `path` is relative to datasets/, with forward slashes."""

    path: str
    sha256: str
    bytes: int
    rows: int

    @property
    def location(self) -> Path:
        """Where the file lies on this machine."""
        return places.datasets() / self.path


@dataclass(frozen=True)
class Dataset:
    """One data set of the course.

    Attributes
    ----------
    grows : bool
        False for the tables that others look names up in (airlines, airports, planes): they are
        the same at every scale.
    """

    name: str
    title: str
    rows: int
    grows: bool
    licence: str
    source: str
    grown: str
    columns: tuple[Column, ...]
    files: tuple[DataFile, ...]

    @property
    def bytes(self) -> int:
        """Size of the shipped files together."""
        return sum(file.bytes for file in self.files)

    @property
    def version(self) -> str:
        """Eight characters that change when any shipped file of the data set changes."""
        checksums = "".join(file.sha256 for file in self.files)
        return hashlib.sha256(checksums.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Problem:
    """A shipped file that is not as the manifest says; `kind` is missing, cut or damaged."""

    path: str
    kind: str

    def __str__(self) -> str:
        return f"datasets/{self.path} is {self.kind}"


def manifest() -> dict[str, Dataset]:
    """Return every data set by name, in the order of the manifest.

    Raises
    ------
    CourseError
        When manifest.json is missing or cannot be read.
    """
    return _read_manifest(places.datasets())


@cache
def _read_manifest(folder: Path) -> dict[str, Dataset]:
    try:
        return parse((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"The list of data sets, datasets/{MANIFEST}, is missing or damaged.", RESTORE
        ) from error


def parse(text: bytes) -> dict[str, Dataset]:
    """Turn the bytes of manifest.json into data sets by name."""
    found = {}
    for entry in json.loads(text)["datasets"]:
        columns = tuple(Column(**column) for column in entry.pop("columns"))
        files = tuple(DataFile(**file) for file in entry.pop("files"))
        found[entry["name"]] = Dataset(**entry, columns=columns, files=files)
    return found


def find(name: str) -> Dataset:
    """Return the data set called `name`.

    Raises
    ------
    CourseError
        When there is none; the nearest name is suggested.
    """
    known = manifest()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(str(name).lower(), known, n=1)
    mend = f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(known)}."
    raise CourseError(f"There is no data set called {name!r}.", mend)


def fingerprint(file: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size in bytes of `file`."""
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return digest, file.stat().st_size


def inspect(file: DataFile) -> Problem | None:
    """Compare a shipped file with the manifest; None when it is intact."""
    try:
        size = file.location.stat().st_size
        if size < file.bytes:
            return Problem(file.path, "cut short")
        if fingerprint(file.location)[0] == file.sha256:
            return None
    except FileNotFoundError:
        return Problem(file.path, "missing")
    except OSError as error:
        return Problem(file.path, f"not readable ({error.strerror})")
    return Problem(file.path, "damaged")


_intact: set[tuple[Path, int, int]] = set()  # files seen intact by this process, as last changed


def require_intact(dataset: Dataset) -> None:
    """Check the files of `dataset`, each once per process as long as it does not change.

    Raises
    ------
    CourseError
        Naming the first file that is missing, cut short or damaged.
    """
    for file in dataset.files:
        if _seen(file.location) in _intact:
            continue
        if problem := inspect(file):
            raise CourseError(f"The data file {problem}.", RESTORE)
        _intact.add(_seen(file.location))


def _seen(location: Path) -> tuple[Path, int, int] | None:
    try:
        status = location.stat()
    except OSError:
        return None
    return location, status.st_size, status.st_mtime_ns


def verify() -> list[Problem]:
    """Read every shipped file and return what is wrong; empty when all are intact."""
    found = [inspect(file) for dataset in manifest().values() for file in dataset.files]
    return [problem for problem in found if problem]


def restore(names: Iterable[str] | None = None) -> list[str]:
    """Bring shipped files back from the last commit of the clone.

    Parameters
    ----------
    names : iterable of str, optional
        Data sets to restore; all of them by default. Files that are intact are left alone.

    Returns
    -------
    list of str
        The files brought back, relative to datasets/.

    Raises
    ------
    CourseError
        When the course is no clone, git is missing, or the commit does not hold the file.
    """
    restored = _restore_manifest()
    chosen = manifest().values() if names is None else [find(name) for name in names]
    for file in (file for dataset in chosen for file in dataset.files):
        if inspect(file):
            content = _committed(file.path)
            if hashlib.sha256(content).hexdigest() != file.sha256:
                raise CourseError(
                    f"The last commit holds another datasets/{file.path} than the manifest lists.",
                    "Commit both together, or run `git checkout HEAD -- datasets`.",
                )
            _put_back(file.path, content)
            restored.append(file.path)
    return restored


def _restore_manifest() -> list[str]:
    try:
        manifest()
    except CourseError:
        _put_back(MANIFEST, _committed(MANIFEST))
        return [MANIFEST]
    return []


def _put_back(path: str, content: bytes) -> None:
    try:
        write_bytes(places.datasets() / path, [content])
    except OSError as error:
        raise CourseError(
            f"datasets/{path} could not be written: {error.strerror}.",
            "Check the free space and your rights to the folder, then try again.",
        ) from error


def _committed(path: str) -> bytes:
    """Return the bytes of a file of datasets/ as of the last commit."""
    if not places.is_clone():
        raise CourseError(
            f"datasets/{path} belongs to the installed course, which keeps no second copy.",
            "Install it again: `python -m pip install --force-reinstall --no-deps coursekit`.",
        )
    git = shutil.which("git")
    if git is None:
        raise CourseError(
            f"datasets/{path} is restored from the clone's history, and git was not found.",
            "Install git, or clone the course again.",
        )
    command = [git, "-C", str(places.course_root()), "show", f"HEAD:./datasets/{path}"]
    shown = subprocess.run(command, capture_output=True)
    if shown.returncode:
        raise CourseError(
            f"The last commit of this clone has no datasets/{path}.",
            "Get the course again with `git pull`, or clone it anew.",
        )
    return shown.stdout
