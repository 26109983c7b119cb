"""The commands, as typed: exit codes and two-line errors."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coursekit.feedback import lessons

COURSEKIT = [sys.executable, "-m", "classkit.cli"]


def coursekit(*arguments, **variables):
    return subprocess.run(
        [*COURSEKIT, *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=240,
    )


def two_lines(done, code=1):
    assert done.returncode == code, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2 and lines[0].startswith("error: ") and "→" in lines[1], done.stderr
    return done.stderr


@pytest.mark.parametrize("command", ["lab", "hub", "run", "doctor", "reset", "progress", "data"])
def test_every_command_has_help_with_an_example(command):
    done = coursekit(command, "--help", COLUMNS="100", TERM="dumb")
    assert done.returncode == 0
    assert f"Example: coursekit {command}" in done.stdout


def test_an_unknown_chapter_names_the_nearest():
    error = two_lines(coursekit("run", "06-mapreduse"))
    assert "no chapter '06-mapreduse'" in error and "Did you mean 06-mapreduce?" in error
    assert "no chapter '99'" in two_lines(coursekit("reset", "99"))


def test_an_unknown_command_or_option():
    assert "No such command" in two_lines(coursekit("runn"), code=2)
    assert "No such option" in two_lines(coursekit("run", "--sclae", "1"), code=2)


def test_stored_outputs_are_never_made_at_another_scale():
    assert "--store" in two_lines(coursekit("run", "01", "--store", "--scale", "0.1"))


def test_list_shows_every_chapter():
    done = coursekit("run", "--list")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        c.name for c in lessons.chapters()
    ]


def test_run_reports_a_learners_broken_copy(work):
    from classkit import workspace

    (first, *_) = workspace.lay(work)
    first.path.write_text('{"cells": [')
    done = coursekit("run", first.name, "--learner")
    error = two_lines(done)
    assert f"{first.path.name} cannot be read as a notebook" in error
    assert "unreadable" in done.stdout


def test_progress_and_reset_on_a_learners_folder(work):
    from classkit import workspace
    from coursekit.feedback import progress
    from coursekit.feedback.result import Result

    (first, *_) = workspace.lay(work)
    chapter = lessons.chapter(first.name)
    progress.record(Result(chapter.exercises[0], "t", "passed"))
    done = coursekit("progress", COLUMNS="120")
    assert f"1 of {len(chapter.exercises)}" in done.stdout
    done = coursekit("reset", chapter.number)
    assert done.returncode == 0 and "backups" in done.stdout


def test_data_is_verified():
    done = coursekit("data", "--verify")
    assert done.returncode == 0, done.stderr
    assert "flights" in coursekit("data").stdout
    made = [Path(line.split()[-1]) for line in coursekit("data", "--make").stdout.splitlines()]
    assert made and all(path.exists() for path in made)


def test_doctor_looks_at_the_machine():
    done = coursekit("doctor", COLUMNS="160")
    assert "Python" in done.stdout and "Java" in done.stdout


@pytest.mark.parametrize("java", ["/nowhere", "java8"])
def test_doctor_names_a_java_home_that_cannot_serve(java, tmp_path):
    if java == "java8":
        java = str(tmp_path)
        (tmp_path / "release").write_text('JAVA_VERSION="1.8.0_402"\n')
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "java").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "bin" / "java").chmod(0o755)
    done = coursekit("doctor", JAVA_HOME=java, COLUMNS="200")
    assert done.returncode == 1
    assert "JAVA_HOME" in done.stdout


def test_a_terminal_without_a_character_gets_another():
    done = subprocess.run(
        [*COURSEKIT, "reset", "é"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 1 and done.stderr.startswith(b"error: There is no chapter")


def test_ctrl_c_is_two_lines_and_code_130(tmp_path):
    process = subprocess.Popen(
        [*COURSEKIT, "run", lessons.chapters()[0].name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(4)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "error: Stopped by Ctrl-C." in errors
    assert "Traceback" not in errors
