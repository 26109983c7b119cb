"""A Linux server with a class, for tests: ``python -m tests.class_server FOLDER`` (root only).

The hub is the one of deploy/jupyterhub_config.py, with real system users and PAM. What it needs of
a server (users, homes, the course in one place) exists in a mount namespace of this process: bind
mounts over /etc/passwd and its like, and a file system in memory on FOLDER. So nothing changes on
the machine, and all of it goes away with the last process.

It prints ``ready ADDRESS`` when the hub answers. ``restart`` on its standard input restarts the hub
as systemd would; the end of the input ends everything.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import psutil

from coursekit.ground import child, places

ROOT = Path(__file__).resolve().parent.parent
# Nobody on the machine has these numbers; a password is the name twice.
USERS = {"teacher": 61000, "ada": 61001, "ben": 61002, "spark": 61003}
LEARNERS = ("ada", "ben")
CLONE_NEWNS = 0x20000
MS_BIND, MS_REC, MS_PRIVATE, MS_RDONLY, MS_REMOUNT = 4096, 16384, 1 << 18, 1, 32
UNSUITED = 3  # exit code: this machine cannot carry the test, for the reason printed


def password(name: str) -> str:
    """Return the password of a user."""
    return f"{name}-{name}"


def main() -> int:
    """Build the server, run its hub, and end it with everything it started."""
    folder = Path(sys.argv[1])
    child.adopt_orphans()
    try:
        _build(folder)
    except OSError as error:
        print(f"unsuited: no private mounts here ({error})", flush=True)
        return UNSUITED
    if not _can_run(folder):
        print("unsuited: other users cannot run this Python", flush=True)
        return UNSUITED
    address, hub = f"http://127.0.0.1:{_configure(folder)}", None
    try:
        hub = _start(folder, address)
        for line in sys.stdin:
            if line.strip() == "restart":
                hub.terminate()
                hub.wait(60)
                hub = _start(folder, address)
    finally:
        if hub is not None:
            hub.terminate()
            hub.wait(60)
        child.end_descendants()
    return 0


def _build(folder: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)

    def mount(source: str | Path, target: Path, kind: str | None = None, flags: int = 0, data=""):
        words = [str(source).encode(), str(target).encode(), kind and kind.encode()]
        if libc.mount(*words, ctypes.c_ulong(flags), data.encode()):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(target))

    if libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    mount("none", Path("/"), flags=MS_REC | MS_PRIVATE)
    mount("tmpfs", folder, "tmpfs", data="mode=755")
    os.umask(0o022)
    course = folder / "course"
    for name in ("coursekit", "classkit", "notebooks", "datasets", "deploy"):
        shutil.copytree(ROOT / name, course / name)
    shutil.copy(ROOT / "pyproject.toml", course)
    base = folder / "base"
    for source, target in (
        (sys.prefix, course / ".venv"),
        (sys.base_prefix, base),
        (places.cache_dir(), folder / "cache"),
    ):
        target.mkdir()
        mount(source, target, flags=MS_BIND)
    mount("none", folder / "cache", flags=MS_REMOUNT | MS_BIND | MS_RDONLY)
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o1777)
    _make_users(folder)
    for name in ("passwd", "group", "shadow"):
        mount(folder / name, Path("/etc") / name, flags=MS_BIND)
    closed = [p for p in Path(sys.base_prefix).parents if not p.stat().st_mode & 0o001]
    if closed:  # Python lies in root's home, say: others get a way to it, and to nothing else
        mount("tmpfs", closed[-1], "tmpfs", data="mode=711")
        Path(sys.base_prefix).mkdir(parents=True)
        mount(base, Path(sys.base_prefix), flags=MS_BIND)


def _make_users(folder: Path) -> None:
    crypt = ctypes.CDLL(ctypes.util.find_library("crypt")).crypt
    crypt.restype = ctypes.c_char_p
    lines: dict[str, list[str]] = {"passwd": [], "group": [], "shadow": []}
    for name, number in USERS.items():
        home = folder / "home" / name
        home.mkdir(parents=True)
        os.chown(home, number, number)
        home.chmod(0o755)  # as many systems make it; the learner's start closes it
        secret = crypt(password(name).encode(), b"$6$course").decode()
        lines["passwd"].append(f"{name}:x:{number}:{number}::{home}:/bin/bash")
        lines["group"].append(f"{name}:x:{number}:")
        lines["shadow"].append(f"{name}:{secret}:20000:0:99999:7:::")
    lines["group"].append(f"learners:x:61100:{','.join(LEARNERS)}")
    for kind, more in lines.items():
        text = (Path("/etc") / kind).read_text()
        (folder / kind).write_text(text + "\n".join(more) + "\n")
    (folder / "shadow").chmod(0o600)


def _can_run(folder: Path) -> bool:
    python = folder / "course/.venv/bin/python"
    try:
        done = subprocess.run([python, "-c", ""], user=USERS["ada"], group=USERS["ada"], cwd="/")
    except OSError:
        return False
    return done.returncode == 0


def _configure(folder: Path) -> int:
    """Copy the configuration and change the copy, as the instructor's guide says."""
    port, hub_port, proxy_port, spark_port = child.free_ports(4)
    text = (folder / "course/deploy/jupyterhub_config.py").read_text()
    for before, after in {
        '"/opt/course"': repr(str(folder / "course")),
        '"/var/cache/coursekit"': repr(str(folder / "cache")),
        '"/srv/jupyterhub"': repr(str(folder / "state")),
        '"http://127.0.0.1:8000"': repr(f"http://127.0.0.1:{port}"),
        "SPARK_PORT = 15002": f"SPARK_PORT = {spark_port}",
        "SPARK_MEMORY_MIB = 4096": "SPARK_MEMORY_MIB = 1024",
    }.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    # Ports that other tests beside this one do not use, and no waiting behind those tests.
    text += "c.LimitedSpawner.politeness = 0\n"
    text += f"c.JupyterHub.hub_port = {hub_port}\n"
    text += f"c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:{proxy_port}'\n"
    text += f"c.Spawner.environment['PYTHONPATH'] = {str(folder / 'course')!r}\n"
    text += "for service in c.JupyterHub.services:\n"
    text += (
        f"    service.setdefault('environment', {{}})['PYTHONPATH'] = {str(folder / 'course')!r}\n"
    )
    (folder / "jupyterhub_config.py").write_text(text)
    return port


