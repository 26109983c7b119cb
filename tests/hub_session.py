"""Hubs for tests: the one of ``coursekit hub``, and a class on a Linux server of its own."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import requests

import coursekit as ck
from classkit import workspace
from classkit.hub import demo
from tests import class_server

HUB = [sys.executable, "-m", "classkit.cli", "hub"]


class Class:
    """A hub that runs; on a server of its own, `see` finds that server's files."""

    def __init__(self, address, passwords, process, folder=None):
        self.address, self.passwords = address, passwords
        self.process, self.folder = process, folder

    def see(self, path):
        """Return where this process sees a file of the server's."""
        return Path(f"/proc/{self.process.pid}/root{self.folder}") / path

    def restart(self):
        self.process.stdin.write("restart\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line.startswith("ready"), line + self.process.communicate(timeout=90)[0]


@contextlib.contextmanager
def server():
    """Yield the class on a Linux server of its own."""
    # In the cache that the class shares, as `coursekit prepare` and `data --make` do it.
    workspace.prepare_copies()
    ck.path("flights")
    folder = Path(tempfile.mkdtemp(prefix="coursekit-class-"))
    folder.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.class_server", str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        if line.startswith("unsuited: "):
            pytest.skip(line.strip())
        assert line.startswith("ready "), line + process.communicate(timeout=90)[0]
        passwords = {name: class_server.password(name) for name in class_server.USERS}
        yield Class(line.split()[1], passwords, process, folder)
    finally:
        process.communicate(timeout=90)  # closes its input, which ends it
        folder.rmdir()  # it was never written on disk


@contextlib.contextmanager
def tried_out(*arguments):
    """Yield the hub that ``coursekit hub`` starts."""
    process = subprocess.Popen(
        [*HUB, *(arguments or ("--port", "0"))],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    said = ""
    try:
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        passwords = dict.fromkeys(demo.NAMES, *re.findall(r"^learners .* (\w+)$", said, re.M))
        (passwords["teacher"],) = re.findall(r"^instructor .* (\w+)$", said, re.M)
        (address,) = re.findall(r"^http://\S+$", said, re.M)
        yield Class(address, passwords, process)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=90)


def log_in_by_http(hub, name):
    """Log in without a browser, wait for the server, and return the session."""
    session = at_the_hub(hub, name)
    wait_for_server(hub, session, name)
    return session


def at_the_hub(hub, name, password=None):
    """Log in without starting a server, and return the session; a refused one is an error."""
    session = requests.Session()
    session.trust_env = False  # a proxy variable must not carry a loopback request away
    session.get(f"{hub.address}/hub/login")
    form = {
        "username": name,
        "password": password or hub.passwords[name],
        "_xsrf": xsrf(session, "/hub/"),
    }
    answer = session.post(f"{hub.address}/hub/login", data=form, allow_redirects=False)
    assert answer.status_code == 302, f"{name}: {answer.status_code}"
    return session


def wait_for_server(hub, session, name):
    """Start a learner's server unless it runs, and wait until it answers."""
    session.get(f"{hub.address}/hub/spawn/{name}")
    limit = time.monotonic() + 180
    while time.monotonic() < limit:
        answer = session.get(f"{hub.address}/user/{name}/lab")
        if answer.ok and answer.url.startswith(f"{hub.address}/user/{name}/"):
            return
        time.sleep(0.5)
    raise AssertionError(f"{name}'s server does not start: {answer.url}")


def stop_server(hub, session, name):
    """Stop a learner's server and wait until it has ended."""
    own = f"{hub.address}/hub/api/users/{name}"
    headers = {"X-XSRFToken": xsrf(session, "/hub/"), "Referer": f"{hub.address}/hub/home"}
    assert session.delete(f"{own}/server", headers=headers).ok
    limit = time.monotonic() + 60
    while session.get(own, headers=headers).json().get("servers"):
        assert time.monotonic() < limit, f"{name}'s server does not end"
        time.sleep(0.5)


def xsrf(session, path):
    """Return the token that a form or a request of a session has to carry."""
    return next(c.value for c in session.cookies if c.name == "_xsrf" and c.path == path)
