"""The part of Google Compute Engine that makes, changes and deletes virtual machines.

It is an emulator of the course's own, because there is none: it keeps records, checks requests,
and answers in the shapes of the real service
(https://cloud.google.com/compute/docs/reference/rest/v1). No machine starts. Its clock is the
number of questions asked: each look at a machine that changes its state shows the next state, and
an operation has ended when it is asked for.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

PROJECT = "course-project"
ZONES = ("europe-west1-b", "europe-west1-c", "us-central1-a")
MACHINE_TYPES = ("e2-micro", "e2-small", "e2-medium", "n2-standard-2")
# project -> family -> its newest image. The families exist; the names of the images only have the
# form of real ones, because the real service makes new ones every few weeks.
FAMILIES = {
    "debian-cloud": {"debian-12": "debian-12-bookworm-v20260915"},
    "ubuntu-os-cloud": {"ubuntu-2404-lts-amd64": "ubuntu-2404-noble-amd64-v20260918"},
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


@dataclass
class State:
    """Everything that the service remembers, by zone and name."""

    machines: dict[tuple[str, str], _Machine] = field(default_factory=dict)
    disks: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, tuple[dict[str, Any], Callable[[], None]]] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            for part in (self.machines, self.disks, self.operations):
                part.clear()


class _Refused(Exception):
    """An error as Google's services report it."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        detail = {"message": message, "domain": "global", "reason": reason}
        self.body = {"error": {"code": status, "message": message, "errors": [detail]}}


def application(state: State) -> Flask:
    """Return the service as a WSGI application that works on `state`."""
    from flask import Flask, jsonify, request

    app = Flask("coursekit.google")
    zone = "/compute/v1/projects/<project>/zones/<zone>"
    instance = f"{zone}/instances/<name>"

    @app.before_request
    def admit() -> None:
        place = request.view_args or {}
        if place.get("project", PROJECT) not in (PROJECT, *FAMILIES):
            raise _missing(f"projects/{place['project']}")
        if place.get("zone", ZONES[0]) not in ZONES:
            raise _missing(f"projects/{PROJECT}/zones/{place['zone']}")

    @app.errorhandler(_Refused)
    def refuse(error: _Refused) -> Any:
        return jsonify(error.body), error.status

    @app.post(f"{zone}/instances")
    def insert(zone: str, **_: str) -> Any:
        with state.lock:
            return _insert(state, zone, request.get_json())

    @app.get(f"{zone}/instances")
    def listed(zone: str, **_: str) -> Any:
        with state.lock:
            return {
                "items": [m.look() for (where, _), m in state.machines.items() if where == zone]
            }

    @app.get(instance)
    def show(zone: str, name: str, **_: str) -> Any:
        with state.lock:
            return _machine(state, zone, name).look()

    @app.delete(instance)
    def delete(zone: str, name: str, **_: str) -> Any:
        with state.lock:
            return _delete(state, zone, name)

    @app.post(f"{instance}/<action>")
    def act(zone: str, name: str, action: str, **_: str) -> Any:
        with state.lock:
            return _act(state, zone, name, action)

    @app.get(f"{zone}/disks")
    def disks(zone: str, **_: str) -> Any:
        with state.lock:
            return {"items": [disk for (where, _), disk in state.disks.items() if where == zone]}

    @app.get(f"{zone}/disks/<name>")
    def show_disk(zone: str, name: str, **_: str) -> Any:
        with state.lock:
            return _the_disk(state, zone, name)

    @app.delete(f"{zone}/disks/<name>")
    def delete_disk(zone: str, name: str, **_: str) -> Any:
        with state.lock:
            return _delete_disk(state, zone, name)

    @app.get(f"{zone}/operations/<name>")
    @app.post(f"{zone}/operations/<name>/wait")
    def wait(name: str, **_: str) -> Any:
        with state.lock:
            return _finish(state, name)

    @app.get("/compute/v1/projects/<project>")
    def about(project: str) -> Any:
        return {"name": project, "kind": "compute#project"}

    @app.get("/compute/v1/projects/<project>/aggregated/<kind>")
    def everywhere(kind: str, **_: str) -> Any:
        wanted = re.fullmatch(r"labels\.(\w+)(?:=(\w+)|:\*)", request.args.get("filter", ""))
        with state.lock:
            places = state.disks if kind == "disks" else state.machines
            items: dict[str, Any] = {}
            for (zone, _name), one in places.items():
                body = one if kind == "disks" else one.body
                label = body.get("labels", {}).get(wanted[1]) if wanted else ""
                if label is not None and (not wanted or wanted[2] in (None, label)):
                    items.setdefault(f"zones/{zone}", {kind: []})[kind].append(body)
            return {"items": items}

    @app.get("/compute/v1/projects/<project>/global/images/family/<family>")
    def image(project: str, family: str) -> Any:
        name = FAMILIES.get(project, {}).get(family)
        if name is None:
            raise _missing(f"projects/{project}/global/images/family/{family}")
        link = f"projects/{project}/global/images/{name}"
        return {"name": name, "family": family, "status": "READY", "selfLink": link}

    return app


def _missing(what: str) -> _Refused:
    return _Refused(404, "notFound", f"The resource '{what}' was not found")


def _invalid(field: str, value: str, why: str) -> _Refused:
    return _Refused(400, "invalid", f"Invalid value for field 'resource.{field}': '{value}'. {why}")


def _machine(state: State, zone: str, name: str) -> _Machine:
    if (zone, name) not in state.machines:
        raise _missing(f"projects/{PROJECT}/zones/{zone}/instances/{name}")
    return state.machines[zone, name]


