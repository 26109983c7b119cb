"""What the embedded Azure demands of a new machine, in the words of the real one.

The names that a request may hold are read from azure-mgmt-compute, which describes the JSON of the
service in its module ``types``. Line numbers and trace ids of the real messages are left out.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_args, get_type_hints

from coursekit.cloud.emulator import Refused

SIZES = ("Standard_B1s", "Standard_B2s", "Standard_D2s_v5")
IMAGES = (
    "Canonical:ubuntu-24_04-lts:server:latest",
    "Canonical:ubuntu-24_04-lts:server-arm64:latest",
    "Debian:debian-12:12-gen2:latest",
)
_URN = ("publisher", "offer", "sku", "version")
_REQUIRED = (
    "hardwareProfile.vmSize",
    *(f"storageProfile.imageReference.{name}" for name in _URN),
    "osProfile.computerName",
    "osProfile.adminUsername",
    "networkProfile.networkInterfaces",
)


def refusal(status: int, code: str, message: str, target: str | None = None) -> Refused:
    """Return an error as Azure reports it."""
    error = {"code": code, "message": message} | ({"target": target} if target else {})
    return Refused(status, {"error": error})


def require_valid(body: dict[str, Any], cards: set[str]) -> None:
    """Raise `Refused` unless the real service would make a machine of this request.

    Parameters
    ----------
    body : dict
        The JSON of the request.
    cards : set of str
        Ids of the network cards that exist.
    """
    from azure.mgmt.compute import types

    _require_known_members(body, types.VirtualMachine)
    if not body.get("location"):
        message = "The location property is required for this definition."
        raise refusal(400, "LocationRequired", message)
    properties = body.get("properties")
    for path in _REQUIRED:
        _require(properties, path)

    size = properties["hardwareProfile"]["vmSize"]
    if size not in SIZES:
        message = (
            f"The value {size} provided for the VM size is not valid. The valid sizes in the"
            f" current region are: {', '.join(SIZES)}."
        )
        raise refusal(400, "InvalidParameter", message, "vmSize")

    image = properties["storageProfile"]["imageReference"]
    urn = ":".join(image[name] for name in _URN)
    if urn.lower() not in {known.lower() for known in IMAGES}:
        message = (
            f"The platform image '{urn}' is not available. Verify that all fields in the storage"
            " profile are correct."
        )
        raise refusal(404, "PlatformImageNotFound", message, "imageReference")

    linux = properties["osProfile"].get("linuxConfiguration") or {}
    by_key = linux.get("disablePasswordAuthentication")
    _require(
        properties,
        "osProfile.linuxConfiguration.ssh.publicKeys" if by_key else "osProfile.adminPassword",
    )

    for card in properties["networkProfile"]["networkInterfaces"]:
        _require({"networkInterfaces": card}, "networkInterfaces.id")
        if card["id"].lower() not in {known.lower() for known in cards}:
            message = (
                f"Resource {card['id']} was not found. Please make sure that the referenced"
                " resource exists, and that both resources are in the same region."
            )
            raise refusal(400, "InvalidResourceReference", message, "networkInterfaces")


def _require(value: Any, path: str) -> None:
    names = path.split(".")
    for depth, name in enumerate(names):
        value = value.get(name) if isinstance(value, dict) else None
        if value in (None, "", []):
            target = ".".join(names[max(depth - 1, 0) : depth + 1])
            message = f"Required parameter '{target}' is missing (null)."
            raise refusal(400, "InvalidParameter", message, target)


def _require_known_members(value: Any, hint: Any, path: str = "") -> None:
    """Raise `Refused` for a name, at any depth, that the JSON of the service does not have."""
    if getattr(hint, "__origin__", None) is list:
        (hint,) = get_args(hint)
    for element in value if isinstance(value, list) else ():
        _require_known_members(element, hint, path)
    # typing's test knows only typing's own typed dicts; these are typing_extensions'.
    if not isinstance(value, dict) or not hasattr(hint, "__required_keys__"):
        return
    known = {name.lower(): part for name, part in _members(hint).items()}
    for name, part in value.items():
        here = f"{path}.{name}" if path else name
        if name.lower() not in known:
            message = (
                "The request content was invalid and could not be deserialized: 'Could not find"
                f" member '{name}' on object of type"
                f" '{hint.__name__ if path else 'ResourceDefinition'}'. Path '{here}'.'"
            )
            raise refusal(400, "InvalidRequestContent", message)
        _require_known_members(part, known[name.lower()], here)


@cache
def _members(kind: type) -> dict[str, Any]:
    from azure.mgmt.compute import models, types

    # The module of typed dicts leaves its enumerations to the module of models.
    return get_type_hints(kind, None, {**vars(models), **vars(types)})
