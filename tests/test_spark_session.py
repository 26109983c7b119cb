"""The Spark session as learners meet it: in processes and kernels, ended in many ways."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from coursekit.ground import memory
from coursekit.ground.errors import CourseError
from coursekit.ground.java import find_java
from coursekit.spark_session import archive, prepare_archive, settings
from tests.test_java import make_java

PATIENCE = 60

START = """
import json, os, sys
import coursekit as ck
from coursekit.spark_session import session
spark = ck.spark("first")

def tell(**more):
    gateway = session._gateway
    about = {"pid": gateway.child.pid, "folder": str(gateway.folder)}
    print(json.dumps(about | {"ui": spark.sparkContext.uiWebUrl} | more), flush=True)
"""


@pytest.fixture(scope="module", autouse=True)
def ready():
    """Every session here starts with the archive, as after 'make lab'."""
    return prepare_archive()


def python(code, cwd, **environ):
    """Start Python on the code, with an environment of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", START + code],
        cwd=cwd,
        env=os.environ | environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process):
    """Wait for the end; return what was told and the lines on standard error."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()], err


def gone(told):
    """Tell whether Java and its folder are gone, after at most `PATIENCE` seconds."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        if not psutil.pid_exists(told["pid"]) and not Path(told["folder"]).exists():
            return True
        time.sleep(0.1)
    return False


def test_a_session_works_says_nothing_and_leaves_nothing(tmp_path):
    code = """
from pyspark.sql import functions as F
twice = F.udf(lambda n: 2 * n, "long")
total = spark.range(1000).select(F.sum(twice("id"))).first()[0]
words = spark.sparkContext.parallelize(["a", "b", "a"]).countByValue()
spark.createDataFrame([(1, "x")], ["n", "s"]).write.saveAsTable("kept")
import psutil
java = psutil.Process(session._gateway.child.pid)
listens = [c.laddr.ip for c in java.net_connections("inet") if c.status == psutil.CONN_LISTEN]
python_ = spark.sparkContext.parallelize([0]).map(lambda _: sys.executable).first()
maps = open(f"/proc/{session._gateway.child.pid}/maps").read()
tell(total=total, archive=".jsa" in maps, words=dict(words), listens=listens, python=python_,
     same=python_ == sys.executable)
"""
    [told], err = finish(
        python(
            code,
            tmp_path,
            # What a learner's machine may have set must not matter.
            PYSPARK_PYTHON="/nowhere/python",
            SPARK_HOME="/nowhere/spark",
            SPARK_REMOTE="",
            http_proxy="http://127.0.0.1:9",
            https_proxy="http://127.0.0.1:9",
        )
    )
    assert told["total"] == 999_000
    assert told["words"] == {"a": 2, "b": 1}
    assert told["same"], told["python"]
    assert told["archive"]
    # Java writes IPv4 addresses in their IPv6 form, too.
    assert len(told["listens"]) >= 3
    assert {ip.removeprefix("::ffff:") for ip in told["listens"]} == {"127.0.0.1"}
    assert told["ui"].startswith("http://127.0.0.1:")
    assert err == ""
    assert gone(told)
    assert list(tmp_path.iterdir()) == []


def test_one_session_per_kernel_stopped_and_started_again_even_after_java_died():
    code = """
assert ck.spark("second") is spark
tell(app=spark.sparkContext.appName)
os.killpg(0, 2)  # Ctrl-C reaches Python, and must not reach Java.
"""
    code = code.replace("os.killpg(0, 2)", "interrupted = False\ntry:\n    os.killpg(0, 2)")
    code += """
    import time; time.sleep(5)
except KeyboardInterrupt:
    interrupted = True
assert interrupted and spark.range(7).count() == 7
spark.stop()
spark = ck.spark("third")
tell(app=spark.sparkContext.appName, count=spark.range(5).count())
session._gateway.child.process.kill()
session._gateway.child.process.wait()
spark = ck.spark("fourth")
tell(app=spark.sparkContext.appName, count=spark.range(6).count())
"""
    told, err = finish(python(code, Path.cwd()))
    assert [each["app"] for each in told] == ["first", "third", "fourth"]
    assert [each.get("count") for each in told] == [None, 5, 6]
    assert told[0]["pid"] == told[1]["pid"] != told[2]["pid"]
    assert err == ""
    assert all(gone(each) for each in told)


