"""Setting the course up: what a stranger's machine can do to it, and what it says then."""

import fcntl
import os
import shutil
import subprocess
import sys

import pytest

import setup_course
from coursekit.ground import places
from tests import closed

pytestmark = pytest.mark.network
ROOT = places.course_root()


@pytest.fixture
def clone(tmp_path):
    """Copy what set-up needs into an empty folder."""
    for name in ("setup_course.py", "requirements.lock", "pyproject.toml", "README.md", "Makefile"):
        shutil.copy(ROOT / name, tmp_path)
    for package in ("coursekit", "classkit"):
        shutil.copytree(ROOT / package, tmp_path / package)
    return tmp_path


def run(clone, *command, **variables):
    command = command or (sys.executable, "setup_course.py")
    quick = {"PIP_RETRIES": "0", "PIP_NO_INDEX": "0"}
    return subprocess.run(
        command,
        cwd=clone,
        env=os.environ | quick | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


def two_lines(done):
    assert done.returncode, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len([line for line in lines if line.startswith("error: ")]) == 1, done.stderr
    assert "→" in lines[lines.index(next(x for x in lines if x.startswith("error: "))) + 1]
    return done.stderr


def test_a_second_call_does_nothing():
    done = [
        subprocess.run(
            [sys.executable, "setup_course.py"], cwd=ROOT, capture_output=True, text=True
        )
        for _ in range(2)
    ]
    assert [each.returncode for each in done] == [0, 0]
    assert done[1].stdout == ""


def test_a_python_that_is_too_old_is_named(monkeypatch, capsys):
    monkeypatch.setattr(setup_course.sys, "version_info", (3, 10, 0))
    assert setup_course.main() == 1
    assert "3.11 to 3.13" in capsys.readouterr().err


def test_a_folder_that_reads_as_a_pattern_is_named(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(setup_course, "ROOT", tmp_path / "data [2026]")
    assert setup_course.main() == 1
    assert "has [ ] in it" in capsys.readouterr().err


def test_pips_index_is_handed_on_to_uv(monkeypatch, tmp_path):
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://mirror.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    wanted = {"UV_DEFAULT_INDEX": "https://mirror.example/simple"}
    assert setup_course.pips_index(sys.executable) == wanted
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    assert setup_course.pips_index(sys.executable) == {}


def test_a_terminal_without_a_character_gets_another(clone):
    done = subprocess.run(
        [sys.executable, "setup_course.py"], cwd=clone, capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PIP_INDEX_URL": "http://127.0.0.1:9/",
                          "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull},
    )  # fmt: skip
    assert done.returncode == 1 and b"UnicodeEncodeError" not in done.stderr, done.stderr


def test_two_at_once_the_second_is_told(clone):
    with (clone / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "Another `make`" in two_lines(run(clone))
        assert "Another `make`" in two_lines(run(clone, "make", "lab", f"PYTHON={sys.executable}"))


def test_a_closed_network_is_named_and_the_next_call_goes_on(clone):
    script = (
        "from tests import closed; closed.close_network(); import os, sys; os.chdir(sys.argv[1]);"
        " os.execv(sys.executable, [sys.executable, 'setup_course.py'])"
    )
    if closed.interfaces() == ["lo"]:
        done = run(clone)
    else:
        done = subprocess.run(
            [sys.executable, "-c", script, str(clone)],
            cwd=ROOT, env=os.environ | {"PIP_RETRIES": "0"}, capture_output=True, text=True,
            timeout=120,
        )  # fmt: skip
    assert "Check the network" in two_lines(done)
    assert (clone / ".venv").exists() and not (clone / ".venv" / ".course-ready").exists()


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        ("The virtual environment was not created: ensurepip is not available", "python3-venv"),
        ("OSError: [Errno 28] No space left on device", "Make room"),
        ("Permission denied", "Allow writing"),
        ("Connection refused", "Check the network"),
        ("No solution found when resolving dependencies", "make lock"),
        ("Segmentation fault", "file an issue"),
    ],
)
def test_each_failure_has_its_mend(words, mend):
    assert mend in setup_course.mend_for(words)


def test_the_fingerprint_follows_the_lock(clone, monkeypatch):
    monkeypatch.setattr(setup_course, "ROOT", clone)
    before = setup_course.fingerprint()
    assert setup_course.fingerprint() == before
    (clone / "requirements.lock").write_text("uv==0\n")
    assert setup_course.fingerprint() != before
