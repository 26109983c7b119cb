"""``coursekit hub``, the hub to try out, and the parts of a class on JupyterHub."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from classkit.hub import demo, learner, proxy
from coursekit.data import cache
from tests.hub_session import HUB, log_in_by_http, tried_out, xsrf


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_the_hub_to_try_out_leaves_nothing_behind(ending):
    with tried_out() as hub:
        session = log_in_by_http(hub, "ada")
        started = session.post(
            f"{hub.address}/user/ada/api/kernels",
            headers={"X-XSRFToken": xsrf(session, "/user/ada/")},
        )
        assert started.status_code == 201
        family = psutil.Process(hub.process.pid).children(recursive=True)
        assert len(family) >= 5, "guard, hub, proxy, a server, a kernel"
        listening = [
            c.laddr.ip for each in family for c in each.net_connections() if c.status == "LISTEN"
        ]
        assert listening and set(listening) == {"127.0.0.1"}
        (folder,) = {
            Path(each.environ()["COURSEKIT_HUB"])
            for each in family
            if "COURSEKIT_HUB" in each.environ()
        }
        assert (folder / "homes/ada/course/01-python-basics.ipynb").exists()
        assert folder.stat().st_mode & 0o777 == 0o700
        port = hub.address.rpartition(":")[2]
        refused = subprocess.run([*HUB, "--port", port], capture_output=True, text=True)
        assert refused.returncode == 1 and refused.stderr.count("\n") == 2
        assert f"Port {port}" in refused.stderr and "runs already" in refused.stderr
        hub.process.send_signal(ending)
        hub.process.wait(60)
    assert hub.process.returncode == (0 if ending == signal.SIGINT else -signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=40)
    assert not alive
    assert not folder.exists()


def test_a_missing_proxy_is_told_in_two_lines(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.closed", *HUB, "--port", "0"],
        env=os.environ | {"COURSEKIT_CACHE": str(tmp_path), "npm_config_cache": str(tmp_path)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if done.returncode == 3:
        pytest.skip("this system allows no network namespace")
    what, mend = done.stderr.strip().splitlines()[-2:]
    assert done.returncode == 1 and "JupyterHub's proxy, is not installed yet" in what
    assert "coursekit prepare" in mend


def test_the_lock_of_the_proxy_names_no_host_and_has_a_checksum_for_everything():
    lock = json.loads((proxy.HERE / "package-lock.json").read_text())
    packages = {name: p for name, p in lock["packages"].items() if name}
    assert packages and "://" not in json.dumps([p.get("resolved", "") for p in packages.values()])
    assert not [name for name, p in packages.items() if "resolved" in p or not p.get("integrity")]
    wanted = json.loads((proxy.HERE / "package.json").read_text())["dependencies"]
    name = "configurable-http-proxy"
    assert wanted == {name: packages[f"node_modules/{name}"]["version"]}


def test_names_of_learners():
    assert demo.names(1) == ["ada"]
    assert demo.names(4) == ["ada", "ben", "learner3", "learner4"]


def test_a_cache_is_shared_by_links_and_the_learners_own_files_stay(tmp_path, monkeypatch):
    shared, own = tmp_path / "shared", tmp_path / "own"
    monkeypatch.setenv("COURSEKIT_CACHE", str(shared))
    made = cache.made("table", lambda path: path.write_text("1"))
    (shared / "spark").mkdir()
    monkeypatch.setenv("COURSEKIT_CACHE", str(own))
    mine = cache.made("mine", lambda path: path.write_text("2"))
    for _ in range(2):  # a second start changes nothing
        learner.share_cache(shared)
    assert (own / "spark").resolve() == shared / "spark"
    assert not (own / "azurite").exists()
    assert mine.read_text() == "2" and not mine.is_symlink()
    # The true path, which Spark's own user can follow where homes are closed.
    assert cache.made("table", lambda path: pytest.fail("it is made already")) == made
    (shared / "spark").rmdir()
    learner.share_cache(shared)
    assert not (own / "spark").is_symlink(), "a link to nothing would stand in the way"


def test_a_process_number_with_a_new_owner_is_not_taken_for_a_server():
    from classkit.hub.spawner import LimitedSpawner

    spawner = LimitedSpawner()
    spawner.pid = os.getpid()
    state = spawner.get_state()
    again, other = LimitedSpawner(), LimitedSpawner()
    again.load_state(state)
    other.load_state(state | {"started": state["started"] - 3600})  # before a reboot, say
    assert (again.pid, other.pid) == (os.getpid(), 0)
