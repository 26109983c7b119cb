"""A class for real: release, submit, collect, grade in boxes, hand back; and who tries to cheat."""

import csv
import dataclasses
import json
import os
import re
import stat
import subprocess
import sys
import types
from pathlib import Path

import psutil
import pytest

from classkit import cli, workspace
from classkit.classroom import (
    collecting,
    folder,
    grading,
    handback,
    judge,
    release,
    restore,
    sandbox,
    submission,
    worker,
)
from coursekit.feedback import lessons
from coursekit.ground.errors import CourseError

CHAPTER = "01-python-basics"
FILE = f"{CHAPTER}.ipynb"
CANNOT = sandbox.missing() if os.getuid() else ""
boxed = pytest.mark.skipif(bool(CANNOT), reason=f"not root, and no user namespaces: {CANNOT}")

SWALLOWS = """\
import time
while True:
    try:
        time.sleep(1)
    except BaseException:
        pass"""
FILLS = "hoard = [bytearray(b'x') * 10**7 for _ in range(10**6)]"
FORGES = """\
from IPython.display import display
def product(numbers):
    return 24
facts = [{"facts": [["", 24], ["calls", "reduce"]], "changed": None, "printed": False}] * 8
news = {"exercise": "01-product", "check": facts, "hidden": facts}
display({"application/vnd.coursekit.facts+json": news, "text/plain": ""}, raw=True)
"""
PATCHES = """\
from coursekit.feedback import compare, judge, observe
compare.same = lambda *a, **k: True
def months_until_full(*a):
    return 3"""
READS = """\
from pathlib import Path
from coursekit.ground import places
print("READ", sorted(path.name for path in places.notebooks().glob("*")))
class Course:
    def __init__(self, title):
        exec(Path(places.notebooks() / "01-python-basics.ipynb").read_text())"""
REMEMBERS = """\
seen = []
def total_and_mean(numbers):
    seen.append(("SEEN", list(numbers)))
    return sum(numbers), sum(numbers) / len(numbers)"""


def cells(notebook):
    return {lessons.grade_id(c): c for c in notebook["cells"] if lessons.grade_id(c)}


def answer(notebook, **answers):
    """Write the solutions, or other answers by the name of the exercise."""
    for id, cell in cells(notebook).items():
        if lessons.is_solution(cell):
            name = id.removeprefix("01-").replace("-", "_")
            cell["source"] = answers.get(name, lessons.solution_source(id))


def right(notebook):
    """All is right, and one answer warns on stderr, for which nbgrader itself gives no point."""
    noisy = lessons.solution_source("01-slices").replace(
        "    return", "    import sys; print('a warning', file=sys.stderr)\n    return"
    )
    answer(notebook, slices=noisy)


def wrong(notebook):
    """Knows the check's values only; raises; does not try; deletes cells, has one twice."""
    answer(
        notebook,
        product="def product(numbers):\n    return {0: 1, 1: 7}.get(len(numbers), 24)",
        log_line="def parse_line(line):\n    return line['host']",
        cycle=lessons.starter_source("01-cycle"),
        shadowed_sum=REMEMBERS,
    )
    notebook["cells"].append(cell("print(seen)"))
    cells(notebook)["01-slices-check"]["source"] = "three_views = None"
    imports = next(c for c in notebook["cells"] if "import asyncio" in lessons.source(c))
    older = json.loads(json.dumps(cells(notebook)["01-json-round-trip"]))
    older["source"] = "def to_text(by_hour):\n    return 'an older try'"
    notebook["cells"].insert(notebook["cells"].index(cells(notebook)["01-json-round-trip"]), older)
    gone = ("01-class-average", "01-while-check")
    notebook["cells"] = [
        c for c in notebook["cells"] if lessons.grade_id(c) not in gone and c is not imports
    ]


