"""The learner's progress file: counted, kept, and never in the way of a check."""

import json
import subprocess
import sys

import pytest

from coursekit.feedback import lessons, progress
from coursekit.feedback.result import Result
from coursekit.ground import places


def result(id="91-mean", outcome="passed", message=""):
    return Result(id, "A mean", outcome, message=message)


def saved(work):
    return json.loads((work / progress.FILE).read_text())["exercises"]


def test_attempts_passes_and_messages_are_counted(work):
    progress.record(result(outcome="not attempted"))
    assert not (work / progress.FILE).exists()
    progress.record(result(outcome="failed", message="Divide."))
    progress.record(result(outcome="failed", message="Divide."))
    progress.record(result())
    progress.record(result(outcome="raised"))
    entry = saved(work)["91-mean"]
    assert entry["attempts"] == 4
    assert entry["messages"] == {"Divide.": 2}
    assert entry["passed_at"], "once passed stays passed"
    assert progress.attempts("91-mean") == 4


def test_hints_are_counted_across_kernels(work):
    progress.record_hint("91-mean")
    progress.record_hint("91-mean")
    code = "from coursekit.feedback import progress; print(progress.hints_given('91-mean'))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "2"


def test_the_folder_is_found_from_a_notebook_in_it(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSEKIT_WORK", raising=False)
    inside = tmp_path / "notes"
    inside.mkdir()
    (tmp_path / places.MARKER).write_text("{}")
    monkeypatch.chdir(inside)
    progress.record(result())
    assert "91-mean" in saved(tmp_path)


@pytest.mark.parametrize("machine", ["COURSEKIT_STRICT", "NBGRADER_EXECUTION"])
def test_a_machines_run_is_no_attempt(work, monkeypatch, machine):
    monkeypatch.setenv(machine, "")
    progress.record(result())
    assert not (work / progress.FILE).exists()


def test_a_file_with_a_byte_order_mark_is_read(work):
    work.mkdir()
    text = json.dumps({"exercises": {"91-mean": {"attempts": 3}}})
    (work / progress.FILE).write_text(text, encoding="utf-8-sig")
    assert progress.attempts("91-mean") == 3


def test_elsewhere_progress_stays_in_memory(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSEKIT_WORK", raising=False)
    monkeypatch.chdir(tmp_path)
    progress.record(result())
    assert progress.attempts("91-mean") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_put_aside(work, capsys):
    work.mkdir()
    (work / progress.FILE).write_text('{"exercises": {"91-')
    progress.record(result())
    (aside,) = work.glob("progress.damaged-*.json")
    assert aside.read_text() == '{"exercises": {"91-'
    assert "damaged" in capsys.readouterr().err
    assert saved(work)["91-mean"]["attempts"] == 1


def test_a_folder_that_cannot_be_written_is_told_once(work, monkeypatch, capsys):
    from coursekit.ground import files

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_text", full)
    progress.record(result())
    progress.record(result())
    assert capsys.readouterr().err.count("No space left") == 1


def test_two_processes_lose_no_attempt(work):
    code = (
        "from coursekit.feedback import progress\nfrom coursekit.feedback.result import Result\n"
        "for i in range(25): progress.record(Result('91-mean', 'A mean', 'failed'))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert saved(work)["91-mean"]["attempts"] == 50


@pytest.mark.skipif(not lessons.chapters(), reason="no chapter yet")
def test_the_home_page_shows_what_was_passed(work):
    from classkit.lab import home

    chapter = next(c for c in lessons.chapters() if c.exercises)
    before = home.page()
    progress.record(result(chapter.exercises[0]))
    total = len(chapter.exercises)
    assert f"{chapter.title}: 0 of {total} exercises passed" in before
    assert f"{chapter.title}: 1 of {total} exercises passed" in home.page()
    assert f"data-path='{chapter.path.name}'" in before
    (done,) = [d for d in progress.summary() if d.chapter == chapter]
    assert done.passed == (chapter.exercises[0],)
