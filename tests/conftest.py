"""What every test needs: a learner's folder that is never the real one, an empty memory."""

import signal

import pytest

# A shell starts background jobs deaf to Ctrl-C, and children inherit that; the tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--only-network", action="store_true", help="only notebooks and tests marked 'network'"
    )


def pytest_collection_modifyitems(config, items):
    if config.getoption("--only-network"):
        stays = [item for item in items if _knows_the_network(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(stays)])
        items[:] = stays


def _knows_the_network(item):
    return item.path.suffix == ".ipynb" or item.get_closest_marker("network")


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
