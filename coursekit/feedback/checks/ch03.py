"""Checks and quiz of chapter 03: each trial has an AWS account of its own, in the embedded AWS."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest import mock

from coursekit.cloud.real import require_local
from coursekit.feedback.exercises import Misconception, exercise, require, trial
from coursekit.feedback.quizzes import Option, Question

if TYPE_CHECKING:
    from coursekit.cloud.local_azure_vms import AzureVMs
    from coursekit.cloud.sandbox import Account

_SECONDS = 20  # the first call of a new account reads the list of images


def _account() -> Account:
    from coursekit.cloud.sandbox import Account

    return Account()


def _image() -> str:
    from coursekit.cloud.sandbox import newest_image

    return newest_image()


def _server(ec2: Any, **more: Any) -> str:
    run = ec2.run_instances(
        ImageId=_image(), InstanceType="t3.micro", MinCount=1, MaxCount=1, **more
    )
    return run["Instances"][0]["InstanceId"]


def _described(ec2: Any) -> list[dict[str, Any]]:
    answer = ec2.describe_instances()
    return [one for r in answer["Reservations"] for one in r["Instances"]]


def _group(ec2: Any) -> str:
    return ec2.create_security_group(GroupName="door", Description="a check")["GroupId"]


_UNKNOWN_PARAMETER = Misconception(
    lambda got: isinstance(got, Exception) and "Unknown parameter" in str(got),
    "boto3 refused a name before anything was sent. The message lists the names that it knows.",
)


@exercise(
    "03-launch",
    title="Launch with a key pair",
    hints=(
        "Run your function and read the error: boto3 lists every parameter that it knows.",
        "In that list, which name stands for a key?",
        "run_instances answers with a list of servers; where in it is the id of the first?",
    ),
    seconds=_SECONDS,
)
def launch(answer):
    require_local()

    def launched() -> Any:
        ec2 = _account().client("ec2")
        ec2.create_key_pair(KeyName="mine")
        group = _group(ec2)
        sent: dict[str, Any] = {}
        ec2.meta.events.register(
            "before-parameter-build.ec2.RunInstances", lambda params, **_: sent.update(params)
        )
        got = answer(ec2, _image(), "mine", group)
        servers = _described(ec2)
        if not servers:
            return "no server"
        one = servers[0]
        groups = [g["GroupId"] == group for g in one["SecurityGroups"]]
        return {
            "servers": (sent["MinCount"], sent["MaxCount"]),
            "type": one["InstanceType"],
            "key": one.get("KeyName", "none"),
            "in the group": groups == [True],
            "returns its id": got == one["InstanceId"],
        }

    want = {
        "servers": (1, 1), "type": "t3.micro", "key": "mine", "in the group": True,
        "returns its id": True,
    }  # fmt: skip
    trial(
        'launch(ec2, image, "mine", group)',
        launched,
        want=want,
        expected=f"in the account afterwards: {want}",
        misconceptions=[
            _UNKNOWN_PARAMETER,
            Misconception("no server", "No server was made: nothing called `run_instances`."),
            Misconception(
                lambda got: got["servers"][1] > 1,
                "This may launch several servers, and each is billed.",
            ),
            Misconception(
                lambda got: got["key"] == "none",
                "The server has no key pair. Without one nobody can log in, and a key cannot be"
                " added later by a call.",
            ),
            Misconception(
                lambda got: not got["in the group"], "The server is not in the security group."
            ),
            Misconception(
                lambda got: not got["returns its id"],
                "The server is right, but the function does not return its id.",
            ),
        ],
    )


@exercise(
    "03-ssh-rule",
    title="A door for one address",
    hints=(
        "The error lists the names of a rule. A rule can hold several ranges of addresses.",
        "So the ranges are a list, and each of them is a dict.",
        "How many addresses are in a range that ends in /32? How many in one that ends in /0?",
    ),
    seconds=_SECONDS,
)
def ssh_rule(answer):
    require_local()

    def opened(address: str) -> Any:
        ec2 = _account().client("ec2")
        group = _group(ec2)
        answer(ec2, group, address)
        (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return [
            (rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"), one["CidrIp"])
            for rule in found["IpPermissions"]
            for one in rule["IpRanges"]
        ]

    misconceptions = [
        _UNKNOWN_PARAMETER,
        Misconception(
            lambda got: isinstance(got, Exception) and "CIDR subnet" in str(got),
            "An address alone is no range: AWS wants the number of fixed bits after a slash.",
        ),
        Misconception(
            lambda got: isinstance(got, Exception) and "IpRanges" in str(got),
            "IpRanges is a list of dicts, even for one range.",
        ),
        Misconception([], "The group has no rule: nobody can come in."),
        Misconception(
            lambda got: any(rule[3].endswith("/0") for rule in got),
            "This opens port 22 to every machine of the internet. Within minutes, strangers try"
            " passwords there.",
        ),
        Misconception(
            lambda got: any(not rule[3].endswith("/32") for rule in got),
            "This range holds more than one address: /32 is a single one.",
        ),
        Misconception(
            lambda got: any(rule[1:3] != (22, 22) for rule in got),
            "SSH needs port 22 only; FromPort and ToPort are the ends of a range of ports.",
        ),
    ]
    for address in ("203.0.113.7", "198.51.100.20"):
        trial(
            f'the rules of the group after open_ssh(ec2, group, "{address}")',
            lambda address=address: opened(address),
            want=[("tcp", 22, 22, f"{address}/32")],
            misconceptions=misconceptions,
        )


class _Asleep(Exception):
    """The learner's code went on sleeping."""


