"""Hidden tests of chapter 03, Cloud computers: other servers, names and states."""

from __future__ import annotations

import json
from typing import Any

from classkit.classroom.hidden import error_of, expect, hidden, must, word, words
from coursekit.cloud.azure_rules import SIZES
from coursekit.cloud.real import require_local
from coursekit.feedback.checks.ch03 import (
    _account,
    _azure,
    _azure_machine,
    _described,
    _image,
    _is_allowed,
    _server,
    _slow,
)


def _servers(ec2: Any, number: int) -> list[str]:
    run = ec2.run_instances(
        ImageId=_image(), InstanceType="t3.micro", MinCount=number, MaxCount=number
    )
    return [one["InstanceId"] for one in run["Instances"]]


def _by_id(ec2: Any) -> dict[str, dict[str, Any]]:
    return {one["InstanceId"]: one for one in _described(ec2)}


@hidden("03-launch")
def launch(answer, chance):
    require_local()
    key, *doors = words(chance, 4)
    mine = chance.randrange(len(doors))

    def launched() -> Any:
        ec2 = _account().client("ec2")
        ec2.create_key_pair(KeyName=key)
        groups = [
            ec2.create_security_group(GroupName=door, Description="a door")["GroupId"]
            for door in doors
        ]
        sent: dict[str, Any] = {}
        event = "before-parameter-build.ec2.RunInstances"
        ec2.meta.events.register(event, lambda params, **_: sent.update(params))
        got = answer(ec2, _image(), key, groups[mine])
        return [
            (
                (sent["MinCount"], sent["MaxCount"]),
                one["InstanceId"] == got,
                one["InstanceType"],
                one.get("KeyName"),
                [groups.index(group["GroupId"]) for group in one["SecurityGroups"]],
            )
            for one in _described(ec2)
        ]

    expect([((1, 1), True, "t3.micro", key, [mine])], launched)


@hidden("03-ssh-rule")
def ssh_rule(answer, chance):
    require_local()

    def opened(addresses: list[str], door: str) -> Any:
        ec2 = _account().client("ec2")
        group = ec2.create_security_group(GroupName=door, Description="a door")["GroupId"]
        for address in addresses:
            answer(ec2, group, address)
        (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return sorted(
            (one["CidrIp"], rule["IpProtocol"], rule["FromPort"], rule["ToPort"])
            for rule in found["IpPermissions"]
            for one in rule["IpRanges"]
        )

    for count in (1, 3):
        numbers = chance.sample(range(1, 255), count)
        addresses = [f"203.0.{chance.randint(1, 254)}.{number}" for number in numbers]
        want = sorted((f"{address}/32", "tcp", 22, 22) for address in addresses)
        expect(want, opened, addresses, word(chance))


@hidden("03-wait")
def wait(answer, chance):
    require_local()

    def ready(number: int, mine: int, looks: int) -> Any:
        ec2 = _account().client("ec2")
        server = _servers(ec2, number)[mine]
        address = _by_id(ec2)[server]["PublicIpAddress"]
        with _slow(ec2, looks, "pending") as seen:
            got = answer(ec2, server)
        return got == address, seen["own sleeps"]

    for looks in (0, chance.randint(1, 9)):
        number = chance.randint(2, 6)
        expect((True, 0), ready, number, chance.randrange(number), looks)

    def ended(number: int) -> Any:
        ec2 = _account().client("ec2")
        servers = _servers(ec2, number)
        ec2.terminate_instances(InstanceIds=servers[1:])
        with _slow(ec2, 0):
            return error_of(answer, ec2, servers[-1])

    expect("WaiterError", ended, chance.randint(2, 5))


@hidden("03-public-ip")
def public_ip(answer, chance):
    require_local()
    ec2 = _account().client("ec2")
    for _ in range(4):
        tags = [{"Key": key, "Value": word(chance)} for key in words(chance, 2)]
        server = _server(ec2, TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
        running = chance.random() < 0.5
        if not running:
            ec2.stop_instances(InstanceIds=[server])
        one = _by_id(ec2)[server]

        def address(one: dict[str, Any] = one) -> Any:
            got = answer(dict(one))
            return got == one["PublicIpAddress"] if "PublicIpAddress" in one else got

        expect(True if running else None, address)


@hidden("03-states")
def states(answer, chance):
    require_local()

    def restarted(number: int, mine: int, looks: int) -> Any:
        ec2 = _account().client("ec2")
        server = _servers(ec2, number)[mine]
        before = _by_id(ec2)
        with _slow(ec2, looks) as seen:
            got = answer(ec2, server)
        after = _by_id(ec2)
        moved = [
            one
            for one in after
            if after[one].get("PublicIpAddress") != before[one].get("PublicIpAddress")
        ]
        calls = [name for name in seen["asked"] if name in ("StopInstances", "StartInstances")]
        return got, calls, moved == [server], {one["State"]["Name"] for one in after.values()}

    names = ["stopping", "stopped", "pending", "running"]
    want = (names, ["StopInstances", "StartInstances"], True, {"running"})
    for _ in range(2):
        number = chance.randint(2, 5)
        expect(want, restarted, number, chance.randrange(number), chance.randint(1, 5))


def _leaky(ec2: Any, counts: dict[str, int], tags: list[str]) -> list[str]:
    """Fill an account with leaks and with things in use; return the ids of the leaks."""
    leaks = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(counts["idle"])]
    for _ in range(counts["volumes"]):
        made = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)
        leaks.append(made["VolumeId"])
    for tag in tags:
        named = [{"Key": tag, "Value": "project"}]
        server = _server(ec2, TagSpecifications=[{"ResourceType": "instance", "Tags": named}])
        if tag != "project":
            leaks.append(server)
        elif counts["used"]:
            counts["used"] -= 1
            address = ec2.allocate_address(Domain="vpc")["AllocationId"]
            ec2.associate_address(InstanceId=server, AllocationId=address)
    asleep, *ended = _servers(ec2, 1 + counts["ended"])
    ec2.stop_instances(InstanceIds=[asleep])
    ec2.terminate_instances(InstanceIds=ended)
    return sorted(leaks)


