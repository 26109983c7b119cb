"""What is made once in the cache: whole or not at all, by one while others wait."""

import errno
import os
import subprocess
import sys
import threading
import time

import pytest

import coursekit as ck
from coursekit.ground.once import find, once, remove

DAYS = 86_400


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("COURSEKIT_CACHE", str(folder))
    return folder


def make(name, text="whole", **more):
    return once(name, lambda new: new.write_text(text), what="the thing", **more)


def test_it_is_made_once_and_found(cache):
    assert find("kind/one") is None
    assert make("kind/one") == cache / "kind/one"
    assert make("kind/one", "again").read_text() == "whole"
    assert find("kind/one") == cache / "kind/one"
    remove("kind/one")
    assert make("kind/one", "again").read_text() == "again"


def test_a_folder_is_made_once_too(cache):
    def folder(new):
        new.mkdir()
        (new / "file").write_text("whole")

    assert (once("kind/folder", folder, what="the thing") / "file").read_text() == "whole"
    assert sorted(p.name for p in (cache / "kind").iterdir() if p.name[0] != ".") == ["folder"]


def test_two_at_once_make_one():
    calls = []

    def slow(new):
        calls.append(new)
        time.sleep(0.3)
        new.write_text("whole")

    threads = [
        threading.Thread(target=once, args=("one", slow), kwargs={"what": "the thing"})
        for _ in range(2)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(calls) == 1


def test_what_is_damaged_is_replaced_only_when_the_new_one_is_whole(cache):
    make("one", "damaged")

    def intact(file):
        return file.exists() and file.read_text() == "whole"

    def fails(new):
        new.write_text("half")
        raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError, match="out of luck"):
        once("one", fails, what="the thing", intact=intact)
    assert (cache / "one").read_text() == "damaged"
    assert make("one", intact=intact).read_text() == "whole"
    assert not list(cache.glob(".*.making"))


def test_a_killed_maker_leaves_nothing_that_counts(cache):
    code = """
import time
from coursekit.ground.once import once
def slow(new):
    new.mkdir()
    print("half", flush=True)
    time.sleep(300)
once("one", slow, what="the thing")
"""
    maker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert maker.stdout.readline() == "half\n"
    maker.kill()
    maker.communicate()
    assert find("one") is None and list(cache.glob(".*.making"))
    assert make("one").read_text() == "whole"
    assert not list(cache.glob(".*.making"))


def test_older_versions_and_stale_scratch_are_swept_when_nothing_uses_them(cache):
    for name, days in (("kind-old", 40), ("kind-used", 1), ("other", 40), (".kind-x.making", 40)):
        (cache / "kinds" / name).mkdir(parents=True)
        then = time.time() - days * DAYS
        os.utime(cache / "kinds" / name, (then, then))
    make("kinds/kind-new", older="kind-*")
    assert {f.name for f in (cache / "kinds").iterdir() if f.suffix != ".lock"} == {
        "kind-new", "kind-used", "other",
    }  # fmt: skip


def test_to_be_found_counts_as_use_and_changes_nothing(cache):
    then = time.time() - 40 * DAYS
    os.utime(make("kind-old"), (then, then))
    assert find("kind-old").stat().st_mtime == pytest.approx(then)
    make("kind-new", older="kind-*")
    assert (cache / "kind-old").exists()


def test_a_full_disk_is_told_and_leaves_nothing(cache):
    def full(new):
        new.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(ck.CourseError) as caught:
        once("kind/one", full, what="the thing", room="300 MB")
    assert caught.value.what.startswith("The disk is full: the thing could not be made in ")
    assert "300 MB" in caught.value.mend and "COURSEKIT_CACHE" in caught.value.mend
    assert {f.suffix for f in (cache / "kind").iterdir()} <= {".lock"}


@pytest.mark.parametrize("where", ["/proc/nowhere", "file/cache"])
def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch, where):
    (tmp_path / "file").write_text("a file where a folder should be")
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / where))
    assert find("kind/one") is None
    with pytest.raises(ck.CourseError, match="The thing could not be made in") as caught:
        make("kind/one")
    assert str(tmp_path / where) in caught.value.what
    assert "COURSEKIT_CACHE" in caught.value.mend
