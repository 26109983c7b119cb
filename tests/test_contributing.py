"""CONTRIBUTING's example is followed word by word: a chapter, an exercise, a learner, a class."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from coursekit.ground import places

ROOT = places.course_root()
COURSEKIT = [sys.executable, "-m", "classkit.cli"]
FACTS = {"title": "Averages", "promise": "You know your means.", "minutes": 5,
         "needed": [], "helpful": []}  # fmt: skip


def blocks(heading):
    """Return the code blocks below a heading of CONTRIBUTING."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of one chapter: the example's cells, and its exercise file."""
    root = tmp_path_factory.mktemp("course")
    root.chmod(0o755)  # the user of the sandbox reads it, too
    parameters, answer, check = (block.rstrip() for block in blocks("A chapter"))
    graded = {"schema_version": 3, "locked": True}
    cells = [
        new_markdown_cell("# Averages"),
        new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        new_code_cell("from coursekit import check, hint, quiz, solution"),
        new_code_cell(answer, metadata={"nbgrader": graded | {
            "grade_id": "91-mean", "solution": True, "grade": False, "locked": False}}),
        new_code_cell(check, metadata={"nbgrader": graded | {
            "grade_id": "91-mean-check", "solution": False, "grade": True, "points": 1}}),
        new_code_cell('quiz("91")'),
    ]  # fmt: skip
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = new_notebook(cells=cells, metadata={"coursekit": FACTS, "kernelspec": kernel})
    (root / "notebooks" / "exercises").mkdir(parents=True)
    nbformat.write(notebook, root / "notebooks" / "91-averages.ipynb")
    (declared,) = blocks("An exercise")
    (root / "notebooks" / "exercises" / "ch91.py").write_text(declared)
    shutil.copytree(ROOT / "datasets", root / "datasets")
    return root


@pytest.fixture
def run(course, tmp_path):
    """Run a command in the course's folder, as its author, its learner or its instructor."""

    def call(*command, **more):
        here = {"COURSEKIT_COURSE": str(course), "COURSEKIT_WORK": str(course / "work"), **more}
        done = subprocess.run(
            command, cwd=course, env=os.environ | {"PYTHONPATH": str(ROOT)} | here,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def learner(code):
    return (sys.executable, "-c", f"from coursekit import check, hint, quiz, solution\n{code}")


def test_the_chapter_runs_and_keeps_its_outputs(run, course):
    assert "✔ passed" in run(*COURSEKIT, "run", "91", "--store")
    assert "✔ Passed: A mean" in (course / "notebooks" / "91-averages.ipynb").read_text()


def test_a_learner_gets_a_copy_without_the_solution(run, course):
    run(sys.executable, "-c", "from classkit import workspace; workspace.lay()")
    copy = (course / "work" / "91-averages.ipynb").read_text()
    assert "def mean" in copy and "sum(numbers)" not in copy
    assert "✔ passed" in run(*COURSEKIT, "run", "91", "--learner")


def test_check_hint_solution_and_quiz_know_the_exercise(run):
    said = run(*learner(
        "print(check('91-mean', lambda numbers: sum(numbers)))\n"
        "print(check('91-mean', lambda numbers: sorted(numbers)[len(numbers) // 2]))\n"
        "print(check('91-mean', lambda numbers: sum(n / len(numbers) for n in numbers)))\n"
        "print(hint('91-mean'), solution('91-mean'), quiz('91'))"
    ))  # fmt: skip
    assert "That is the total." in said and "the median" in said
    assert "✔ Passed: A mean" in said and "What do you divide" in said
    assert "return sum(numbers) / len(numbers)" in said and "Which value moves most" in said


def test_its_exercises_stand_all_attacks(run):
    attacks = str(ROOT / "tests" / "test_exercises.py")
    said = run(sys.executable, "-m", "pytest", "-q", "-k", "not agree", attacks)
    assert re.search(r"\b8 passed", said), said


def test_a_class_releases_and_grades_it(run, course):
    shared = str(course / "room-shared")
    run(*COURSEKIT, "class", "init", "room", "--shared", shared)
    assert "1 exercises, 1 points" in run(*COURSEKIT, "class", "release", "91", "--folder", "room")
    run(sys.executable, "-c", "from classkit import workspace; workspace.lay()")
    copy = course / "work" / "91-averages.ipynb"
    notebook = nbformat.read(copy, as_version=4)
    (cell,) = (c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution"))
    cell.source = "def mean(numbers):\n    return sum(numbers) / len(numbers)"
    nbformat.write(notebook, copy)
    run(*COURSEKIT, "submit", "91", COURSEKIT_CLASS=shared)
    for step in ("collect", "grade"):
        said = run(*COURSEKIT, "class", step, "91", "--folder", "room")
    assert "1 of 1" in said
