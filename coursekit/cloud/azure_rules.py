"""What the embedded Azure demands of a new machine, in the order and the words of the real one.

The names that a request may hold are read from azure-mgmt-compute, which describes the JSON of the
service in its module ``types``. Wording follows what Resource Manager and the compute service
answer; line numbers and trace ids are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, get_args, get_type_hints

SIZES = ("Standard_B1s", "Standard_B2s", "Standard_D2s_v5")
IMAGES = (
    "Canonical:ubuntu-24_04-lts:server:latest",
    "Canonical:ubuntu-24_04-lts:server-arm64:latest",
    "Debian:debian-12:12-gen2:latest",
)
Refuse = Callable[..., Exception]


@cache
def machine_schema() -> type:
    """Return the typed dict of a virtual machine's JSON."""
    from azure.mgmt.compute import types

    return types.VirtualMachine


def require_valid(
    body: dict[str, Any], schema: type, network_interfaces: set[str], refuse: Refuse
) -> None:
    """Raise unless the real service would make a machine of this request.

    Parameters
    ----------
    body : dict
        The JSON of the request.
    schema : type
        The typed dict that describes it.
    network_interfaces : set of str
        Ids of the network cards that exist.
    refuse : callable
        Makes the exception: ``refuse(status, code, message, target)``.
    """
    _known_members(body, schema, "", refuse)
    if not body.get("location"):
        message = "The location property is required for this definition."
        raise refuse(400, "LocationRequired", message)
    properties = body.get("properties") or {}
    _size(properties, refuse)
    _image(properties, refuse)
    _login(properties, refuse)
    _cards(properties, network_interfaces, refuse)


def _known_members(value: Any, hint: Any, path: str, refuse: Refuse) -> None:
    hint = _inner(hint)
    if isinstance(value, list):
        for element in value:
            _known_members(element, hint, path, refuse)
    # typing's test knows only typing's own typed dicts; these are typing_extensions'.
    if not isinstance(value, dict) or not hasattr(hint, "__required_keys__"):
        return
    known = {name.lower(): name for name in _members(hint)}
    for name, part in value.items():
        here = f"{path}.{name}" if path else name
        if name.lower() not in known:
            what = hint.__name__ if path else "ResourceDefinition"
            message = (
                "The request content was invalid and could not be deserialized: 'Could not find"
                f" member '{name}' on object of type '{what}'. Path '{here}'.'"
            )
            raise refuse(400, "InvalidRequestContent", message)
        _known_members(part, _members(hint)[known[name.lower()]], here, refuse)


def _required(part: Any, name: str, path: str, refuse: Refuse) -> Any:
    if not isinstance(part, dict) or part.get(name) in (None, "", []):
        target = f"{path}{name}"
        message = f"Required parameter '{target}' is missing (null)."
        raise refuse(400, "InvalidParameter", message, target)
    return part[name]


def _size(properties: dict[str, Any], refuse: Refuse) -> None:
    hardware = _required(properties, "hardwareProfile", "", refuse)
    size = _required(hardware, "vmSize", "hardwareProfile.", refuse)
    if size not in SIZES:
        message = (
            f"The value {size} provided for the VM size is not valid. The valid sizes in the"
            f" current region are: {', '.join(SIZES)}."
        )
        raise refuse(400, "InvalidParameter", message, "vmSize")


def _image(properties: dict[str, Any], refuse: Refuse) -> None:
    storage = _required(properties, "storageProfile", "", refuse)
    image = _required(storage, "imageReference", "storageProfile.", refuse)
    parts = [_required(image, name, "imageReference.", refuse) for name in _URN]
    urn = ":".join(parts)
    if urn.lower() not in {known.lower() for known in IMAGES}:
        message = (
            f"The platform image '{urn}' is not available. Verify that all fields in the storage"
            " profile are correct."
        )
        raise refuse(404, "PlatformImageNotFound", message, "imageReference")


_URN = ("publisher", "offer", "sku", "version")


def _login(properties: dict[str, Any], refuse: Refuse) -> None:
    system = _required(properties, "osProfile", "", refuse)
    _required(system, "computerName", "osProfile.", refuse)
    _required(system, "adminUsername", "osProfile.", refuse)
    linux = system.get("linuxConfiguration") or {}
    if linux.get("disablePasswordAuthentication"):
        keys = (linux.get("ssh") or {}).get("publicKeys")
        _required({"publicKeys": keys}, "publicKeys", "linuxConfiguration.ssh.", refuse)
    else:
        _required(system, "adminPassword", "osProfile.", refuse)


def _cards(properties: dict[str, Any], network_interfaces: set[str], refuse: Refuse) -> None:
    network = _required(properties, "networkProfile", "", refuse)
    cards = _required(network, "networkInterfaces", "networkProfile.", refuse)
    for card in cards:
        id = _required(card, "id", "networkInterfaces.", refuse)
        if id.lower() not in {known.lower() for known in network_interfaces}:
            message = (
                f"Resource {id} was not found. Please make sure that the referenced resource"
                " exists, and that both resources are in the same region."
            )
            raise refuse(400, "InvalidResourceReference", message, "networkInterfaces")


def members(hint: Any) -> dict[str, Any] | None:
    """Return the members of a part of the JSON, their names in small letters; None for a value."""
    hint = _inner(hint)
    if not hasattr(hint, "__required_keys__"):
        return None
    return {name.lower(): part for name, part in _members(hint).items()}


@cache
def _members(kind: type) -> dict[str, Any]:
    """Return the members of a type of the service's JSON, as azure-mgmt-compute describes it."""
    from azure.mgmt.compute import models, types

    # The module of typed dicts leaves its enumerations to the module of models.
    return get_type_hints(kind, None, {**vars(models), **vars(types)})


def _inner(hint: Any) -> Any:
    """Return the type of the elements of a list; any other type as it is."""
    return get_args(hint)[0] if getattr(hint, "__origin__", None) is list else hint
