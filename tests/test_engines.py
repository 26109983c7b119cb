"""Spark beyond one process: engines started, used, broken and ended. Every server is a real one.

A worker that dies in the middle of a job is a lesson of chapter 08, which runs as a test itself.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict

import psutil
import pytest

from coursekit.engines import Driver, background, spark_cluster
from coursekit.ground import memory
from coursekit.ground.errors import CourseError
from coursekit.spark_session import clusters, prepare_archive, s3a, settings

PATIENCE = 60
COMMAND = [sys.executable, "-m", "classkit.cli", "engines"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache folder with Spark's archive, and engines of its own."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "spark").mkdir()
    archive = prepare_archive()
    (folder / "spark" / archive.name).symlink_to(archive)
    return folder


def run(cache, *arguments, **environ):
    return subprocess.run(
        [*COMMAND, *arguments],
        env=os.environ | {"COURSEKIT_CACHE": str(cache)} | environ,
        capture_output=True,
        text=True,
        timeout=300,
    )


def python(code, cache, **environ):
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"COURSEKIT_CACHE": str(cache)} | environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def setting(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1].removeprefix("COURSEKIT_SPARK=")


def complaint(done):
    """Return the two lines of an error, and see that there are no others."""
    assert done.returncode == 1
    news = ("Starting", "Fetching")
    lines = [line for line in done.stderr.splitlines() if not line.startswith(news)]
    assert len(lines) == 2 and lines[1].startswith("   → "), done.stderr
    return "\n".join(lines)


def until(true, *, message):
    limit = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < limit, message
        time.sleep(0.1)


def gone(*pids):
    until(lambda: not any(_runs(pid) for pid in pids), message=f"{pids} still run")


def _runs(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def addresses(pid):
    """Return where a process listens, with Java's IPv6 form of IPv4 addresses undone."""
    found = psutil.Process(pid).net_connections("inet")
    return {c.laddr.ip.removeprefix("::ffff:") for c in found if c.status == psutil.CONN_LISTEN}


@pytest.fixture(scope="module")
def cluster(cache):
    """A cluster in the background: its address, and what its keeper wrote."""
    where = setting(run(cache, "start", "spark-cluster", "--workers", "2"))
    yield where, background.read_state(cache / "engines" / "spark-cluster")
    run(cache, "stop", "spark-cluster")


def test_a_cluster_listens_on_loopback_only_and_is_shown(cluster, cache):
    where, state = cluster
    assert where.startswith("spark://127.0.0.1:")
    assert [server.name for server in state.servers] == ["master", "worker-0", "worker-1"]
    for server in state.servers:
        assert addresses(server.pid) == {"127.0.0.1"}
    shown = run(cache, "status").stdout.splitlines()
    assert len(shown) == 3
    for line, server in zip(shown, state.servers, strict=True):
        assert server.name in line and "✔ runs" in line and server.pages in line


def test_a_second_one_is_refused_with_the_address_of_the_first(cluster, cache):
    assert cluster[0] in complaint(run(cache, "start", "spark-cluster"))


DRIVER = """
import coursekit as ck
spark = ck.spark("driver")
print(spark.sparkContext.parallelize(range(100), 8).map(lambda n: n * n).sum(), flush=True)
input()
"""


def test_a_driver_that_is_killed_leaves_the_cluster_to_the_next(cluster, cache):
    where, state = cluster
    driver = python(DRIVER, cache, COURSEKIT_SPARK=where)
    assert driver.stdout.readline() == "328350\n"
    executors = [
        child.pid
        for server in state.servers
        for child in psutil.Process(server.pid).children(recursive=True)
        if "CoarseGrainedExecutorBackend" in " ".join(child.cmdline())
    ]
    assert len(executors) == 2
    for pid in executors:
        assert addresses(pid) == {"127.0.0.1"}
    java = [child.pid for child in psutil.Process(driver.pid).children(recursive=True)]
    driver.kill()
    driver.wait()
    gone(*executors, *java)

    def is_free():
        with urllib.request.urlopen(f"{state.servers[0].pages}/json/") as answer:
            told = json.load(answer)
        return told["activeapps"] == [] and told["coresused"] == 0

    until(is_free, message="the master still counts the application")