@contextmanager
def _slow(ec2: Any, looks: int, state: str = "") -> Iterator[dict[str, Any]]:
    """Let servers change their state as slowly as real ones, without waiting for it.

    After a call that changes the state, and at the start if ``state`` is given, the next looks see
    the state on the way. Sleeping takes no time here; how often the learner's own code asked for it
    is counted. The embedded AWS changes states at once, so that a missing wait would not show.
    """
    seen = {"state": state, "left": looks if state else 0, "own sleeps": 0, "asked": []}

    def change(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        seen["asked"].append(model.name)
        way = {"StopInstances": "stopping", "StartInstances": "pending"}.get(model.name)
        if way and "Error" not in parsed:
            seen.update(state=way, left=looks)

    def look(parsed: dict[str, Any], **_: Any) -> None:
        if seen["left"] > 0:
            seen["left"] -= 1
            for one in (i for r in parsed["Reservations"] for i in r["Instances"]):
                one["State"]["Name"] = seen["state"]
                one.pop("PublicIpAddress", None)

    owner, really = threading.current_thread(), time.sleep

    def sleep(seconds: float) -> None:
        if threading.current_thread() is not owner:
            really(seconds)  # the kernel's own threads sleep, too
            return
        seen["own sleeps"] += 1
        if seen["own sleeps"] > 200:
            raise _Asleep("This went on for more than 200 sleeps.")

    import botocore.waiter

    ec2.meta.events.register("after-call.ec2", change)
    ec2.meta.events.register("after-call.ec2.DescribeInstances", look)
    waiters = mock.patch.object(botocore.waiter, "time", mock.Mock(sleep=lambda seconds: None))
    with mock.patch.object(time, "sleep", sleep), waiters:
        yield seen


@exercise(
    "03-wait",
    title="Wait, and know when to stop",
    hints=(
        "EC2's client makes waiters: get_waiter takes a name. Which state do you wait for?",
        "A waiter's wait takes the same parameters as describe_instances.",
        "The address is known only after the wait: describe the server again, then.",
    ),
    seconds=_SECONDS,
)
def wait(answer):
    require_local()

    def ready(looks: int) -> Any:
        ec2 = _account().client("ec2")
        server = _server(ec2)
        (one,) = _described(ec2)
        with _slow(ec2, looks, "pending") as seen:
            got = answer(ec2, server)
        if seen["own sleeps"]:
            return "sleeps"
        return "its address" if got == one["PublicIpAddress"] else got

    misconceptions = [
        Misconception(
            "sleeps", "It still sleeps for a fixed time: too long for some servers, too short for"
            " others. A waiter looks until it is so."
        ),
        Misconception(
            KeyError, "The server had no address yet when you looked: it was still pending."
        ),
        Misconception(
            lambda got: got is None,
            "It returned None. Did you look before the server was running, or forget to return?",
        ),
    ]  # fmt: skip
    for looks in (0, 3):
        trial(
            f"address_when_running(ec2, server), for a server that runs after {looks} looks",
            lambda looks=looks: ready(looks),
            want="its address",
            misconceptions=misconceptions,
        )

    def ended() -> Any:
        ec2 = _account().client("ec2")
        server = _server(ec2)
        ec2.terminate_instances(InstanceIds=[server])
        with _slow(ec2, 0):
            try:
                return answer(ec2, server)
            except Exception as error:
                return type(error).__name__

    trial(
        "address_when_running(ec2, server), for a server that was terminated meanwhile",
        ended,
        want="WaiterError",
        expected="the WaiterError of the waiter",
        misconceptions=[
            Misconception(
                "_Asleep", "The loop never ends: a terminated server will never run. A waiter knows"
                " such states and raises an error."
            ),
        ],
    )  # fmt: skip


@exercise(
    "03-public-ip",
    title="The address, if there is one",
    hints=(
        "Print a stopped server's description: which key is not there?",
        "dict has a method that looks for a key and does not raise if it is missing.",
    ),
    seconds=_SECONDS,
)
def public_ip(answer):
    require_local()
    ec2 = _account().client("ec2")
    server = _server(ec2)
    (running,) = _described(ec2)
    ec2.stop_instances(InstanceIds=[server])
    (stopped,) = _described(ec2)
    trial(
        "public_ip(server), of a running server",
        lambda: answer(dict(running)),
        want=running["PublicIpAddress"],
        misconceptions=[
            Misconception(
                running["PrivateIpAddress"], "That is the address inside the network of the cloud."
            )
        ],
    )
    trial(
        "public_ip(server), of a stopped server",
        lambda: answer(dict(stopped)),
        want=None,
        misconceptions=[
            Misconception(KeyError, "A stopped server has no such key at all."),
            Misconception("", "An empty text is not None. What does a missing address mean?"),
            Misconception(
                stopped["PrivateIpAddress"], "That is the address inside the network of the cloud."
            ),
        ],
    )


@exercise(
    "03-states",
    title="Every state of a restart",
    hints=(
        "Look at the answer of stop_instances: under StoppingInstances there is a CurrentState.",
        "Two of the four states come from the answers of calls, two from looking after a wait.",
        "There is a waiter for the stopped state, too.",
    ),
    seconds=_SECONDS,
)
def states(answer):
    require_local()

    def restarted() -> Any:
        ec2 = _account().client("ec2")
        server = _server(ec2)
        with _slow(ec2, 2) as seen:
            got = answer(ec2, server)
        if not {"StopInstances", "StartInstances"} <= set(seen["asked"]):
            return "never restarted"
        (one,) = _described(ec2)
        return got if one["State"]["Name"] == "running" else "left " + one["State"]["Name"]

    trial(
        "restart(ec2, server)",
        restarted,
        want=["stopping", "stopped", "pending", "running"],
        misconceptions=[
            Misconception(
                "never restarted", "The server was never stopped and started; the list is made up."
            ),
            Misconception("left stopped", "The server is still stopped: start it again."),
            Misconception(
                ["stopped", "running"],
                "The two states on the way are missing. The calls themselves report them.",
            ),
            Misconception(
                ["stopping", "pending"],
                "These are the states on the way. Look again after each wait.",
            ),
            Misconception(
                lambda got: got[1] == "stopping" or got[3] == "pending",
                "You looked while the server was still on its way. Wait before you look.",
            ),
            Misconception(lambda got: "terminated" in got, "A terminated server never comes back."),
            Misconception(
                lambda got: isinstance(got[0], dict),
                "A state is a dict with a code and a name. The names are asked for.",
            ),
        ],
    )


@exercise(
    "03-leaks",
    title="Find what costs and serves nobody",
    hints=(
        "An address in use has one key more than an idle one. Compare two of them.",
        "A volume that no server uses has a state of its own.",
        "describe_instances can return servers that have ended; only some states are billed.",
    ),
    seconds=_SECONDS,
)
def leaks(answer):
    require_local()

    def full() -> tuple[Any, list[str]]:
        """Make an account with one leak of each kind, and the same things in use."""
        ec2 = _account().client("ec2")
        used, idle = (ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2))
        tag = [{"Key": "project", "Value": "shop"}]
        kept = _server(ec2, TagSpecifications=[{"ResourceType": "instance", "Tags": tag}])
        lost, stopped, ended = (_server(ec2) for _ in range(3))
        ec2.associate_address(InstanceId=kept, AllocationId=used)
        ec2.stop_instances(InstanceIds=[stopped])
        ec2.terminate_instances(InstanceIds=[ended])
        volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
        names = {
            used: "the address in use", idle: "the idle address", kept: "the shop's server",
            lost: "the server without a project", stopped: "the stopped server",
            ended: "the terminated server", volume: "the unused volume",
        }  # fmt: skip
        return ec2, names

    def found() -> Any:
        ec2, names = full()
        got = answer(ec2)
        return sorted(names.get(one, one) for one in got) if isinstance(got, list) else got

    want = ["the idle address", "the server without a project", "the unused volume"]
    trial(
        "leaks(ec2), in an account with three leaks",
        found,
        want=want,
        misconceptions=[
            Misconception(
                lambda got: "the address in use" in got,
                "One of these addresses belongs to a running server: it serves somebody.",
            ),
            Misconception(
                lambda got: "the terminated server" in got,
                "A terminated server costs nothing; EC2 lists it for a while, that is all.",
            ),
            Misconception(
                lambda got: "the stopped server" in got,
                "A stopped server is not billed (its volume is). Running ones are asked for.",
            ),
            Misconception(
                lambda got: "the shop's server" in got,
                "This server has the tag `project`: somebody knows what it is for.",
            ),
            Misconception(
                lambda got: any(str(one).startswith("vol-") for one in got),
                "Some of these volumes are attached to servers: they are in use.",
            ),
            Misconception(
                lambda got: "the idle address" not in got,
                "The idle address is missing. It is billed by the hour.",
            ),
            Misconception(
                lambda got: "the unused volume" not in got,
                "The unused volume is missing. It is billed by its size.",
            ),
            Misconception(
                lambda got: "the server without a project" not in got,
                "The running server that has no tag `project` is missing.",
            ),
            Misconception(
                KeyError, "Not every description has this key: some servers have no tags at all."
            ),
        ],
    )
    trial("leaks(ec2), in an empty account", lambda: answer(_account().client("ec2")), want=[])


