"""Jars from a Maven repository, by a lock file that names each with its size and its SHA-256.

A line of a lock is ``group:artifact:version[:classifier] bytes sha256``. No project file (POM) is
read and nothing is resolved: what was tested is what is fetched, or nothing.

The repository is that of ``COURSEKIT_MAVEN``; or else the mirror that the person's Maven settings
(``~/.m2/settings.xml``) have for the central one; or else the central one. Proxy variables count.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from coursekit.ground import once
from coursekit.ground.bars import bar
from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    import requests

REPOSITORY = "COURSEKIT_MAVEN"
_AT_A_TIME = 6
_PATIENCE = (10, 30)  # seconds to connect, and for the next bytes
_MIRRORED = {"central", "*", "external:*"}


@dataclass(frozen=True)
class Jar:
    """A line of a lock."""

    group: str
    artifact: str
    version: str
    classifier: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The name of the file."""
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{classifier}.jar"

    @property
    def path(self) -> str:
        """Where it is in a repository."""
        return "/".join([*self.group.split("."), self.artifact, self.version, self.name])


def read_lock(lock: Path) -> list[Jar]:
    """Return what a lock file names."""
    jars = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        coordinates, size, sha256 = line.split()
        group, artifact, version, *classifier = coordinates.split(":")
        jars.append(Jar(group, artifact, version, "".join(classifier), int(size), sha256))
    return jars


def find(lock: Path) -> list[Path]:
    """Return the jars of a lock in a fixed order; none if they were not fetched."""
    folder = once.find(_place(lock), lambda folder: _whole(folder, read_lock(lock)))
    return sorted(folder.glob("*.jar")) if folder else []


def fetch(lock: Path, what: str) -> list[Path]:
    """Fetch the jars of a lock, unless they are there already, and return them.

    Parameters
    ----------
    lock : Path
        The lock file; its name is the name of the place in the cache.
    what : str
        For messages: what these jars are.

    Returns
    -------
    list of Path
        In a fixed order.

    Raises
    ------
    CourseError
        No repository can be reached, it lacks a jar, or a jar is another than the one in the
        lock; or there is no room in the cache. Nothing is kept then.
    """
    jars = read_lock(lock)
    size = sum(jar.size for jar in jars)

    def make(folder: Path) -> None:
        folder.mkdir()
        with bar(what, unit="bytes") as move:
            _fetch_all(jars, folder, what, lambda done: move(what, done, size))

    folder = once.once(
        _place(lock),
        make,
        what=what,
        room=f"{size / 1e6:.0f} MB",
        intact=lambda folder: _whole(folder, jars),
        older=f"{lock.stem}-*",
    )
    return sorted(folder.glob("*.jar"))


def repository() -> str:
    """Return the address of the repository to use.

    Raises
    ------
    CourseError
        The person's Maven settings cannot be read.
    """
    if chosen := os.environ.get(REPOSITORY):
        return chosen.rstrip("/")
    settings = Path.home() / ".m2" / "settings.xml"
    try:
        mirrors = ElementTree.parse(settings).iterfind(".//{*}mirror")
    except FileNotFoundError:
        return _central()
    except (OSError, ElementTree.ParseError) as error:
        raise CourseError(
            f"The Maven settings {settings} cannot be read: {error}.",
            f"Repair them, or name a Maven repository in {REPOSITORY}.",
        ) from None
    for mirror in mirrors:
        of = {part.strip() for part in mirror.findtext("{*}mirrorOf", "").split(",")}
        if of & _MIRRORED and "!central" not in of and mirror.findtext("{*}blocked") != "true":
            return mirror.findtext("{*}url", "").strip().rstrip("/")
    return _central()


def _central() -> str:
    """Return the address of the central repository, as the Ivy that PySpark brings has it."""
    spark = find_spec("pyspark")
    for ivy in Path(spark.origin).parent.glob("jars/ivy-*.jar") if spark and spark.origin else ():
        with zipfile.ZipFile(ivy) as archive:
            known = archive.read("org/apache/ivy/plugins/resolver/IBiblioResolver.class")
        if found := re.search(rb"https://[\w./-]+/maven2", known):
            return found[0].decode()
    raise CourseError(
        "No Maven repository is known here: PySpark, which knows the central one, is missing.",
        f"Install PySpark, or name a repository in {REPOSITORY}.",
    )


def _place(lock: Path) -> str:
    return f"jars/{lock.stem}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"


def _whole(folder: Path, jars: list[Jar]) -> bool:
    """Tell whether every jar is still there; its SHA-256 was compared when it was fetched."""
    files = ((folder / jar.name, jar.size) for jar in jars)
    return all(file.is_file() and file.stat().st_size == size for file, size in files)


def _fetch_all(jars: list[Jar], folder: Path, what: str, move: Callable[[int], None]) -> None:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import Retry

    source = repository()
    stop, counted, done = threading.Event(), threading.Lock(), 0

    def moved(count: int) -> None:
        nonlocal done
        if stop.is_set():
            raise InterruptedError
        with counted:
            done += count
            move(done)

    with requests.Session() as session, ThreadPoolExecutor(_AT_A_TIME) as pool:
        again = Retry(2, backoff_factor=0.3, status_forcelist=[502, 503, 504])
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(pool_maxsize=_AT_A_TIME, max_retries=again))
        work = [pool.submit(_download, session, source, jar, folder, moved) for jar in jars]
        try:
            for each in work:
                each.result()
        except requests.RequestException as error:
            raise _unreachable(what, source, error) from None
        finally:  # after an error or Ctrl-C the others need not go on
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


def _download(
    session: requests.Session, source: str, jar: Jar, folder: Path, moved: Callable[[int], None]
) -> None:
    found = hashlib.sha256()
    with (
        session.get(f"{source}/{jar.path}", stream=True, timeout=_PATIENCE) as answer,
        (folder / jar.name).open("wb") as file,
    ):
        answer.raise_for_status()
        for part in answer.iter_content(1 << 16):
            file.write(part)
            found.update(part)
            moved(len(part))
    if found.hexdigest() != jar.sha256:
        raise CourseError(
            f"{jar.name} from {_shown(source)} is not the file that the course was tested with: its"
            f" SHA-256 is {found.hexdigest()[:12]}…, not {jar.sha256[:12]}….",
            f"Try again; if it happens twice, name another Maven repository in {REPOSITORY}.",
        )


def _unreachable(what: str, source: str, error: requests.RequestException) -> CourseError:
    import requests

    if isinstance(error, requests.HTTPError):
        return CourseError(
            f"{what} could not be fetched: {_shown(error.response.url)} answers"
            f" {error.response.status_code} {error.response.reason}.",
            f"Name a Maven repository that has it in {REPOSITORY}, then try again.",
        )
    # urllib3 has the cause, behind the name of its own connection.
    cause = getattr(error.args[0] if error.args else None, "reason", error)
    cause = re.sub(r"^.*?[)>]: ", "", str(getattr(cause, "original_error", cause))).rstrip(".")
    if isinstance(error, requests.exceptions.SSLError):
        mend = "Name the certificates of your network's proxy in REQUESTS_CA_BUNDLE and try again."
    elif isinstance(error, requests.exceptions.ProxyError):
        mend = "Correct the proxy in https_proxy, or unset it, and try again."
    else:
        mend = f"Connect to the network, or name a Maven repository in {REPOSITORY}, and try again."
    return CourseError(f"{what} could not be fetched from {_shown(source)}: {cause[:200]}.", mend)


def _shown(url: str) -> str:
    """Return an address without the name and password that it may have."""
    return re.sub(r"//[^/@]*@", "//", url)
