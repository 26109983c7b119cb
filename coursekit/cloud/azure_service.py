"""The part of Azure's Resource Manager that makes, changes and deletes virtual machines.

It is an emulator of the course's own, because there is none for Azure's servers: it keeps records,
checks requests, and answers in the shapes of the real service
(https://learn.microsoft.com/rest/api/compute/virtual-machines). No machine starts. Its clock is the
number of questions asked: an operation ends when it was polled twice, so that a program sees each
state on every run.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from coursekit.cloud import azure_groups_service
from coursekit.cloud.azure_rules import machine_schema, require_valid

if TYPE_CHECKING:
    from flask import Flask, Response

LOCATION = "westeurope"
RESOURCE_GROUP = "course"
_POLLS = 2  # questions until an operation has ended


@dataclass
class _Machine:
    body: dict[str, Any]
    power: str = "starting"
    provisioning: str = "Creating"


@dataclass
class _Operation:
    finish: Callable[[], None]
    polls: int = 0


@dataclass
class Group:
    """A resource group, and what is in it. Names are compared as Azure does: without case."""

    subscription: str
    name: str
    location: str = LOCATION
    tags: dict[str, str] = field(default_factory=dict)
    machines: dict[str, _Machine] = field(default_factory=dict)
    disks: dict[str, dict[str, Any]] = field(default_factory=dict)
    networks: dict[str, dict[str, Any]] = field(default_factory=dict)  # cards, too, by their id
    is_going: bool = False

    @property
    def id(self) -> str:
        """The path that the ids of all in it begin with."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.name}"

    def id_of(self, kind: str, name: str) -> str:
        """Return the id of a resource; `kind` is such as ``"Microsoft.Compute/disks"``."""
        return f"{self.id}/providers/{kind}/{name}"

    def clear(self) -> None:
        """Forget what is in it."""
        for part in (self.machines, self.disks, self.networks):
            part.clear()


@dataclass
class State:
    """Everything that the service remembers: one subscription, and the groups in it."""

    subscription: str
    token: str
    groups: dict[str, Group] = field(default_factory=dict)
    operations: dict[str, _Operation] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.add_group(RESOURCE_GROUP)

    def add_group(self, name: str, location: str = LOCATION, tags: Any = None) -> Group:
        """Return a new group, or the one that has this name."""
        new = Group(self.subscription, name, location, dict(tags or {}))
        return self.groups.setdefault(name.lower(), new)

    def clear(self) -> None:
        """Forget everything; the learner's group is there again, empty."""
        with self.lock:
            self.operations.clear()
            self.groups = {}
            self.add_group(RESOURCE_GROUP)


class _Refused(Exception):
    """An error as Azure reports it."""

    def __init__(self, status: int, code: str, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message}}
        if target:
            self.body["error"]["target"] = target


def application(state: State) -> Flask:
    """Return the service as a WSGI application that works on `state`."""
    from flask import Flask, jsonify, request

    app = Flask("coursekit.azure")
    group = "/subscriptions/<subscription>/resourceGroups/<group>/providers/Microsoft.Compute"
    machine = f"{group}/virtualMachines/<name>"
    everywhere = "/subscriptions/<subscription>/providers/Microsoft.Compute"

    @app.before_request
    def admit() -> None:
        if request.headers.get("Authorization") != f"Bearer {state.token}":
            raise _Refused(401, "InvalidAuthenticationToken", "The access token is invalid.")
        if "api-version" not in request.args:
            message = "The api-version query parameter (?api-version=) is required."
            raise _Refused(400, "MissingApiVersionParameter", message)
        _require_place(state, **(request.view_args or {}))

    @app.errorhandler(_Refused)
    def refuse(error: _Refused) -> Any:
        return jsonify(error.body), error.status

    def here() -> Group:
        return state.groups[request.view_args["group"].lower()]

    @app.put(machine)
    def create(name: str, **_: str) -> Any:
        with state.lock:
            return _create(state, here(), name, request.get_json())

    @app.get(machine)
    def show(name: str, **_: str) -> Any:
        with state.lock:
            return _shown(
                _machine(here(), name), view="instanceView" in request.args.get("$expand", "")
            )

    @app.get(f"{machine}/instanceView")
    def view(name: str, **_: str) -> Any:
        with state.lock:
            return _view(_machine(here(), name))

    @app.get(f"{group}/virtualMachines", defaults={"kind": "machines"})
    @app.get(f"{everywhere}/virtualMachines", defaults={"kind": "machines"})
    @app.get(f"{group}/disks", defaults={"kind": "disks"})
    @app.get(f"{everywhere}/disks", defaults={"kind": "disks"})
    def listed(kind: str, group: str = "", **_: str) -> Any:
        with state.lock:
            groups = [here()] if group else state.groups.values()
            if kind == "disks":
                return {"value": [disk for one in groups for disk in one.disks.values()]}
            return {"value": [_shown(one) for place in groups for one in place.machines.values()]}

    @app.post(f"{machine}/<action>")
    def act(name: str, action: str, **_: str) -> Any:
        with state.lock:
            return _act(state, here(), name, action)

    @app.delete(machine)
    def delete(name: str, **_: str) -> Any:
        with state.lock:
            return _delete(state, here(), name)

    @app.delete(f"{group}/disks/<name>")
    def delete_disk(name: str, **_: str) -> Any:
        with state.lock:
            return _delete_disk(state, here(), name)

    @app.get(f"{everywhere}/locations/<location>/operations/<id>")
    def poll(id: str, **_: str) -> Any:
        with state.lock:
            return _poll(state, id)

    azure_groups_service.add_to(app, state)
    return app


