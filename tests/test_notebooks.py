"""Every notebook as a test: its parts, its stored outputs, and its learner copy by papermill.

nbval runs the solved notebooks and compares their outputs besides; see tests/prove.py.
"""

import json
import os
import re
import statistics

import pytest

from classkit import runner, workspace
from coursekit.feedback import lessons
from coursekit.feedback.lessons import is_solution, source
from tests import closed

CHAPTERS = lessons.chapters()
NAMES = [chapter.name for chapter in CHAPTERS]
# Each chapter's run is a group of its own, so that they spread over the workers.
RUNS = [pytest.param(c, marks=pytest.mark.xdist_group(f"copy of {c.name}")) for c in CHAPTERS]


def outputs(path):
    for cell in lessons.read_notebook(path)["cells"]:
        yield from cell.get("outputs", ())


def text_of(output):
    value = output.get("data", {}).get("text/plain", output.get("text", ""))
    return value if isinstance(value, str) else "".join(value)


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    workspace.lay(folder)
    return folder


@pytest.mark.parametrize("chapter", RUNS, ids=NAMES)
def test_run_all_on_a_learner_copy_ends_with_nothing_attempted(chapter, laid, tmp_path):
    """On a tenth of the data and with another seed; nbval runs the solved chapter as it is."""
    copy = laid / chapter.path.name
    other = {"scale": 0.1, "seed": 7}
    (done,) = runner.run([copy], out=tmp_path, parameters=other, strict=False)
    assert done.passed, f"{done.problem}\n{done.mend}"
    cells = lessons.read_notebook(tmp_path / copy.name)["cells"]
    injected = [c for c in cells if "injected-parameters" in c["metadata"].get("tags", ())]
    assert len(injected) == 1
    assert "scale = 0.1" in source(injected[0]) and "seed = 7" in source(injected[0])
    found = [text_of(o) for o in outputs(tmp_path / copy.name)]
    assert sum(text.startswith("○ Not attempted yet") for text in found) == len(chapter.exercises)


@pytest.mark.parametrize("name", NAMES)
def test_a_learner_copy_holds_no_solution(name, laid):
    copy = (laid / f"{name}.ipynb").read_text(encoding="utf-8")
    assert "SOLUTION" not in copy
    cells = json.loads(copy)["cells"]
    solved = lessons.read_notebook(lessons.chapter(name).path)["cells"]
    for mine, theirs in zip(cells, solved, strict=True):
        if is_solution(theirs):
            assert source(mine) == lessons.starter_source(lessons.grade_id(theirs))
        assert not mine.get("outputs")


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_has_its_parts(name):
    text = "\n".join(
        source(c)
        for c in lessons.read_notebook(lessons.chapter(name).path)["cells"]
        if c["cell_type"] == "markdown"
    )
    for part in (
        "# ", "You will be able to", "Prerequisites", "minutes", "Key points",
        "What's next", "References",
    ):  # fmt: skip
        assert part in text, part
    assert "Common mistakes, tested" in text or "What the sources got wrong here" in text


REWORKED = [c for c in CHAPTERS if "Common mistakes, tested" in c.path.read_text(encoding="utf-8")]
reworked = pytest.mark.parametrize("chapter", REWORKED, ids=lambda c: c.name)


@reworked
def test_the_minutes_are_those_of_its_words_cells_and_exercises(chapter):
    core, extra = minutes(lessons.read_notebook(chapter.path)["cells"])
    assert core == pytest.approx(chapter.minutes, rel=0.2) and chapter.minutes <= 90
    assert extra == pytest.approx(chapter.extra, rel=0.2, abs=5)


def minutes(cells):
    """Estimate core and extra: 150 words a minute, 20 s a code cell, 8 min an exercise."""
    spent, part = {"core": 0.0, "extra": 0.0}, "core"
    for cell in cells:
        if cell["cell_type"] == "markdown":
            for line in source(cell).splitlines():
                if line.startswith("## "):
                    part = "extra" if "(extra)" in line else "core"
                spent[part] += len(line.split()) / 150
        else:
            spent[part] += 8 if is_solution(cell) else 1 / 3
    return spent["core"], spent["extra"]


@reworked
def test_few_outputs_are_a_bare_truth_value(chapter):
    values = [text_of(o) for o in outputs(chapter.path)]
    bare = [v for v in values if re.fullmatch(r"[(\[]?((True|False)(, *|,?[)\]]?$))+", v)]
    assert len(bare) <= 0.05 * len(values), bare


@pytest.mark.parametrize("name", NAMES)
def test_the_code_cells_are_short_and_stored_as_they_ran(name):
    cells = lessons.read_notebook(lessons.chapter(name).path)["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    lengths = [len([line for line in source(c).splitlines() if line.strip()]) for c in code]
    assert statistics.median(lengths) <= 4
    assert max(lengths) <= 20
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
    expected = {"raises-exception"}
    for cell in code:
        if any(o["output_type"] == "error" for o in cell["outputs"]):
            assert expected <= set(cell["metadata"].get("tags", ())), source(cell)


@pytest.mark.parametrize("name", NAMES)
def test_every_stored_picture_has_words_beside_it(name):
    pictures = [
        o
        for o in outputs(lessons.chapter(name).path)
        if "image/png" in o.get("data", {}) or "<img" in str(o.get("data", {}).get("text/html"))
    ]
    assert pictures, "a chapter has at least one figure"
    for output in pictures:
        words = text_of(output)
        assert len(words) >= 30 and not words.startswith("<Figure"), words


@pytest.mark.parametrize("name", NAMES)
def test_no_stored_output_names_a_machine(name):
    text = json.dumps(list(outputs(lessons.chapter(name).path)))
    for word in ("/home/", "/root/", "/tmp/", "site-packages", "127.0.0.1:"):
        assert word not in text, word


@pytest.mark.skipif("COURSEKIT_CLOSED" not in os.environ, reason="the pass with open network")
def test_the_network_is_really_closed():
    assert closed.interfaces() == ["lo"]
    with open("/proc/net/route") as routes:
        assert len(routes.readlines()) == 1, "only the heading"
