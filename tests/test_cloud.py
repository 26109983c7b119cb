"""The embedded clouds: reachable by plain SDKs, by nobody else, and gone with their process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import boto3
import psutil
import pytest
from azure.mgmt.compute import ComputeManagementClient
from azure.storage.blob import BlobServiceClient
from botocore.config import Config
from botocore.exceptions import ClientError
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1, storage

import coursekit as ck
from coursekit.cloud import guard, real
from coursekit.cloud.sandbox import Account
from coursekit.ground.loopback import is_loopback

THREADS = ["aws", "azure_vms", "google_compute"]  # of the kernel
PROCESSES = ["azure_blob", "google_storage"]  # of their own
CLOUDS = THREADS + PROCESSES


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch):
    """Keep every test of this file apart from the machine's own settings."""
    for name in list(os.environ):
        if name.upper().startswith(("AWS_", "COURSEKIT_CLOUD")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)


@pytest.fixture
def start():
    """Start clouds by name, and stop them."""
    started = []

    def start(name, *arguments):
        started.append(getattr(ck.cloud, name)(*arguments))
        return started[-1]

    yield start
    for cloud in started:
        cloud.stop()


@pytest.fixture
def cloud(start):
    return start("aws")


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


def run(code, *arguments, **environment):
    """Run `code` in a fresh Python and return what it prints."""
    fresh = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert fresh.returncode == 0, fresh.stderr
    assert fresh.stderr == ""
    return fresh.stdout


# What all of them do


@pytest.mark.parametrize("name", CLOUDS)
def test_one_in_a_kernel_until_it_is_stopped(name, start):
    cloud = start(name)
    assert start(name) is cloud
    port = str(urlsplit(cloud.endpoint).port)
    for text in (repr(cloud), cloud._repr_html_()):
        assert "emulator" in text and "this machine" in text
        assert port not in text and getattr(cloud, "key", "\0") not in text
    cloud.stop()
    cloud.stop()
    assert not answers(cloud.endpoint)
    assert "stopped" in repr(cloud)
    if hasattr(cloud, "reset"):
        with pytest.raises(ck.CourseError, match="stopped"):
            cloud.reset()
    assert start(name) is not cloud


@pytest.mark.parametrize("name", CLOUDS)
def test_it_listens_on_loopback_only(name, start):
    cloud = start(name)
    process = psutil.Process(cloud._child.pid if name in PROCESSES else None)
    port = urlsplit(cloud.endpoint).port
    listening = [
        connection.laddr.ip
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    ]
    assert listening == ["127.0.0.1"]


def test_settings_of_the_learner_are_set_aside_and_come_back(start, tmp_path, monkeypatch):
    config = tmp_path / "config"
    config.write_text("[profile work]\nendpoint_url = http://192.0.2.1\nregion = eu-west-1\n")
    own = {
        "AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "AKIDREAL",
        "AWS_SECRET_ACCESS_KEY": "real", "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL_S3": "http://192.0.2.1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AZURE_STORAGE_CONNECTION_STRING": "real", "AZURE_STORAGE_KEY": "real",
        "GOOGLE_CLOUD_PROJECT": "real", "GOOGLE_APPLICATION_CREDENTIALS": "/real.json",
        "NO_PROXY": "example.org",
    }  # fmt: skip
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    boto3.client("sts")  # the default session remembers the settings it was made with
    clouds = [start(name) for name in CLOUDS]
    boto3.client("s3").create_bucket(Bucket="data")
    credentials = boto3.Session().get_credentials()
    assert "real" not in {credentials.secret_key, credentials.token}
    BlobServiceClient.from_connection_string(
        os.environ["AZURE_STORAGE_CONNECTION_STRING"]
    ).create_container("data")
    storage.Client().create_bucket("data")
    assert not {"AZURE_STORAGE_KEY", "GOOGLE_APPLICATION_CREDENTIALS"} & set(os.environ)
    assert os.environ["NO_PROXY"].startswith("example.org,")
    for cloud in clouds:
        cloud.stop()
    assert dict(os.environ) == before