def test_a_broken_cluster_is_shown_and_ends_with_its_keeper(cluster, cache):
    # The last test of this cluster: it breaks it.
    _, state = cluster
    os.kill(state.servers[0].pid, signal.SIGKILL)
    until(lambda: "master     ✘ dead" in run(cache, "status").stdout, message="master lives")
    os.kill(state.keeper.pid, signal.SIGKILL)
    gone(*(server.pid for server in state.servers))
    folder = cache / "engines" / "spark-cluster"
    until(lambda: not folder.exists(), message="its folder stays")
    assert run(cache, "status").stdout.startswith("No engine runs.")
    assert run(cache, "stop", "spark-cluster").stdout == "No spark-cluster was running.\n"


def test_a_cluster_of_a_kernel_ends_when_the_kernel_is_killed(cache):
    code = """
import coursekit as ck, os
cluster = ck.engines.spark_cluster(workers=1)
print(cluster._engine.folder, *cluster._workers, cluster._engine.children["master"].pid, flush=True)
input()
"""
    kernel = python(code, cache)
    folder, *pids = kernel.stdout.readline().split()
    assert len(pids) == 2 and os.path.isdir(folder)
    kernel.kill()
    kernel.wait()
    gone(*map(int, pids))
    until(lambda: not os.path.exists(folder), message="its folder stays")


CLIENT = """
import coursekit as ck
from pyspark.sql import functions as F
spark = ck.spark("client")
double = F.udf(lambda n: 2 * n, "long")
print(type(spark).__module__, spark.range(5).select(F.sum(double("id"))).first()[0], flush=True)
print(spark.conf.get("spark.sql.shuffle.partitions"), flush=True)
try:
    ck.views.explore_stages(spark)
except ck.CourseError as error:
    print(error.what)
"""


CLASSIC = """
import coursekit as ck
spark = ck.spark("inside", classic=True)
context = spark.sparkContext
print(context.master, context.parallelize(range(10)).sum(), ck.spark() is spark)
"""


def test_spark_connect_serves_a_client_without_java(cache):
    where = setting(run(cache, "start", "spark-connect"))
    state = background.read_state(cache / "engines" / "spark-connect")
    assert where.startswith("sc://127.0.0.1:")
    assert addresses(state.servers[0].pid) == {"127.0.0.1"}
    client = python(CLIENT, cache, COURSEKIT_SPARK=where, JAVA_HOME="/nowhere")
    said, _ = client.communicate(timeout=200)
    assert said.splitlines() == [
        "pyspark.sql.connect.session 20",
        "4",
        "This session belongs to Spark Connect, which keeps the records of its jobs to itself.",
    ]
    own = python(CLASSIC, cache, COURSEKIT_SPARK=where)
    said, _ = own.communicate(timeout=200)
    assert said.splitlines() == [
        f"{where} has no RDDs: this session is one of this machine's own (local[1]).",
        "local[1] 45 True",
    ]
    assert run(cache, "stop", "spark-connect").stdout == "spark-connect is stopped.\n"
    gone(state.keeper.pid, state.servers[0].pid)