_MAY = ("describe servers", "stop a server", "start a server")
_MAY_NOT = ("terminate a server", "launch a server", "make a key pair", "list users")


@exercise(
    "03-least-privilege",
    title="Just enough rights",
    hints=(
        "Which three kinds of calls does the job need? Each is one line of the list of actions.",
        "An action is the service, a colon, and the operation: s3:GetObject, for example.",
        "A star stands for any text: which actions begin like the calls that only look?",
    ),
    seconds=_SECONDS,
)
def least_privilege(answer):
    require_local()
    require(
        isinstance(answer, dict) and isinstance(answer.get("Statement"), list),
        "the policy",
        expected="a dict with a list of statements",
        got=answer,
        tell='A policy is a dict with "Version" and "Statement", a list of dicts.',
    )

    def allowed() -> Any:
        account = _account()
        may = _calls(account, json.dumps(answer))
        from coursekit.cloud.local_aws import aws

        with aws().enforcing_iam():
            return [name for name, call in may.items() if _is_allowed(call)]

    trial(
        "what a user with this policy may do",
        allowed,
        want=list(_MAY),
        misconceptions=[
            Misconception(
                lambda got: isinstance(got, Exception) and "MalformedPolicy" in str(got),
                "IAM does not accept this policy. Each statement needs Effect, Action, Resource.",
            ),
            Misconception([], "Nothing is allowed. Compare the spelling of the actions."),
            Misconception(
                lambda got: "list users" in got,
                "This is the policy of an administrator: even users can be changed with it.",
            ),
            Misconception(
                lambda got: "terminate a server" in got,
                "Whoever has this can end every server, and with it what is on its disk.",
            ),
            Misconception(
                lambda got: set(got) & {"launch a server", "make a key pair"},
                "Whoever has this can spend money. The job does not need it.",
            ),
            Misconception(lambda got: len(got) < len(_MAY), "The job needs one more kind of call."),
        ],
    )
    version = answer.get("Version")
    require(
        version == "2012-10-17",
        'policy["Version"]',
        expected="'2012-10-17'",
        got=version,
        tell="Without the version of 2012 AWS reads a policy by the rules of 2008.",
    )
    effects = {one.get("Effect") for one in answer["Statement"]}
    require(
        effects == {"Allow"},
        "the effects",
        expected="'Allow' only",
        got=sorted(map(str, effects)),
        tell="What is not allowed is denied anyway. Allow just what the job needs.",
    )


