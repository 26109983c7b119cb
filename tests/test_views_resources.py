"""The table of resources against the embedded AWS: it is told nothing and sees everything."""

import boto3
import pytest

import coursekit as ck
from coursekit.views.resources import GONE, History, Resource, read, watch_resources


@pytest.fixture(scope="module")
def cloud():
    cloud = ck.cloud.aws()
    yield cloud
    cloud.stop()


@pytest.fixture
def ec2(cloud):
    cloud.reset()
    return boto3.client("ec2")


def launch(ec2, name):
    image = boto3.client("ssm").get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    )["Parameter"]["Value"]
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
    run = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, TagSpecifications=tags
    )
    return run["Instances"][0]["InstanceId"]


def test_an_empty_account_is_told(ec2):
    board = watch_resources()
    assert str(board) == "Nothing is there."
    assert "Nothing is there" in board.children[0].value


def test_a_server_from_birth_to_end(ec2):
    board = watch_resources(ec2)
    server = launch(ec2, "web")
    assert str(board).splitlines()[1].split("  ")[0] == "server"
    ec2.stop_instances(InstanceIds=[server])
    board.look()
    ec2.terminate_instances(InstanceIds=[server])
    text = str(board)
    assert "running → stopped → terminated" in text
    assert [line for line in text.splitlines() if "disk of web" in line and GONE in line]
    assert "yes" not in text


def test_what_is_billed_is_marked(ec2):
    server = launch(ec2, "web")
    ec2.stop_instances(InstanceIds=[server])
    ec2.allocate_address(Domain="vpc")
    ec2.create_key_pair(KeyName="mine")
    ec2.create_security_group(GroupName="door", Description="none")
    billed = {one.kind: one.billed for one in read(ec2)}
    assert billed == {
        "server": False, "volume": True, "address": True, "security group": False,
        "key pair": False,
    }  # fmt: skip
    states = {one.kind: one.state for one in read(ec2)}
    assert states["address"] == "idle"


def test_an_address_in_use_is_billed_too(ec2):
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(InstanceId=launch(ec2, "web"), AllocationId=address)
    (found,) = (one for one in read(ec2) if one.kind == "address")
    assert (found.state, found.billed) == ("associated", True)


def test_a_state_seen_twice_is_written_once_and_gone_may_come_back():
    history = History()
    one = Resource("volume", "vol-1", "data", "available", True)
    for look in ([one], [one], [], [], [one]):
        history.add(look)
    assert history.states["vol-1"] == ["available", GONE, "available"]


def test_without_a_browser_it_is_a_table_as_text_and_html(ec2):
    launch(ec2, "<b>web</b>")
    data = watch_resources(ec2)._repr_mimebundle_()
    assert data["text/plain"].startswith("kind")
    assert "&lt;b&gt;web" in data["text/html"] and "<b>web" not in data["text/html"]
    assert "i-" not in data["text/plain"], "no ids: stored outputs must not change"


def test_it_looks_after_every_cell_until_the_cloud_ends(ec2, cloud):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    before = len(shell.events.callbacks["post_run_cell"])
    try:
        shell.user_ns["ec2"] = ec2
        shell.run_cell("from coursekit import views; board = views.watch_resources(ec2)")
        shell.run_cell("_ = ec2.create_key_pair(KeyName='mine')")
        assert "mine" in shell.user_ns["board"].children[0].value
        shell.run_cell("board = views.watch_resources(ec2)")  # the first one looks no more
        assert len(shell.events.callbacks["post_run_cell"]) == before + 1
        cloud.stop()
        shell.run_cell("1")
        assert len(shell.events.callbacks["post_run_cell"]) == before
    finally:
        InteractiveShell.clear_instance()