def cheat(notebook):
    answer(
        notebook,
        slices="check = lambda *a: None\ndef three_views(values):\n    return None",
        **{"while": PATCHES},
        product=FORGES,
        class_average=READS,
        log_line="def parse_line(line):\n    import sys\n    sys.exit(0)",
        cycle="get_ipython().input_transformers_post.append(lambda lines: ['pass'])",
    )
    for name in ("01-product-check", "01-log-line-check"):
        cells(notebook)[name]["source"] = "1 + 1"
        cells(notebook)[name]["metadata"]["nbgrader"]["points"] = 100


def endless(notebook):
    answer(notebook, slices=SWALLOWS, **{"while": "import os\nos._exit(0)"}, shadowed_sum=FILLS)


LEARNERS = {f.__name__: f for f in (right, wrong, cheat, endless)}


def cell(source):
    return {"cell_type": "code", "id": "extra", "metadata": {}, "source": source, "outputs": [],
            "execution_count": None}  # fmt: skip


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """A class in which everybody has submitted, and all was graded and handed back."""
    root = tmp_path_factory.mktemp("class")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/usr/bin:/bin")  # nbgrader's helpers are found all the same
        room = folder.init(root / "room", course="course")
        released = release.release(room, "1")
        patch.setenv(folder.VARIABLE, str(room.shared))
        receipts = {}
        for name, work in {**LEARNERS, "broken": None}.items():
            home = root / "homes" / name
            patch.setenv("COURSEKIT_WORK", str(home))
            workspace.lay()
            if work:
                notebook = json.loads((home / FILE).read_text())
                work(notebook)
                (home / FILE).write_text(json.dumps(notebook))
            receipts[name] = submission.submit("01", learner=name)
        inbound = room.exchange / "course" / "inbound"
        for target in inbound.glob("broken+*"):
            (target / FILE).chmod(0o644)
            (target / FILE).write_text('{"cells": [')
        harmful = _add_harmful(inbound)
        collected = collecting.collect(room, "01")
        rows = grading.grade(room, "01", limits=grading.Limits(15, 300, 1000))
        handback.feedback(room, "01")
        pages = {}
        for name in receipts:
            patch.setenv("COURSEKIT_WORK", str(root / "homes" / name))
            (page,) = submission.fetch_feedback("01", learner=name)
            pages[name] = page.read_text()
    return types.SimpleNamespace(
        room=room, released=released, receipts=receipts, harmful=harmful, collected=collected,
        rows=rows, pages=pages,
    )  # fmt: skip


def _add_harmful(inbound):
    """Add submissions that must not be collected; return their names."""
    stamp = "2027-01-01 00:00:00.000000 UTC"
    linked, odd = inbound / f"eve+{CHAPTER}+{stamp}+x", inbound / f"eve+{CHAPTER}+no time+x"
    for path in (linked, odd):
        path.mkdir()
    (linked / FILE).symlink_to("/etc/passwd")
    names = {linked.name: "link", odd.name: "no time"}
    if os.getuid() == 0:  # only root can give a folder away
        forged = inbound / f"right+{CHAPTER}+{stamp}+x"
        forged.mkdir()
        os.chown(forged, 54321, 54321)
        names[forged.name] = "belongs to user 54321, not to right"
    return names


def statuses(classroom, learner):
    return {r.exercise.removeprefix("01-"): r.status for r in classroom.rows
            if r.learner == learner and r.exercise}  # fmt: skip


def points(classroom, learner):
    return sum(row.points for row in classroom.rows if row.learner == learner)


def about(classroom, learner, exercise=""):
    (row,) = [r for r in classroom.rows if r.learner == learner and r.exercise == exercise]
    return row.reason


def test_what_is_released_is_what_learners_have(classroom):
    text = (classroom.room.exchange / "course" / "outbound" / CHAPTER / FILE).read_text()
    assert "SOLUTION" not in text and str(classroom.room.seed(CHAPTER)) not in text
    assert classroom.released.points == 8


