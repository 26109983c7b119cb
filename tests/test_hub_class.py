"""A class on JupyterHub, with the real thing: the hub, Chromium, system users where we are root.

As root, the hub is that of deploy/jupyterhub_config.py on a server of its own (`class_server`);
else it is the hub to try out, and what needs system users is left out.
"""

import contextlib
import json
import os
import re

import psutil
import pytest

from classkit.hub import demo
from coursekit.feedback import lessons
from tests import class_server
from tests.lab_session import CHROMIUM

playwright = pytest.importorskip("playwright.sync_api")
if CHROMIUM is None and not os.environ.get("COURSEKIT_REQUIRE_BROWSER"):
    pytest.skip("there is no Chromium on this machine", allow_module_level=True)

from tests.hub_session import (  # noqa: E402
    at_the_hub,
    log_in_by_http,
    server,
    stop_server,
    tried_out,
    wait_for_server,
)
from tests.test_browser import ARGUMENTS, READY, SECOND, Learner  # noqa: E402

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="system users need root")
# Runs code in the kernel of the open notebook and returns what it prints.
ASK = """async code => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code, store_history: false });
  let said = '';
  future.onIOPub = message => {
    if (message.header.msg_type === 'stream') said += message.content.text;
    if (message.header.msg_type === 'error') said += message.content.traceback.join('\\n');
  };
  await future.done;
  return said; }"""
SAVE = "async () => { await window.jupyterapp.shell.currentWidget.context.save(); return 1 }"


@pytest.fixture(scope="module")
def hub():
    with server() if os.geteuid() == 0 else tried_out() as running:
        yield running


@pytest.fixture(scope="module")
def learners(hub):
    """Log ada and ben in at once, each in a browser of their own, and open chapter 01."""
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        found = {}
        for name in demo.NAMES:
            context = browser.new_context(viewport={"width": 1280, "height": 860})
            found[name] = Learner(context.new_page())
            found[name].page.goto(f"{hub.address}/hub/login")
        for name, learner in found.items():
            log_in(learner.page, name, hub.passwords[name])
        for learner in found.values():
            learner.page.wait_for_selector(".ck-home table", timeout=180 * SECOND)
            learner.open(lessons.chapter("01"))
        yield found
        browser.close()


def log_in(page, name, password):
    page.fill("#username_input", name)
    page.fill("#password_input", password)
    page.click("#login_submit", no_wait_after=True)