@pytest.mark.network
@pytest.mark.parametrize("no_proxy", ["", "example.org", "*"])
def test_a_proxy_is_not_asked(no_proxy):
    code = (
        "import os, coursekit as ck, boto3; from google.cloud import storage;"
        "cloud = ck.cloud.aws(); boto3.client('s3').create_bucket(Bucket='data'); cloud.reset();"
        "google = ck.cloud.google_storage(); storage.Client().create_bucket('flights');"
        "print(boto3.client('s3').list_buckets()['Buckets'])"
    )
    nowhere = "http://127.0.0.1:9"  # the discard port: a call through it fails
    proxies = {"HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "ALL_PROXY": nowhere}
    lower = {name.lower(): value for name, value in proxies.items()}
    assert run(code, **proxies, **lower, NO_PROXY=no_proxy, no_proxy=no_proxy) == "[]\n"


def test_importing_the_clouds_imports_no_sdk():
    code = (
        "import sys, coursekit; coursekit.cloud;"
        "print({'boto3', 'moto', 'flask', 'azure', 'google', 'trustme'} & set(sys.modules))"
    )
    assert run(code) == "set()\n"


@pytest.mark.parametrize("name", THREADS)
def test_a_port_that_cannot_be_had_is_told_in_two_lines(name, monkeypatch):
    import werkzeug.serving

    def full(*_, **__):
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(werkzeug.serving, "make_server", full)
    with pytest.raises(ck.CourseError, match="could not listen") as caught:
        getattr(ck.cloud, name)()
    assert "coursekit doctor" in caught.value.mend


@pytest.mark.parametrize("name", PROCESSES)
def test_a_taken_port_is_named_and_none_is_needed(name, start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ck.CourseError, match=f"Port {port} of this machine is taken"):
            start(name, port)
    start(name)


@pytest.mark.parametrize("name", PROCESSES)
def test_one_that_died_is_replaced(name, start):
    cloud = start(name)
    psutil.Process(cloud._child.pid).kill()
    deadline = time.monotonic() + 10
    while cloud.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    other = start(name)
    assert other is not cloud and answers(other.endpoint)


# One of each per process, and no longer than it

SERVE = f"""
import os, sys, time
import boto3
import coursekit as ck
clouds = [getattr(ck.cloud, name)() for name in {CLOUDS}]
s3 = boto3.client("s3")
s3.create_bucket(Bucket=sys.argv[1])
if sys.argv[1] == "forks" and not (child := os.fork()):
    [cloud.stop() for cloud in clouds]  # without effect: they are its parent's
    time.sleep(60)
if sys.argv[1] == "forks":
    time.sleep(1)
    assert s3.list_buckets()["Buckets"], "the child has stopped the cloud of its parent"
    print(child, end=" ")
print(*(cloud.endpoint for cloud in clouds), flush=True)
sys.stdin.read()
"""


def serving(bucket):
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, bucket],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().split()


