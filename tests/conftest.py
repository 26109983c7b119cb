"""What every test needs: a learner's folder that is never the real one, an empty memory."""

import os
import signal

import pytest

from coursekit.ground import places
from tests import closed

# A shell starts background jobs deaf to Ctrl-C, and children inherit that; the tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items):
    """Keep the tests of a file, or of a group that it names, on one worker, the longest first."""
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.name))
    order = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))
    return (yield)


# If one of these came last, a core would have nothing to do meanwhile.
LONGEST = (
    "08-spark.ipynb", "test_hub_class.py", "test_classroom.py", "test_spark_session.py",
    "test_exercises.py", "test_browser.py", "test_cloud.py", "test_notebooks.py",
    "test_chapters.py", "test_engines.py", "test_contributing.py", "test_lab.py",
)  # fmt: skip


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Note in build/left.txt the tests during which something tried to leave this machine."""
    if "COURSEKIT_CLOSED" not in os.environ:
        return (yield)
    before = closed.attempts()
    done = yield
    if closed.attempts() != before:
        with (places.build() / "left.txt").open("a") as note:
            note.write(f"{item.nodeid}\n")
    return done


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Give the test a learner's folder of its own."""
    folder = tmp_path / "work"
    monkeypatch.setenv("COURSEKIT_WORK", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _no_leftover_progress(monkeypatch):
    """Start each test with an empty memory of attempts and hints."""
    from coursekit.feedback import progress

    monkeypatch.setattr(progress, "_in_memory", {})
    monkeypatch.setattr(progress, "_warned", False)