@hidden("03-leaks")
def leaks(answer, chance):
    require_local()

    def found(counts: dict[str, int], tags: list[str]) -> Any:
        ec2 = _account().client("ec2")
        want = _leaky(ec2, dict(counts), tags)
        got = answer(ec2)
        return isinstance(got, list) and sorted(got) == want

    counts = {kind: chance.randint(1, 3) for kind in ("idle", "used", "volumes", "ended")}
    tags = ["project", *chance.choices(("project", "Project", "owner", "Name"), k=3), "owner"]
    expect(True, found, counts, tags)
    expect(True, found, dict.fromkeys(counts, 0) | {"ended": 1}, ["project"] * chance.randint(1, 2))


@hidden("03-least-privilege")
def least_privilege(answer, chance):
    require_local()
    name, group = words(chance, 2)

    def allowed(tried: list[str]) -> Any:
        account = _account()
        iam, admin = account.client("iam"), account.client("ec2")
        one = {"InstanceIds": [_server(admin)]}
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="job", PolicyDocument=json.dumps(answer))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        ec2, own_iam = account.client("ec2", key), account.client("iam", key)
        zone = "us-east-1a"
        calls = {
            "stop": lambda: ec2.stop_instances(**one),
            "start": lambda: ec2.start_instances(**one),
            "servers": ec2.describe_instances,
            "volumes": ec2.describe_volumes,
            "addresses": ec2.describe_addresses,
            "groups": ec2.describe_security_groups,
            "keys": ec2.describe_key_pairs,
            "launch": lambda: _server(ec2),
            "end": lambda: ec2.terminate_instances(**one),
            "reboot": lambda: ec2.reboot_instances(**one),
            "volume": lambda: ec2.create_volume(AvailabilityZone=zone, Size=8),
            "group": lambda: ec2.create_security_group(GroupName=group, Description="a door"),
            "address": lambda: ec2.allocate_address(Domain="vpc"),
            "user": lambda: own_iam.create_user(UserName=group),
            "users": own_iam.list_users,
        }
        from coursekit.cloud.local_aws import aws

        with aws().enforcing_iam():
            return [call for call in tried if _is_allowed(calls[call])]

    may = [
        "stop",
        "start",
        *chance.sample(("servers", "volumes", "addresses", "groups", "keys"), 3),
    ]
    may_not = chance.sample(("reboot", "volume", "group", "address", "user", "users"), 3)
    may_not += ["launch", "end"]
    must(answer["Version"] == "2012-10-17")
    must({one["Effect"] for one in answer["Statement"]} == {"Allow"})
    expect(may, allowed, may + may_not)


@hidden("03-azure")
def azure(answer, chance):
    from azure.mgmt.compute import ComputeManagementClient

    require_local()
    vms = _azure()
    compute = ComputeManagementClient(vms.credential, vms.subscription_id, **vms.client_options)

    def made(name: str, size: str) -> Any:
        vms._state.clear()
        machine = _azure_machine(vms)
        before = json.dumps(machine)
        got = answer(compute, vms.resource_group, name, machine, size)
        return [
            (
                one.name == getattr(got, "name", ""),
                one.name,
                one.properties.hardware_profile.as_dict()["vmSize"],
                one.properties.provisioning_state,
                json.dumps(machine) == before,
            )
            for one in compute.virtual_machines.list(vms.resource_group)
        ]

    for name, size in zip(words(chance, 2), chance.sample(SIZES, 2), strict=True):
        expect([(True, name, size, "Succeeded", True)], made, name, size)
