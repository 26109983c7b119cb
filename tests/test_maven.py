"""Jars by a lock file, from a repository on this machine that can misbehave."""

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import coursekit as ck
from coursekit.ground import maven

JARS = {"org/one/1.0/one-1.0.jar": b"first" * 1000, "org/sub/two/2/two-2-x.jar": b"second" * 50}
COORDINATES = ["org:one:1.0", "org.sub:two:2:x"]


class Handler(SimpleHTTPRequestHandler):
    """Serves files, and remembers what was asked; the half of a file, if it shall hang."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.server.hangs:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"half")
            self.wfile.flush()
            self.server.hangs.wait(30)
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def repository(tmp_path, monkeypatch):
    for path, content in JARS.items():
        file = tmp_path / "repository" / path
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
    handler = partial(Handler, directory=str(tmp_path / "repository"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.asked, server.hangs = [], None
    server.folder = tmp_path / "repository"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("COURSEKIT_MAVEN", f"http://127.0.0.1:{server.server_port}/")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def lock(tmp_path):
    file = tmp_path / "some.lock"
    lines = (
        f"{name} {len(content)} {hashlib.sha256(content).hexdigest()}\n"
        for name, content in zip(COORDINATES, JARS.values(), strict=True)
    )
    file.write_text("".join(lines))
    return file


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "cache"


def nothing_is_left(cache, lock):
    return not maven.find(lock) and not list((cache / "jars").glob("*/"))


def test_jars_are_fetched_once(repository, lock, cache):
    assert maven.find(lock) == []
    files = maven.fetch(lock, "Some jars")
    assert [file.name for file in files] == ["one-1.0.jar", "two-2-x.jar"]
    assert [file.read_bytes() for file in files] == list(JARS.values())
    assert maven.find(lock) == maven.fetch(lock, "Some jars") == files
    assert sorted(repository.asked) == [f"/{path}" for path in JARS]
    assert files[0].is_relative_to(cache)


def test_a_jar_that_was_deleted_or_cut_is_fetched_again(repository, lock):
    one, two = maven.fetch(lock, "Some jars")
    one.unlink()
    assert maven.find(lock) == []
    assert maven.fetch(lock, "Some jars") == [one, two]
    two.write_bytes(b"half")
    assert maven.find(lock) == []
    assert maven.fetch(lock, "Some jars")[1].read_bytes() == JARS["org/sub/two/2/two-2-x.jar"]


def refused(lock):
    with pytest.raises(ck.CourseError) as caught:
        maven.fetch(lock, "Some jars")
    assert "\n" not in caught.value.what + caught.value.mend
    return caught.value


def test_a_jar_that_is_another_one_is_refused(repository, lock, cache):
    (repository.folder / "org/one/1.0/one-1.0.jar").write_bytes(b"f1rst" * 1000)
    error = refused(lock)
    assert error.what.startswith("one-1.0.jar from http://127.0.0.1:")
    assert "SHA-256" in error.what and "COURSEKIT_MAVEN" in error.mend
    assert nothing_is_left(cache, lock)


def test_a_jar_that_the_repository_lacks_is_named(repository, lock, cache):
    (repository.folder / "org/sub/two/2/two-2-x.jar").unlink()
    error = refused(lock)
    assert "two-2-x.jar answers 404" in error.what and "COURSEKIT_MAVEN" in error.mend
    assert nothing_is_left(cache, lock)


def test_a_repository_that_cannot_be_reached_is_named(lock, cache, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setenv("COURSEKIT_MAVEN", address)
    error = refused(lock)
    assert f"Some jars could not be fetched from {address}: " in error.what
    assert "Connection refused" in error.what and "Connect to the network" in error.mend
    assert nothing_is_left(cache, lock)


@pytest.mark.network  # a name is looked up
def test_a_host_without_an_address_and_a_bad_proxy_are_told_apart(lock, monkeypatch):
    monkeypatch.setenv("COURSEKIT_MAVEN", "https://me:secret@nowhere.invalid/maven")
    error = refused(lock)
    assert "from https://nowhere.invalid/maven: " in error.what
    assert "Connect to the network" in error.mend
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert "https_proxy" in refused(lock).mend


def test_a_full_disk_is_named(repository, lock, cache, monkeypatch):
    (cache / "jars").mkdir(parents=True)
    limited = (
        "import resource, signal, sys, pathlib, coursekit as ck\n"
        "from coursekit.ground import maven\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "try:\n    maven.fetch(pathlib.Path(sys.argv[1]), 'Some jars')\n"
        "except ck.CourseError as error:\n    print(error)"
    )
    command = [sys.executable, "-c", limited, str(lock)]
    done = subprocess.run(command, capture_output=True, text=True)
    what, mend = done.stdout.splitlines()
    assert "Some jars could not be made in" in what and "File too large" in what
    assert "COURSEKIT_CACHE" in mend
    assert nothing_is_left(cache, lock)


FETCH = """
import pathlib, sys
from coursekit.ground import maven
print([file.name for file in maven.fetch(pathlib.Path(sys.argv[1]), "Some jars")])
"""


def fetching(lock):
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, str(lock)],
        env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def test_two_at_once_fetch_once(repository, lock):
    both = [fetching(lock) for _ in range(2)]
    answers = [each.communicate(timeout=60)[0] for each in both]
    assert answers[0] == answers[1] == "['one-1.0.jar', 'two-2-x.jar']\n"
    assert len(repository.asked) == len(JARS)


def test_a_killed_fetch_leaves_nothing_that_counts(repository, lock, cache):
    repository.hangs = threading.Event()
    killed = fetching(lock)
    limit = time.monotonic() + 30
    while not (repository.asked and list((cache / "jars").glob(".*.making/*/*.jar"))):
        assert killed.poll() is None and time.monotonic() < limit
        time.sleep(0.05)
    killed.kill()
    killed.communicate()
    repository.hangs.set()
    repository.hangs = None
    assert maven.find(lock) == []
    assert len(maven.fetch(lock, "Some jars")) == 2
    assert not list((cache / "jars").glob(".*.making"))


SETTINGS = """<?xml version="1.0"?>
<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0">
  <mirrors>
    <mirror><id>block</id><mirrorOf>*</mirrorOf><url>http://0.0.0.0/</url>
      <blocked>true</blocked></mirror>
    <mirror><id>other</id><mirrorOf>*,!central</mirrorOf><url>https://other.example</url></mirror>
    <mirror><id>own</id><mirrorOf>{of}</mirrorOf><url> https://mirror.example/maven/ </url></mirror>
  </mirrors>