def _require_place(
    state: State, subscription: str | None = None, group: str = RESOURCE_GROUP, **_: str
) -> None:
    if subscription not in (None, state.subscription):
        message = f"The subscription '{subscription}' could not be found."
        raise _Refused(404, "SubscriptionNotFound", message)
    if group.lower() not in state.groups:
        message = f"Resource group '{group}' could not be found."
        raise _Refused(404, "ResourceGroupNotFound", message)


def _machine(group: Group, name: str) -> _Machine:
    if name.lower() not in group.machines:
        message = (
            f"The Resource 'Microsoft.Compute/virtualMachines/{name}' under resource group"
            f" '{group.name}' was not found."
        )
        raise _Refused(404, "ResourceNotFound", message)
    return group.machines[name.lower()]


def _create(state: State, group: Group, name: str, body: dict[str, Any]) -> Any:
    known = group.machines.get(name.lower())
    if known is None:
        there = {id for one in state.groups.values() for id in one.networks}
        require_valid(body, machine_schema(), there, _Refused)
        _require_free_cards(state, body)
        _make_disks(group, name, body)
    body = body if known is None else {**known.body, **body}
    id = group.id_of("Microsoft.Compute/virtualMachines", name)
    body |= {"id": id, "name": name, "type": "Microsoft.Compute/virtualMachines"}
    power = "starting" if known is None else known.power
    machine = _Machine(body, power, "Creating" if known is None else "Updating")
    group.machines[name.lower()] = machine

    def ready() -> None:
        machine.power = "running" if known is None else power
        machine.provisioning = "Succeeded"

    return _begin(state, ready, _shown(machine), status=201 if known is None else 200)


def _require_free_cards(state: State, body: dict[str, Any]) -> None:
    wanted = set(_cards(body))
    for machine in [one for group in state.groups.values() for one in group.machines.values()]:
        if taken := wanted & set(_cards(machine.body)):
            message = f"Network interface {sorted(taken)[0]} is used by {machine.body['id']}."
            raise _Refused(400, "NicInUse", message)


def _cards(body: dict[str, Any]) -> list[str]:
    profile = body["properties"].get("networkProfile", {})
    return [card["id"] for card in profile.get("networkInterfaces", ())]


def _make_disks(group: Group, name: str, body: dict[str, Any]) -> None:
    """Record the disk of the system and the empty ones that a machine asks for."""
    profile = body["properties"]["storageProfile"]
    system = profile.setdefault("osDisk", {"createOption": "FromImage"})
    wanted = [(f"{name}_OsDisk_1", system)]
    wanted += [
        (disk.get("name", f"{name}_DataDisk_{disk['lun']}"), disk)
        for disk in profile.get("dataDisks", ())
    ]
    for disk_name, disk in wanted:
        disk.setdefault("name", disk_name)
        disk.setdefault("deleteOption", "Detach")
        id = group.id_of("Microsoft.Compute/disks", disk["name"])
        size = disk.get("diskSizeGB", 30)
        group.disks[disk["name"].lower()] = {
            "id": id,
            "name": disk["name"],
            "location": body["location"],
            "managedBy": group.id_of("Microsoft.Compute/virtualMachines", name),
            "properties": {"diskSizeGB": size, "diskState": "Attached"},
        }