def _the_disk(state: State, zone: str, name: str) -> dict[str, Any]:
    if (zone, name) not in state.disks:
        raise _missing(f"projects/{PROJECT}/zones/{zone}/disks/{name}")
    return state.disks[zone, name]


def _insert(state: State, zone: str, body: dict[str, Any]) -> dict[str, Any]:
    name = body.get("name", "")
    if not re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", name):
        raise _invalid("name", name, "Must be a match of regex '[a-z]([-a-z0-9]{0,61}[a-z0-9])?'")
    if (zone, name) in state.machines:
        what = f"projects/{PROJECT}/zones/{zone}/instances/{name}"
        raise _Refused(409, "alreadyExists", f"The resource '{what}' already exists")
    _require_type(zone, body.get("machineType", ""))
    if not body.get("disks"):
        raise _invalid("disks", "", "No disks are specified.")
    if not body.get("networkInterfaces"):
        why = "At least one network interface is required."
        raise _invalid("networkInterfaces", "", why)
    disks = [_disk(state, zone, name, disk) for disk in body["disks"]]
    for disk in disks:
        state.disks[zone, disk["name"]] = disk
    body = body | {"id": str(uuid.uuid4().int >> 65), "zone": f"projects/{PROJECT}/zones/{zone}"}
    for card in body["networkInterfaces"]:
        for access in card.get("accessConfigs", ()):
            access["natIP"] = "192.0.2.10"  # a documentation address (RFC 5737): nobody is there
    machine = _Machine(body, ["PROVISIONING", "STAGING", "RUNNING"])
    state.machines[zone, name] = machine
    return _operation(state, zone, "insert", name, machine.settle)


def _require_type(zone: str, path: str) -> None:
    found = re.search(r"(?:^|/)zones/([^/]+)/machineTypes/([^/]+)$", path)
    if not found:
        why = "The URL is malformed."
        raise _invalid("machineType", path, why)
    if found[1] != zone or found[2] not in MACHINE_TYPES:
        why = "The referenced resource does not exist."
        raise _invalid("machineType", path, why)


def _disk(state: State, zone: str, machine: str, wanted: dict[str, Any]) -> dict[str, Any]:
    new = wanted.get("initializeParams", {})
    image = new.get("sourceImage", "")
    if not re.search(r"(?:^|/)projects/([^/]+)/global/images/([^/]+)", image):
        raise _invalid("disks[0].initializeParams.sourceImage", image, "The URL is malformed.")
    known = {f"projects/{p}/global/images/{i}" for p, all in FAMILIES.items() for i in all.values()}
    known |= {f"projects/{p}/global/images/family/{f}" for p, all in FAMILIES.items() for f in all}
    if not any(image.endswith(path) for path in known):
        raise _missing(image)
    return {
        "name": new.get("diskName", machine),
        "sizeGb": str(new.get("diskSizeGb", 10)),
        "status": "READY",
        "autoDelete": bool(wanted.get("autoDelete")),
        "labels": new.get("labels", {}),
        "users": [f"projects/{PROJECT}/zones/{zone}/instances/{machine}"],
    }


_ACTIONS = {
    "start": ["PROVISIONING", "STAGING", "RUNNING"],
    "stop": ["STOPPING", "TERMINATED"],
}


def _act(state: State, zone: str, name: str, action: str) -> dict[str, Any]:
    machine = _machine(state, zone, name)
    if action not in _ACTIONS:
        message = f"The course's Compute Engine has no action '{action}'."
        raise _Refused(501, "notImplemented", message)
    machine.states = list(_ACTIONS[action])
    return _operation(state, zone, action, name, machine.settle)


def _delete(state: State, zone: str, name: str) -> dict[str, Any]:
    machine = _machine(state, zone, name)
    machine.states = ["STOPPING"]

    def gone() -> None:
        state.machines.pop((zone, name), None)
        user = f"projects/{PROJECT}/zones/{zone}/instances/{name}"
        for key, disk in list(state.disks.items()):
            if user in disk["users"]:
                disk["users"] = []
                if disk["autoDelete"]:
                    del state.disks[key]

    return _operation(state, zone, "delete", name, gone)


def _delete_disk(state: State, zone: str, name: str) -> dict[str, Any]:
    what = f"projects/{PROJECT}/zones/{zone}/disks/{name}"
    disk = _the_disk(state, zone, name)
    if disk["users"]:
        message = f"The disk resource '{what}' is already being used by '{disk['users'][0]}'"
        raise _Refused(400, "resourceInUseByAnotherResource", message)
    return _operation(state, zone, "delete", name, lambda: state.disks.pop((zone, name), None))


def _operation(
    state: State, zone: str, kind: str, target: str, finish: Callable[[], None]
) -> dict[str, Any]:
    record = {
        "name": f"operation-{uuid.uuid4()}",
        "operationType": kind,
        "status": "RUNNING",
        "progress": 0,
        "zone": f"projects/{PROJECT}/zones/{zone}",
        "targetLink": f"projects/{PROJECT}/zones/{zone}/instances/{target}",
    }
    state.operations[record["name"]] = (record, finish)
    return dict(record)


def _finish(state: State, name: str) -> dict[str, Any]:
    if name not in state.operations:
        raise _missing(f"projects/{PROJECT}/operations/{name}")
    record, finish = state.operations[name]
    if record["status"] != "DONE":
        finish()
        record |= {"status": "DONE", "progress": 100}
    return dict(record)
