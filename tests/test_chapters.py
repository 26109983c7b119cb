"""Running notebooks: what happens to each is reported, and one bad notebook spoils no other."""

import json

import pytest

from classkit import runner as chapters
from tests import factory


def run(tmp_path, *notebooks, **options):
    return chapters.run(notebooks, out=tmp_path / "out", **options)


@pytest.fixture
def good(tmp_path):
    cell = factory.code("print(scale, seed)", id="say")
    params = factory.code("scale = 1\nseed = 0", id="params", tags=["parameters"])
    return factory.write(tmp_path / "good.ipynb", factory.notebook(params, cell))


def make(tmp_path, name, *sources):
    cells = [factory.code(source, id=f"c{i}") for i, source in enumerate(sources)]
    return factory.write(tmp_path / f"{name}.ipynb", factory.notebook(*cells))


def outputs(tmp_path, name):
    cells = json.loads((tmp_path / "out" / name).read_text())["cells"]
    return "".join("".join(o.get("text", "")) for c in cells for o in c.get("outputs", []))


def test_a_good_notebook_passes_with_the_parameters_given(tmp_path, good):
    news = []
    (result,) = run(
        tmp_path,
        good,
        parameters={"seed": 7, "unknown": 1},
        on_cell=lambda *n: news.append(n),
    )
    assert result.passed and result.cells >= 2
    assert outputs(tmp_path, "good.ipynb") == "1 7\n"
    assert ("good", 3, 3) in news
    assert "print" in good.read_text() and '"outputs": []' in good.read_text()


def test_bad_notebooks_are_named_and_the_good_one_passes(tmp_path, good):
    fails = make(tmp_path, "fails", "x = 1", "x / 0")
    dies = make(tmp_path, "dies", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    half = tmp_path / "half.ipynb"
    half.write_text('{"cells": [')
    results = run(tmp_path, fails, dies, half, good)
    found = {each.name: each.status for each in results}
    assert found == {
        "fails": "failed", "dies": "kernel died", "half": "unreadable", "good": "passed",
    }  # fmt: skip
    by_name = {each.name: each for each in results}
    assert "ZeroDivisionError" in by_name["fails"].problem
    for name in ("fails", "dies", "half"):
        assert f"{name}.ipynb" in by_name[name].problem and by_name[name].mend


def test_a_notebook_that_takes_too_long_is_named(tmp_path):
    slow = make(tmp_path, "slow", "import time\nwhile True: time.sleep(0.1)")
    (result,) = run(tmp_path, slow, seconds=2)
    assert result.status == "too slow"
    assert "slow.ipynb" in result.problem and "--timeout" in result.mend


def test_strict_makes_checks_raise_and_learners_copies_go_on(tmp_path):
    ask = make(tmp_path, "ask", "import os; print(repr(os.environ['COURSEKIT_STRICT']))")
    run(tmp_path, ask)
    assert outputs(tmp_path, "ask.ipynb") == "'1'\n"
    run(tmp_path, ask, strict=False)
    assert outputs(tmp_path, "ask.ipynb") == "''\n"


def test_a_copy_with_another_kernel_or_a_byte_order_mark_runs(tmp_path, good):
    notebook = json.loads(good.read_text())
    notebook["metadata"]["kernelspec"] = {"name": "no-such", "display_name": "My kernel"}
    good.write_text(json.dumps(notebook), encoding="utf-8-sig")
    (result,) = run(tmp_path, good)
    assert result.passed, result.problem


def test_the_report_has_times_and_figures(tmp_path, good):
    plot = make(tmp_path, "plot", "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])")
    results = run(tmp_path, good, plot)
    page = chapters.report(results, tmp_path)
    text = page.read_text()
    assert "good" in text and "data:image/png;base64," in text
    facts = json.loads((tmp_path / "report.json").read_text())
    assert [fact["status"] for fact in facts] == ["passed", "passed"]
    assert facts[1]["seconds"] > 0


def test_stored_outputs_are_without_what_differs_from_run_to_run(tmp_path):
    widget = make(tmp_path, "widget", "import ipywidgets\nipywidgets.IntSlider()", "1 + 1")
    run(tmp_path, widget)
    chapters.store(tmp_path / "out" / "widget.ipynb", widget)
    text = widget.read_text()
    assert "widget-view" not in text and "papermill" not in text and "model_id" not in text
    assert json.loads(text)["cells"][1]["outputs"][0]["data"]["text/plain"] == ["2"]
