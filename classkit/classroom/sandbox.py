"""Runs a command in a box: ``python -m classkit.classroom.sandbox PLAN COMMAND …``.

What the box is made of, all of it the Linux kernel's own:

- a network namespace with loopback only: no other machine, nothing that listens on this one;
- a process namespace: what the command starts ends with it, and it sees no other process;
- a mount namespace: the whole file system is read-only; the folders named as hidden (the class,
  homes, temporary folders) are empty; ``/tmp`` and ``HOME`` are in memory and end with the box;
- no privileges: root becomes a user that owns nothing, with no way back;
- limits on file sizes, open files and processes. Memory is watched from outside (`watch`), since a
  limit on address space breaks Java.

Those who are not root need user namespaces. Where the system allows neither, `missing` says so.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import resource
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 0x1000, 0x4000, 1 << 18
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP = 1, 38, 24
# the same numbers on every architecture
SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_MOUNT_SETATTR = 428, 429, 442
AT_FDCWD, AT_RECURSIVE, OPEN_TREE_CLONE = -100, 0x8000, 1
MOVE_MOUNT_F_EMPTY_PATH = 4
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = 1, 2
# The first of a range that systemd, too, gives to services without an account.
NOBODY = 61184
SHELL = 127
# What is written here, ``HOME`` among it, is in memory and ends with the box.
SCRATCH = ("/tmp", "/var/tmp", "/dev/shm")


@dataclass(frozen=True)
class Plan:
    """What a box shows and allows.

    Attributes
    ----------
    box : str
        The one folder that can be written and lasts: the kernel's sockets lie in it.
    hidden : tuple of str
        Folders that are empty in the box.
    shown : tuple of str
        Files and folders inside hidden ones that can be read all the same.
    layered : tuple of str
        Shown folders that can be written, too: changes end with the box.
    file_bytes, processes, memory_files : int
        Largest file; most processes of the user; bytes of ``/tmp`` and ``HOME``.
    uid : int
        The user that root becomes.
    """

    box: str
    hidden: tuple[str, ...]
    shown: tuple[str, ...]
    layered: tuple[str, ...] = ()
    file_bytes: int = 1 << 30
    processes: int = 4096  # threads count; a cluster of Spark has a thousand
    memory_files: int = 1 << 30
    uid: int = NOBODY

    def write(self, path: Path) -> None:
        """Write the plan where the box's launcher reads it."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def plan_for(box: Path, hidden: Iterable[Path], *, slot: int = 0) -> Plan:
    """Return the plan of a box on this machine: what Python and the course need is shown.

    Parameters
    ----------
    box : Path
        An empty folder of its own.
    hidden : iterable of Path
        Folders that hold secrets, besides the homes.
    slot : int
        Boxes that run at the same time have different ones: each is another user.
    """
    from coursekit.ground import places

    package = Path(__file__).resolve().parents[2]
    shown = {Path(sys.prefix), Path(sys.base_prefix), package, places.course_root()}
    if os.environ.get("JAVA_HOME"):
        shown.add(Path(os.environ["JAVA_HOME"]))
    secret = {Path.home(), Path("/home"), Path("/root"), Path("/run"), *map(Path, SCRATCH), *hidden}
    secret.add(places.notebooks())  # they hold the solutions
    shown.add(places.notebooks() / "exercises")
    uid = NOBODY + slot
    plan = Plan(str(box), *(_outermost_first(p) for p in (secret, shown)), uid=uid,
                layered=(str(places.cache_dir()),))  # fmt: skip
    if os.getuid() == 0:
        os.chown(box, uid, uid)
    return plan


