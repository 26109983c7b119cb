"""Progress that learners share, or do not; and what the instructor sees of it."""

import csv
import json
import os
import random
import stat
import time

import pytest

from classkit.classroom import folder, summary, summary_page
from classkit.lab import home
from coursekit.feedback import lessons, progress, sharing
from coursekit.feedback.result import Result
from coursekit.ground.errors import CourseError


def failed(id="01-while", message="You add the same amount each month."):
    return Result(id, "A title", "failed", message=message, got="my own code")


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Give the test a class, and the learner of this process a membership."""
    room = folder.init(tmp_path / "room", course="course")
    monkeypatch.setenv(folder.VARIABLE, str(room.shared))
    monkeypatch.setattr(sharing, "user_name", lambda: "ada")
    return room


def shared(room):
    return json.loads((room.progress / "ada.json").read_text())


# Minutes


def at(monkeypatch, seconds):
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000 + seconds)


def test_minutes_count_the_time_between_checks_and_no_pauses(work, monkeypatch):
    for seconds in (0, 60, 300, 300 + progress.PAUSE_SECONDS + 1):
        at(monkeypatch, seconds)
        progress.record(failed())
    at(monkeypatch, 300 + progress.PAUSE_SECONDS + 31)
    progress.record_hint("01-slices")
    at(monkeypatch, 0)  # a clock that was set back
    progress.record(failed())
    entries = json.loads((work / progress.FILE).read_text())["exercises"]
    assert entries["01-while"]["seconds"] == 300
    assert entries["01-slices"]["seconds"] == 30


def test_the_file_does_not_grow_with_time(work):
    progress.record(failed())
    before = len((work / progress.FILE).read_text())
    for _ in range(50):
        progress.record(failed())
    assert len((work / progress.FILE).read_text()) <= before + 20


# Sharing


def test_nothing_is_shared_unless_the_learner_says_so(work, room):
    progress.record(failed())
    assert list(room.progress.iterdir()) == []
    assert "Your progress is private" in home.page()
    assert "coursekit progress --share" in home.page()


def test_what_is_shared_is_what_the_summary_needs_and_follows_each_check(work, room):
    progress.record(failed())
    path = progress.share()
    assert path == room.progress / "ada.json"
    progress.record(failed())
    progress.record(Result("01-slices", "A title", "passed"))
    entry = shared(room)["exercises"]["01-while"]
    assert entry == {
        "attempts": 2, "hints": 0, "passed": False, "outcome": "failed", "minutes": 0.0,
        "messages": {"You add the same amount each month.": 2},
    }  # fmt: skip
    assert shared(room)["exercises"]["01-slices"]["passed"] is True
    text = path.read_text()
    assert "my own code" not in text and "_at" not in text and time.strftime("%Y-%m") not in text
    assert "You share your progress with your instructor" in home.page()


def test_private_takes_it_back(work, room):
    progress.record(failed())
    progress.share()
    progress.keep_private()
    progress.record(failed())
    assert list(room.progress.iterdir()) == []
    assert "Your progress is private" in home.page()


def test_a_class_that_is_gone_never_stops_a_check(work, room, monkeypatch):
    progress.share()
    monkeypatch.setenv(folder.VARIABLE, "/nowhere")
    progress.record(failed())
    assert progress.attempts("01-while") == 1
    progress.keep_private()


def test_sharing_without_a_class_is_an_error_and_changes_nothing(work, monkeypatch):
    monkeypatch.delenv(folder.VARIABLE, raising=False)
    with pytest.raises(CourseError, match="in no class"):
        progress.share()
    assert not progress.is_shared()
    assert "--share" not in home.page()


def test_learners_see_neither_the_files_nor_the_names_of_others(work, room):
    progress.share()
    path = room.progress / "ada.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(room.progress.stat().st_mode) == 0o3733
    assert path.stat().st_gid == room.progress.stat().st_gid


@pytest.mark.skipif(os.getuid() != 0, reason="only root can try as two other users")
def test_another_user_can_neither_read_nor_list_nor_remove(work, room):
    progress.share()
    path = room.progress / "ada.json"
    os.chown(path, 54321, path.stat().st_gid)
    for folder_ in [room.progress, *room.progress.parents][:-1]:
        if folder_.is_relative_to("/tmp") and folder_ != room.progress and folder_ != room.root:
            os.chmod(folder_, folder_.stat().st_mode | 0o011)  # pytest's own are closed
    tries = (path.read_text, lambda: list(room.progress.iterdir()), path.unlink,
             lambda: (room.progress / "x").write_text(""))  # fmt: skip
    assert _as_user(54322, tries) == ["PermissionError", "PermissionError", "PermissionError", ""]
    assert _as_user(54321, (path.read_text,)) == [""], "one's own can be read"


def _as_user(uid, tries):
    """Return the errors that a user meets, from a process of that user's own."""
    read, write = os.pipe()
    if os.fork() == 0:
        errors = []
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            for action in tries:
                try:
                    action()
                    errors.append("")
                except OSError as error:
                    errors.append(type(error).__name__)
        finally:
            os.write(write, json.dumps(errors).encode())
            os._exit(0)
    os.wait()
    os.close(write)
    with os.fdopen(read) as stream:
        return json.loads(stream.read())


