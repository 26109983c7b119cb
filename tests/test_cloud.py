"""The embedded AWS: reachable by plain boto3, by nobody else, and gone with its process."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import coursekit as ck
from coursekit.ground.loopback import is_loopback


@pytest.fixture
def cloud(monkeypatch):
    """An embedded AWS in this process, in an environment without settings of the machine's own."""
    for name in list(os.environ):
        if name.upper().startswith("AWS_") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    cloud = ck.cloud.aws()
    yield cloud
    cloud.stop()


def run(code, **environment):
    """Run `code` in a fresh Python and return what it prints."""
    fresh = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert fresh.returncode == 0, fresh.stderr
    return fresh.stdout


# Reaching it


def test_the_flights_come_back_intact(cloud, tmp_path):
    flights = ck.path("flights")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.upload_file(str(flights), "data", "2013/flights.csv")
    s3.download_file("data", "2013/flights.csv", str(tmp_path / "back.csv"))
    back = (tmp_path / "back.csv").read_bytes()
    assert hashlib.sha256(back).digest() == hashlib.sha256(flights.read_bytes()).digest()
    streamed = s3.get_object(Bucket="data", Key="2013/flights.csv")["Body"].read()
    assert streamed == back


def test_transfer_config_sends_a_large_file_in_large_parts(cloud, tmp_path):
    large = tmp_path / "large"
    large.write_bytes(os.urandom(1 << 20) * 65)
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.upload_file(str(large), "data", "large", Config=cloud.transfer_config)
    head = s3.head_object(Bucket="data", Key="large", PartNumber=1)
    assert head["PartsCount"] == 2
    s3.download_file("data", "large", str(tmp_path / "back"), Config=cloud.transfer_config)
    assert (tmp_path / "back").read_bytes() == large.read_bytes()


def test_other_services_and_sessions_reach_it_too(cloud):
    assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert boto3.Session(region_name="eu-west-1").client("sqs").list_queues()
    assert list(boto3.resource("s3").buckets.all()) == []


def test_asking_twice_gives_the_same_cloud(cloud):
    boto3.client("s3").create_bucket(Bucket="kept")
    assert ck.cloud.aws() is cloud
    assert [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]] == ["kept"]


def test_reset_empties_it(cloud):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    cloud.reset()
    assert s3.list_buckets()["Buckets"] == []


def test_errors_of_the_service_stay_what_they_are(cloud):
    with pytest.raises(ClientError, match="NoSuchBucket"):
        boto3.client("s3").get_object(Bucket="none", Key="none")


def test_child_processes_share_the_cloud(cloud):
    boto3.client("s3").create_bucket(Bucket="shared")
    code = "import boto3; print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
    assert run(code) == "shared\n"


@pytest.mark.network
@pytest.mark.parametrize("no_proxy", ["", "example.org", "*"])
def test_a_proxy_is_not_asked(no_proxy):
    code = (
        "import coursekit as ck, boto3; cloud = ck.cloud.aws();"
        "boto3.client('s3').create_bucket(Bucket='data'); cloud.reset();"
        "print(boto3.client('s3').list_buckets()['Buckets'])"
    )
    nowhere = "http://127.0.0.1:9"  # the discard port: a call through it fails
    proxies = {"HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "ALL_PROXY": nowhere}
    lower = {name.lower(): value for name, value in proxies.items()}
    assert run(code, **proxies, **lower, NO_PROXY=no_proxy, no_proxy=no_proxy) == "[]\n"


# What the learner sees


def test_nothing_is_printed_by_calls():
    code = (
        "import coursekit as ck, boto3; ck.cloud.aws();"
        "boto3.client('s3').create_bucket(Bucket='data')"
    )
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (fresh.returncode, fresh.stdout, fresh.stderr) == (0, "", "")


def test_the_text_says_emulator_and_has_no_port(cloud):
    port = str(urlsplit(cloud.endpoint).port)
    for text in (repr(cloud), cloud._repr_html_()):
        assert "emulator" in text
        assert "this machine" in text
        assert port not in text
    cloud.stop()
    assert "stopped" in repr(cloud)


def test_importing_the_course_does_not_import_boto3():
    code = "import sys, coursekit; coursekit.cloud; print({'boto3', 'moto'} & set(sys.modules))"
    assert run(code) == "set()\n"


# Staying on this machine


@pytest.mark.network
@pytest.mark.parametrize("service", ["s3", "ec2", "sts"])
def test_boto3_is_refused_another_host(cloud, service):
    call = {"s3": "list_buckets", "ec2": "describe_regions", "sts": "get_caller_identity"}[service]
    # TEST-NET-1 (RFC 5737): nobody answers there, so only the guard can end this at once.
    client = boto3.client(
        service,
        endpoint_url="http://192.0.2.1",
        config=Config(connect_timeout=60, retries={"max_attempts": 1}),
    )
    with pytest.raises(ck.CourseError, match=r"192\.0\.2\.1"):
        getattr(client, call)()


@pytest.mark.network
def test_boto3_is_refused_the_real_aws(cloud):
    client = boto3.Session().client("s3", endpoint_url="https://s3.us-east-1.amazonaws.com")
    with pytest.raises(ck.CourseError, match=r"s3\.us-east-1\.amazonaws\.com"):
        client.list_buckets()


@pytest.mark.network
def test_a_configuration_that_ignores_the_endpoint_is_refused(cloud):
    client = boto3.client("sqs", config=Config(ignore_configured_endpoint_urls=True))
    with pytest.raises(ck.CourseError, match=r"amazonaws\.com"):
        client.list_queues()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("bucket.localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("notlocalhost", False),
        ("", False),
    ],
)
def test_which_hosts_are_this_machine(host, expected):
    assert is_loopback(host) is expected