def test_ctrl_c_in_the_middle_of_a_start_leaves_nothing(cache):
    folder = cache / "engines" / "spark-cluster"
    command = subprocess.Popen(
        [*COMMAND, "start", "spark-cluster"],
        env=os.environ | {"COURSEKIT_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until((folder / "master.log").exists, message="no start")
    family = [child.pid for child in psutil.Process(command.pid).children(recursive=True)]
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=PATIENCE)
    assert command.returncode == 130 and "Stopped by Ctrl-C." in said
    assert family
    gone(*family)
    assert not folder.exists()


def test_a_taken_port_and_an_unknown_engine_are_named(cache):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert port in complaint(run(cache, "start", "spark-cluster", "--port", port))
    assert "spark-connect" in complaint(run(cache, "stop", "kafka"))
    limit = time.monotonic() + 20  # whoever guarded it removes its folder, and ends last
    while (cache / "engines" / "spark-cluster").exists():
        assert time.monotonic() < limit
        time.sleep(0.1)


def test_without_java_nothing_starts(cache):
    assert "JAVA_HOME" in complaint(run(cache, "start", "spark-connect", JAVA_HOME="/nowhere"))


def test_a_cluster_larger_than_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 2 * memory.GIB)
    with pytest.raises(CourseError, match=r"needs 2\.7 GiB, and 2\.0 GiB"):
        spark_cluster(workers=2)


@pytest.mark.parametrize(
    ("asked", "tells"), [({"workers": 0}, "0 workers"), ({"cores": 0}, "0 cores")]
)
def test_a_cluster_that_could_do_nothing_is_refused(asked, tells):
    with pytest.raises(CourseError, match=tells):
        spark_cluster(**asked)
    with pytest.raises(CourseError, match="512 MiB are too little"):
        spark_cluster(memory_mib=512)


def test_a_program_is_read_goes_on_and_ends(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import os, sys\n"
        "print('http://127.0.0.1:1', flush=True)\n"
        "print(os.environ['COURSEKIT_SPARK'], *sys.argv[1:], flush=True)\n"
        "input()\nprint('gone on', flush=True)\ninput()\nprint('last words')\n"
    )
    driver = Driver(program, tmp_path.name, 7, url="spark://x:1")
    assert (driver.pages, driver.read()) == ("http://127.0.0.1:1", f"spark://x:1 {tmp_path.name} 7")
    driver.go()
    assert driver.read() == "gone on"
    assert driver.end() == "last words"
    with pytest.raises(CourseError, match=r"has ended \(exit code 0\)"):
        driver.wait_for(lambda: False)


