"""What may be done in a real AWS account by chapter 3, and what is refused.

Everything here is a list of what is allowed; what is in no list is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coursekit.errors import CourseError

TAG = "coursekit"
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
ALLOWED = {
    "ec2": _READS | _MAKES.keys() | _CHANGES.keys(),
    "ssm": {"GetParameter"},  # the newest public image of Amazon
    "sts": {"GetCallerIdentity"},
}
# Other parameters of run_instances can ask for larger disks, licences, other markets.
_RUN_PARAMETERS = {
    "ImageId", "InstanceType", "MinCount", "MaxCount", "KeyName", "SecurityGroupIds", "SubnetId",
    "TagSpecifications", "ClientToken", "DryRun", "UserData",
}  # fmt: skip


@dataclass
class Call:
    """One call of boto3 on its way out: service, operation, parameters, region of its client."""

    service: str
    operation: str
    params: dict[str, Any]
    region: str | None = None


def require_allowed(call: Call, region: str) -> None:
    """Raise `CourseError` unless the operation is the chapter's, and changes one region only."""
    if call.operation not in ALLOWED.get(call.service, ()):
        raise CourseError(
            f"{call.service} {call.operation} is not among the operations that the course allows"
            " in a real account.",
            "Use the course's own AWS for it: unset COURSEKIT_CLOUD and restart the kernel.",
        )
    # Looking is allowed everywhere: an inventory of one region says nothing about the others.
    changes = call.service == "ec2" and call.operation not in _READS
    if changes and call.region not in (None, region):
        raise CourseError(
            f"{call.operation} in {call.region}: the course works in {region} only.",
            "Make the client without region_name, or set AWS_DEFAULT_REGION and start again.",
        )


def require_free(
    call: Call, confirmed: Callable[[str], bool], client: Callable[[str], Any]
) -> None:
    """Raise `CourseError` for what may cost money and was not confirmed for this call."""
    reason = _cost(call, client)
    if reason and not confirmed(call.operation):
        name = _python_name(call.operation)
        raise CourseError(
            f"{name} may cost money: {reason}.",
            f'If you want it, confirm it for one call: cloud.confirm("{name}")',
        )


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


def require_own(call: Call, run: str, client: Callable[[str], Any]) -> None:
    """Raise `CourseError` if the call would change something that this run has not made."""
    for parameter in _CHANGES.get(call.operation, ()):
        if parameter not in call.params:
            continue
        named = call.params[parameter]
        named = [named] if isinstance(named, str) else named
        own = _own(parameter, named, run, client("ec2"))
        if foreign := sorted(set(named) - own):
            raise CourseError(
                f"{foreign[0]} was not made by this run of the course; {call.operation} leaves it"
                " alone.",
                f"Is it the right id? What this run made has the tag {TAG}={run}.",
            )
    _require_named(call)


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


def _python_name(operation: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")