def buckets(endpoint):
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    return [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_two_processes_have_clouds_of_their_own_and_a_killed_one_leaves_none():
    (first, ones), (second, twos) = serving("one"), serving("two")
    try:
        assert len(set(ones + twos)) == 10 and all(map(answers, ones + twos))
        assert (buckets(ones[0]), buckets(twos[0])) == (["one"], ["two"])
        first.send_signal(signal.SIGKILL)
        first.communicate()
        assert all(map(gone, ones)) and all(map(answers, twos))
    finally:
        second.communicate()
    assert second.returncode == 0
    assert all(map(gone, twos))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_neither_stops_the_clouds_nor_keeps_their_ports():
    process, (child, *endpoints) = serving("forks")
    try:
        process.kill()
        process.wait()
        assert all(map(gone, endpoints))
        assert psutil.pid_exists(int(child))
    finally:
        os.kill(int(child), signal.SIGKILL)
        process.communicate()


def test_ctrl_c_does_not_end_them(start):
    groups = {os.getpgid(start(name)._child.pid) for name in PROCESSES}
    assert os.getpgid(0) not in groups


# Staying on this machine


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


# TEST-NET-1 (RFC 5737): nobody answers there, so only the guard can end a call at once.
NOWHERE = "http://192.0.2.1"
PATIENT = Config(connect_timeout=60, retries={"max_attempts": 1})


@pytest.mark.network
@pytest.mark.parametrize(
    ("service", "call", "options", "host"),
    [
        ("s3", "list_buckets", {"endpoint_url": NOWHERE, "config": PATIENT}, "192.0.2.1"),
        ("ec2", "describe_regions", {"endpoint_url": NOWHERE, "config": PATIENT}, "192.0.2.1"),
        (
            "s3", "list_buckets", {"endpoint_url": "https://s3.us-east-1.amazonaws.com"},
            "s3.us-east-1.amazonaws.com",
        ),
        (
            "sqs", "list_queues", {"config": Config(ignore_configured_endpoint_urls=True)},
            "amazonaws.com",
        ),
    ],
)  # fmt: skip
def test_boto3_is_refused_another_host(service, call, options, host, cloud):
    client = boto3.client(service, **options)
    with pytest.raises(ck.CourseError, match=host.replace(".", r"\.")):
        getattr(client, call)()


@pytest.mark.network
def test_the_azure_sdk_is_refused_another_host_by_clients_made_before_too(start):
    early = BlobServiceClient("https://x.blob.core.windows.net")
    vms, blob = start("azure_vms"), start("azure_blob")
    with pytest.raises(ck.CourseError, match=r"x\.blob\.core\.windows\.net"):
        early.get_service_properties()
    far = blob.connection_string.replace("127.0.0.1", "192.0.2.1")
    with pytest.raises(ck.CourseError, match=r"192\.0\.2\.1"):
        BlobServiceClient.from_connection_string(far).create_container("x-1")
    with pytest.raises(ck.CourseError, match=r"management\.azure\.com"):
        ComputeManagementClient(vms.credential, vms.subscription_id).virtual_machines.get("a", "b")


@pytest.mark.network
def test_an_asynchronous_azure_client_is_refused_it_too(start):
    import asyncio

    from azure.core.pipeline.transport import AsyncioRequestsTransport
    from azure.storage.blob.aio import BlobServiceClient as AsyncClient

    async def ask():
        transport = AsyncioRequestsTransport()
        async with AsyncClient("https://x.blob.core.windows.net", transport=transport) as client:
            await client.get_service_properties()

    start("azure_vms")
    with pytest.raises(ck.CourseError, match=r"x\.blob\.core\.windows\.net"):
        asyncio.run(ask())


@pytest.mark.network
def test_the_google_sdk_is_refused_another_host(start):
    start("google_compute")
    client = compute_v1.InstancesClient(credentials=AnonymousCredentials())
    with pytest.raises(ck.CourseError, match=r"compute\.googleapis\.com"):
        list(client.list(project="p", zone="z"))
    for host in ("https://storage.googleapis.com", NOWHERE):
        options = {"api_endpoint": host}
        client = storage.Client("p", AnonymousCredentials(), client_options=options)
        with pytest.raises(ck.CourseError, match=urlsplit(host).hostname.replace(".", r"\.")):
            client.create_bucket("x-1")


@pytest.mark.network
def test_a_redirect_off_this_machine_is_refused(start):
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", f"{NOWHERE}/")
            self.end_headers()

        def log_message(self, *_):
            pass

    start("google_storage")
    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}"
    try:
        with pytest.raises(ck.CourseError, match=r"192\.0\.2\.1"):
            storage.Client(client_options={"api_endpoint": here}).get_bucket("x-1")
    finally:
        server.shutdown()
        server.server_close()


def test_the_sdks_are_as_before_when_the_last_cloud_stops(start):
    def now():
        places = [p for each in (guard.aws, guard.azure, guard.google) for p in each._places()]
        return [vars(kind).get(name) for kind, name in places]

    before = now()
    clouds = [start(name) for name in CLOUDS]
    assert not [one for one, other in zip(now(), before, strict=True) if one is other]
    guard.azure.install()
    for cloud in clouds:
        cloud.stop()
    assert now() != before, "somebody still asks for the guard of Azure"
    guard.azure.remove()
    assert now() == before


# The embedded AWS


def test_transfer_config_sends_a_large_file_in_large_parts_and_it_comes_back(cloud, tmp_path):
    large = tmp_path / "large"
    large.write_bytes(os.urandom(1 << 20) * 65)
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.upload_file(str(large), "data", "large", Config=cloud.transfer_config)
    assert s3.head_object(Bucket="data", Key="large", PartNumber=1)["PartsCount"] == 2
    s3.download_file("data", "large", str(tmp_path / "back"), Config=cloud.transfer_config)
    assert (tmp_path / "back").read_bytes() == large.read_bytes()
    assert s3.get_object(Bucket="data", Key="large")["Body"].read() == large.read_bytes()


def test_other_services_sessions_and_processes_reach_it_too(cloud):
    boto3.client("s3").create_bucket(Bucket="shared")
    assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert boto3.Session(region_name="eu-west-1").client("sqs").list_queues()
    assert [bucket.name for bucket in boto3.resource("s3").buckets.all()] == ["shared"]
    code = "import boto3; print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
    assert run(code) == "shared\n"
    cloud.reset()
    assert boto3.client("s3").list_buckets()["Buckets"] == []


