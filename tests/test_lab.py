"""``coursekit lab``: its address, its home page, its end, and what goes wrong."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import psutil
import pytest

from tests.lab_session import COMMAND, lab

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url, token=None):
    headers = {"Authorization": f"token {token}"} if token else {}
    with OPENER.open(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return answer.read().decode()


def parts(url):
    base, _, token = url.partition("/lab?token=")
    return base, token


def refuse(work, *arguments, **variables):
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=os.environ | {"COURSEKIT_WORK": str(work)} | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2 and lines[0].startswith("error: ") and "→" in lines[1], done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    work = tmp_path_factory.mktemp("lab") / "work"
    with lab(work) as (url, process):
        yield work, url, process


def test_the_printed_address_answers_at_once(running):
    _, url, _ = running
    base, token = parts(url)
    assert json.loads(get(f"{base}/api/status", token))["kernels"] == 0
    assert "JupyterLab" in get(url)


def test_the_home_page_needs_the_token_and_shows_every_chapter(running):
    from coursekit.feedback import lessons

    _, url, _ = running
    base, token = parts(url)
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{base}/coursekit/home")
    assert refused.value.code == 403
    page = json.loads(get(f"{base}/coursekit/home", token))["html"]
    for chapter in lessons.chapters():
        assert f"data-path='{chapter.path.name}'" in page


def test_a_persons_jupyter_settings_do_not_move_the_server(tmp_path, monkeypatch):
    settings = tmp_path / ".jupyter" / "jupyter_server_config.json"
    settings.parent.mkdir()
    settings.write_text('{"ServerApp": {"base_url": "/elsewhere/", "port": 1}}')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(settings.parent))
    with lab(tmp_path / "work") as (url, _):
        base, token = parts(url)
        assert json.loads(get(f"{base}/api/status", token))["kernels"] == 0


def test_it_listens_on_loopback_only(running):
    _, _, process = running
    server = psutil.Process(process.pid)
    listening = []
    for each in [server, *server.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):  # a helper that has ended meanwhile
            listening += [c for c in each.net_connections() if c.status == "LISTEN"]
    assert listening
    assert {c.laddr.ip for c in listening} <= {"127.0.0.1", "::1"}


def test_a_second_lab_in_the_same_folder_is_refused_with_the_address(running):
    work, url, _ = running
    assert url in refuse(work, "--port", "0")


def test_a_taken_port_is_refused(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert f"Port {port}" in refuse(tmp_path / "w", "--port", port)


@pytest.mark.parametrize(
    "ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda s: s.name
)
def test_it_ends_with_its_kernels_and_keeps_the_work(tmp_path, ending):
    work = tmp_path / "work"
    with lab(work) as (url, process):
        base, token = parts(url)
        request = urllib.request.Request(
            f"{base}/api/kernels", data=b"{}", headers={"Authorization": f"token {token}"}
        )
        OPENER.open(request, timeout=60)
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 3, "a guard, the server and a kernel"
        process.send_signal(ending)
        assert process.wait(timeout=60) == (-9 if ending == signal.SIGKILL else 130)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive
    assert list(work.glob("*.ipynb"))


def test_a_proxy_variable_does_not_get_in_the_way(tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with lab(tmp_path / "work") as (url, _):
        base, token = parts(url)
        assert json.loads(get(f"{base}/api/status", token))


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refuse(tmp_path / "file" / "work", "--port", "0")


def test_a_second_start_is_up_in_seconds(tmp_path):
    """Set-up and laying are skipped; the bound is generous, a guard against doing them again."""
    with lab(tmp_path / "work"):
        laid = {p: p.stat().st_mtime_ns for p in (tmp_path / "work").glob("*.ipynb")}
    time.sleep(0.01)
    with lab(tmp_path / "work"):
        assert {p: p.stat().st_mtime_ns for p in (tmp_path / "work").glob("*.ipynb")} == laid
