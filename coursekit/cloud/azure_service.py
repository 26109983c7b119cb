"""The part of Azure's Resource Manager that makes, changes and deletes virtual machines.

It is an emulator of the course's own, because there is none for Azure's servers: it keeps records,
checks requests, and answers in the shapes of the real service
(https://learn.microsoft.com/rest/api/compute/virtual-machines). No machine starts. Its clock is the
number of questions asked: an operation ends when it was polled twice, so that a program sees each
state on every run.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import request

from coursekit.cloud.azure_rules import refusal, require_valid
from coursekit.cloud.emulator import Emulator, route

LOCATION = "westeurope"
RESOURCE_GROUP = "course"
_POLLS = 2  # questions until an operation has ended
_SOON = {"retry-after-ms": "20"}  # the real service asks for seconds

_COMPUTE = "/subscriptions/<subscription>/providers/Microsoft.Compute"
_IN_GROUP = "/subscriptions/<subscription>/resourceGroups/<group>/providers/Microsoft.Compute"
_MACHINE = f"{_IN_GROUP}/virtualMachines/<name>"

_ACTIONS = {
    # action: (while it goes on, afterwards)
    "start": ("starting", "running"),
    "powerOff": ("stopping", "stopped"),
    "deallocate": ("deallocating", "deallocated"),
    "restart": ("starting", "running"),
}


@dataclass
class _Machine:
    body: dict[str, Any] = field(default_factory=dict)
    power: str = "starting"
    provisioning: str = "Creating"

    def shown(self) -> dict[str, Any]:
        properties = self.body["properties"] | {"provisioningState": self.provisioning}
        # The service never gives a password back.
        login = properties.get("osProfile", {})
        properties["osProfile"] = {k: v for k, v in login.items() if k != "adminPassword"}
        if "instanceView" in request.args.get("$expand", ""):
            properties["instanceView"] = self.view()
        return self.body | {"properties": properties}

    def view(self) -> dict[str, Any]:
        codes = {
            f"ProvisioningState/{self.provisioning.lower()}": self.provisioning,
            f"PowerState/{self.power}": f"VM {self.power}",
        }
        statuses = [
            {"code": code, "level": "Info", "displayStatus": text} for code, text in codes.items()
        ]
        return {"statuses": statuses}

    def cards(self) -> set[str]:
        profile = self.body["properties"]["networkProfile"]
        return {card["id"].lower() for card in profile["networkInterfaces"]}

    def disks(self) -> list[dict[str, Any]]:
        profile = self.body["properties"]["storageProfile"]
        return [profile["osDisk"], *profile.get("dataDisks", ())]


@dataclass
class _Operation:
    finish: Callable[[], object]
    polls: int = 0


class AzureCompute(Emulator):
    """The service, with one subscription and one resource group.

    Attributes
    ----------
    subscription, token : str
        The subscription that it knows, and the token that it accepts.
    cards : set of str
        Ids of the network cards that exist.
    """

    def __init__(self) -> None:
        self.subscription = str(uuid.uuid4())
        self.token = secrets.token_urlsafe(24)
        super().__init__("The embedded Azure", tls=True)

    def clear(self) -> None:
        """Forget everything."""
        # Names are compared as Azure does: without case.
        self.machines: dict[str, _Machine] = {}
        self.disks: dict[str, dict[str, Any]] = {}
        self.cards: set[str] = set()
        self.operations: dict[str, _Operation] = {}

    def id_of(self, kind: str, name: str) -> str:
        """Return the id of a resource; `kind` is such as ``"Microsoft.Compute/disks"``."""
        group = f"/subscriptions/{self.subscription}/resourceGroups/{RESOURCE_GROUP}"
        return f"{group}/providers/{kind}/{name}"

    def admit(self, subscription: str, group: str = RESOURCE_GROUP, **rest: str) -> dict[str, str]:
        """Refuse strangers, and every subscription and group but the one."""
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise refusal(401, "InvalidAuthenticationToken", "The access token is invalid.")
        if subscription != self.subscription:
            message = f"The subscription '{subscription}' could not be found."
            raise refusal(404, "SubscriptionNotFound", message)
        if group.lower() != RESOURCE_GROUP:
            message = f"Resource group '{group}' could not be found."
            raise refusal(404, "ResourceGroupNotFound", message)
        return rest

    @route("PUT", _MACHINE)
    def create(self, name: str) -> Any:
        """Make a machine, or change one."""
        body = request.get_json()
        machine = self.machines.get(name.lower())
        is_new = machine is None
        id = self.id_of("Microsoft.Compute/virtualMachines", name)
        own = {"id": id, "name": name, "type": "Microsoft.Compute/virtualMachines"}
        if is_new:
            require_valid(body, self.cards)
            machine = _Machine(body | own)
            for other in self.machines.values():
                if taken := machine.cards() & other.cards():
                    message = f"Network interface {min(taken)} is used by {other.body['id']}."
                    raise refusal(400, "NicInUse", message)
            self.machines[name.lower()] = machine
        else:
            properties = machine.body["properties"] | body.get("properties", {})
            machine.body |= body | own | {"properties": properties}
            machine.provisioning = "Updating"
        self._make_disks(name, machine)
        after = "running" if is_new else machine.power
        return self._begin(machine, after, machine.shown(), status=201 if is_new else 200)

    @route("GET", _MACHINE)
    def show(self, name: str) -> Any:
        """Return a machine."""
        return self._machine(name).shown()

    @route("GET", f"{_MACHINE}/instanceView")
    def view(self, name: str) -> Any:
        """Return the states of a machine."""
        return self._machine(name).view()

    @route("GET", f"{_IN_GROUP}/virtualMachines")
    @route("GET", f"{_COMPUTE}/virtualMachines")
    def list_machines(self) -> Any:
        """Return all machines."""
        return {"value": [machine.shown() for machine in self.machines.values()]}

    @route("POST", f"{_MACHINE}/<action>")
    def act(self, name: str, action: str) -> Any:
        """Start or stop a machine."""
        machine = self._machine(name)
        if action not in _ACTIONS:
            message = f"The course's Azure has no action '{action}'."
            raise refusal(501, "NotImplemented", message)
        machine.power, after = _ACTIONS[action]
        machine.provisioning = "Updating"
        return self._begin(machine, after, status=202)

    @route("DELETE", _MACHINE)
    def delete(self, name: str) -> Any:
        """Delete a machine, and those of its disks that go with it."""
        if name.lower() not in self.machines:
            return "", 204  # deleting what is not there is no error on Azure
        machine = self._machine(name)
        machine.provisioning = "Deleting"

        def gone() -> None:
            self.machines.pop(name.lower(), None)
            for disk in machine.disks():
                if disk["deleteOption"] == "Delete":
                    self.disks.pop(disk["name"].lower(), None)
                elif record := self.disks.get(disk["name"].lower()):
                    record.pop("managedBy", None)
                    record["properties"]["diskState"] = "Unattached"

        return self._accept(gone, status=202)

    @route("GET", f"{_IN_GROUP}/disks")
    @route("GET", f"{_COMPUTE}/disks")
    def list_disks(self) -> Any:
        """Return all disks."""
        return {"value": list(self.disks.values())}

    @route("DELETE", f"{_IN_GROUP}/disks/<name>")
    def delete_disk(self, name: str) -> Any:
        """Delete a disk that no machine has."""
        disk = self.disks.get(name.lower())
        if disk is None:
            return "", 204
        if "managedBy" in disk:
            message = f"Disk {name} is attached to VM {disk['managedBy']}."
            raise refusal(409, "OperationNotAllowed", message)
        return self._accept(lambda: self.disks.pop(name.lower(), None), status=202)

    @route("GET", f"{_COMPUTE}/locations/{LOCATION}/operations/<id>")
    def poll(self, id: str) -> Any:
        """Return how far an operation is."""
        operation = self.operations.get(id)
        if operation is None:
            raise refusal(404, "NotFound", f"The operation '{id}' was not found.")
        operation.polls += 1
        if operation.polls == _POLLS:
            operation.finish()
        status = "Succeeded" if operation.polls >= _POLLS else "InProgress"
        return {"name": id, "status": status}, _SOON

    def _machine(self, name: str) -> _Machine:
        if name.lower() not in self.machines:
            message = (
                f"The Resource 'Microsoft.Compute/virtualMachines/{name}' under resource group"
                f" '{RESOURCE_GROUP}' was not found."
            )
            raise refusal(404, "ResourceNotFound", message)
        return self.machines[name.lower()]

    def _make_disks(self, name: str, machine: _Machine) -> None:
        """Record the disk of the system and the empty ones that a machine asks for."""
        profile = machine.body["properties"]["storageProfile"]
        profile.setdefault("osDisk", {"createOption": "FromImage"})
        for disk in machine.disks():
            own = f"DataDisk_{disk['lun']}" if "lun" in disk else "OsDisk_1"
            disk.setdefault("name", f"{name}_{own}")
            disk.setdefault("deleteOption", "Detach")
            self.disks[disk["name"].lower()] = {
                "id": self.id_of("Microsoft.Compute/disks", disk["name"]),
                "name": disk["name"],
                "location": machine.body["location"],
                "managedBy": machine.body["id"],
                "properties": {
                    "diskSizeGB": disk.get("diskSizeGB", 30),
                    "diskState": "Attached",
                },
            }

    def _begin(self, machine: _Machine, after: str, body: Any = "", *, status: int) -> Any:
        """Begin a change of a machine that ends in the state `after`."""

        def done() -> None:
            machine.power, machine.provisioning = after, "Succeeded"

        return self._accept(done, body, status=status)

    def _accept(self, finish: Callable[[], object], body: Any = "", *, status: int) -> Any:
        """Begin an operation; the answer tells where to ask how far it is."""
        id = str(uuid.uuid4())
        self.operations[id] = _Operation(finish)
        place = _COMPUTE.replace("<subscription>", self.subscription)
        address = f"{self.url}{place}/locations/{LOCATION}/operations/{id}"
        version = request.args.get("api-version")
        return body, status, {"Azure-AsyncOperation": f"{address}?api-version={version}", **_SOON}
