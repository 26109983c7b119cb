"""What the guard of a real Azure asks of Resource Manager itself: subscriptions, groups, networks.

https://learn.microsoft.com/rest/api/resources and
https://learn.microsoft.com/rest/api/virtualnetwork
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from coursekit.cloud.real_account import TAG
from coursekit.cloud.real_http import PLAIN
from coursekit.ground.errors import CourseError

PUBLIC = "https://management.azure.com"
_SUBSCRIPTIONS, _GROUPS, _NETWORK = "2022-12-01", "2021-04-01", "2024-05-01"
PATIENCE = 900  # seconds that a group with a machine in it may take to go
_PAUSE = 10


class ResourceManager:
    """A client of Resource Manager that no guard watches.

    Parameters
    ----------
    credential : object
        As azure-identity makes it.
    address : str
        Where Resource Manager is.
    """

    def __init__(self, credential: Any, address: str) -> None:
        from azure.core.pipeline import policies
        from azure.core.pipeline.transport import RequestsTransport
        from azure.mgmt.core import ARMPipelineClient
        from azure.mgmt.core.policies import (
            ARMAutoResourceProviderRegistrationPolicy,
            ARMChallengeAuthenticationPolicy,
        )

        transport = RequestsTransport()
        setattr(transport, PLAIN, True)
        self._address = address
        self._client = ARMPipelineClient(
            address,
            transport=transport,
            policies=[
                policies.RequestIdPolicy(),
                ARMAutoResourceProviderRegistrationPolicy(),
                policies.RetryPolicy(),
                ARMChallengeAuthenticationPolicy(credential, f"{address}/.default"),
            ],
        )

    def subscriptions(self) -> list[str]:
        """Return the ids of the subscriptions that the credential reaches."""
        return [
            one["subscriptionId"] for one in self._pages(f"/subscriptions{_at(_SUBSCRIPTIONS)}")
        ]

    def groups(self, subscription: str) -> list[tuple[str, str]]:
        """Return name and tag of the groups that carry the course's tag."""
        wanted = f"/subscriptions/{subscription}/resourcegroups{_at(_GROUPS)}"
        found = self._pages(f"{wanted}&$filter=tagName eq '{TAG}'".replace(" ", "%20"))
        return [(one["name"], one.get("tags", {}).get(TAG, "")) for one in found]

    def make_group(self, subscription: str, name: str, location: str, run: str) -> None:
        """Make a resource group with the tag of a run; one that is there stays as it is."""
        body = {"location": location, "tags": {TAG: run}}
        self._ask("PUT", f"{_group(subscription, name)}{_at(_GROUPS)}", body)

    def delete_group(self, subscription: str, name: str) -> None:
        """Delete a group with all that is in it, and wait until it is gone, or for 15 minutes."""
        path = f"{_group(subscription, name)}{_at(_GROUPS)}"
        limit = time.monotonic() + PATIENCE
        response = self._send("DELETE", path)
        while response.status_code != 404 and time.monotonic() < limit:
            time.sleep(_pause(response))
            response = self._send("GET", path)

    def make_card(self, subscription: str, group: str, name: str, location: str, run: str) -> str:
        """Make a network, and in it a card without a public address; return the card's id."""
        tags = {"location": location, "tags": {TAG: run}}
        network = f"{_group(subscription, group)}/providers/Microsoft.Network"
        subnet = {"addressPrefix": "10.0.0.0/24", "defaultOutboundAccess": False}
        self._make(
            f"{network}/virtualNetworks/{TAG}",
            tags
            | {
                "properties": {
                    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                    "subnets": [{"name": "default", "properties": subnet}],
                }
            },
        )
        place = {"subnet": {"id": f"{network}/virtualNetworks/{TAG}/subnets/default"}}
        address = {"name": "private", "properties": place}
        card = f"{network}/networkInterfaces/{name}"
        return self._make(card, tags | {"properties": {"ipConfigurations": [address]}})["id"]

    def _make(self, id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Put a resource, and wait until it is there."""
        made = self._ask("PUT", f"{id}{_at(_NETWORK)}", body)
        limit = time.monotonic() + PATIENCE
        while made["properties"]["provisioningState"] not in ("Succeeded", "Failed"):
            if time.monotonic() > limit:
                break
            time.sleep(1)
            made = self._ask("GET", f"{id}{_at(_NETWORK)}")
        if made["properties"]["provisioningState"] != "Succeeded":
            raise CourseError(
                f"Azure did not make {id.split('/')[-1]}.", "Tear down, and try again."
            )
        return made

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        while path:
            page = self._ask("GET", path)
            yield from page["value"]
            path = page.get("nextLink", "").removeprefix(self._address)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        from azure.core.exceptions import HttpResponseError

        response = self._send(method, path, body)
        if response.status_code >= 400:
            raise HttpResponseError(response=response)
        return response.json()

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        from azure.core.rest import HttpRequest

        return self._client.send_request(HttpRequest(method, f"{self._address}{path}", json=body))


def _at(version: str) -> str:
    return f"?api-version={version}"


def _group(subscription: str, name: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{name}"


def _pause(response: Any) -> float:
    """Return the seconds that the service asks for before it is asked again."""
    if milliseconds := response.headers.get("retry-after-ms"):
        return int(milliseconds) / 1000
    return min(float(response.headers.get("retry-after", _PAUSE)), 60)