# The summary


def learner(room, name, **efforts):
    """Write what a learner shares: attempts, passed, minutes, message by exercise."""
    exercises = {
        id.replace("_", "-"): {"attempts": a, "hints": 0, "passed": p, "minutes": m,
                               "outcome": "", "messages": {text: 1} if text else {}}
        for id, (a, p, m, text) in efforts.items()
    }  # fmt: skip
    content = {"version": 1, "exercises": {f"01-{id}": e for id, e in exercises.items()}}
    (room.progress / f"{name}.json").write_text(json.dumps(content))


def table(room):
    with (room.root / summary_page.TABLE).open(newline="") as stream:
        return {line["exercise"]: line for line in csv.DictReader(stream)}


def test_a_summary_of_nobody(room):
    done = summary_page.write(room, room.root)
    assert done.learners == 0 and done.stuck == ()
    assert "Nobody shares progress yet" in done.page.read_text()
    assert len(table(room)) == sum(len(c.exercises) for c in lessons.chapters())


def test_a_summary_of_thirty(room):
    chance = random.Random(1)
    for number in range(30):
        learner(
            room, f"learner{number:02}",
            slices=(1, True, 3, ""),
            log_line=(4, number < 10, chance.uniform(5, 25), "A `group` ends too late."),
            cycle=(2, number < 25, 6, "Collect <b>first</b>."),
        )  # fmt: skip
    done = summary_page.write(room, room.root)
    assert done.learners == 30
    assert done.stuck[0] == "01-log-line: 10 of 30 passed, 120 attempts"
    line = table(room)["01-log-line"]
    assert (line["tried"], line["passed"], line["share passed"]) == ("30", "10", "0.333")
    assert (line["message 1"], line["learners 1"]) == ("A `group` ends too late.", "30")
    assert 5 < float(line["median minutes"]) < 25
    page = done.page.read_text()
    assert page.count("<img alt='") == 2 and "01-log-line: 10 of 30 passed" in page
    assert "A <code>group</code> ends too late." in page and "Collect &lt;b&gt;first" in page
    assert stat.S_IMODE(done.page.stat().st_mode) == 0o600


HOSTILE = {
    "list": "[]",
    "half": '{"exercises": {"01-wh',
    "deep": "[" * 100_000,
    "huge": "1" * 2_000_000,
    "number": '{"exercises": 7}',
    "infinite": '{"exercises": {"01-while": {"attempts": Infinity, "minutes": 1, "messages": {}}}}',
    "nan": '{"exercises": {"01-while": {"attempts": 1, "minutes": NaN, "messages": {}}}}',
    "negative": '{"exercises": {"01-while": {"attempts": 1, "minutes": -5, "messages": {}}}}',
}


def test_hostile_files_are_named_and_do_no_harm(room):
    for name, text in HOSTILE.items():
        (room.progress / f"{name}.json").write_text(text)
    (room.progress / "link.json").symlink_to("/etc/passwd")
    os.mkfifo(room.progress / "pipe.json")
    (room.progress / "<img src=x onerror=alert(1)>.json").write_text("{}")
    learner(room, "=1+1", **{"while": (10**9, False, 3, "<script>alert(1)</script>=1")})
    done = summary_page.write(room, room.root)
    names = {name.removesuffix(".json") for name, _ in done.refused}
    assert names == {*HOSTILE, "link", "pipe", "<img src=x onerror=alert(1)>"}
    assert dict(done.refused)["link.json"] == "it is a link"
    page = done.page.read_text()
    assert "<script" not in page and "<img src=x" not in page
    assert table(room)["01-while"]["attempts"] == str(summary.MOST_ATTEMPTS)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_under_another_learners_name_is_named(room):
    learner(room, "ada", slices=(1, True, 1, ""))
    os.chown(room.progress / "ada.json", 54321, -1)
    assert summary.read(room) == ([], [("ada.json", "it belongs to user 54321, not to ada")])
