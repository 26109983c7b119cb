"""The embedded object stores of Azure and Google Cloud, and all three clouds side by side."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient
from google.cloud import storage

import coursekit as ck
from coursekit.cloud import azurite, sdk_guard

BYTES = os.urandom(1 << 20) * 5


@pytest.fixture
def blob():
    cloud = ck.cloud.azure_blob()
    yield cloud
    cloud.stop()


@pytest.fixture
def google():
    cloud = ck.cloud.google_storage()
    yield cloud
    cloud.stop()


def azure_client():
    return BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"])


def answers(endpoint):
    address = urlsplit(endpoint)
    try:
        socket.create_connection((address.hostname, address.port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def gone(endpoint):
    deadline = time.monotonic() + 10
    while answers(endpoint):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def digest(data):
    return hashlib.sha256(data).hexdigest()


# Reaching them


def test_azure_gives_back_what_it_got(blob):
    container = azure_client().create_container("flights")
    container.upload_blob("2013/flights.csv", BYTES)
    assert digest(container.download_blob("2013/flights.csv").readall()) == digest(BYTES)
    assert [b.name for b in container.list_blobs()] == ["2013/flights.csv"]


def test_google_gives_back_what_it_got(google):
    bucket = storage.Client().create_bucket("flights")
    bucket.blob("2013/flights.csv").upload_from_string(BYTES)
    assert digest(bucket.blob("2013/flights.csv").download_as_bytes()) == digest(BYTES)
    assert [b.name for b in storage.Client().list_blobs("flights")] == ["2013/flights.csv"]


def test_google_serves_two_open_streams(google):
    bucket = storage.Client().create_bucket("flights")
    for name in "ab":
        bucket.blob(name).upload_from_string(BYTES)
    first, second = (
        requests.get(f"{google.endpoint}/flights/{name}", stream=True, timeout=10) for name in "ab"
    )
    assert digest(second.content) == digest(first.content) == digest(BYTES)


def test_google_takes_writes_from_many_threads(google):
    bucket = storage.Client().create_bucket("many")

    def write(number):
        for i in range(10):
            bucket.blob(f"{number}/{i}").upload_from_string(b"x")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(storage.Client().list_blobs("many"))) == 80


AZURE_STRANGER = """
import sys
from azure.storage.blob import BlobServiceClient
container = BlobServiceClient.from_connection_string(sys.argv[1]).create_container("outside")
container.upload_blob("a", b"from outside")
print(container.download_blob("a").readall().decode())
"""
GOOGLE_STRANGER = """
import sys
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
client = storage.Client("p", AnonymousCredentials(), client_options={"api_endpoint": sys.argv[1]})
bucket = client.create_bucket("outside")
bucket.blob("a").upload_from_string("from outside")
print(bucket.blob("a").download_as_text())
"""


def stranger(*command):
    """Run a program that knows the address and nothing of the course, not even its variables."""
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AZURE_", "STORAGE_"))}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    done = subprocess.run(
        [sys.executable, *command], env=bare | keys, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_independent_azure_client_reaches_it(blob):
    assert stranger("-c", AZURE_STRANGER, blob.connection_string) == "from outside"
    assert azure_client().get_blob_client("outside", "a").download_blob().readall()


def test_an_independent_google_client_reaches_it(google):
    assert stranger("-c", GOOGLE_STRANGER, google.endpoint) == "from outside"
    assert storage.Client().bucket("outside").blob("a").download_as_text() == "from outside"


def test_the_aws_command_line_reaches_the_aws(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("from outside")
    cloud = ck.cloud.aws()
    aws = "-m", "awscli", "--endpoint-url", cloud.endpoint, "--region", "us-east-1"
    try:
        stranger(*aws, "s3api", "create-bucket", "--bucket", "outside")
        stranger(*aws, "s3", "cp", str(file), "s3://outside/a")
        assert stranger(*aws, "s3", "cp", "s3://outside/a", "-") == "from outside"
        query = "--query", "Regions[0].RegionName", "--output", "text"
        assert "-" in stranger(*aws, "ec2", "describe-regions", *query)
    finally:
        cloud.stop()


def test_azure_wants_its_key(blob):
    other = blob.connection_string.replace(blob.key, "A" * len(blob.key.rstrip("=")) + "==")
    with pytest.raises(HttpResponseError):
        BlobServiceClient.from_connection_string(other, retry_total=0).create_container("x-1")


def test_pyarrow_reads_and_writes_in_all_three(blob, google):
    from datetime import timedelta

    import boto3
    from pyarrow import fs

    aws = ck.cloud.aws()
    try:
        boto3.client("s3").create_bucket(Bucket="flights")
        azure_client().create_container("flights")
        storage.Client().create_bucket("flights")
        where = [urlsplit(cloud.endpoint).netloc for cloud in (aws, blob, google)]
        stores = [
            fs.S3FileSystem(
                endpoint_override=where[0], scheme="http", access_key="a", secret_key="b"
            ),
            fs.AzureFileSystem(
                blob.account, account_key=blob.key,
                blob_storage_authority=where[1], blob_storage_scheme="http",
                dfs_storage_authority=where[1], dfs_storage_scheme="http",
            ),
            fs.GcsFileSystem(
                anonymous=True, endpoint_override=where[2], scheme="http",
                retry_time_limit=timedelta(seconds=5),
            ),
        ]  # fmt: skip
        for store in stores:
            with store.open_output_stream("flights/2013/a.csv") as out:
                out.write(BYTES)
            # Random access: pyarrow holds the interpreter here; a server in it could not answer.
            with store.open_input_file("flights/2013/a.csv") as file:
                assert file.size() == len(BYTES)
                assert file.read_at(10, 5) == BYTES[5:15]
        # Without an address: variables lead these two here. The rest of pyarrow needs addresses.
        for store, path in (
            fs.FileSystem.from_uri("s3://flights/2013/a.csv"),
            (fs.GcsFileSystem(anonymous=True), "flights/2013/a.csv"),
        ):
            assert store.get_file_info(path).size == len(BYTES)
    finally:
        aws.stop()


# Staying on this machine


@pytest.mark.network
def test_the_azure_sdk_is_refused_another_host(blob):
    with pytest.raises(ck.CourseError, match=r"x\.blob\.core\.windows\.net"):
        BlobServiceClient("https://x.blob.core.windows.net").get_service_properties()
    # TEST-NET-1 (RFC 5737): nobody answers there, so only the guard can end this at once.
    far = blob.connection_string.replace("127.0.0.1", "192.0.2.1")
    with pytest.raises(ck.CourseError, match=r"192\.0\.2\.1"):
        BlobServiceClient.from_connection_string(far).create_container("x-1")


@pytest.mark.network
def test_the_google_sdk_is_refused_another_host(google):
    from google.auth.credentials import AnonymousCredentials

    for host in ("https://storage.googleapis.com", "http://192.0.2.1"):
        client = storage.Client(
            credentials=AnonymousCredentials(), client_options={"api_endpoint": host}
        )
        with pytest.raises(ck.CourseError, match=urlsplit(host).hostname.replace(".", r"\.")):
            client.create_bucket("x-1")


@pytest.mark.network
def test_a_client_made_before_the_cloud_is_refused_too():
    client = BlobServiceClient("https://x.blob.core.windows.net")
    cloud = ck.cloud.azure_blob()
    try:
        with pytest.raises(ck.CourseError):
            client.get_service_properties()
    finally:
        cloud.stop()


@pytest.mark.network
def test_a_redirect_off_this_machine_is_refused(google):
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", "http://192.0.2.1/")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}"
    try:
        with pytest.raises(ck.CourseError, match=r"192\.0\.2\.1"):
            storage.Client(client_options={"api_endpoint": here}).get_bucket("x-1")
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.network
def test_the_azure_sdk_is_refused_another_host_by_async_clients_too(blob):
    import asyncio

    from azure.core.pipeline.transport import AsyncioRequestsTransport
    from azure.storage.blob.aio import BlobServiceClient as AsyncClient

    async def ask():
        client = AsyncClient(
            "https://x.blob.core.windows.net", transport=AsyncioRequestsTransport()
        )
        async with client:
            await client.get_service_properties()

    with pytest.raises(ck.CourseError, match=r"x\.blob\.core\.windows\.net"):
        asyncio.run(ask())


def test_the_sdks_are_as_before_when_the_clouds_stop():
    from azure.core.pipeline.transport import RequestsTransport
    from google.auth.transport.requests import AuthorizedSession

    before = RequestsTransport.send, vars(AuthorizedSession).get("send")
    clouds = ck.cloud.azure_blob(), ck.cloud.google_storage()
    assert (RequestsTransport.send, vars(AuthorizedSession).get("send")) != before
    for cloud in clouds:
        cloud.stop()
    assert (RequestsTransport.send, vars(AuthorizedSession).get("send")) == before


@pytest.mark.network
def test_the_guard_stays_until_the_last_who_asked_is_done(blob):
    sdk_guard.azure.install()
    sdk_guard.azure.remove()
    with pytest.raises(ck.CourseError):
        BlobServiceClient("https://x.blob.core.windows.net").get_service_properties()


@pytest.mark.parametrize("start", ["azure_blob", "google_storage"])
def test_they_listen_on_loopback_only(start):
    cloud = getattr(ck.cloud, start)()
    try:
        listening = [
            (c.laddr.ip, c.laddr.port)
            for c in psutil.Process(cloud._child.pid).net_connections("inet")
            if c.status == psutil.CONN_LISTEN
        ]
        assert listening == [("127.0.0.1", urlsplit(cloud.endpoint).port)]
    finally:
        cloud.stop()


@pytest.mark.parametrize("start", ["azure_blob", "google_storage"])
def test_settings_of_the_learner_are_set_aside_and_come_back(start, monkeypatch):
    own = {
        "AZURE_STORAGE_CONNECTION_STRING": "real", "AZURE_STORAGE_KEY": "real",
        "GOOGLE_CLOUD_PROJECT": "real", "GOOGLE_APPLICATION_CREDENTIALS": "/real.json",
        "NO_PROXY": "example.org", "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }  # fmt: skip
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    cloud = getattr(ck.cloud, start)()
    try:
        if start == "azure_blob":
            azure_client().create_container("flights")
            assert "AZURE_STORAGE_KEY" not in os.environ
        else:
            storage.Client().create_bucket("flights")
            assert "GOOGLE_APPLICATION_CREDENTIALS" not in os.environ
    finally:
        cloud.stop()
    assert dict(os.environ) == before


# One per process, and no longer than it

SERVE = (
    "import os, sys, coursekit as ck; a, g = ck.cloud.azure_blob(), ck.cloud.google_storage();"
    "print(a.endpoint, g.endpoint, flush=True); {more}; sys.stdin.read()"
)


def serving(more="pass"):
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE.format(more=more)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return process, process.stdout.readline().split()


def test_two_processes_have_clouds_of_their_own(blob, google):
    azure_client().create_container("ours")
    other, endpoints = serving(
        "from azure.storage.blob import BlobServiceClient as B; from google.cloud import storage;"
        "print(len(list(B.from_connection_string(a.connection_string).list_containers())),"
        "len(list(storage.Client().list_buckets())), flush=True)"
    )
    try:
        assert other.stdout.readline().split() == ["0", "0"]
        assert not {blob.endpoint, google.endpoint} & set(endpoints)
    finally:
        other.communicate()
    assert other.returncode == 0
    assert all(map(gone, endpoints))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_they_are_gone_when_their_process_is_killed():
    process, endpoints = serving()
    assert all(map(answers, endpoints))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert all(map(gone, endpoints))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_does_not_keep_them():
    process, endpoints = serving(
        "import time; child = os.fork(); child or time.sleep(60); print(child, flush=True)"
    )
    child = int(process.stdout.readline())
    try:
        process.kill()
        process.wait()
        assert all(map(gone, endpoints))
        assert psutil.pid_exists(child)
    finally:
        os.kill(child, signal.SIGKILL)
        process.communicate()


def test_ctrl_c_does_not_end_them(blob, google):
    groups = {os.getpgid(cloud._child.pid) for cloud in (blob, google)}
    assert os.getpgid(0) not in groups


@pytest.mark.parametrize("start", ["azure_blob", "google_storage"])
def test_stop_ends_it_and_a_new_one_is_another(start):
    cloud = getattr(ck.cloud, start)()
    assert getattr(ck.cloud, start)() is cloud
    cloud.stop()
    cloud.stop()
    assert not answers(cloud.endpoint)
    assert "stopped" in repr(cloud)
    other = getattr(ck.cloud, start)()
    assert other is not cloud
    other.stop()


@pytest.mark.parametrize("start", ["azure_blob", "google_storage"])
def test_one_that_died_is_replaced(start):
    cloud = getattr(ck.cloud, start)()
    psutil.Process(cloud._child.pid).kill()
    deadline = time.monotonic() + 10
    while cloud.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    other = getattr(ck.cloud, start)()
    try:
        assert other is not cloud and answers(other.endpoint)
    finally:
        other.stop()


@pytest.mark.parametrize("start", ["azure_blob", "google_storage"])
def test_a_taken_port_is_named_and_none_is_needed(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ck.CourseError, match=f"Port {port} of this machine is taken"):
            getattr(ck.cloud, start)(port)
    getattr(ck.cloud, start)().stop()


@pytest.mark.parametrize("start", ["azure_blob", "google_storage"])
def test_the_text_says_emulator_and_has_neither_port_nor_key(start):
    cloud = getattr(ck.cloud, start)()
    try:
        for text in (repr(cloud), cloud._repr_html_()):
            assert "emulator" in text and "this machine" in text
            assert str(urlsplit(cloud.endpoint).port) not in text
            assert getattr(cloud, "key", "\0") not in text
    finally:
        cloud.stop()


# Installing Azurite


def test_the_lock_names_no_host_and_has_a_checksum_for_everything():
    lock = json.loads((azurite.HERE / "package-lock.json").read_text())
    assert "://" not in json.dumps(lock.get("resolved", ""))
    packages = {name: p for name, p in lock["packages"].items() if name}
    assert len(packages) > 100
    assert not [name for name, p in packages.items() if "resolved" in p or not p.get("integrity")]
    wanted = json.loads((azurite.HERE / "package.json").read_text())["dependencies"]
    assert wanted == {"azurite": packages["node_modules/azurite"]["version"]}


@pytest.mark.skipif(sys.platform != "linux", reason="needs a network namespace")
def test_the_first_use_without_a_network_is_told_in_two_lines(tmp_path):
    code = (
        "import coursekit as ck\n"
        "try:\n    ck.cloud.azure_blob()\n"
        "except ck.CourseError as error:\n    print(error)"
    )
    closed = subprocess.run(
        [sys.executable, "-m", "tests.closed", sys.executable, "-c", code],
        env=os.environ | {"COURSEKIT_CACHE": str(tmp_path), "npm_config_cache": str(tmp_path)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if closed.returncode == 3:
        pytest.skip("this system allows no network namespace")
    *_, what, mend = closed.stdout.splitlines()
    assert "is not installed yet" in what
    assert "coursekit prepare" in mend


def test_a_damaged_installation_is_noticed_at_the_start_and_replaced(tmp_path, monkeypatch):
    real = azurite.install(quiet=True)
    damaged = tmp_path / "damaged"
    (damaged / azurite.MAIN).parent.mkdir(parents=True)
    (damaged / azurite.MAIN).write_text('require("not-there");')
    ways = [damaged, real]
    removed = []
    monkeypatch.setattr(azurite, "install", lambda **_: ways.pop(0))
    monkeypatch.setattr(azurite, "remove", lambda: removed.append(True))
    cloud = ck.cloud.azure_blob()
    try:
        assert removed == [True] and answers(cloud.endpoint)
    finally:
        cloud.stop()


def test_a_server_that_does_not_start_says_why(monkeypatch, tmp_path):
    broken = tmp_path / "broken"
    (broken / azurite.MAIN).parent.mkdir(parents=True)
    (broken / azurite.MAIN).write_text('throw new Error("out of luck");')
    monkeypatch.setattr(azurite, "install", lambda **_: broken)
    with pytest.raises(ck.CourseError, match="out of luck"):
        ck.cloud.azure_blob()


def test_no_file_is_left_where_it_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clouds = ck.cloud.azure_blob(), ck.cloud.google_storage()
    azure_client().create_container("flights").upload_blob("a", b"1")
    storage.Client().create_bucket("flights").blob("a").upload_from_string("1")
    for cloud in clouds:
        cloud.stop()
    assert list(Path(tmp_path).iterdir()) == []


@pytest.mark.parametrize("reachable", [True, False])
def test_set_up_installs_it_and_goes_on_without_a_network(reachable, monkeypatch, capsys):
    from classkit import cli
    from coursekit import spark_session

    done = []

    def install():
        if not reachable:
            raise ck.CourseError("Azurite is not installed yet.", "Connect once.")
        done.append("azurite")

    monkeypatch.setattr(azurite, "install", install)
    monkeypatch.setattr(spark_session, "prepare_archive", lambda: done.append("spark"))
    cli.prepare()
    assert sorted(done) == (["azurite", "spark"] if reachable else ["spark"])
    said = capsys.readouterr().out
    assert ("Connect once." in said) is not reachable
