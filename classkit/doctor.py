"""Looks at this machine: names what is wrong for the course, and the exact mend.

Each check is a function that takes what it looks at, so that it can be shown another machine, and
returns one finding. No check changes anything.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from coursekit.ground import memory, places
from coursekit.ground.errors import CourseError

LEAST_DISK = memory.GIB
# Jupyter's kernel alone takes five ports, Spark another five.
PORTS = 20
PYTHONS = ((3, 11), (3, 13))


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Parameters
    ----------
    name : str
        What was looked at.
    ok : bool
        Whether the course can work with it.
    found : str
        What is there.
    mend : str
        What to do about it; empty when nothing is to be done.
    """

    name: str
    ok: bool
    found: str
    mend: str = ""


def run_checks() -> list[Finding]:
    """Run every check on this machine, in the order in which mends should be made.

    Returns
    -------
    list of Finding
        A check that itself breaks is a finding too: it is not ok, and names its error.
    """
    return [_guarded(check) for check in CHECKS]


def _guarded(check: Callable[[], Finding]) -> Finding:
    name = check.__name__.removeprefix("check_").replace("_", " ")
    try:
        return check()
    except CourseError as error:
        return Finding(name, False, error.what, error.mend)
    except Exception as error:
        said = f"the check itself failed: {type(error).__name__}: {error}"
        return Finding(name, False, said, "Report this line to the course's maintainers.")


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Look at the version of Python."""
    (least, most), found = PYTHONS, ".".join(map(str, version))
    ok = least <= tuple(version[:2]) <= most
    spans = f"{least[0]}.{least[1]} to {most[0]}.{most[1]}"
    mend = f"Install Python {spans}, delete .venv and run 'make lab' again."
    return Finding("Python", ok, f"{found} ({sys.executable})", "" if ok else mend)


def check_packages(lock: Path | None = None) -> Finding:
    """Compare what is installed with ``requirements.lock``; tools of the tests may be missing."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lock = places.course_root() / "requirements.lock" if lock is None else lock
    if not lock.is_file():
        return Finding("packages", True, "no requirements.lock here to compare with")
    lines = (line.split(" #")[0].strip() for line in lock.read_text("utf-8").splitlines())
    pins = [Requirement(line) for line in lines if re.match(r"[A-Za-z0-9]", line)]
    required = map(Requirement, importlib.metadata.requires("coursekit") or ())
    needed = {canonicalize_name(each.name) for each in required if "extra" not in str(each.marker)}
    wrong, compared = [], 0
    for pin in pins:
        if pin.marker is not None and not pin.marker.evaluate():
            continue
        try:
            found = importlib.metadata.version(pin.name)
        except importlib.metadata.PackageNotFoundError:
            wrong += [f"{pin.name} is missing"] if canonicalize_name(pin.name) in needed else []
            continue
        compared += 1
        if not pin.specifier.contains(found, prereleases=True):
            wrong.append(f"{pin.name} is {found}")
    if not wrong:
        return Finding("packages", True, f"all {compared} as in {lock.name}")
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    mend = f"Run '{sys.executable} -m pip install -c {lock} -e {lock.parent}'."
    return Finding("packages", False, "; ".join(wrong[:3]) + more, mend)


def check_java(environ: Mapping[str, str] | None = None) -> Finding:
    """Look for the Java that Spark will use."""
    from coursekit.ground.java import find_java

    java = find_java(environ)
    return Finding("Java", True, f"{java.version} from {java.source} ({java.home})")


def check_azurite() -> Finding:
    """Look for Azurite, the Azure emulator, and the Node that runs it."""
    from coursekit.cloud import azurite

    node = azurite.node()
    if azurite.installed():
        return Finding("Azurite", True, f"{azurite.folder()}, run by {node}")
    return Finding("Azurite", True, f"not installed yet; chapter 04 fetches it ({azurite.SIZE})")


def check_memory(available: int | None = None) -> Finding:
    """Look at the free memory; Spark needs 1 GiB."""
    from coursekit.spark_session import settings

    available = memory.available() if available is None else available
    heap = settings.heap(available)
    found = f"{available / memory.GIB:.1f} GiB free, of which Spark takes up to "
    return Finding("memory", True, f"{found}{heap / memory.GIB:.1f}")


