"""What chapter 3 may do in a real account's EC2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coursekit.cloud.real_call import TAG, Call
from coursekit.ground.errors import CourseError

# Small types that the free tier has named for years; look at your account's own offer first:
# https://aws.amazon.com/free
FREE_TYPES = ("t2.micro", "t3.micro")

_READS = {
    "DescribeAddresses", "DescribeImages", "DescribeInstances", "DescribeInstanceStatus",
    "DescribeInstanceTypes", "DescribeKeyPairs", "DescribeRegions", "DescribeSecurityGroups",
    "DescribeSubnets", "DescribeTags", "DescribeVolumes", "DescribeVpcs",
}  # fmt: skip
# What makes something -> the kinds of resource that get the tag.
_MAKES = {
    "RunInstances": ("instance", "volume", "network-interface"),
    "CreateSecurityGroup": ("security-group",),
    "CreateKeyPair": ("key-pair",),
    "AllocateAddress": ("elastic-ip",),
}
# What changes or removes something -> the parameters that name it.
_CHANGES = {
    "StartInstances": ("InstanceIds",),
    "StopInstances": ("InstanceIds",),
    "RebootInstances": ("InstanceIds",),
    "TerminateInstances": ("InstanceIds",),
    "AssociateAddress": ("InstanceId", "AllocationId"),
    "DisassociateAddress": ("AssociationId",),
    "ReleaseAddress": ("AllocationId",),
    "AuthorizeSecurityGroupIngress": ("GroupId",),
    "RevokeSecurityGroupIngress": ("GroupId",),
    "DeleteSecurityGroup": ("GroupId",),
    "DeleteKeyPair": ("KeyName", "KeyPairId"),
    "CreateTags": ("Resources",),
    "DeleteVolume": ("VolumeId",),
}
ALLOWED = _READS | _MAKES.keys() | _CHANGES.keys()
# Other parameters of run_instances can ask for larger disks, licences, other markets.
_RUN_PARAMETERS = {
    "ImageId", "InstanceType", "MinCount", "MaxCount", "KeyName", "SecurityGroupIds", "SubnetId",
    "TagSpecifications", "ClientToken", "DryRun", "UserData",
}  # fmt: skip


def is_bound_to_region(call: Call) -> bool:
    """Tell whether the call changes something: looking is allowed everywhere."""
    return call.operation not in _READS


def require_plain(call: Call) -> None:
    """Let every parameter through; those that may cost money are `objection`'s."""


def objection(call: Call, client: Callable[[str], Any]) -> str:
    """Return why the call has to be confirmed, or nothing."""
    cost = _cost(call, client)
    return cost and f"may cost money: {cost}"


def _cost(call: Call, client: Callable[[str], Any]) -> str:
    if call.operation == "AllocateAddress":
        return "public IPv4 addresses are billed by the hour, in use or not"
    if call.operation != "RunInstances":
        return ""
    if extra := sorted(call.params.keys() - _RUN_PARAMETERS):
        return f"the course does not know what {extra[0]} costs"
    kind = call.params.get("InstanceType")
    if kind not in FREE_TYPES:
        return f"instance type {kind} is not one of {', '.join(FREE_TYPES)}"
    if call.params.get("MaxCount") != 1:
        return f"MaxCount={call.params.get('MaxCount')} asks for several servers"
    return _licence(call.params.get("ImageId"), client)


def _licence(image: Any, client: Callable[[str], Any]) -> str:
    found = client("ec2").describe_images(ImageIds=[image])["Images"]
    for one in found:
        if one.get("ProductCodes") or one.get("PlatformDetails", "Linux/UNIX") != "Linux/UNIX":
            return f"the software of image {image} has a price of its own"
    return ""


def foreign(call: Call, run: str, client: Callable[[str], Any], known: set[str]) -> str:
    """Return the id of something that the call would change and this run has not made."""
    _require_named(call)
    for parameter in _CHANGES.get(call.operation, ()):
        if parameter not in call.params:
            continue
        named = call.params[parameter]
        named = [named] if isinstance(named, str) else named
        own = _own(parameter, named, run, client("ec2"))
        if others := sorted(set(named) - own):
            return others[0]
    return ""


def _require_named(call: Call) -> None:
    """Raise if a call names its target in a way that cannot be looked up, such as by name."""
    if call.operation in _CHANGES and not set(_CHANGES[call.operation]) & call.params.keys():
        raise CourseError(
            f"{call.operation} does not say which resource by {_CHANGES[call.operation][0]}.",
            "Name it by its id, so that the course can look whether it is its own.",
        )


def _own(parameter: str, named: list[str], run: str, ec2: Any) -> set[str]:
    """Return those of the named resources that carry the tag of this run."""
    tag = {"Name": f"tag:{TAG}", "Values": [run]}
    if parameter == "KeyName":
        return {pair["KeyName"] for pair in ec2.describe_key_pairs(Filters=[tag])["KeyPairs"]}
    if parameter == "AssociationId":
        addresses = ec2.describe_addresses(Filters=[tag])["Addresses"]
        return {address["AssociationId"] for address in addresses if "AssociationId" in address}
    filters = [
        {"Name": "key", "Values": [TAG]},
        {"Name": "value", "Values": [run]},
        {"Name": "resource-id", "Values": named},
    ]
    return {tag["ResourceId"] for tag in ec2.describe_tags(Filters=filters)["Tags"]}


def tagged(call: Call, run: str) -> dict[str, Any]:
    """Return the parameters of the call, with the tag of this run on everything that it makes."""
    params = dict(call.params)
    if call.operation in _MAKES:
        given = {s["ResourceType"]: list(s["Tags"]) for s in params.get("TagSpecifications", ())}
        for kind in _MAKES[call.operation]:
            kept = [tag for tag in given.get(kind, ()) if tag["Key"] != TAG]
            given[kind] = [*kept, {"Key": TAG, "Value": run}]
        params["TagSpecifications"] = [
            {"ResourceType": kind, "Tags": tags} for kind, tags in given.items()
        ]
    if call.operation == "RunInstances" and str(params.get("InstanceType", "")).startswith("t"):
        # t3 may otherwise borrow processor time beyond its share, and bill it.
        params["CreditSpecification"] = {"CpuCredits": "standard"}
    if call.operation == "CreateTags" and any(tag["Key"] == TAG for tag in params.get("Tags", ())):
        raise CourseError(f"The tag {TAG} is the course's own.", "Choose another key for your tag.")
    return params
