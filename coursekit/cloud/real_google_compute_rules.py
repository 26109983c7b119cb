"""What chapter 3 may do in a real project's Compute Engine."""

from __future__ import annotations

import re
from typing import Any

from coursekit.cloud.real_account import TAG
from coursekit.cloud.real_google import FREE_REGIONS
from coursekit.cloud.real_http import Route
from coursekit.ground.errors import CourseError

FREE_TYPE = "e2-micro"
FREE_GIGABYTES = 30
# Public images whose software has no price of its own.
FREE_IMAGES = ("debian-cloud", "ubuntu-os-cloud")

_PROJECT = "/compute/v1/projects/{project}"
_ZONE = f"{_PROJECT}/zones/{{zone}}"
_MACHINE, _DISK = f"{_ZONE}/instances/{{machine}}", f"{_ZONE}/disks/{{disk}}"
ROUTES = (
    Route("POST", f"{_ZONE}/instances", "insert"),
    Route("GET", f"{_ZONE}/instances", "list"),
    Route("GET", _MACHINE, "get"),
    Route("POST", f"{_MACHINE}/start", "start"),
    Route("POST", f"{_MACHINE}/stop", "stop"),
    Route("DELETE", _MACHINE, "delete"),
    Route("GET", f"{_ZONE}/disks", "list"),
    Route("GET", _DISK, "get"),
    Route("DELETE", _DISK, "delete"),
    Route("GET", f"{_ZONE}/operations/{{id}}", "get"),
    Route("POST", f"{_ZONE}/operations/{{id}}/wait", "wait"),
    Route("GET", "/compute/v1/projects/{images}/global/images/family/{family}", "get_from_family"),
    Route("GET", "/compute/v1/projects/{images}/global/images/{image}", "get"),
)
_MACHINE_NAMES = {"name", "description", "labels", "machineType", "disks", "networkInterfaces"}
_DISK_NAMES = {"boot", "autoDelete", "deviceName", "initializeParams", "type", "mode"}
_NEW_NAMES = {"sourceImage", "diskName", "diskSizeGb", "diskType", "labels", "description"}
_CARD_NAMES = {"network", "subnetwork", "name"}


def require_plain(query: dict[str, str], body: dict[str, Any]) -> None:
    """Raise `CourseError` for parameters that would make more than the body says."""
    if extra := sorted(query.keys() - {"requestId", "$alt", "alt", "prettyPrint"}):
        raise CourseError(
            f"insert with {extra[0]} is more than the course allows in a real account.",
            "Leave it out.",
        )
    if TAG in body.get("labels", {}):
        raise CourseError(f"The label {TAG} is the course's own.", "Choose another for yours.")


def objection(body: dict[str, Any], zone: str) -> str:
    """Return why making this machine has to be confirmed, or nothing."""
    cost = _cost(body, zone)
    return cost and f"may cost money: {cost}"


def _cost(body: dict[str, Any], zone: str) -> str:
    kind = body.get("machineType", "").split("/")[-1]
    if kind != FREE_TYPE:
        return f"machine type {kind} is not {FREE_TYPE}"
    if zone.rpartition("-")[0] not in FREE_REGIONS:
        return f"zone {zone} is in none of {', '.join(FREE_REGIONS)}"
    cards = body.get("networkInterfaces", [])
    if any(card.get("accessConfigs") for card in cards):
        return "public IPv4 addresses are billed by the hour"
    named = [(body, _MACHINE_NAMES), *((card, _CARD_NAMES) for card in cards)]
    for disk in body.get("disks", []):
        named += [(disk, _DISK_NAMES), (disk.get("initializeParams", {}), _NEW_NAMES)]
    for part, known in named:
        if extra := sorted(part.keys() - known):
            return f"the course does not know what {extra[0]} costs"
    return next((cost for disk in body.get("disks", []) if (cost := _disk_cost(disk))), "")


def _disk_cost(disk: dict[str, Any]) -> str:
    new = disk.get("initializeParams", {})
    kind = new.get("diskType", "pd-standard").split("/")[-1]
    if kind != "pd-standard":
        return f"disk type {kind} is not pd-standard"
    if int(new.get("diskSizeGb", 0)) > FREE_GIGABYTES:
        return f"a disk of {new['diskSizeGb']} GB is larger than {FREE_GIGABYTES} GB"
    found = re.search(r"(?:^|/)projects/([^/]+)/global/images/", new.get("sourceImage", ""))
    if found and found[1] not in FREE_IMAGES:
        return f"the software of an image of {found[1]} may have a price of its own"
    return ""


def tagged(body: dict[str, Any], run: str) -> dict[str, Any]:
    """Return the description with the label of this run, on the machine and its new disks."""

    def label(part: dict[str, Any]) -> dict[str, Any]:
        return {**part, "labels": {**part.get("labels", {}), TAG: run}}

    disks = [
        {**disk, "initializeParams": label(disk["initializeParams"])}
        if "initializeParams" in disk
        else disk
        for disk in body.get("disks", [])
    ]
    return label(body) | ({"disks": disks} if disks else {})
