"""The part of the embedded Azure that knows subscriptions, resource groups and networks.

As little as a machine needs before it can be made, in the shapes of the real service:
https://learn.microsoft.com/rest/api/resources and
https://learn.microsoft.com/rest/api/virtualnetwork. Nothing is connected to anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from coursekit.cloud.azure_service import Group, State


def add_to(app: Flask, state: State) -> None:
    """Add the routes to the application of the service, which admits their callers."""
    from flask import request

    # Of its own name: the application looks a <group> up before it lets a request in.
    group = "/subscriptions/<subscription>/resourceGroups/<new_group>"
    network = "/subscriptions/<subscription>/resourceGroups/<group>/providers/Microsoft.Network"

    @app.get("/subscriptions")
    def subscriptions() -> Any:
        id = state.subscription
        return {"value": [{"id": f"/subscriptions/{id}", "subscriptionId": id}]}

    @app.get("/subscriptions/<subscription>/resourcegroups")
    def groups(**_: str) -> Any:
        wanted = re.fullmatch(r"tagName eq '(\w+)'", request.args.get("$filter", ""))
        with state.lock:
            found = list(state.groups.values())
        return {"value": [_shown(one) for one in found if not wanted or wanted[1] in one.tags]}

    @app.put(group)
    def make_group(new_group: str, **_: str) -> Any:
        body = request.get_json()
        with state.lock:
            return _shown(state.add_group(new_group, body["location"], body.get("tags")))

    @app.get(group)
    def show_group(new_group: str, **_: str) -> Any:
        with state.lock:
            known = state.groups.get(new_group.lower())
            if known is None:
                return _missing(new_group)
            if known.is_going:  # it was seen once more; now it is gone
                del state.groups[new_group.lower()]
            return _shown(known), 200, {"retry-after-ms": "20"}

    @app.delete(group)
    def delete_group(new_group: str, **_: str) -> Any:
        with state.lock:
            known = state.groups.get(new_group.lower())
            if known is None:
                return _missing(new_group)
            known.is_going = True
            return "", 202, {"retry-after-ms": "20"}

    @app.put(f"{network}/<kind>/<name>")
    def make(kind: str, name: str, group: str, **_: str) -> Any:
        with state.lock:
            place = state.groups[group.lower()]
            id = place.id_of(f"Microsoft.Network/{kind}", name)
            body = request.get_json()
            properties = {**body["properties"], "provisioningState": "Succeeded"}
            place.networks[id] = {**body, "id": id, "name": name, "properties": properties}
            return place.networks[id], 201


def _shown(group: Group) -> dict[str, Any]:
    state = "Deleting" if group.is_going else "Succeeded"
    return {
        "id": group.id,
        "name": group.name,
        "location": group.location,
        "tags": group.tags,
        "properties": {"provisioningState": state},
    }


def _missing(name: str) -> Any:
    message = f"Resource group '{name}' could not be found."
    return {"error": {"code": "ResourceGroupNotFound", "message": message}}, 404
