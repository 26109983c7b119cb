"""The embedded object stores of Azure and Google Cloud, and how Azurite is installed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import types
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient
from google.cloud import storage

import coursekit as ck
from coursekit.cloud import azurite

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


def digest(data):
    return hashlib.sha256(data).hexdigest()


# Reaching them


def test_azure_gives_back_what_it_got_to_who_has_the_key(blob):
    container = azure_client().create_container("flights")
    container.upload_blob("2013/flights.csv", BYTES)
    assert digest(container.download_blob("2013/flights.csv").readall()) == digest(BYTES)
    assert [b.name for b in container.list_blobs()] == ["2013/flights.csv"]
    other = blob.connection_string.replace(blob.key, "A" * len(blob.key.rstrip("=")) + "==")
    with pytest.raises(HttpResponseError):
        BlobServiceClient.from_connection_string(other, retry_total=0).create_container("x-1")


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
        assert removed == [True] and cloud.alive
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


@pytest.mark.parametrize("everything", [True, False])
def test_only_who_asks_for_all_waits_for_azurite_at_set_up(everything, monkeypatch):
    from classkit import cli
    from classkit.hub import proxy
    from coursekit import spark_session

    done = []
    monkeypatch.setattr(azurite, "install", lambda: done.append("azurite"))
    monkeypatch.setattr(proxy, "PROGRAM", types.SimpleNamespace(install=lambda: None))
    monkeypatch.setattr(spark_session, "prepare_archive", lambda: done.append("spark"))
    cli.prepare(everything)
    assert sorted(done) == (["azurite", "spark"] if everything else ["spark"])
