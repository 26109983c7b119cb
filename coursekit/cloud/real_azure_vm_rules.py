"""What chapter 3 may do in a real subscription of Azure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from coursekit.cloud.azure_rules import machine_schema, members
from coursekit.cloud.real_account import TAG
from coursekit.cloud.real_http import Route

# Free for 750 hours a month in the first twelve months; look at your own offer first:
# https://azure.microsoft.com/pricing/free-services
FREE_SIZES = ("Standard_B1s", "Standard_B2pts_v2", "Standard_B2ats_v2")
# Whose images have no price of their own; of Ubuntu, "Pro" has one.
FREE_PUBLISHERS = ("canonical", "debian")

_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
_ALL = "/subscriptions/{subscription}/providers/Microsoft.Compute"
_MACHINE = f"{_GROUP}/virtualMachines/{{name}}"
ROUTES = (
    Route("PUT", _MACHINE, "begin_create_or_update"),
    Route("GET", _MACHINE, "get"),
    Route("GET", f"{_MACHINE}/instanceView", "instance_view"),
    Route("POST", f"{_MACHINE}/start", "begin_start"),
    Route("POST", f"{_MACHINE}/powerOff", "begin_power_off"),
    Route("POST", f"{_MACHINE}/deallocate", "begin_deallocate"),
    Route("DELETE", _MACHINE, "begin_delete"),
    Route("GET", f"{_GROUP}/virtualMachines", "list"),
    Route("GET", f"{_ALL}/virtualMachines", "list_all"),
    Route("GET", f"{_GROUP}/disks", "list_by_resource_group"),
    Route("GET", f"{_ALL}/disks", "list"),
    Route("GET", f"{_GROUP}/disks/{{name}}", "get"),
    Route("DELETE", f"{_GROUP}/disks/{{name}}", "begin_delete"),
    # How far a call is, that takes long: each kind of resource has its own word.
    Route("GET", f"{_ALL}/locations/{{location}}/operations/{{id}}", "result"),
    Route("GET", f"{_ALL}/locations/{{location}}/diskOperations/{{id}}", "result"),
    # What the SDK does itself when a subscription has never had a machine. It costs nothing.
    Route("POST", f"{_ALL}/register", "register"),
    Route("GET", _ALL, "register"),
)
# What a description may hold without a question, as paths in its JSON. Members that Azure does not
# know are left to Azure, which refuses them.
_PLAIN = (
    "location", "tags", "id", "name", "type",
    "properties.hardwareProfile.vmSize",
    "properties.storageProfile.imageReference",
    "properties.storageProfile.osDisk.name",
    "properties.storageProfile.osDisk.createOption",
    "properties.storageProfile.osDisk.deleteOption",
    "properties.osProfile",
    "properties.networkProfile.networkInterfaces",
)  # fmt: skip


def objection(body: dict[str, Any]) -> str:
    """Return why making this machine has to be confirmed, or nothing."""
    cost = _cost(body)
    return cost and f"may cost money: {cost}"


def _cost(body: dict[str, Any]) -> str:
    size = _part(body, "properties", "hardwareProfile", "vmSize")
    # Without a size there will be no machine: Azure asks for it.
    if size is not None and str(size).lower() not in {one.lower() for one in FREE_SIZES}:
        return f"size {size} is not one of {', '.join(FREE_SIZES)}"
    plain = {path.lower() for path in _PLAIN}
    for path in _paths(body, machine_schema()):
        if not any(path.lower() == one or path.lower().startswith(f"{one}.") for one in plain):
            return f"the course does not know what {path} costs"
    image = _part(body, "properties", "storageProfile", "imageReference") or {}
    names = {str(name).lower(): str(value).lower() for name, value in image.items()}
    publisher = names.get("publisher", FREE_PUBLISHERS[0])
    words = re.split(r"\W|_", f"{names.get('offer')}-{names.get('sku')}")
    if publisher not in FREE_PUBLISHERS or "pro" in words:
        return f"the software of {image.get('publisher')}'s image may have a price of its own"
    return ""


def _part(body: Any, *names: str) -> Any:
    """Return what stands at a path of the JSON; Azure compares names without case."""
    for name in names:
        if not isinstance(body, dict):
            return None
        body = {key.lower(): value for key, value in body.items()}.get(name.lower())
    return body


def _paths(value: Any, hint: Any, path: str = "") -> Iterator[str]:
    """Yield the paths to everything in the JSON that Azure knows and that holds no more names."""
    known = members(hint)
    if not isinstance(value, dict) or known is None:
        yield path
        return
    for name, part in value.items():
        if name.lower() in known:
            below = known[name.lower()]
            yield from _paths(part, below, f"{path}.{name}".lstrip("."))


def foreign(body: Any, group: str) -> str:
    """Return the id of something outside of the group that a description names, or nothing."""
    if isinstance(body, dict | list):
        parts = body.values() if isinstance(body, dict) else body
        return next((other for part in parts if (other := foreign(part, group))), "")
    is_id = isinstance(body, str) and body.lower().startswith("/subscriptions/")
    return body if is_id and not body.lower().startswith(f"{group.lower()}/") else ""


def tagged(body: dict[str, Any], run: str) -> dict[str, Any]:
    """Return the description with the tag of this run."""
    return {**body, "tags": {**(body.get("tags") or {}), TAG: run}}