_ACTIONS = {
    # action: (while it goes on, afterwards)
    "start": ("starting", "running"),
    "powerOff": ("stopping", "stopped"),
    "deallocate": ("deallocating", "deallocated"),
    "restart": ("starting", "running"),
}


def _act(state: State, group: Group, name: str, action: str) -> Any:
    machine = _machine(group, name)
    if action not in _ACTIONS:
        message = f"The course's Azure has no action '{action}'."
        raise _Refused(501, "NotImplemented", message)
    machine.power, after = _ACTIONS[action]
    machine.provisioning = "Updating"

    def done() -> None:
        machine.power, machine.provisioning = after, "Succeeded"

    return _begin(state, done, status=202)


def _delete(state: State, group: Group, name: str) -> Any:
    if name.lower() not in group.machines:
        return "", 204  # deleting what is not there is no error on Azure
    machine = _machine(group, name)
    machine.provisioning = "Deleting"

    def gone() -> None:
        group.machines.pop(name.lower(), None)
        profile = machine.body["properties"]["storageProfile"]
        for disk in (profile["osDisk"], *profile.get("dataDisks", ())):
            if disk["deleteOption"] == "Delete":
                group.disks.pop(disk["name"].lower(), None)
            elif record := group.disks.get(disk["name"].lower()):
                record.pop("managedBy", None)
                record["properties"]["diskState"] = "Unattached"

    return _begin(state, gone, status=202)


def _delete_disk(state: State, group: Group, name: str) -> Any:
    disk = group.disks.get(name.lower())
    if disk is None:
        return "", 204
    if "managedBy" in disk:
        message = f"Disk {name} is attached to VM {disk['managedBy']}."
        raise _Refused(409, "OperationNotAllowed", message)
    return _begin(state, lambda: group.disks.pop(name.lower(), None), status=202)


def _begin(
    state: State, finish: Callable[[], None], body: dict[str, Any] | None = None, *, status: int
) -> Response:
    from flask import jsonify, make_response, request

    id = str(uuid.uuid4())
    state.operations[id] = _Operation(finish)
    response = make_response(jsonify(body) if body else "", status)
    place = f"/subscriptions/{state.subscription}/providers/Microsoft.Compute/locations/{LOCATION}"
    version = request.args["api-version"]
    address = f"{request.host_url.rstrip('/')}{place}/operations/{id}?api-version={version}"
    response.headers["Azure-AsyncOperation"] = address
    response.headers["retry-after-ms"] = "20"  # the real service asks for seconds
    return response


def _poll(state: State, id: str) -> Any:
    from flask import jsonify, make_response

    operation = state.operations.get(id)
    if operation is None:
        raise _Refused(404, "NotFound", f"The operation '{id}' was not found.")
    operation.polls += 1
    done = operation.polls >= _POLLS
    if operation.polls == _POLLS:
        operation.finish()
    response = make_response(jsonify({"name": id, "status": "Succeeded" if done else "InProgress"}))
    response.headers["retry-after-ms"] = "20"
    return response


def _shown(machine: _Machine, view: bool = False) -> dict[str, Any]:
    properties = machine.body["properties"] | {"provisioningState": machine.provisioning}
    # The service never gives a password back.
    secret = properties.get("osProfile", {})
    properties["osProfile"] = {k: v for k, v in secret.items() if k != "adminPassword"}
    if view:
        properties["instanceView"] = _view(machine)
    return machine.body | {"properties": properties}


def _view(machine: _Machine) -> dict[str, Any]:
    codes = {
        f"ProvisioningState/{machine.provisioning.lower()}": machine.provisioning,
        f"PowerState/{machine.power}": f"VM {machine.power}",
    }
    statuses = [
        {"code": code, "level": "Info", "displayStatus": text} for code, text in codes.items()
    ]
    return {"statuses": statuses}