def test_the_seed_stays_with_the_instructor(classroom):
    room = classroom.room
    seed = str(room.seed(CHAPTER))
    assert stat.S_IMODE(room.root.stat().st_mode) == 0o700
    assert stat.S_IMODE((room.root / folder.SEEDS).stat().st_mode) == 0o600
    assert stat.S_IMODE(room.grades.stat().st_mode) == 0o600
    shared = [path for path in room.shared.rglob("*") if path.is_file()]
    assert shared and not any(seed in path.read_text(errors="replace") for path in shared)


def test_a_receipt_says_what_was_sent_and_keeps_it(classroom):
    receipt = classroom.receipts["wrong"]
    assert receipt.digest in (receipt.kept / submission.RECEIPT).read_text()
    assert (receipt.attempted, receipt.exercises, receipt.lost) == (6, 8, 1)
    sent = classroom.room.root / "submitted" / "wrong" / CHAPTER / FILE
    assert sent.read_bytes() == (receipt.kept / FILE).read_bytes()


def test_what_is_not_the_learners_own_is_not_collected(classroom):
    assert set(classroom.collected.learners) == {*LEARNERS, "broken"}
    refused = dict(classroom.collected.refused)
    assert set(refused) == set(classroom.harmful)
    for name, why in classroom.harmful.items():
        assert why in refused[name]


@boxed
def test_right_answers_get_every_point(classroom):
    assert set(statuses(classroom, "right").values()) == {"passed"}
    assert points(classroom, "right") == 8


@boxed
def test_each_answer_gets_what_it_deserves_whatever_happened_to_its_cells(classroom):
    assert statuses(classroom, "wrong") == {
        "slices": "passed",  # the edited check cell was replaced by the course's
        "while": "passed",  # the deleted check came back, as did the imports
        "shadowed-sum": "passed",
        "product": "failed",
        "class-average": "deleted",
        "json-round-trip": "passed",  # of two answers, the last
        "log-line": "raised",
        "cycle": "not attempted",
    }
    assert "deleted" in about(classroom, "wrong", "01-class-average")
    assert "twice" in about(classroom, "wrong", "01-json-round-trip")


@boxed
def test_cheating_gains_nothing(classroom):
    found = statuses(classroom, "cheat")
    assert found["slices"] == "failed", "an own check hides nothing"
    assert found["while"] == "failed", "what is compared outside cannot be patched"
    assert found["product"] == "failed", "facts of one's own making are those of a wrong answer"
    assert found["class-average"] == "raised", "the solved notebook is not there to be read"
    assert found["log-line"] == "raised" and "calls exit()" in classroom.pages["cheat"]
    assert found["cycle"] == "not observed", "a cell that is swallowed shows nothing"
    assert points(classroom, "cheat") == 2
    sent = classroom.room.root / "executed" / "cheat" / CHAPTER / FILE
    assert "READ ['exercises']" in sent.read_text()


@boxed
def test_what_stops_a_kernel_costs_one_exercise(classroom):
    found = statuses(classroom, "endless")
    assert [name for name, status in found.items() if status != "passed"] == [
        "slices", "while", "shadowed-sum",
    ]  # fmt: skip
    assert "stopped after 15 s" in about(classroom, "endless", "01-slices").lower()
    assert "ended by this code" in about(classroom, "endless", "01-while")
    assert "1000 MiB" in about(classroom, "endless", "01-shadowed-sum")


def test_a_damaged_submission_is_named(classroom):
    assert set(statuses(classroom, "broken").values()) == {"unreadable"}
    assert "damaged" in about(classroom, "broken")


def test_the_table_of_grades_is_complete(classroom):
    with classroom.room.grades.open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert tuple(lines[0]) == grading.COLUMNS
    graded = [line for line in lines if line["exercise"]]
    assert len(graded) == 8 * len(classroom.receipts)
    assert {line["max"] for line in graded} == {"1"}