def ask(learner, code):
    """Run code in the learner's kernel; its last printed line is JSON."""
    said = learner.page.evaluate(ASK, code)
    try:
        return json.loads(said.strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise AssertionError(f"no answer: {said}") from None


def test_two_learners_at_once_open_a_chapter_and_pass_a_check(learners):
    exercise = lessons.chapter("01").exercises[0]
    for name, learner in learners.items():
        assert f"/user/{name}/lab" in learner.page.url
        # The cells above the exercise; a whole chapter is the business of test_browser.
        ask(learner, "from coursekit import check; print(1)")
        passed = learner.answer(exercise, lessons.solution_source(exercise))
        assert passed.startswith("✔ Passed")
        learner.page.evaluate(SAVE)
    learners["ada"].look("hub-chapter")
    for learner in learners.values():
        assert f"1 of {len(lessons.chapter('01').exercises)}" in learner.home()
    learners["ada"].look("hub-home")
    for learner in learners.values():
        learner.open(lessons.chapter("01"))


TRIES = """
import json, os, pathlib, urllib.request
def tried(action):
    try:
        return str(action())[:200]
    except Exception as error:
        return f"{type(error).__name__} {getattr(error, 'code', '')}".strip()
def get(url, token=os.environ["JUPYTERHUB_API_TOKEN"]):
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).status
folder, other, hub = pathlib.Path(FOLDER), OTHER, HUB
print(json.dumps({
    "home": tried(lambda: os.listdir(folder / "home/ben")),
    "notebook": tried((folder / "home/ben/course/01-python-basics.ipynb").read_text),
    "secrets": tried(lambda: os.listdir(folder / "state")),
    "cookie secret": tried((folder / "state/cookie_secret").read_bytes),
    "environment of the hub": tried(pathlib.Path(f"/proc/{PID}/environ").read_bytes),
    "environment of ben": tried(pathlib.Path(f"/proc/{BEN}/environ").read_bytes),
    "course": tried(lambda: (folder / "course/notebooks/x").write_text("x")),
    "cache": tried(lambda: (folder / "cache/copies/x").write_text("x")),
    "users": tried(lambda: get(f"{hub}/hub/api/users")),
    "ben's account": tried(lambda: get(f"{hub}/hub/api/users/ben")),
    "ben's server": tried(lambda: get(f"{hub}/user/ben/api/contents")),
    "ben's port": tried(lambda: get(f"http://127.0.0.1:{other}/user/ben/api/contents")),
    "the proxy": tried(lambda: get(f"{PROXY}/api/routes")),
    "own server": tried(lambda: get(f"{hub}/user/ada/api/contents")),
}))
"""


@as_root
def test_one_learner_reaches_nothing_of_another_or_of_the_hub(hub, learners):
    with_port = {name: one_listening(hub, name) for name in ("ada", "ben")}
    names = {
        "FOLDER": str(hub.folder), "HUB": hub.address, "PID": the_hub(hub).pid,
        "OTHER": with_port["ben"][1], "BEN": with_port["ben"][0].pid,
        "PROXY": re.search(r"api_url = '(\S+)'", hub.see("jupyterhub_config.py").read_text())[1],
    }  # fmt: skip
    found = ask(learners["ada"], "".join(f"{k} = {v!r}\n" for k, v in names.items()) + TRIES)
    assert found.pop("own server") == "200", "the tries themselves work"
    assert {name: found.pop(name) for name in ("users", "ben's account")} == {
        "users": "HTTPError 403", "ben's account": "HTTPError 404",
    }  # fmt: skip
    # The proxy answers whoever has its token; ada's is another.
    assert {found.pop(name) for name in ("ben's server", "ben's port", "the proxy")} == {
        "HTTPError 403"
    }
    assert set(found.values()) <= {"PermissionError", "OSError"}, found


def one_listening(hub, name):
    """Return a learner's server process and its port."""
    number = class_server.USERS[name]
    for each in psutil.Process(hub.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if each.uids().real == number and "jupyterhub.singleuser" in each.cmdline():
                ports = [c.laddr.port for c in each.net_connections() if c.status == "LISTEN"]
                return each, ports[0]
    raise AssertionError(f"{name} has no server")


def the_hub(hub):
    for each in psutil.Process(hub.process.pid).children():
        if "jupyterhub" in each.cmdline():
            return each
    raise AssertionError("no hub")


@as_root
def test_a_page_of_another_learner_is_refused_in_the_browser_too(hub, learners):
    page = learners["ada"].page.context.new_page()
    assert page.goto(f"{hub.address}/user/ben/lab").status in (403, 404)
    assert page.goto(f"{hub.address}/hub/admin").status == 403
    page.close()


@as_root
def test_an_instructor_sees_who_is_there_and_enters_no_server(hub, learners):
    session = at_the_hub(hub, "teacher")
    headers = {"Referer": f"{hub.address}/hub/home"}
    found = session.get(f"{hub.address}/hub/api/users", headers=headers).json()
    assert {user["name"] for user in found} == {"ada", "ben", "teacher"}
    assert session.get(f"{hub.address}/hub/admin").status_code == 200
    assert session.get(f"{hub.address}/user/ada/api/contents").status_code == 403


@as_root
def test_only_the_class_logs_in_and_only_with_the_right_password(hub):
    for name, password in (("ada", "ben-ben"), ("spark", "spark-spark"), ("root", "root")):
        with pytest.raises(AssertionError, match=f"{name}: 403"):
            at_the_hub(hub, name, password)


@as_root
def test_a_kernel_that_fills_memory_ends_its_own_cell_only(learners):
    code = """
import json
try:
    full = bytearray(3 << 30)
    told = "filled"
except MemoryError:
    told = "MemoryError"
import resource
print(json.dumps([told, resource.getrlimit(resource.RLIMIT_NPROC)[1]]))
"""
    assert ask(learners["ada"], code) == ["MemoryError", 2000]


@as_root
def test_the_class_shares_one_spark(hub, learners):
    code = """
import json
import coursekit as ck
spark = ck.spark("class", quiet=True)
spark.range(7).createOrReplaceTempView("kept_by_spark")
flights = spark.read.csv(str(ck.path("flights")), header=True)
print(json.dumps([type(spark).__module__, flights.count()]))
"""
    found = {name: ask(learner, code) for name, learner in learners.items()}
    assert found["ada"] == found["ben"]
    kind, rows = found["ada"]
    assert "connect" in kind and rows > 300_000
    owners = {
        each.username()
        for each in psutil.Process(hub.process.pid).children(recursive=True)
        if each.name() == "java"
    }
    numbers = {str(class_server.USERS["spark"]), "spark"}
    assert owners and owners <= numbers, "one Java, and it is neither root's nor a learner's"


@as_root
def test_a_restart_of_the_hub_loses_nobodys_work(hub, learners):
    for name, learner in learners.items():
        assert ask(learner, f"kept = {name!r}; print(1)") == 1
    before = [one_listening(hub, name)[0].pid for name in learners]
    hub.restart()
    assert [one_listening(hub, name)[0].pid for name in learners] == before
    for name, learner in learners.items():
        # Asked twice a second: at each frame, the default, two pages would be drawn all the time.
        learner.page.wait_for_function(READY, timeout=60 * SECOND, polling=500)
        assert ask(learner, "import json; print(json.dumps(kept))") == name
        assert ask(learner, "print(spark.table('kept_by_spark').count())") == 7
        type_into_the_first_exercise(learner, f"# by {name}, after the restart")
        learner.page.evaluate(SAVE)
        copy = hub.see(f"home/{name}/course/01-python-basics.ipynb")
        assert f"# by {name}, after the restart" in copy.read_text()


def type_into_the_first_exercise(learner, text):
    learner.page.evaluate(
        """([id, text]) => {
          const cells = window.jupyterapp.shell.currentWidget.content.widgets;
          const cell = cells.find(c => c.model.sharedModel.getId() === id);
          cell.model.sharedModel.setSource(text); }""",
        [lessons.chapter("01").exercises[0], text],
    )


@as_root
def test_an_update_in_mid_work_keeps_an_edited_copy_and_renews_an_untouched_one(hub, learners):
    edited, untouched = (lessons.chapter(number).path.name for number in ("01", "03"))
    home = hub.see("home/ben/course")
    type_into_the_first_exercise(learners["ben"], "mine = 'all my work'")
    learners["ben"].page.evaluate(SAVE)
    mine = (home / edited).read_text()
    assert "all my work" in mine
    for name in (edited, untouched):  # what `git pull` does
        shipped = hub.see(f"course/notebooks/{name}")
        content = json.loads(shipped.read_text())
        content["cells"][0]["source"] = "# A better title"
        shipped.write_text(json.dumps(content))
    assert (home / edited).read_text() == mine, "nothing happens under a learner's hands"

    session = log_in_by_http(hub, "ben")
    stop_server(hub, session, "ben")
    wait_for_server(hub, session, "ben")
    assert (home / edited).read_text() == mine
    assert "# A better title" in (home / untouched).read_text()
    page = session.get(f"{hub.address}/user/ben/coursekit/home").json()["html"]
    assert "Improved since you began: 01-python-basics. " in page