def check_disk(folders: list[Path] | None = None, least: int = LEAST_DISK) -> Finding:
    """Look at the free space where the learner's copies, the cache and Spark's files go."""
    if folders is None:
        folders = [places.workspace(), places.cache_dir(), Path(tempfile.gettempdir())]
    free = {folder: shutil.disk_usage(_existing(folder)).free for folder in folders}
    fullest = min(free, key=free.__getitem__)
    found = f"{free[fullest] / memory.GIB:.1f} GiB free in {fullest}"
    mend = f"Free {least / memory.GIB:.0f} GiB there; the cache can be deleted, it is made again."
    ok = free[fullest] >= least
    return Finding("disk", ok, found, "" if ok else mend)


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def check_workspace(folder: Path | None = None) -> Finding:
    """Try to write in the learner's folder (or where it will be made)."""
    folder = places.workspace() if folder is None else folder
    there = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=there):
            return Finding("workspace", True, f"{folder} can be written")
    except OSError as error:
        mend = "Change the rights of that folder, or set COURSEKIT_WORK to one of your own."
        return Finding("workspace", False, f"{there}: {error.strerror}", mend)


def check_ports(count: int = PORTS) -> Finding:
    """Try to bind some free ports on loopback at once."""
    held: list[socket.socket] = []
    try:
        for _ in range(count):
            held.append(socket.create_server(("127.0.0.1", 0)))
    except OSError as error:
        mend = "Close programs that hold many connections, or restart the machine."
        return Finding("ports", False, f"{len(held)} on loopback, then {error.strerror}", mend)
    finally:
        for one in held:
            one.close()
    return Finding("ports", True, f"{count} free on loopback")


def check_proxy(proxies: Mapping[str, str] | None = None) -> Finding:
    """Look whether a proxy would swallow what is meant for this machine itself."""
    proxies = urllib.request.getproxies() if proxies is None else proxies
    used = {kind: url for kind, url in proxies.items() if kind in ("http", "https", "all")}
    if not used:
        return Finding("proxy", True, "none")
    passed = dict(proxies)
    missed = [
        host
        for host in ("127.0.0.1", "localhost")
        if not urllib.request.proxy_bypass_environment(host, passed)
    ]
    if not missed:
        return Finding("proxy", True, "set, and this machine itself is excepted")
    mend = "Add them to it: export NO_PROXY=127.0.0.1,localhost (and no_proxy alike)."
    return Finding("proxy", False, f"set, but NO_PROXY lacks {' and '.join(missed)}", mend)


def check_archive() -> Finding:
    """Look for Spark's class-data archive; Spark works without it, at half the speed."""
    from coursekit.ground.java import find_java
    from coursekit.spark_session import archive

    file = archive.find(find_java())
    if file is None:
        mend = "Run 'coursekit lab': it makes the archive, once, in about a minute."
        return Finding("Spark's archive", False, "not made yet: Spark starts slowly", mend)
    return Finding("Spark's archive", True, f"{file} ({file.stat().st_size / 1e6:.0f} MB)")


def check_data() -> Finding:
    """Compare the shipped data with its checksums."""
    from coursekit import data

    problems = data.verify()
    found = "; ".join(map(str, problems)) or "every file as in the manifest"
    mend = "Run 'coursekit data --restore'." if problems else ""
    return Finding("data", not problems, found, mend)


def check_locks(folders: list[Path] | None = None) -> Finding:
    """Look whether another command of the course holds a lock, so that one would wait for it.

    JupyterLab's own lock is left out: it is held as long as ``coursekit lab`` runs.
    """
    if folders is None:
        cache = places.cache_dir()
        folders = [places.workspace(), cache, *cache.glob("*/")]
    files = (f for folder in folders if folder.is_dir() for f in folder.glob("*.lock"))
    held = [str(file) for file in files if file.name != ".lab.lock" and _is_held(file)]
    mend = "Wait until the other command is done, or end it; its lock ends with it."
    return Finding("locks", not held, ", ".join(held) or "none held", mend if held else "")


def _is_held(file: Path) -> bool:
    """Tell whether a process holds the lock; the file is only read, for it may be a learner's."""
    if os.name == "nt":
        return False
    import fcntl

    with file.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def check_browser(search: str | None = None) -> Finding:
    """Look for Chromium; only the course's own browser tests need it."""
    names = ("chromium", "chromium-browser", "google-chrome")
    paths = (shutil.which(name, path=search) for name in names)
    found = next((path for path in paths if path), "no Chromium; only 'make test' uses it")
    return Finding("browser", True, found)


def check_system() -> Finding:
    """Name the system, for whoever reads this list from afar."""
    cores = os.cpu_count() or 1
    return Finding("system", True, f"{platform.system()} {platform.machine()}, {cores} cores")


CHECKS: list[Callable[[], Finding]] = [
    check_system,
    check_python,
    check_packages,
    check_java,
    check_azurite,
    check_memory,
    check_disk,
    check_workspace,
    check_ports,
    check_proxy,
    check_archive,
    check_data,
    check_locks,
    check_browser,
]