def _calls(account: Account, policy: str) -> dict[str, Callable[[], Any]]:
    """Make a user with the policy; return what the user will try."""
    iam, admin = account.client("iam"), account.client("ec2")
    server = _server(admin)
    iam.create_user(UserName="operator")
    iam.put_user_policy(UserName="operator", PolicyName="job", PolicyDocument=policy)
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    ec2, own_iam = account.client("ec2", key), account.client("iam", key)
    one = {"InstanceIds": [server]}
    calls = (
        lambda: ec2.describe_instances(),
        lambda: ec2.stop_instances(**one),
        lambda: ec2.start_instances(**one),
        lambda: ec2.terminate_instances(**one),
        lambda: _server(ec2),
        lambda: ec2.create_key_pair(KeyName="mine"),
        lambda: own_iam.list_users(),
    )
    _image()  # looked up now: an administrator is unknown once IAM is enforced
    return dict(zip((*_MAY, *_MAY_NOT), calls, strict=True))


def _is_allowed(call: Callable[[], Any]) -> bool:
    from botocore.exceptions import ClientError

    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "UnauthorizedOperation"):
            return False
        raise
    return True


@cache
def _azure() -> AzureVMs:
    """Return an Azure of the checks' own, so that the learner's stays as it is."""
    from coursekit.cloud.local_azure_vms import AzureVMs

    return AzureVMs()