</settings>
"""


@pytest.mark.parametrize("of", ["central", "*", "external:*", "jboss,central"])
def test_the_mirror_of_the_persons_own_settings_is_used(tmp_path, monkeypatch, of):
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2/settings.xml").write_text(SETTINGS.format(of=of))
    assert maven.repository() == "https://mirror.example/maven"
    monkeypatch.setenv("COURSEKIT_MAVEN", "https://chosen.example/")
    assert maven.repository() == "https://chosen.example"


def test_without_a_mirror_the_central_repository_is_used(tmp_path):
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2/settings.xml").write_text(SETTINGS.format(of="jboss"))
    central = maven.repository()
    (tmp_path / ".m2/settings.xml").unlink()
    assert central == maven.repository()
    assert central.startswith("https://") and central.endswith("/maven2")


def test_settings_that_cannot_be_read_are_named(tmp_path, lock):
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2/settings.xml").write_text("<settings>")
    error = refused(lock)
    assert "settings.xml cannot be read" in error.what and "COURSEKIT_MAVEN" in error.mend


@pytest.mark.parametrize("file", sorted(Path(ck.__file__).parent.rglob("*.lock")))
def test_the_locks_of_the_course_are_whole(file):
    jars = maven.read_lock(file)
    assert jars and all(jar.size > 0 and len(jar.sha256) == 64 for jar in jars)
    assert len({jar.name for jar in jars}) == len(jars)
