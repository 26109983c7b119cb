"""Azure's virtual machines on this machine: a part of Resource Manager, for azure-mgmt-compute.

It is an emulator of the course's own, because there is none for Azure's servers: it keeps records,
checks requests, and answers in the shapes of the real service
(https://learn.microsoft.com/rest/api/compute/virtual-machines). No machine starts. Its clock is the
number of questions asked: an operation ends when it was polled twice, so that a program sees each
state on every run. The service runs in the kernel's own process and ends with it.
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from coursekit.cloud import sdk_guard
from coursekit.cloud.loopback import Service
from coursekit.cloud.real import refuse_if_real
from coursekit.cloud.variables import Variables
from coursekit.errors import CourseError

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from flask import Flask, Response

LOCATION = "westeurope"
RESOURCE_GROUP = "course"
SIZES = ("Standard_B1s", "Standard_B2s", "Standard_D2s_v5")
IMAGES = (
    "Canonical:ubuntu-24_04-lts:server:latest",
    "Canonical:ubuntu-24_04-lts:server-arm64:latest",
    "Debian:debian-12:12-gen2:latest",
)
_POLLS = 2  # questions until an operation has ended
_start = threading.Lock()
_running: AzureVMs | None = None


def azure_vms() -> AzureVMs:
    """Start the embedded Azure, or return the one that runs in this kernel already.

    Returns
    -------
    AzureVMs

    Raises
    ------
    CourseError
        When no server can be started, or ``COURSEKIT_CLOUD=real`` asks for the real Azure, for
        which the course has no guard yet.

    Examples
    --------
    >>> vms = ck.cloud.azure_vms()
    >>> compute = ComputeManagementClient(
    ...     vms.credential, vms.subscription_id, **vms.client_options
    ... )
    """
    global _running
    refuse_if_real("Azure")
    with _start:
        if _running is None:
            _running = AzureVMs()
        return _running


class AzureVMs:
    """The embedded Azure of this kernel; made by `azure_vms`, never directly.

    Attributes
    ----------
    subscription_id : str
        The one subscription that it knows.
    resource_group, location : str
        A resource group that is there, and its region.
    credential : object
        Hands out tokens for it, as ``azure.identity.DefaultAzureCredential()`` does for Azure.
    client_options : dict
        What a client needs besides: where the service is, and whose certificate to trust.
    """

    def __init__(self) -> None:
        self._state = _State(subscription=str(uuid.uuid4()), token=secrets.token_urlsafe(24))
        self._service = Service(_application(self._state), name="The embedded Azure", tls=True)
        self.subscription_id = self._state.subscription
        self.resource_group = RESOURCE_GROUP
        self.location = LOCATION
        self.credential = _Credential(self._state.token)
        self.endpoint = self._service.url
        self.client_options: dict[str, Any] = {
            "base_url": self._service.url,
            "credential_scopes": [f"{self._service.url}/.default"],
            "connection_verify": self._service.authority,
        }
        # A proxy must not be asked for what is on this machine.
        self._variables = Variables({})
        sdk_guard.azure.install()

    def add_network_interface(self, name: str) -> str:
        """Make a network card for a machine, as azure-mgmt-network does, and return its id.

        Parameters
        ----------
        name : str
            Any name; asking twice for one gives the same card.
        """
        id = self._state.id_of("Microsoft.Network/networkInterfaces", name)
        with self._state.lock:
            self._state.network_interfaces.add(id)
        return id

    def reset(self) -> None:
        """Delete every machine, disk and network card.

        Raises
        ------
        CourseError
            When it was stopped before.
        """
        if self is not _running:
            raise CourseError(
                "This cloud has been stopped.", "Start a new one: vms = ck.cloud.azure_vms()."
            )
        self._state.clear()

    def stop(self) -> None:
        """End it with all that it holds. Stopping twice does no harm."""
        global _running
        with _start:
            if self is _running and self._service.stop():
                _running = None
                self._variables.restore()
                sdk_guard.azure.remove()

    def __repr__(self) -> str:
        if self is not _running:
            return "The embedded Azure, stopped."
        return (
            "The embedded Azure: a small emulator of its virtual machines, inside this kernel.\n"
            "azure-mgmt-compute talks to it; nothing leaves this machine, and nothing costs money."
        )

    def _repr_html_(self) -> str:
        return "<p>" + repr(self).replace("\n", "<br>") + "</p>"


class _Credential:
    """Hands out the one token that the service accepts."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, int(time.time()) + 3600)


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
class _State:
    """Everything that the service remembers. Names are compared as Azure does: without case."""

    subscription: str
    token: str
    machines: dict[str, _Machine] = field(default_factory=dict)
    disks: dict[str, dict[str, Any]] = field(default_factory=dict)
    network_interfaces: set[str] = field(default_factory=set)
    operations: dict[str, _Operation] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)

    def id_of(self, kind: str, name: str) -> str:
        group = f"/subscriptions/{self.subscription}/resourceGroups/{RESOURCE_GROUP}"
        return f"{group}/providers/{kind}/{name}"

    def clear(self) -> None:
        with self.lock:
            for part in (self.machines, self.disks, self.network_interfaces, self.operations):
                part.clear()