def _outermost_first(paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(sorted({str(path.resolve()) for path in paths if path.exists()}))


@cache
def missing() -> str:
    """Return what this system lacks for a box, or an empty string."""
    if not sys.platform.startswith("linux"):
        return f"{platform.system()} has no namespaces"
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        plan_for(Path(folder), ()).write(Path(folder) / "plan.json")
        done = subprocess.run(
            command(Path(folder) / "plan.json", [sys.executable, "-c", ""]),
            env=environment(), capture_output=True, encoding="utf-8", timeout=60,
        )  # fmt: skip
    return (done.stderr.strip() or "it failed").splitlines()[-1] if done.returncode else ""


def command(plan: Path, inside: list[str]) -> list[str]:
    """Return the command line that runs another one in a box."""
    return [sys.executable, "-P", "-m", "classkit.classroom.sandbox", str(plan), *inside]


def environment() -> dict[str, str]:
    """Return the variables of a box: no secrets, nothing of the instructor's settings."""
    from coursekit.ground import places

    names = ("PATH", "LANG", "LC_ALL", "TZ", "JAVA_HOME", "COURSEKIT_COURSE")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return kept | {"HOME": "/tmp/home", "COURSEKIT_CACHE": str(places.cache_dir().resolve())}


def main(arguments: list[str]) -> int:
    """Make the box, run the command in it, and return its exit code."""
    facts = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    plan = Plan(**facts)
    end_with_parent()
    os.umask(0o022)  # what is made in the box on the way to what is shown can be passed through
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the command in the box
    _unshare()
    first = os.fork()
    if first == 0:
        _exit_with(lambda: _first_process(plan, arguments[1:]))
    return os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])