def test_the_aws_command_line_reaches_it(cloud, tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("from outside")

    def aws(*arguments):
        command = [sys.executable, "-m", "awscli", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    boto3.client("s3").create_bucket(Bucket="outside")
    aws("s3", "cp", str(file), "s3://outside/a")
    assert aws("s3", "cp", "s3://outside/a", "-") == "from outside"


def test_what_does_not_exist_is_an_error(cloud):
    newest = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    image = boto3.client("ssm").get_parameter(Name=newest)["Parameter"]["Value"]
    ec2 = boto3.client("ec2")
    count = {"MinCount": 1, "MaxCount": 1}
    with pytest.raises(ClientError, match="NoSuchBucket"):
        boto3.client("s3").get_object(Bucket="none", Key="none")
    with pytest.raises(ClientError, match=r"InvalidAMIID\.NotFound"):
        ec2.run_instances(ImageId="ami-0c94855ba95c574c8", InstanceType="t3.micro", **count)
    with pytest.raises(ClientError, match="InvalidInstanceType"):
        ec2.run_instances(ImageId=image, InstanceType="t3.mega", **count)


def test_policies_count_inside_the_block_only(cloud):
    s3, iam = boto3.client("s3"), boto3.client("iam")
    s3.create_bucket(Bucket="data")
    for key in ("open/a", "closed/a"):
        s3.put_object(Bucket="data", Key=key, Body=b"x")
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",'
        ' "Resource": "arn:aws:s3:::data/open/*"}]}'
    )
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="own", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    own = {
        "aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"],
    }  # fmt: skip
    reader = boto3.client("s3", **own)
    before = dict(os.environ)
    with cloud.enforcing_iam():
        reader.get_object(Bucket="data", Key="open/a")
        with pytest.raises(ClientError, match="AccessDenied"):
            reader.get_object(Bucket="data", Key="closed/a")
        with pytest.raises(ClientError, match="AccessDenied"):
            boto3.client("ec2", **own).describe_instances()
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            s3.get_object(Bucket="data", Key="open/a")  # made before, without keys of its own
        boto3.client("s3").delete_object(Bucket="data", Key="open/a")  # the administrator
        with pytest.raises(ck.CourseError, match="already"), cloud.enforcing_iam():
            pass
    assert dict(os.environ) == before
    reader.get_object(Bucket="data", Key="closed/a")
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["reader"]


def test_policies_stop_counting_when_the_block_fails_or_ends_the_cloud(cloud, start):
    with pytest.raises(ZeroDivisionError), cloud.enforcing_iam():
        cloud.reset()
        1 / 0  # noqa: B018
    assert boto3.client("s3").list_buckets()["Buckets"] == []
    with cloud.enforcing_iam():
        cloud.stop()
    with pytest.raises(ck.CourseError, match="stopped"), cloud.enforcing_iam():
        pass
    assert start("aws") is not cloud
    assert boto3.client("ec2").describe_instances()["Reservations"] == []


def test_a_check_has_an_account_of_its_own_that_is_empty_each_time(cloud):
    for _ in range(2):
        account = Account()
        assert account.client("ec2").describe_key_pairs()["KeyPairs"] == []
        assert account.client("iam").list_users()["Users"] == []
        account.client("ec2").create_key_pair(KeyName="one")
        account.client("iam").create_user(UserName="one")
    assert boto3.client("ec2").describe_key_pairs()["KeyPairs"] == []
    assert boto3.client("iam").list_users()["Users"] == []


# A real account, which another process plays


@pytest.fixture(scope="module")
def elsewhere():
    """Give the address of a server that stands for AWS: not this process's own."""
    process, (endpoint, *_) = serving("theirs")
    yield endpoint
    process.communicate()