class _Refused(Exception):
    """An error as Azure reports it."""

    def __init__(self, status: int, code: str, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message}}
        if target:
            self.body["error"]["target"] = target


def _application(state: _State) -> Flask:
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

    @app.put(machine)
    def create(name: str, **_: str) -> Any:
        with state.lock:
            return _create(state, name, request.get_json())

    @app.get(machine)
    def show(name: str, **_: str) -> Any:
        with state.lock:
            return _shown(
                _machine(state, name), view="instanceView" in request.args.get("$expand", "")
            )

    @app.get(f"{machine}/instanceView")
    def view(name: str, **_: str) -> Any:
        with state.lock:
            return _view(_machine(state, name))

    @app.get(f"{group}/virtualMachines", defaults={"kind": "machines"})
    @app.get(f"{everywhere}/virtualMachines", defaults={"kind": "machines"})
    @app.get(f"{group}/disks", defaults={"kind": "disks"})
    @app.get(f"{everywhere}/disks", defaults={"kind": "disks"})
    def listed(kind: str, **_: str) -> Any:
        with state.lock:
            machines = [_shown(machine) for machine in state.machines.values()]
            return {"value": machines if kind == "machines" else list(state.disks.values())}

    @app.post(f"{machine}/<action>")
    def act(name: str, action: str, **_: str) -> Any:
        with state.lock:
            return _act(state, name, action)

    @app.delete(machine)
    def delete(name: str, **_: str) -> Any:
        with state.lock:
            return _delete(state, name)

    @app.delete(f"{group}/disks/<name>")
    def delete_disk(name: str, **_: str) -> Any:
        with state.lock:
            return _delete_disk(state, name)

    @app.get(f"{everywhere}/locations/<location>/operations/<id>")
    def poll(id: str, **_: str) -> Any:
        with state.lock:
            return _poll(state, id)

    return app


def _require_place(
    state: _State, subscription: str = "", group: str = RESOURCE_GROUP, **_: str
) -> None:
    if subscription != state.subscription:
        message = f"The subscription '{subscription}' could not be found."
        raise _Refused(404, "SubscriptionNotFound", message)
    if group.lower() != RESOURCE_GROUP:
        message = f"Resource group '{group}' could not be found."
        raise _Refused(404, "ResourceGroupNotFound", message)


def _machine(state: _State, name: str) -> _Machine:
    if name.lower() not in state.machines:
        message = (
            f"The Resource 'Microsoft.Compute/virtualMachines/{name}' under resource group"
            f" '{RESOURCE_GROUP}' was not found."
        )
        raise _Refused(404, "ResourceNotFound", message)
    return state.machines[name.lower()]


