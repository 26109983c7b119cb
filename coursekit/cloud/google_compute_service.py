"""The part of Google Compute Engine that makes, changes and deletes virtual machines.

It is an emulator of the course's own, because there is none: it keeps records, checks requests,
and answers in the shapes of the real service
(https://cloud.google.com/compute/docs/reference/rest/v1). No machine starts. Its clock is the
number of questions asked: each look at a machine that changes its state shows the next state, and
an operation has ended when it is asked for.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request

from coursekit.cloud.emulator import Emulator, Refused, route

PROJECT = "course-project"
ZONES = ("europe-west1-b", "europe-west1-c", "us-central1-a")
MACHINE_TYPES = ("e2-micro", "e2-small", "e2-medium", "n2-standard-2")
# project -> family -> its newest image. The families exist; the names of the images only have the
# form of real ones, because the real service makes new ones every few weeks.
FAMILIES = {
    "debian-cloud": {"debian-13": "debian-13-trixie-v20260915"},
    "ubuntu-os-cloud": {"ubuntu-2404-lts-amd64": "ubuntu-2404-noble-amd64-v20260918"},
}
_NAME = "[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
_ZONE = "/compute/v1/projects/<project>/zones/<zone>"
_INSTANCE = f"{_ZONE}/instances/<name>"

_ACTIONS = {
    "start": ["PROVISIONING", "STAGING", "RUNNING"],
    "stop": ["STOPPING", "TERMINATED"],
}


@dataclass
class _Machine:
    body: dict[str, Any]
    states: list[str]  # the state now, and those that follow

    def look(self) -> dict[str, Any]:
        """Return the machine as it is; the next look sees the next state."""
        shown = self.body | {"status": self.states[0]}
        if len(self.states) > 1:
            self.states.pop(0)
        return shown

    def settle(self) -> None:
        del self.states[:-1]


class GoogleComputeEngine(Emulator):
    """The service, with one project; machines and disks are kept by zone and name."""

    def __init__(self) -> None:
        super().__init__("The embedded Google Compute Engine")

    def clear(self) -> None:
        """Forget everything."""
        self.machines: dict[tuple[str, str], _Machine] = {}
        self.disks: dict[tuple[str, str], dict[str, Any]] = {}
        self.operations: dict[str, tuple[dict[str, Any], Callable[[], object]]] = {}

    def admit(self, project: str, **rest: str) -> dict[str, str]:
        """Refuse projects and zones that are none; the projects of images are known, too."""
        if project not in (PROJECT, *FAMILIES):
            raise _missing(f"projects/{project}")
        if rest.get("zone", ZONES[0]) not in ZONES:
            raise _missing(f"projects/{PROJECT}/zones/{rest['zone']}")
        return rest | ({"project": project} if "family" in rest else {})

    @route("POST", f"{_ZONE}/instances")
    def insert(self, zone: str) -> Any:
        """Make a machine and its disks."""
        body = request.get_json()
        name = body.get("name", "")
        if not re.fullmatch(_NAME, name):
            raise _invalid("name", name, f"Must be a match of regex '{_NAME}'")
        if (zone, name) in self.machines:
            message = f"The resource '{_path(zone, 'instances', name)}' already exists"
            raise _refusal(409, "alreadyExists", message)
        _require_type(zone, body.get("machineType", ""))
        if not body.get("disks"):
            raise _invalid("disks", "", "No disks are specified.")
        if not body.get("networkInterfaces"):
            why = "At least one network interface is required."
            raise _invalid("networkInterfaces", "", why)
        for disk in [_disk(zone, name, wanted) for wanted in body["disks"]]:
            self.disks[zone, disk["name"]] = disk
        body |= {"id": str(uuid.uuid4().int >> 65), "zone": f"projects/{PROJECT}/zones/{zone}"}
        machine = self.machines[zone, name] = _Machine(body, list(_ACTIONS["start"]))
        return self._begin("insert", _path(zone, "instances", name), machine.settle)

    @route("GET", f"{_ZONE}/instances")
    def list_machines(self, zone: str) -> Any:
        """Return the machines of a zone."""
        return {"items": [m.look() for (where, _), m in self.machines.items() if where == zone]}

    @route("GET", _INSTANCE)
    def show(self, zone: str, name: str) -> Any:
        """Return a machine."""
        return self._machine(zone, name).look()

    @route("POST", f"{_INSTANCE}/<action>")
    def act(self, zone: str, name: str, action: str) -> Any:
        """Start or stop a machine."""
        machine = self._machine(zone, name)
        if action not in _ACTIONS:
            message = f"The course's Compute Engine has no action '{action}'."
            raise _refusal(501, "notImplemented", message)
        machine.states = list(_ACTIONS[action])
        return self._begin(action, _path(zone, "instances", name), machine.settle)

    @route("DELETE", _INSTANCE)
    def delete(self, zone: str, name: str) -> Any:
        """Delete a machine, and those of its disks that go with it."""
        machine = self._machine(zone, name)
        machine.states = ["STOPPING"]
        path = _path(zone, "instances", name)

        def gone() -> None:
            self.machines.pop((zone, name), None)
            for key, disk in list(self.disks.items()):
                if path in disk["users"]:
                    disk["users"] = []
                    if disk["autoDelete"]:
                        del self.disks[key]

        return self._begin("delete", path, gone)

    @route("GET", f"{_ZONE}/disks")
    def list_disks(self, zone: str) -> Any:
        """Return the disks of a zone."""
        return {"items": [disk for (where, _), disk in self.disks.items() if where == zone]}

    @route("DELETE", f"{_ZONE}/disks/<name>")
    def delete_disk(self, zone: str, name: str) -> Any:
        """Delete a disk that no machine has."""
        path = _path(zone, "disks", name)
        if (zone, name) not in self.disks:
            raise _missing(path)
        if users := self.disks[zone, name]["users"]:
            message = f"The disk resource '{path}' is already being used by '{users[0]}'"
            raise _refusal(400, "resourceInUseByAnotherResource", message)
        return self._begin("delete", path, lambda: self.disks.pop((zone, name), None))

    @route("GET", f"{_ZONE}/operations/<name>")
    @route("POST", f"{_ZONE}/operations/<name>/wait")
    def wait(self, zone: str, name: str) -> Any:
        """End an operation, and return it."""
        if name not in self.operations:
            raise _missing(_path(zone, "operations", name))
        record, finish = self.operations[name]
        if record["status"] != "DONE":
            finish()
            record |= {"status": "DONE", "progress": 100}
        return record

    @route("GET", "/compute/v1/projects/<project>/global/images/family/<family>")
    def image(self, project: str, family: str) -> Any:
        """Return the newest image of a family."""
        name = FAMILIES.get(project, {}).get(family)
        if name is None:
            raise _missing(f"projects/{project}/global/images/family/{family}")
        link = f"projects/{project}/global/images/{name}"
        return {"name": name, "family": family, "status": "READY", "selfLink": link}

    def _machine(self, zone: str, name: str) -> _Machine:
        if (zone, name) not in self.machines:
            raise _missing(_path(zone, "instances", name))
        return self.machines[zone, name]

    def _begin(self, kind: str, target: str, finish: Callable[[], object]) -> dict[str, Any]:
        record = {
            "name": f"operation-{uuid.uuid4()}",
            "operationType": kind,
            "status": "RUNNING",
            "progress": 0,
            "zone": target.rpartition("/")[0].rpartition("/")[0],
            "targetLink": target,
        }
        self.operations[record["name"]] = (record, finish)
        return record


def _path(zone: str, kind: str, name: str) -> str:
    return f"projects/{PROJECT}/zones/{zone}/{kind}/{name}"


def _refusal(status: int, reason: str, message: str) -> Refused:
    """Return an error as Google's services report it."""
    detail = {"message": message, "domain": "global", "reason": reason}
    return Refused(status, {"error": {"code": status, "message": message, "errors": [detail]}})