@pytest.fixture
def own(elsewhere, monkeypatch):
    """Set what a learner sets for their own accounts, AWS's being the stand-in's."""
    for name, value in {
        "COURSEKIT_CLOUD": "real",
        "COURSEKIT_ACCOUNT": "1234-5678-9012",
        "COURSEKIT_AZURE_SUBSCRIPTION": "0000-1111",
        "COURSEKIT_AZURE_STORAGE_ACCOUNT": "mine",
        "COURSEKIT_GOOGLE_PROJECT": "my-project",
        "AWS_ENDPOINT_URL": elsewhere,
        "AWS_ACCESS_KEY_ID": "learner",
        "AWS_SECRET_ACCESS_KEY": "learner",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AZURE_STORAGE_CONNECTION_STRING": "AccountName=mine;AccountKey=a2V5;Protocol=https",
        "GOOGLE_CLOUD_PROJECT": "another",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.DEFAULT_SESSION = None
    kinds = (real.aws, real.azure_vms, real.azure_blob, real.google)
    yield
    for kind in kinds:
        kind.cache_clear()
    boto3.DEFAULT_SESSION = None


def test_your_own_account_is_plain_sdk(own, monkeypatch):
    import google.auth

    monkeypatch.setattr(google.auth, "default", lambda **_: (AnonymousCredentials(), None))
    cloud, vms, blob, gcs, gce = (
        getattr(ck.cloud, name)()
        for name in ("aws", "azure_vms", "azure_blob", "google_storage", "google_compute")
    )
    assert "123456789012" in repr(cloud) and "may cost money" in repr(cloud)
    assert [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]] == ["theirs"]
    with cloud.enforcing_iam():
        assert boto3.client("s3").list_buckets()["Buckets"]
    assert vms.subscription_id == "0000-1111" and vms.client_options == {}
    card = vms.add_network_interface("web-card")
    assert card.startswith("/subscriptions/0000-1111/resourceGroups/course/providers/")
    assert (blob.account, blob.key) == ("mine", "a2V5") and "a2V5" not in repr(blob)
    assert gcs is gce and gce.client_options == {}
    assert storage.Client(credentials=AnonymousCredentials()).project == "my-project"
    with pytest.raises(ck.CourseError, match="no endpoint"):
        _ = cloud.endpoint


def test_the_id_is_typed_once(own, monkeypatch):
    monkeypatch.delenv("COURSEKIT_ACCOUNT")
    asked = []
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or "123456789012 ")
    assert ck.cloud.aws() is ck.cloud.aws()
    assert len(asked) == 1 and "number of your AWS account" in asked[0]


def test_what_real_mode_refuses_in_two_lines(own, monkeypatch):
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    def no_login(**_):
        raise DefaultCredentialsError("none were found")

    def nobody(text):
        raise EOFError

    monkeypatch.setattr(google.auth, "default", no_login)
    monkeypatch.setattr("builtins.input", nobody)
    wrong = "not the one that these credentials belong to"
    for name, changed, what, mend in (
        ("aws", {"COURSEKIT_ACCOUNT": "999999999999"}, wrong, "sts get-caller-identity"),
        ("aws", {"COURSEKIT_ACCOUNT": ""}, "nobody can type", "COURSEKIT_ACCOUNT"),
        ("aws", {"AWS_DEFAULT_REGION": ""}, "no region", "AWS_DEFAULT_REGION"),
        ("aws", {"AWS_ACCESS_KEY_ID": ""}, "does not accept", "aws configure sso"),
        ("aws", {"COURSEKIT_CLOUD": "yes"}, "'yes'", "COURSEKIT_CLOUD=real"),
        ("azure_vms", {"COURSEKIT_AZURE_SUBSCRIPTION": " "}, "nothing was typed", "SUBSCRIPTION"),
        ("azure_blob", {"COURSEKIT_AZURE_STORAGE_ACCOUNT": "x"}, wrong, "az storage account list"),
        ("azure_blob", {"AZURE_STORAGE_CONNECTION_STRING": "x"}, "names no", "Access keys"),
        ("google_storage", {}, "no login", "gcloud auth application-default login"),
    ):
        with monkeypatch.context() as patch:
            for variable, value in changed.items():
                patch.setenv(variable, value)
            boto3.DEFAULT_SESSION = None
            with pytest.raises(ck.CourseError, match=what) as caught:
                getattr(ck.cloud, name)()
            assert mend in caught.value.mend
    with pytest.raises(ck.CourseError, match="needs the course's own clouds"):
        Account()


def test_real_mode_wants_a_kernel_without_an_embedded_cloud(start, monkeypatch):
    start("google_compute")
    monkeypatch.setenv("COURSEKIT_CLOUD", "real")
    with pytest.raises(ck.CourseError, match="runs in this kernel") as caught:
        ck.cloud.aws()
    assert "Restart the kernel" in caught.value.mend
