"""Learner copies: laid without solutions, refreshed when untouched, never overwritten."""

import errno
import json
import os
import subprocess

import pytest

from classkit import workspace
from coursekit.feedback import lessons, starters
from coursekit.ground import files, places
from coursekit.ground.errors import CourseError
from tests import factory


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Give the test a course with one chapter, 91-demo."""
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    factory.write(notebooks / "91-demo.ipynb", factory.chapter())
    monkeypatch.setattr(places, "notebooks", lambda: notebooks)
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    forget()
    yield notebooks / "91-demo.ipynb"
    forget()


def forget():
    lessons.chapters.cache_clear()
    lessons._exercise_cell.cache_clear()
    starters._starter_codes.cache_clear()


def improve(chapter):
    """Publish a new version of the chapter."""
    content = json.loads(chapter.read_text())
    content["cells"].append(factory.code("'new in this version'", id="new"))
    factory.write(chapter, content)
    forget()


original = workspace.cut


def edit(copy, text="def mean(numbers):\n    return 42"):
    content = json.loads(copy.read_text())
    content["cells"][1]["source"] = text
    copy.write_text(json.dumps(content))


def test_a_copy_has_no_solution_and_no_output(course, work):
    (copy,) = workspace.lay(work)
    text = copy.path.read_text()
    assert copy.action == "new"
    assert "sum(numbers)" not in text and "SOLUTION" not in text
    assert lessons.STUB in text
    cells = json.loads(text)["cells"]
    assert cells[2]["metadata"]["deletable"] is False, "the check cell is locked"
    assert all(not cell.get("outputs") for cell in cells)


def test_the_starter_is_what_nbgrader_cuts(course, work):
    workspace.lay(work)
    cell = json.loads((work / course.name).read_text())["cells"][1]
    assert lessons.source(cell) == lessons.starter_source("91-mean")


def test_a_second_laying_changes_nothing(course, work):
    workspace.lay(work)
    before = (work / course.name).read_bytes()
    assert [c.action for c in workspace.lay(work)] == ["same"]
    assert (work / course.name).read_bytes() == before


def test_an_untouched_copy_is_refreshed(course, work):
    workspace.lay(work)
    improve(course)
    assert [c.action for c in workspace.lay(work)] == ["refreshed"]
    assert "new in this version" in (work / course.name).read_text()


def test_a_copy_that_was_only_run_is_refreshed_and_its_outputs_are_kept_aside(course, work):
    workspace.lay(work)
    content = json.loads((work / course.name).read_text())
    content["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "mine"}]
    (work / course.name).write_text(json.dumps(content))
    improve(course)
    (copy,) = workspace.lay(work)
    assert copy.action == "refreshed"
    assert "mine" in copy.backup.read_text()


def test_a_touched_copy_is_kept_byte_for_byte(course, work):
    workspace.lay(work)
    edit(work / course.name)
    mine = (work / course.name).read_bytes()
    improve(course)
    for _ in range(2):
        assert [c.action for c in workspace.lay(work)] == ["kept"]
    assert (work / course.name).read_bytes() == mine


@pytest.mark.parametrize("change", ["delete a cell", "duplicate a cell", "break the JSON"])
def test_whatever_a_learner_does_to_cells_the_copy_is_kept(course, work, change):
    workspace.lay(work)
    copy = work / course.name
    content = json.loads(copy.read_text())
    if change == "delete a cell":
        del content["cells"][2]
    elif change == "duplicate a cell":
        content["cells"].append(content["cells"][1])
    text = json.dumps(content)
    copy.write_text(text[: len(text) // 2] if change == "break the JSON" else text)
    mine = copy.read_bytes()
    improve(course)
    assert [c.action for c in workspace.lay(work)] == ["kept"]
    assert copy.read_bytes() == mine


def test_a_renamed_copy_stays_and_a_fresh_one_is_laid(course, work):
    workspace.lay(work)
    (work / course.name).rename(work / "my mean.ipynb")
    assert [c.action for c in workspace.lay(work)] == ["new"]
    assert (work / "my mean.ipynb").exists()


def test_lost_state_counts_every_copy_as_touched(course, work):
    workspace.lay(work)
    (work / places.MARKER).write_text('{"half')
    improve(course)
    assert [c.action for c in workspace.lay(work)] == ["kept"]


def test_reset_keeps_a_dated_backup(course, work):
    workspace.lay(work)
    edit(work / course.name)
    first = workspace.reset("91", work)
    edit(work / course.name, "second = 2")
    second = workspace.reset("91", work)
    assert "return 42" in first.backup.read_text()
    assert "second = 2" in second.backup.read_text()
    assert "return 42" not in (work / course.name).read_text()


def test_a_copy_from_a_newer_course_is_refused_and_untouched(course, work):
    workspace.lay(work)
    copy = work / course.name
    copy.write_text(copy.read_text().replace('"laid_by": "', '"laid_by": "99.'))
    mine = copy.read_bytes()
    improve(course)
    with pytest.raises(CourseError, match="newer than this one") as caught:
        workspace.lay(work)
    assert "coursekit reset 91" in caught.value.mend
    assert copy.read_bytes() == mine


def test_a_full_disk_is_named_and_loses_nothing(course, work, monkeypatch):
    workspace.lay(work)
    before = (work / course.name).read_bytes()
    improve(course)

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fdopen", full)
    with pytest.raises(CourseError, match="No space left on device"):
        workspace.lay(work)
    assert (work / course.name).read_bytes() == before


def test_a_read_only_folder_is_named(course, tmp_path):
    locked = tmp_path / "file-not-folder"
    locked.write_text("")
    with pytest.raises(CourseError, match="cannot be written"):
        workspace.lay(locked / "work")


def test_a_region_that_is_never_closed_releases_nothing(course, work):
    factory.write(
        course, factory.chapter("def mean(numbers):\n    ### BEGIN SOLUTION\n    return 1")
    )
    forget()
    with pytest.raises(CourseError, match="cannot cut the solutions"):
        workspace.lay(work)
    assert not (work / course.name).exists()


def test_two_commands_at_once_take_turns(work):
    code = "from classkit import workspace; print([c.action for c in workspace.lay()])"
    python = __import__("sys").executable
    environment = os.environ | {"COURSEKIT_WORK": str(work)}
    both = [
        subprocess.Popen([python, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate()[0] for process in both]
    assert all(process.returncode == 0 for process in both)
    assert sum("new" in answer for answer in answers) == 1, "one lays, the other finds it done"


def test_a_chapter_is_cut_once_for_all_learners(course, tmp_path, monkeypatch):
    workspace.lay(tmp_path / "ada")
    cut = []
    monkeypatch.setattr(workspace, "cut", lambda path: cut.append(path) or original(path))
    workspace.lay(tmp_path / "ben")
    assert not cut
    ada, ben = (tmp_path / name / course.name for name in ("ada", "ben"))
    assert ada.read_bytes() == ben.read_bytes()
    (kept,) = (tmp_path / "cache/copies").glob("91-demo-*.ipynb")
    kept.write_text("half a copy")
    workspace.lay(tmp_path / "cleo")
    assert cut == [course]
    assert (tmp_path / "cleo" / course.name).read_bytes() == ada.read_bytes()
    improve(course)
    workspace.lay(tmp_path / "dan")
    assert cut == [course, course]
    assert "new in this version" in (tmp_path / "dan" / course.name).read_text()


def test_chapters_improved_since_the_copy_was_laid_are_named(course, work):
    workspace.lay(work)
    assert workspace.behind(work) == []
    edit(work / course.name)
    improve(course)
    assert workspace.behind(work) == ["91-demo"]
    workspace.lay(work)
    assert workspace.behind(work) == ["91-demo"], "the copy is kept, so it stays behind"
    workspace.reset("91", work)
    assert workspace.behind(work) == []