def test_a_program_that_fails_at_once_is_named(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("raise SystemExit(3)")
    with pytest.raises(CourseError, match=r"has ended \(exit code 3\)"):
        Driver(program, url="spark://x:1")


def test_a_state_of_another_version_is_read_as_far_as_it_is_known(tmp_path):
    own = background.Server("keeper", 1, 2.0)
    state = background.State("spark-cluster", "spark://x:1", own, [own])
    file = tmp_path / "state.json"
    file.write_text(json.dumps(asdict(state) | {"new": 1}))
    assert background.read_state(tmp_path) == state
    file.write_text('{"kind": "spark')
    assert background.read_state(tmp_path) is None


# Clusters on other machines: what Spark would be told. None is started here.


def test_a_cluster_that_does_not_answer_is_named_at_once():
    started = time.monotonic()
    with pytest.raises(CourseError) as caught:
        clusters.require_answer("spark://127.0.0.1:1,127.0.0.1:2")
    assert "127.0.0.1:1 (" in caught.value.what and "127.0.0.1:2 (" in caught.value.what
    assert "engines start" in caught.value.mend
    assert time.monotonic() - started < PATIENCE


def test_the_driver_of_a_far_cluster_is_found_by_its_executors(tmp_path):
    far = settings.spark_options("spark://far.example:7077", tmp_path)
    assert far["spark.driver.host"] == far["spark.driver.bindAddress"] == socket.gethostname()
    near = settings.spark_options("spark://127.0.0.1:7077", tmp_path)
    assert near["spark.driver.host"] == near["spark.driver.bindAddress"] == "127.0.0.1"
    named = clusters.options("spark://far.example:7077", {clusters.DRIVER: "10.1.2.3"})
    assert named["spark.driver.host"] == "10.1.2.3"


def test_yarn_needs_the_configuration_of_hadoop(tmp_path):
    with pytest.raises(CourseError, match="HADOOP_CONF_DIR is None"):
        clusters.options("yarn", {})
    with pytest.raises(CourseError, match=r"no yarn-site\.xml"):
        clusters.options("yarn", {"HADOOP_CONF_DIR": str(tmp_path)})
    (tmp_path / "yarn-site.xml").write_text("<configuration/>")
    environ = {"HADOOP_CONF_DIR": str(tmp_path)}
    assert clusters.options("yarn", environ)["spark.submit.deployMode"] == "client"
    assert clusters.class_path("yarn", environ) == [str(tmp_path)]


def test_kubernetes_needs_an_image():
    where = "k8s://https://10.0.0.1:6443"
    with pytest.raises(CourseError, match="COURSEKIT_SPARK_IMAGE"):
        clusters.options(where, {})
    told = clusters.options(where, {clusters.IMAGE: "registry.example/spark:4.3"})
    assert told["spark.kubernetes.container.image"] == "registry.example/spark:4.3"


@pytest.mark.parametrize("manager", ["yarn", "kubernetes"])
def test_the_installed_spark_knows_the_cluster_manager(manager):
    assert list((settings.spark_home() / "jars").glob(f"spark-{manager}_*.jar"))


# S3A, fetched from a Maven repository where one can be reached.

READER = """
import boto3
import coursekit as ck
ck.cloud.aws()
s3 = boto3.client("s3")
s3.create_bucket(Bucket="course-s3a")
s3.put_object(Bucket="course-s3a", Key="in.csv", Body=b"a,b\\n1,2\\n3,4\\n")
spark = ck.spark("s3a")
table = spark.read.csv("s3a://course-s3a/in.csv", header=True, inferSchema=True)
table.write.parquet("s3a://course-s3a/out")
keys = [one["Key"] for one in s3.list_objects_v2(Bucket="course-s3a")["Contents"]]
print(sum(row.a for row in spark.read.parquet("s3a://course-s3a/out").collect()), len(keys))
"""


@pytest.mark.network
def test_spark_reads_and_writes_s3_itself_once_its_connector_is_fetched(cache):
    done = run(cache, "install", "s3a")
    if done.returncode:  # no Maven repository, as with the network closed
        said = complaint(done)
        assert "S3A could not be fetched" in said and "Connect to the network" in said
        assert not list((cache / "jars").glob("*s3a-*/"))
        return
    assert "MB. Sessions that start from now on read s3a://" in done.stdout
    reader = python(READER, cache)
    said, _ = reader.communicate(timeout=200)
    total, keys = said.split()
    assert total == "4" and int(keys) >= 3  # the table, a part, and the mark of success


def test_s3a_is_led_to_the_course_own_s3_only(tmp_path, monkeypatch):
    monkeypatch.setattr(s3a, "jars", lambda: [tmp_path / "hadoop-aws.jar"])
    own = {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "AWS_ACCESS_KEY_ID": "embedded"}
    told = s3a.options("local[*]", own)
    assert told["spark.hadoop.fs.s3a.endpoint"] == "http://127.0.0.1:5000"
    assert told["spark.hadoop.fs.s3a.connection.ssl.enabled"] == "false"
    assert s3a.options("local[*]", {}) == {}
    assert list(s3a.options("spark://127.0.0.1:7077", {})) == ["spark.jars"]


def test_the_connector_is_for_the_installed_hadoop(monkeypatch, tmp_path):
    monkeypatch.setattr(s3a.maven, "fetch", lambda lock, what: ["fetched"])
    assert s3a.install() == ["fetched"]
    monkeypatch.setattr(settings, "jars", lambda: [tmp_path / "hadoop-client-api-9.9.9.jar"])
    with pytest.raises(CourseError, match=r"with Hadoop 9\.9\.9") as caught:
        s3a.install()
    assert "PySpark of requirements.lock" in caught.value.mend