def _missing(what: str) -> Refused:
    return _refusal(404, "notFound", f"The resource '{what}' was not found")


def _invalid(field: str, value: str, why: str) -> Refused:
    message = f"Invalid value for field 'resource.{field}': '{value}'. {why}"
    return _refusal(400, "invalid", message)


def _require_type(zone: str, path: str) -> None:
    found = re.search(r"(?:^|/)zones/([^/]+)/machineTypes/([^/]+)$", path)
    if not found:
        raise _invalid("machineType", path, "The URL is malformed.")
    if found[1] != zone or found[2] not in MACHINE_TYPES:
        raise _invalid("machineType", path, "The referenced resource does not exist.")


def _disk(zone: str, machine: str, wanted: dict[str, Any]) -> dict[str, Any]:
    new = wanted.get("initializeParams", {})
    image = new.get("sourceImage", "")
    found = re.search(r"(?:^|/)projects/([^/]+)/global/images/(?:family/)?([^/]+)$", image)
    if not found:
        raise _invalid("disks[0].initializeParams.sourceImage", image, "The URL is malformed.")
    families = FAMILIES.get(found[1], {})
    if found[2] not in (families if "/family/" in image else families.values()):
        raise _missing(image)
    return {
        "name": new.get("diskName", machine),
        "sizeGb": str(new.get("diskSizeGb", 10)),
        "status": "READY",
        "autoDelete": bool(wanted.get("autoDelete")),
        "users": [_path(zone, "instances", machine)],
    }