@exercise(
    "03-azure",
    title="Begin, then wait for the result",
    hints=(
        "Since 2020 the names of calls that take long start with the same word.",
        "Such a call returns a poller at once. The machine is what the poller gives in the end.",
        "Read the next error: which part of the machine's properties is missing?",
    ),
    seconds=_SECONDS,
)
def azure(answer):
    from azure.mgmt.compute import ComputeManagementClient

    require_local()
    vms = _azure()
    vms._state.clear()
    compute = ComputeManagementClient(vms.credential, vms.subscription_id, **vms.client_options)
    machine = _azure_machine(vms)
    before = json.dumps(machine)

    def made(size: str, name: str) -> Any:
        got = answer(compute, vms.resource_group, name, machine, size)
        there = {one.name: one for one in compute.virtual_machines.list(vms.resource_group)}
        if name not in there:
            return "no machine"
        properties = there[name].properties
        return {
            "machine": properties.provisioning_state,
            "size": properties.hardware_profile.as_dict()["vmSize"],
            "returned": getattr(got, "name", type(got).__name__),
        }

    trial(
        'create_vm(compute, group, "web", machine, "Standard_B1s")',
        lambda: made("Standard_B1s", "web"),
        want={"machine": "Succeeded", "size": "Standard_B1s", "returned": "web"},
        misconceptions=[
            Misconception(
                AttributeError, "The client has no such method: its name got a first word."
            ),
            Misconception(
                lambda got: isinstance(got, Exception) and "hardwareProfile" in str(got),
                "Azure asks for the size. It stands in the properties: hardwareProfile, vmSize.",
            ),
            Misconception(
                lambda got: isinstance(got, Exception) and "Could not find member" in str(got),
                "Azure does not know this name. In a dict, names are written as in its JSON:"
                " hardwareProfile, vmSize, and they stand under properties.",
            ),
            Misconception("no machine", "No machine was made."),
            Misconception(
                lambda got: got["returned"] == "LROPoller",
                "This returns the poller, while Azure is still at work. Ask it for the result.",
            ),
            Misconception(
                lambda got: got["machine"] == "Creating", "Nobody waited until it was there."
            ),
            Misconception(
                lambda got: got["returned"] == "NoneType", "The function returns nothing."
            ),
        ],
    )
    require(
        json.dumps(machine) == before,
        "machine, after the call",
        expected="as it was",
        got="changed",
        tell="The description was changed in place: the next machine made of it gets this size,"
        " too. Build a new dict.",
    )
    vms._state.clear()
    _azure_machine(vms)
    trial(
        'create_vm(compute, group, "big", machine, "Standard_B2s")',
        lambda: made("Standard_B2s", "big"),
        want={"machine": "Succeeded", "size": "Standard_B2s", "returned": "big"},
    )