def test_it_listens_on_loopback_only(cloud):
    port = urlsplit(cloud.endpoint).port
    listening = [
        connection.laddr.ip
        for connection in psutil.Process().net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    ]
    assert listening == ["127.0.0.1"]


def test_settings_of_the_learner_are_set_aside_and_come_back(tmp_path, monkeypatch):
    config = tmp_path / "config"
    config.write_text("[profile work]\nendpoint_url = http://192.0.2.1\nregion = eu-west-1\n")
    own = {
        "AWS_CONFIG_FILE": str(config),
        "AWS_PROFILE": "work",
        "AWS_ACCESS_KEY_ID": "AKIDREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL_S3": "http://192.0.2.1",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "NO_PROXY": "example.org",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    cloud = ck.cloud.aws()
    try:
        boto3.client("s3").create_bucket(Bucket="data")
        credentials = boto3.Session().get_credentials()
        assert "real" not in {credentials.secret_key, credentials.token}
        assert os.environ["NO_PROXY"].startswith("example.org,")
    finally:
        cloud.stop()
    assert dict(os.environ) == before


# Policies that count


def user(name, *statements):
    """Make a user with a policy of these statements; return the keyword arguments of a client."""
    iam = boto3.client("iam")
    iam.create_user(UserName=name)
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
    }


def test_policies_count_inside_the_block_only(cloud):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    for key in ("open/a", "closed/a"):
        s3.put_object(Bucket="data", Key=key, Body=b"x")
    where = "arn:aws:s3:::data/open/*"
    keys = user("reader", {"Effect": "Allow", "Action": "s3:GetObject", "Resource": where})
    reader = boto3.client("s3", **keys)
    before = dict(os.environ)
    with cloud.enforcing_iam():
        reader.get_object(Bucket="data", Key="open/a")
        with pytest.raises(ClientError, match="AccessDenied"):
            reader.get_object(Bucket="data", Key="closed/a")
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            s3.get_object(Bucket="data", Key="open/a")  # made before, without keys of its own
        boto3.client("s3").delete_object(Bucket="data", Key="open/a")  # the administrator
        with pytest.raises(ck.CourseError, match="already"), cloud.enforcing_iam():
            pass
    assert dict(os.environ) == before
    reader.get_object(Bucket="data", Key="closed/a")
    names = [u["UserName"] for u in boto3.client("iam").list_users()["Users"]]
    assert names == ["reader"]


def test_policies_stop_counting_when_the_block_fails_or_empties_the_cloud(cloud):
    with pytest.raises(ZeroDivisionError), cloud.enforcing_iam():
        cloud.reset()
        1 / 0  # noqa: B018
    assert boto3.client("s3").list_buckets()["Buckets"] == []
    with cloud.enforcing_iam():
        cloud.stop()
    with pytest.raises(ck.CourseError, match="stopped"), cloud.enforcing_iam():
        pass
    assert ck.cloud.aws() is not cloud
    assert boto3.client("s3").list_buckets()["Buckets"] == []
    ck.cloud.aws().stop()


# One per process, and no longer than it

SERVE = (
    "import sys, coursekit as ck, boto3; cloud = ck.cloud.aws();"
    "boto3.client('s3').create_bucket(Bucket=sys.argv[1]);"
    "print(cloud.endpoint, flush=True); sys.stdin.read();"
)


def serving(bucket, code=SERVE):
    process = subprocess.Popen(
        [sys.executable, "-c", code, bucket],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def answers(endpoint):
    address = urlsplit(endpoint)
    try:
        socket.create_connection((address.hostname, address.port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def buckets(endpoint):
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


def test_two_processes_have_two_clouds():
    (first, one), (second, two) = serving("one"), serving("two")
    try:
        assert one != two
        assert (buckets(one), buckets(two)) == (["one"], ["two"])
    finally:
        for process in (first, second):
            process.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert not answers(one)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_it_is_gone_when_its_process_is_killed():
    process, endpoint = serving("data")
    assert answers(endpoint)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not answers(endpoint)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_does_not_keep_the_port():
    forks = (
        "import os, sys, time, coursekit as ck; cloud = ck.cloud.aws(); child = os.fork();"
        "child or time.sleep(60);"
        "print(cloud.endpoint, child, flush=True); sys.stdin.read()"
    )
    process, line = serving("data", forks)
    endpoint, child = line.split()
    try:
        process.kill()
        process.wait()
        deadline = time.monotonic() + 10
        while answers(endpoint) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert psutil.pid_exists(int(child))
        assert not answers(endpoint)
    finally:
        os.kill(int(child), signal.SIGKILL)
        process.communicate()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_cannot_stop_the_cloud_of_its_parent():
    code = (
        "import os, boto3, coursekit as ck; cloud = ck.cloud.aws(); s3 = boto3.client('s3');"
        "s3.create_bucket(Bucket='kept'); child = os.fork();"
        "child or (cloud.stop(), os._exit(0)); print(os.waitpid(child, 0)[1]);"
        "print([bucket['Name'] for bucket in s3.list_buckets()['Buckets']])"
    )
    assert run(code) == "0\n['kept']\n"


def test_stop_ends_it_and_a_new_one_is_empty(cloud):
    boto3.client("s3").create_bucket(Bucket="old")
    old = cloud.endpoint
    cloud.stop()
    cloud.stop()
    assert not answers(old)
    with pytest.raises(ck.CourseError, match="stopped"):
        cloud.reset()
    new = ck.cloud.aws()
    assert new is not cloud
    assert boto3.client("s3").list_buckets()["Buckets"] == []
    new.stop()