def _environment(folder: Path) -> dict[str, str]:
    # `.venv` knows the tests' own clone; and nothing may be left in the machine's /tmp.
    return {"PYTHONPATH": str(folder / "course"), "TMPDIR": str(folder / "tmp")}


def _bury(hub: subprocess.Popen) -> None:
    """Take leave of ended orphans, as a system's first process does; the hub waits for that."""
    while hub.poll() is None:
        for each in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
                if each.pid != hub.pid and each.status() == psutil.STATUS_ZOMBIE:
                    os.waitpid(each.pid, os.WNOHANG)
        time.sleep(0.1)


def _start(folder: Path, address: str) -> subprocess.Popen:
    with (folder / "hub.log").open("ab") as log:
        hub = subprocess.Popen(
            [
                folder / "course/.venv/bin/python", "-m", "jupyterhub",
                "--config", folder / "jupyterhub_config.py",
            ],
            cwd="/",
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **_environment(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
    threading.Thread(target=_bury, args=[hub], daemon=True).start()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    limit = time.monotonic() + 90
    while hub.poll() is None and time.monotonic() < limit:
        try:
            with opener.open(f"{address}/hub/login", timeout=5):
                print("ready", address, flush=True)
                return hub
        except OSError:
            time.sleep(0.1)
    print((folder / "hub.log").read_text()[-3000:], flush=True)
    raise SystemExit(1)


if __name__ == "__main__":
    sys.exit(main())