def test_no_java_outlives_a_python_that_is_killed_in_a_job(tmp_path):
    code = """
import threading, time
if os.fork() == 0:
    time.sleep(300)  # A forked child (a pool's worker) lives on; it must not keep Java alive.
    os._exit(0)
def slow(n):
    time.sleep(60)
job = spark.sparkContext.parallelize(range(4)).map(slow)
threading.Thread(target=job.count, daemon=True).start()
time.sleep(2)
tell()
time.sleep(300)
"""
    process = python(code, tmp_path)
    told = json.loads(process.stdout.readline())
    assert psutil.pid_exists(told["pid"])
    child = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    try:
        assert gone(told)
    finally:
        for each in child:
            if each.is_running():
                each.kill()


def test_two_at_once_where_nothing_can_be_written(tmp_path):
    # Nobody can write in /proc, not even root.
    both = [python("tell(count=spark.range(9).count())", "/proc") for _ in range(2)]
    told = [finish(process)[0][0] for process in both]
    assert [each["count"] for each in told] == [9, 9]
    assert told[0]["ui"] != told[1]["ui"]
    assert told[0]["pid"] != told[1]["pid"]


def test_an_archive_cut_in_half_does_no_harm(tmp_path, ready):
    file = tmp_path / "spark" / ready.name
    file.parent.mkdir()
    with ready.open("rb") as whole:
        file.write_bytes(whole.read(ready.stat().st_size // 2))
    code = "tell(count=spark.range(9).count())"
    [told], err = finish(python(code, tmp_path, COURSEKIT_CACHE=str(tmp_path)))
    assert told["count"] == 9
    assert err == ""


def test_a_damaged_archive_is_thrown_away(tmp_path, ready):
    file = tmp_path / "spark" / ready.name
    file.parent.mkdir()
    whole = bytearray(ready.read_bytes())
    whole[1 << 20 :] = bytes(len(whole) - (1 << 20))
    file.write_bytes(whole)
    code = "tell(count=spark.range(9).count())"
    [told], _ = finish(python(code, tmp_path, COURSEKIT_CACHE=str(tmp_path)))
    assert told["count"] == 9 and not file.exists()


def test_a_java_that_dies_is_named_with_its_last_words(tmp_path):
    home = make_java(tmp_path / "java", "21.0.1", says="Error: no such thing as a JVM here")
    code = START.replace('spark = ck.spark("first")', "from coursekit.spark_session import spark\n")
    code += "try:\n    spark()\nexcept ck.CourseError as error:\n    print(json.dumps(str(error)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"JAVA_HOME": str(home), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    what, mend = json.loads(done.stdout).splitlines()
    assert "code 3" in what
    assert "no such thing as a JVM here" in what
    assert "coursekit doctor" in mend
    assert not list(tmp_path.glob("coursekit-spark-*"))


def test_an_archive_that_cannot_be_made_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(make_java(tmp_path / "java", "21.0.1")))
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(CourseError, match="could not be made"):
        prepare_archive()
    assert {f.suffix for f in (tmp_path / "cache" / "spark").iterdir()} == {".lock"}


def test_a_cache_that_cannot_be_written_is_named(monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", "/proc/nowhere")
    assert archive.find(find_java()) is None
    with pytest.raises(CourseError, match=r"which only makes it faster, could not be made"):
        prepare_archive()


@pytest.mark.parametrize(
    "chosen",
    [
        *("", "local", "local[*]", "local[16]", "yarn", "k8s://https://10.0.0.1:6443"),
        *("spark://host:7077", "spark://a:7077,b:7077", "sc://host", "sc://host:15002/;token=x"),
    ],
)
def test_places_where_spark_can_run(chosen):
    assert settings.master({"COURSEKIT_SPARK": chosen}) == (chosen or "local[*]")


@pytest.mark.parametrize(
    "chosen", ["local[0]", "local[two]", "spark://host", "sc:/host", "mesos://host:1", "Local"]
)
def test_an_unknown_master_is_refused(chosen):
    with pytest.raises(CourseError) as caught:
        settings.master({"COURSEKIT_SPARK": chosen})
    assert repr(chosen) in caught.value.what
    assert "local[2]" in caught.value.mend


@pytest.mark.parametrize(
    ("available", "heap"), [(1024, 512), (2048, 819), (4096, 1638), (64 * 1024, 2048)]
)
def test_the_heap_fits_the_machine(available, heap):
    assert settings.heap(available * memory.MIB) // memory.MIB == heap


def test_too_little_memory_is_refused():
    with pytest.raises(CourseError, match=r"Spark needs 1 GiB .* 0\.98 GiB"):
        settings.heap(1000 * memory.MIB)


CELLS = [
    "import time\nimport coursekit as ck\nspark = ck.spark('flights')",
    "spark.range(10).count()",
    "def slow(n):\n    time.sleep(0.4)\n    return n\n"
    "spark.sparkContext.parallelize(range(12), 12).map(slow).sum()",
    "time.sleep(1.5)  # Slow, and no work for Spark.",
]


def run_notebook(folder, **environ):
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    seen = []
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    keep = client.process_message
    client.process_message = lambda message, *rest: (seen.append(message), keep(message, *rest))[1]
    client.execute(env=os.environ | environ)
    return notebook, seen


def test_a_notebook_run_by_a_machine_keeps_nothing_that_differs(tmp_path):
    notebook, _ = run_notebook(tmp_path)
    [link] = notebook.cells[0].outputs
    assert link.data["text/plain"].startswith("Spark is ready: flights.")
    # The link itself is in the widget, so that a reader of the stored notebook sees it, too.
    assert "http://127.0.0.1:" in json.dumps(notebook.metadata.widgets)
    assert "127.0.0.1" not in json.dumps(notebook.cells)
    assert [len(cell.outputs) for cell in notebook.cells] == [1, 1, 1, 0]


def test_a_person_sees_the_progress_of_a_slow_job_in_its_cell(tmp_path):
    notebook, seen = run_notebook(tmp_path, JPY_SESSION_NAME="opened.ipynb", COURSEKIT_STRICT="")
    assert notebook.cells[3].outputs == []
    bar, result = notebook.cells[2].outputs
    assert bar.data["text/plain"].startswith("Spark: done")
    assert result.data["text/plain"] == "66"
    shown = [
        message["content"]["data"]["text/plain"]
        for message in seen
        if message["msg_type"] in ("display_data", "update_display_data")
    ]
    assert any("of 12 tasks" in words for words in shown), shown


def test_java_ends_when_the_kernel_is_restarted(tmp_path):
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(tmp_path))
    try:
        told = run_in_kernel(manager)
        manager.restart_kernel(now=True)
        assert gone(told)
        told = run_in_kernel(manager)
        manager.shutdown_kernel()
        assert gone(told)
    finally:
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)


def run_in_kernel(manager):
    """Start Spark in a kernel and return what it tells."""
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    told = []

    def hook(message):
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            told.append(message["content"]["text"])

    client.execute_interactive(START + "tell()", timeout=120, output_hook=hook)
    client.stop_channels()
    return json.loads("".join(told))


def test_a_kernel_ended_by_a_signal_takes_java_along(tmp_path):
    process = python("tell()\nimport time; time.sleep(300)", tmp_path)
    told = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)
    assert gone(told)
