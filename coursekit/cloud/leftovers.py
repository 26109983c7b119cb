"""Finds what the course made in an AWS account, by its tag, and removes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from coursekit.cloud import leftovers_storage
from coursekit.cloud.real_account import TAG, Left

SERVICES = ("ec2", "s3", "kms")
_GONE = ("terminated", "shutting-down")


def find(
    client: Callable[[str], Any], *, run: str | None = None, services: Iterable[str] = SERVICES
) -> list[Left]:
    """Return everything with the course's tag, in the order in which it has to be removed.

    Parameters
    ----------
    client : callable
        ``client("ec2")`` gives a client that no guard watches.
    run : str, optional
        Only what this run made.
    services : iterable of {"ec2", "s3", "kms"}
        Where to look. A user with rights in EC2 only must not be asked for others.
    """
    found: list[Left] = []
    if "ec2" in services:
        found += _servers(client("ec2"), run)
    if "s3" in services:
        found += [Left("bucket", *one) for one in leftovers_storage.buckets(client("s3"))]
    if "kms" in services:
        found += [Left("KMS key", *one) for one in leftovers_storage.keys(client("kms"))]
    return [one for one in found if run in (None, one.run)]


def _servers(ec2: Any, run: str | None) -> list[Left]:
    """Return what chapter 3 makes: servers, and what belongs to them."""
    wanted = [{"Name": f"tag:{TAG}", "Values": [run or "*"]}]

    def pages(operation: str, key: str) -> list[dict]:
        found = ec2.get_paginator(operation).paginate(Filters=wanted)
        return [one for page in found for one in page[key]]

    servers = [i for r in pages("describe_instances", "Reservations") for i in r["Instances"]]
    servers = [i for i in servers if i["State"]["Name"] not in _GONE]
    found = {
        "server": [(i["InstanceId"], i) for i in servers],
        "address": [
            (a["AllocationId"], a) for a in ec2.describe_addresses(Filters=wanted)["Addresses"]
        ],
        "volume": [(v["VolumeId"], v) for v in pages("describe_volumes", "Volumes")],
        "security group": [
            (g["GroupId"], g) for g in pages("describe_security_groups", "SecurityGroups")
        ],
        "key pair": [(k["KeyName"], k) for k in ec2.describe_key_pairs(Filters=wanted)["KeyPairs"]],
    }
    return [Left(kind, id, _run(one)) for kind, all in found.items() for id, one in all]


def _run(resource: dict[str, Any]) -> str:
    return next(tag["Value"] for tag in resource["Tags"] if tag["Key"] == TAG)


def remove(client: Callable[[str], Any], left: list[Left]) -> None:
    """Remove resources: servers first, because what they use can go only after them.

    Raises
    ------
    botocore.exceptions.WaiterError
        When a server does not end within ten minutes.
    """
    by_kind: dict[str, list[str]] = {}
    for one in left:
        by_kind.setdefault(one.kind, []).append(one.id)
    if by_kind.keys() - {"bucket", "KMS key"}:
        _remove_servers(client("ec2"), by_kind)
    for id in by_kind.get("bucket", ()):
        leftovers_storage.remove_bucket(client("s3"), id)
    for id in by_kind.get("KMS key", ()):
        leftovers_storage.remove_key(client("kms"), id)


def _remove_servers(ec2: Any, by_kind: dict[str, list[str]]) -> None:
    if servers := by_kind.get("server"):
        ec2.terminate_instances(InstanceIds=servers)
        ec2.get_waiter("instance_terminated").wait(InstanceIds=servers)
    for id in by_kind.get("address", ()):
        _release(ec2, id)
    for id in by_kind.get("volume", ()):
        _unless_gone(ec2.delete_volume, VolumeId=id)
    for id in by_kind.get("security group", ()):
        _unless_gone(ec2.delete_security_group, GroupId=id)
    for id in by_kind.get("key pair", ()):
        ec2.delete_key_pair(KeyName=id)


def _release(ec2: Any, id: str) -> None:
    (address,) = ec2.describe_addresses(AllocationIds=[id])["Addresses"]
    if "AssociationId" in address:
        _unless_gone(ec2.disassociate_address, AssociationId=address["AssociationId"])
    _unless_gone(ec2.release_address, AllocationId=id)


def _unless_gone(call: Callable[..., Any], **named: str) -> None:
    """Call; what went together with its server is gone already, which is what was wanted."""
    from botocore.exceptions import ClientError

    try:
        call(**named)
    except ClientError as error:
        if ".NotFound" not in error.response["Error"]["Code"]:
            raise