def end_with_parent() -> None:
    """Have this process killed when the one that started it ends, however that ends."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _first_process(plan: Plan, command: list[str]) -> int:
    """Be the first process in the box: when it ends, the system ends all others there."""
    end_with_parent()
    _make_private()
    _lay_out(plan)
    _raise_loopback()
    kernel = os.fork()
    if kernel == 0:
        _exit_with(lambda: _become(plan, command))
    while True:
        ended, status = os.wait()
        if ended == kernel:
            return os.waitstatus_to_exitcode(status) & 0xFF


def _become(plan: Plan, command: list[str]) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if _may_become_another():
        os.setgroups([])
        os.setresgid(plan.uid, plan.uid, plan.uid)
        os.setresuid(plan.uid, plan.uid, plan.uid)
        resource.setrlimit(resource.RLIMIT_NPROC, (plan.processes, plan.processes))
    else:
        for capability in range(64):
            with contextlib.suppress(OSError):
                _prctl(PR_CAPBSET_DROP, capability)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)  # an exec gives nothing back, whatever its file says
    resource.setrlimit(resource.RLIMIT_FSIZE, (plan.file_bytes, plan.file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # a kernel ends when its parent is process 1, which it always is here
    os.environ.pop("JPY_PARENT_PID", None)
    os.chdir(os.environ["HOME"])
    os.execvp(command[0], command)
    return SHELL


def _lay_out(plan: Plan) -> None:
    """Hide, show, and make everything else read-only."""
    trees = {path: _clone(path) for path in (plan.box, *plan.shown, *plan.layered)}
    hidden = [folder for folder in plan.hidden if os.path.isdir(folder)]
    for folder in filter(os.path.isdir, hidden):  # one inside another is gone already
        _hide(folder, plan)
    _mount_setattr("/", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, recursive=True)
    for folder in filter(os.path.ismount, hidden):
        _mount_setattr(folder, 0, clear=MOUNT_ATTR_RDONLY)  # places are made in them
    back = [f for f in hidden if any(Path(f).is_relative_to(path) for path in trees)]
    last = [path for path in trees if any(Path(path).is_relative_to(f) for f in back)]

    def attach(paths: list[str]) -> None:
        for path in paths:
            _attach(trees[path], path, writable=path == plan.box)
            if path in plan.layered:
                _layer(path)

    attach([path for path in trees if path not in last])
    for folder in back:
        _hide(folder, plan)  # it came back inside what is shown
    attach(last)
    for folder in filter(os.path.ismount, hidden):
        if folder not in SCRATCH:
            _mount_setattr(folder, MOUNT_ATTR_RDONLY)
    os.mkdir(os.environ["HOME"], 0o700)
    if _may_become_another():
        os.chown(os.environ["HOME"], plan.uid, plan.uid)
        _name_user(plan.uid)
    with contextlib.suppress(OSError):  # a container may forbid it: then /proc shows numbers only
        _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "")


def _name_user(uid: int) -> None:
    """Give the user of the box a name, without which Java does not start; hide all others."""
    names = Path("/tmp/.passwd")
    names.write_text(
        f"root:x:0:0:root:/root:/bin/sh\nlearner:x:{uid}:{uid}::{os.environ['HOME']}:/bin/sh\n"
    )
    _mount(str(names), "/etc/passwd", "", MS_BIND, "")


def _hide(folder: str, plan: Plan) -> None:
    options = f"mode=1777,size={plan.memory_files}" if folder in SCRATCH else "mode=0755"
    _mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options)


def _layer(path: str) -> None:
    """Let the box write into a folder: what it writes stays in memory."""
    layers = Path(f"/tmp/.layers/{path.replace('/', '-')}")
    above, work = layers / "above", layers / "work"
    for folder in (above, work):
        folder.mkdir(parents=True)
    above.chmod(0o1777)
    with contextlib.suppress(OSError):  # it stays read-only: what is made once was made before
        _mount("overlay", path, "overlay", MS_NOSUID | MS_NODEV,
               f"lowerdir={path},upperdir={above},workdir={work}")  # fmt: skip
        for folder in filter(os.path.isdir, (*Path(path).glob("*"), *Path(path).glob("*/*"))):
            folder.chmod(folder.stat().st_mode | 0o055)  # in the layer: another user reads it


def _clone(path: str) -> int:
    """Hold on to a part of the file system before what lies above it is hidden."""
    flags = OPEN_TREE_CLONE | AT_RECURSIVE
    return _syscall(SYS_OPEN_TREE, AT_FDCWD, path.encode(), flags)


def _attach(tree: int, path: str, *, writable: bool) -> None:
    if not os.path.lexists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.mkdir(path) if stat.S_ISDIR(os.fstat(tree).st_mode) else Path(path).touch()
    _syscall(SYS_MOVE_MOUNT, tree, b"", AT_FDCWD, path.encode(), MOVE_MOUNT_F_EMPTY_PATH)
    os.close(tree)
    if writable:
        _mount_setattr(path, MOUNT_ATTR_NOSUID, clear=MOUNT_ATTR_RDONLY)
    else:
        _mount_setattr(path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, recursive=True)


def _unshare() -> None:
    """Leave the namespaces of the others; those who are not root become root of a new one."""
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
    if user != 0:
        flags |= CLONE_NEWUSER
    _check(_libc().unshare(flags), "namespaces")
    if user != 0:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            Path(f"/proc/self/{name}").write_text(text)


def _make_private() -> None:
    _mount("none", "/", "", MS_REC | MS_PRIVATE, "")


def _may_become_another() -> bool:
    """Tell whether this is root, and of all users: not the only one of a user namespace."""
    return os.getuid() == 0 and Path("/proc/self/uid_map").read_text().split() == [
        "0",
        "0",
        "4294967295",
    ]


def _raise_loopback() -> None:
    import fcntl
    import socket
    import struct

    get_flags, set_flags, up = 0x8913, 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(handle, get_flags, request))[1]
        fcntl.ioctl(handle, set_flags, struct.pack("16sh14x", b"lo", flags | up))


class _Attributes(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint64) for n in ("set", "clear", "propagation", "userns_fd")]


def _mount_setattr(path: str, attributes: int, *, clear: int = 0, recursive: bool = False) -> None:
    wanted = _Attributes(attributes, clear, 0, 0)
    flags = AT_RECURSIVE if recursive else 0
    size = ctypes.sizeof(wanted)
    _syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), flags, ctypes.byref(wanted), size)


def _mount(what: str, where: str, kind: str, flags: int, options: str) -> None:
    done = _libc().mount(
        what.encode(), where.encode(), kind.encode() or None, flags, options.encode() or None
    )
    _check(done, f"mount {where}")


def _prctl(option: int, value: int) -> None:
    _check(_libc().prctl(option, value, 0, 0, 0), "prctl")


def _syscall(number: int, *arguments: Any) -> int:
    done = _libc().syscall(ctypes.c_long(number), *arguments)
    _check(done, f"system call {number}")
    return done


def _check(done: int, doing: str) -> None:
    if done == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)} ({doing})")


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _exit_with(run: Any) -> None:
    """End a forked process with the code that ``run`` returns, without its parent's clean-up."""
    code = SHELL
    try:
        code = run()
    except BaseException as error:
        print(f"sandbox: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