def _azure_machine(vms: AzureVMs) -> dict[str, Any]:
    """Return the description of a machine that lacks its size."""
    card = vms.add_network_interface("check")
    names = ("publisher", "offer", "sku", "version")
    image = dict(zip(names, ("Canonical", "ubuntu-24_04-lts", "server", "latest"), strict=True))
    login = {"computerName": "web", "adminUsername": "learner", "adminPassword": "made-by-a-check"}
    return {
        "location": vms.location,
        "properties": {
            "storageProfile": {"imageReference": image},
            "osProfile": login,
            "networkProfile": {"networkInterfaces": [{"id": card}]},
        },
    }


QUIZ = (
    Question(
        "You stopped a server on EC2 on Friday. What is on the bill for the weekend?",
        (
            Option("Nothing: it is stopped.", "Its disk is still there, and so is its address."),
            Option(
                "Its volume, and its Elastic IP if it has one.",
                "Stopped servers are not billed by the hour; storage and public addresses are.",
                right=True,
            ),
            Option(
                "The same as on a weekday.",
                "The hours of the server itself are not billed while it is stopped.",
            ),
        ),
    ),
    Question(
        "A program waits in `while state != 'running': time.sleep(5)`. The server fails to start"
        " and is terminated. What happens?",
        (
            Option("The loop ends with an error.", "Nothing in it looks for other states."),
            Option(
                "The loop never ends.",
                "A terminated server never runs again. A waiter knows this and raises WaiterError.",
                right=True,
            ),
            Option("EC2 starts a new server.", "Nobody asked for one."),
        ),
    ),
    Question(
        "On Azure, which call ends the cost of a machine's processor, and keeps its disk?",
        (
            Option(
                "`begin_power_off`",
                "The machine is stopped but still reserved for you, and billed.",
            ),
            Option(
                "`begin_deallocate`",
                "It gives the machine's place back. The disk stays, and is billed as a disk.",
                right=True,
            ),
            Option("`begin_restart`", "It runs again at once."),
        ),
    ),
    Question(
        "A policy allows `ec2:*`, another one of the same user denies `ec2:TerminateInstances`."
        " May the user terminate a server?",
        (
            Option("Yes: an allowance is enough.", "Not against an explicit Deny."),
            Option(
                "No: an explicit Deny wins.",
                "Always, however many policies allow it.",
                right=True,
            ),
            Option("It depends on which was attached last.", "The order plays no part."),
        ),
    ),
)
