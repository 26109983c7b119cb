"""Processes that end with the one that started them, however that ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from coursekit.ground import child
from coursekit.ground.child import Child, StartFailed

WATCHES = "import sys; print('on port 12', flush=True); sys.stdin.buffer.read()"
# It has a child of its own that starts a session, as the servers of a hub do.
FAMILY = """
import subprocess, sys, time
own = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"],
                       start_new_session=True)
print("its child is", own.pid, flush=True)
time.sleep(300)
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + FAMILY


def gone(*pids):
    limit = time.monotonic() + 30
    while any(runs(pid) for pid in pids):
        assert time.monotonic() < limit, f"one of {pids} still runs"
        time.sleep(0.05)


def runs(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def program(code):
    return [sys.executable, "-c", code]


def test_it_is_awaited_by_a_pattern_and_ends_with_its_input():
    one = Child(program(WATCHES), r"port (\d+)")
    assert one.port == 12 and one.alive
    one.close()
    one.close()
    assert not one.alive and one.process.returncode == 0


def test_it_is_awaited_by_a_question(tmp_path):
    made = tmp_path / "made"
    code = f"import sys; open({str(made)!r}, 'w').close(); sys.stdin.buffer.read()"
    one = Child(program(code), log=tmp_path / "log")
    assert one.wait_for(made.exists) is True
    one.close()


@pytest.mark.parametrize("guarded", [False, True])
def test_its_last_words_tell_why_it_did_not_start(tmp_path, guarded):
    code = "print('hello'); raise OSError('no such thing')"
    folder = tmp_path / "own"
    folder.mkdir()
    with pytest.raises(StartFailed, match="no such thing") as caught:
        Child(program(code), r"port (\d+)", guarded=guarded, folder=folder)
    assert caught.value.code == 1
    assert not folder.exists()


def test_one_that_is_not_ready_in_time_is_ended():
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(300)"
    one = Child(program(code), patience=2, farewell=0.1)
    pid = int(one.wait_for(r"(\d+)\n"))
    with pytest.raises(StartFailed) as caught:
        one.wait_for("never")
    assert caught.value.code is None
    gone(pid)


@pytest.mark.parametrize("code", [FAMILY, STUBBORN])
def test_a_guarded_one_ends_with_all_below_it(code):
    one = Child(program(code), guarded=True, farewell=0.5)
    below = int(one.wait_for(r"its child is (\d+)"))
    assert psutil.Process(below).ppid() == one.pid
    one.close()
    gone(one.pid, below)


def test_a_guarded_one_that_ends_by_itself_tells_its_code():
    one = Child(program("raise SystemExit(7)"), guarded=True)
    assert one.wait() == 7
    one.close()


PARENT = f"""
import json, os, pathlib, sys, tempfile, time
from coursekit.ground.child import Child
folder = pathlib.Path(tempfile.mkdtemp())
plain = Child([sys.executable, "-c", {WATCHES!r}], r"port (\\d+)")
guarded = Child([sys.executable, "-c", {FAMILY!r}], guarded=True, folder=folder)
below = int(guarded.wait_for(r"its child is (\\d+)"))
if os.fork() == 0:
    print(json.dumps([str(folder), os.getpid(), plain.pid, guarded.pid, below]), flush=True)
    time.sleep(300)
    os._exit(0)
time.sleep(300)
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_parent_that_is_killed_leaves_none_though_a_fork_of_it_lives_on(ending):
    parent = subprocess.Popen(program(PARENT), stdout=subprocess.PIPE, text=True)
    folder, fork, *pids = json.loads(parent.stdout.readline())
    assert all(runs(pid) for pid in pids) and os.path.isdir(folder)
    parent.send_signal(ending)
    parent.wait()
    try:
        gone(*pids)
        assert runs(fork)
    finally:
        os.kill(fork, signal.SIGKILL)
        parent.communicate()
    limit = time.monotonic() + 10
    while os.path.exists(folder):
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_ctrl_c_while_waiting_ends_it():
    code = (
        "import sys; from coursekit.ground.child import Child\n"
        "one = Child([sys.executable, '-c', 'import time; time.sleep(300)'], guarded=True)\n"
        "pid = one.pid\n"
        "try:\n    one.wait_for(lambda: print(pid, flush=True))\n"
        "except KeyboardInterrupt:\n    print(one.alive)\n"
    )
    parent = subprocess.Popen(program(code), stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    parent.send_signal(signal.SIGINT)
    assert parent.communicate(timeout=30)[0].endswith("False\n")
    gone(pid)


def test_a_detached_one_outlives_its_parent():
    code = (
        "import sys; from coursekit.ground.child import Child\n"
        "one = Child([sys.executable, '-c', 'import time; time.sleep(300)'], detached=True)\n"
        "print(one.pid)\n"
    )
    done = subprocess.run(program(code), stdout=subprocess.PIPE, text=True, check=True)
    pid = int(done.stdout)
    assert runs(pid)
    os.kill(pid, signal.SIGKILL)


def test_ports():
    assert len(set(child.free_ports(5))) == 5
    with socket.create_server(("127.0.0.1", 0)) as server:
        with pytest.raises(OSError, match="in use"):
            child.free_port(server.getsockname()[1])
        assert child.free_port(0) != server.getsockname()[1]
    with pytest.raises(OSError, match="no such port"):
        child.free_port(70_000)


def test_a_proxy_does_not_carry_a_loopback_request_away(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    serve = Child(
        [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"], guarded=True
    )
    port = serve.wait_for(r"port (\d+)")
    assert child.http_get(f"http://127.0.0.1:{port}/")
    serve.close()
    assert child.http_get(f"http://127.0.0.1:{port}/") is None