def _create(state: _State, name: str, body: dict[str, Any]) -> Any:
    from coursekit.cloud.azure_rules import require_valid

    known = state.machines.get(name.lower())
    if known is None:
        require_valid(body, _schema(), state.network_interfaces, _Refused)
        _require_free_cards(state, body)
        _make_disks(state, name, body)
    body = body if known is None else {**known.body, **body}
    id = state.id_of("Microsoft.Compute/virtualMachines", name)
    body |= {"id": id, "name": name, "type": "Microsoft.Compute/virtualMachines"}
    power = "starting" if known is None else known.power
    machine = _Machine(body, power, "Creating" if known is None else "Updating")
    state.machines[name.lower()] = machine

    def ready() -> None:
        machine.power = "running" if known is None else power
        machine.provisioning = "Succeeded"

    return _begin(state, ready, _shown(machine), status=201 if known is None else 200)


def _require_free_cards(state: _State, body: dict[str, Any]) -> None:
    wanted = set(_cards(body))
    for machine in state.machines.values():
        if taken := wanted & set(_cards(machine.body)):
            message = f"Network interface {sorted(taken)[0]} is used by {machine.body['id']}."
            raise _Refused(400, "NicInUse", message)


def _cards(body: dict[str, Any]) -> list[str]:
    profile = body["properties"].get("networkProfile", {})
    return [card["id"] for card in profile.get("networkInterfaces", ())]


def _make_disks(state: _State, name: str, body: dict[str, Any]) -> None:
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
        id = state.id_of("Microsoft.Compute/disks", disk["name"])
        size = disk.get("diskSizeGB", 30)
        state.disks[disk["name"].lower()] = {
            "id": id,
            "name": disk["name"],
            "location": body["location"],
            "managedBy": state.id_of("Microsoft.Compute/virtualMachines", name),
            "properties": {"diskSizeGB": size, "diskState": "Attached"},
        }


_ACTIONS = {
    # action: (while it goes on, afterwards)
    "start": ("starting", "running"),
    "powerOff": ("stopping", "stopped"),
    "deallocate": ("deallocating", "deallocated"),
    "restart": ("starting", "running"),
}


def _act(state: _State, name: str, action: str) -> Any:
    machine = _machine(state, name)
    if action not in _ACTIONS:
        message = f"The course's Azure has no action '{action}'."
        raise _Refused(501, "NotImplemented", message)
    machine.power, after = _ACTIONS[action]
    machine.provisioning = "Updating"

    def done() -> None:
        machine.power, machine.provisioning = after, "Succeeded"

    return _begin(state, done, status=202)


def _delete(state: _State, name: str) -> Any:
    if name.lower() not in state.machines:
        return "", 204  # deleting what is not there is no error on Azure
    machine = _machine(state, name)
    machine.provisioning = "Deleting"

    def gone() -> None:
        state.machines.pop(name.lower(), None)
        profile = machine.body["properties"]["storageProfile"]
        for disk in (profile["osDisk"], *profile.get("dataDisks", ())):
            if disk["deleteOption"] == "Delete":
                state.disks.pop(disk["name"].lower(), None)
            elif record := state.disks.get(disk["name"].lower()):
                record.pop("managedBy", None)
                record["properties"]["diskState"] = "Unattached"

    return _begin(state, gone, status=202)


def _delete_disk(state: _State, name: str) -> Any:
    disk = state.disks.get(name.lower())
    if disk is None:
        return "", 204
    if "managedBy" in disk:
        message = f"Disk {name} is attached to VM {disk['managedBy']}."
        raise _Refused(409, "OperationNotAllowed", message)
    return _begin(state, lambda: state.disks.pop(name.lower(), None), status=202)


def _begin(
    state: _State, finish: Callable[[], None], body: dict[str, Any] | None = None, *, status: int
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


def _poll(state: _State, id: str) -> Any:
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


@cache
def _schema() -> type:
    from azure.mgmt.compute import types

    return types.VirtualMachine


@cache
def members(kind: type) -> dict[str, Any]:
    """Return the members of a type of the service's JSON, as azure-mgmt-compute describes it."""
    from azure.mgmt.compute import models, types

    # The module of typed dicts leaves its enumerations to the module of models.
    return get_type_hints(kind, None, {**vars(models), **vars(types)})


def inner(hint: Any) -> Any:
    """Return the type of the elements of a list; any other type as it is."""
    return get_args(hint)[0] if getattr(hint, "__origin__", None) is list else hint