def test_feedback_shows_answers_and_verdicts_and_nothing_hidden(classroom):
    seed = str(classroom.room.seed(CHAPTER))
    for page in classroom.pages.values():
        page = re.sub("<style.*?</style>", "", page, flags=re.DOTALL)
        for secret in (seed, "report(", "Traceback"):
            assert secret not in page
    page = classroom.pages["wrong"]
    assert "Not yet: Reduce to a product" in page and "Passed: Three views of a day" in page
    assert "append" in page and "older try" not in page, "the learner's own code"
    assert page.count("SEEN") == 1, "the code that notes the data, but not what it printed"


def test_feedback_goes_to_the_one_who_submitted(classroom):
    pages = list((classroom.room.exchange / "course" / "feedback").iterdir())
    assert len(pages) == len(classroom.receipts)
    assert stat.S_IMODE(pages[0].parent.stat().st_mode) & 0o044 == 0, "nobody lists them"


@boxed
def test_only_what_is_new_is_graded_again(classroom):
    news = []
    rows = grading.grade(classroom.room, "01", on_done=lambda *args: news.append(args))
    assert news == [] and rows == grading.rows(classroom.room) and len(rows) == len(classroom.rows)


# A box, with a small notebook


def run(tmp_path, *sources, **limits):
    """Run cells in a box that must not see ``tmp_path``; return texts, and what stopped cells."""
    from nbformat import v4

    notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
    (tmp_path / "in.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "boxes").mkdir()
    places = (str(tmp_path / "in.ipynb"), str(tmp_path / "out.ipynb"))
    job = worker.Job(*places, [str(tmp_path)], str(tmp_path / "boxes"), **limits)
    outcome = worker.run(job)
    done = json.loads((tmp_path / "out.ipynb").read_text())
    texts = [
        "".join("".join(o.get("text", o.get("evalue", ""))) for o in c["outputs"])
        for c in done["cells"]
    ]
    reasons = [outcome.stopped.get(c["id"], "") for c in done["cells"]]
    return texts, reasons


LOOKS = """\
import json, os, socket
def tries(action):
    try:
        return str(action())
    except OSError as error:
        return type(error).__name__
facts = {
    "user": os.getuid(),
    "secret": os.path.exists(SECRET),
    "homes": os.listdir(os.path.expanduser("~root")) if os.getuid() else [],
    "environment": [k for k in os.environ if "SECRET" in k],
    "network": tries(lambda: socket.create_connection(("192.0.2.1", 80), 3)),
    "course": tries(lambda: open(COURSE, "a")),
    "loopback": tries(lambda: socket.create_server(("127.0.0.1", 0)).close()),
    "home": tries(lambda: open(os.path.expanduser("~/mine"), "w").close()),
    "processes": len([p for p in os.listdir("/proc") if p.isdigit()]),
}
print(json.dumps(facts))"""


@boxed
def test_a_box_keeps_a_submission_from_everything_else(tmp_path, monkeypatch):
    monkeypatch.setenv("HUB_SECRET", "x")
    (tmp_path / "seed").write_text("42")
    names = f"SECRET = {str(tmp_path / 'seed')!r}\nCOURSE = {release.__file__!r}\n"
    lingers = "import subprocess; _ = subprocess.Popen(['sleep', '987', ], start_new_session=True)"
    flood = "for _ in range(70): print('x' * 10**6)"
    texts, reasons = run(tmp_path, names + LOOKS, lingers, flood, "1 / 0")
    facts = json.loads(texts[0])
    assert facts["user"] >= sandbox.NOBODY if os.getuid() == 0 else True
    assert not facts["secret"] and facts["environment"] == []
    assert facts["network"] != "None" and facts["loopback"] == "None"
    assert facts["course"] in ("OSError", "PermissionError") and facts["home"] == "None"
    assert facts["processes"] < 10, "it sees its own processes only"
    assert texts[3].endswith("division by zero") and reasons == [""] * 4, (
        "a flood is cut, and costs no other"
    )
    assert sum(map(len, texts)) < 5 * worker.MOST_OUTPUT
    assert not any(p.info["cmdline"] == ["sleep", "987"] for p in psutil.process_iter(["cmdline"]))
    assert list((tmp_path / "boxes").iterdir()) == []


@boxed
def test_a_secret_inside_a_course_that_lies_in_a_hidden_folder_stays_hidden(tmp_path):
    """As where the course lies in a home: homes are hidden, it is shown, its answers are not."""
    course, box, plan = tmp_path / "course", tmp_path / "box", tmp_path / "plan.json"
    box.mkdir()
    (course / "answers" / "open").mkdir(parents=True)
    (course / "answers" / "solved").write_text("42")
    made = sandbox.plan_for(box, [course / "answers"])
    shown = (*made.shown, str(course), str(course / "answers" / "open"))
    dataclasses.replace(made, shown=shown).write(plan)
    look = f"import os; print(os.listdir({str(course)!r}), os.listdir({str(course / 'answers')!r}))"
    done = subprocess.run(
        sandbox.command(plan, [sys.executable, "-c", look]), env=sandbox.environment(),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "['answers'] ['open']\n", done.stderr


# Parts that need no kernel


@pytest.fixture(scope="module")
def source():
    return lessons.read_notebook(lessons.chapter("01").path)


@pytest.fixture
def copy():
    return workspace.cut(lessons.chapter("01").path)


def mended(tmp_path, source, notebook, name=FILE):
    text = notebook if isinstance(notebook, str) else json.dumps(notebook)
    (tmp_path / name).write_text(text)
    return restore.mend(tmp_path, source, FILE, 5)


def order(result, *ids):
    found = [lessons.grade_id(cell) for cell in result.notebook["cells"]]
    return [name for name in found if name in ids]


def test_a_check_stays_below_its_answer_wherever_cells_are_moved(tmp_path, source, copy):
    moved = cells(copy)["01-slices-check"]
    copy["cells"].remove(moved)
    copy["cells"].insert(0, moved)
    copy["cells"].append(copy["cells"].pop(copy["cells"].index(cells(copy)["01-cycle"])))
    result = mended(tmp_path, source, copy)
    assert order(result, "01-slices", "01-slices-check") == ["01-slices", "01-slices-check"]
    assert order(result, "01-cycle", "01-cycle-check") == ["01-cycle", "01-cycle-check"]


def test_a_helper_between_answer_and_check_stays_there(tmp_path, source, copy):
    position = copy["cells"].index(cells(copy)["01-slices-check"])
    copy["cells"].insert(position, cell("helper = 1"))
    result = mended(tmp_path, source, copy)
    texts = [lessons.source(c) for c in result.notebook["cells"]]
    assert "report('01-slices', 5, three_views)" in texts[texts.index("helper = 1") + 1]


def test_a_renamed_file_is_found_and_named(tmp_path, source, copy):
    result = mended(tmp_path, source, copy, "my answers.ipynb")
    assert result.readable and "renamed to my answers.ipynb" in result.problem


@pytest.mark.parametrize(
    "text", ['{"cells": [', "[1]", '{"cells": 3}', "[" * 100_000, '{"cells": [1, {"source": 5}]}']
)
def test_no_content_trips_the_mending_up(tmp_path, source, text):
    result = mended(tmp_path, source, text)
    assert len(release.graded(result.notebook)) == 8
    assert not result.readable or result.notes


def test_a_submission_that_is_missing_is_named(tmp_path, source):
    assert "there is no" in restore.mend(tmp_path, source, FILE, 5).problem


def test_no_cell_of_a_spreadsheet_is_a_formula():
    rows = [{"learner": "=cmd|'/c calc'!A1", "reason": "two\nlines", "points": -1.0}]
    text = grading.table(("learner", "reason", "points"), rows)
    assert text.splitlines()[1] == "'=cmd|'/c calc'!A1,two lines,-1.0"


def test_a_card_escapes_what_a_learner_writes():
    verdict = judge.Verdict(
        "01-slices", "x", False, "failed", "✘ Not yet\n<script>alert(1)</script>"
    )
    assert "<script" not in judge.card(verdict)


# The commands


def coursekit(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["coursekit", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


@pytest.mark.parametrize(
    "command",
    ["class init", "class release", "class collect", "class grade", "class feedback",
     "class summary", "submit", "feedback"],
)  # fmt: skip
def test_every_command_has_help_with_an_example(monkeypatch, capsys, command):
    code, out, _ = coursekit(monkeypatch, capsys, *command.split(), "--help")
    assert code == 0 and f"Example: coursekit {command}" in " ".join(out.split())


@pytest.mark.parametrize(
    "arguments, what",
    [
        ("class release 01 --folder /", "is not the folder of a class"),
        ("class release 99 --folder ROOM", "no chapter '99'"),
        ("class collect 03 --folder ROOM", "was not released"),
        ("class grade 03 --folder ROOM", "was not released"),
        ("class feedback 03 --folder ROOM", "was graded"),
        ("class init ROOM/source", "is not empty"),
        ("class init NEW --shared NEW/shared", "lies inside"),
        ("submit 01", "COURSEKIT_CLASS is not set"),
    ],
)
def test_errors_are_two_lines(classroom, monkeypatch, capsys, tmp_path, arguments, what):
    monkeypatch.delenv(folder.VARIABLE, raising=False)
    arguments = arguments.replace("ROOM", str(classroom.room.root))
    arguments = arguments.replace("NEW", str(tmp_path / "new"))
    code, _, error = coursekit(monkeypatch, capsys, *arguments.split())
    assert code == 1 and what in error
    assert len(error.strip().splitlines()) == 2 and "→" in error


def test_a_learners_errors_are_two_lines(classroom, monkeypatch, capsys, work):
    monkeypatch.setenv(folder.VARIABLE, str(classroom.room.shared))
    workspace.lay()
    assert "is not an assignment" in coursekit(monkeypatch, capsys, "submit", "03")[2]
    assert "have not submitted" in coursekit(monkeypatch, capsys, "feedback", "01")[2]
    monkeypatch.setenv(folder.VARIABLE, str(work))
    assert "not the shared folder" in coursekit(monkeypatch, capsys, "submit", "01")[2]
    (work / FILE).unlink()
    monkeypatch.setenv(folder.VARIABLE, str(classroom.room.shared))
    assert "There is no notebook" in coursekit(monkeypatch, capsys, "submit", "01")[2]


def test_an_exercise_that_is_not_declared_is_not_released():
    chapter = dataclasses.replace(lessons.chapter("01"), exercises=("01-slices", "01-new"))
    with pytest.raises(CourseError, match="not declared: 01-new"):
        release.require_declared(chapter)


def test_another_release_keeps_the_seed_and_the_grades(classroom):
    seed = classroom.room.seed(CHAPTER)
    assert release.release(classroom.room, CHAPTER) == classroom.released
    assert classroom.room.seed(CHAPTER) == seed
    assert grading.grade(classroom.room, "01") == grading.rows(classroom.room)


def test_a_shared_folder_that_learners_cannot_reach_is_told(monkeypatch, capsys, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(folder, "closed_above", lambda shared: closed)
    code, out, _ = coursekit(monkeypatch, capsys, "class", "init", closed / "room")
    assert code == 0 and f"chmod o+x {closed}" in out
    monkeypatch.undo()
    assert folder.closed_above(closed / "room") in (closed, *closed.parents)


def test_a_folder_that_reads_as_a_pattern_is_refused(monkeypatch, capsys, tmp_path):
    code, _, said = coursekit(monkeypatch, capsys, "class", "init", tmp_path / "DS [2027]")
    assert code == 1 and "[ ] in it" in said and not (tmp_path / "DS [2027]").exists()


def test_making_a_class_again_changes_nothing(classroom):
    before = {p: p.stat().st_mtime_ns for p in Path(classroom.room.root).rglob("*.json")}
    assert folder.init(classroom.room.root) == classroom.room
    assert {p: p.stat().st_mtime_ns for p in Path(classroom.room.root).rglob("*.json")} == before
