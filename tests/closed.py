"""Runs a command with the network closed: ``python -m tests.closed [--count] COMMAND …``.

The command gets a network namespace of its own with nothing in it but loopback, so the kernel
refuses every other address at once, whatever program or language asks, and counts it. When the
command has ended well, ``--count`` asserts that the counter is 0.
Linux only; a user namespace serves those who are not root.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1


def close_network() -> None:
    """Move this process into a network namespace that has loopback only.

    Raises
    ------
    OSError
        Where the system does not allow it.
    """
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWNET if user == 0 else CLONE_NEWNET | CLONE_NEWUSER
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if flags & CLONE_NEWUSER:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    _raise_loopback()


def attempts() -> int:
    """Return how often something in this namespace has tried to reach another machine."""
    with open("/proc/self/net/snmp") as counters:
        names, values = (line.split() for line in counters if line.startswith("Ip:"))
    return int(dict(zip(names, values, strict=True))["OutNoRoutes"])


def interfaces() -> list[str]:
    """Return the names of the network interfaces that this process sees."""
    return [name for _, name in socket.if_nameindex()]


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(handle, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(handle, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


if __name__ == "__main__":
    try:
        close_network()
    except OSError as error:
        print(
            f"error: This system allows no network namespace ({error.strerror}).\n"
            "   → Allow unprivileged user namespaces, or run as root, to prove the closed network.",
            file=sys.stderr,
        )
        sys.exit(3)
    counted, command = sys.argv[1] == "--count", sys.argv[1:]
    code = subprocess.call(command[counted:], env=os.environ | {"COURSEKIT_CLOSED": "1"})
    if counted and code == 0 and (left := attempts()):
        print(
            f"error: {left} times something tried to reach another machine; build/left.txt names"
            " the tests that ran then.\n   → Find the call and keep it on this machine.",
            file=sys.stderr,
        )
        code = 4
    sys.exit(code)
