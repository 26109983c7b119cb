"""A real storage account of Azure behind a guard: ``ck.cloud.azure_blob()`` in real mode.

Only containers that this run has made are touched. The guard was tried against Azurite, never
against a real account. It is a seat belt, not a wall: an account that holds nothing else, and a
budget with an alert, are the wall.

If soft delete is on in the account, what was deleted is kept, and billed, for some days more:
https://learn.microsoft.com/azure/storage/blobs/soft-delete-container-overview
"""

from __future__ import annotations

import dataclasses
import os
from typing import Any
from urllib.parse import urlsplit

from coursekit.cloud import real_azure_blob_rules as rules
from coursekit.cloud import real_http
from coursekit.cloud.real_account import (
    TAG,
    Left,
    refuse_foreign,
    require_typed,
)
from coursekit.cloud.real_http import PLAIN, Call, HttpAccount
from coursekit.cloud.real_sizes import Sizes
from coursekit.ground.errors import CourseError

STRING = "AZURE_STORAGE_CONNECTION_STRING"
_CLOUDS = (".blob.core.windows.net", ".blob.core.usgovcloudapi.net", ".blob.core.chinacloudapi.cn")


def connect(*, endpoint: str | None = None) -> RealAzureBlob:
    """Guard the storage account of this kernel's connection string, or return its guard.

    Parameters
    ----------
    endpoint : str, optional
        For tests only: the address of a service that plays the real one; the string names it.

    Returns
    -------
    RealAzureBlob

    Raises
    ------
    CourseError
        There is no connection string, nobody to ask, or the account is not the one that was typed.
    """
    return RealAzureBlob._of_this_kernel(
        lambda typed: RealAzureBlob(os.environ.get(STRING, ""), typed, endpoint=endpoint)
    )


class RealAzureBlob(HttpAccount):
    """A guarded storage account; made by `connect`, never directly.

    Attributes
    ----------
    endpoint : str
        The URL of the account.
    account, key : str
        The account's name, typed by hand, and its key, from the connection string.
    connection_string : str
        All of it, as Azure's tools take it.
    run : str
        The id of this run. Every container made gets the metadata ``coursekit`` with it.
    """

    NAME = "storage account"
    ASKS_FOR = "name of your Azure storage account"
    VARIABLE = "COURSEKIT_AZURE_STORAGE_ACCOUNT"
    CONSOLE = "the Azure portal"
    CALLED = "azurite"
    PROVIDER = "Azure"
    _watch = real_http.azure

    def __init__(self, connection: str, typed: str, *, endpoint: str | None = None) -> None:
        self.connection_string = connection
        self.account, self.key, self.endpoint = _parts(connection)
        if endpoint is None and not (urlsplit(self.endpoint).hostname or "").endswith(_CLOUDS):
            raise CourseError(
                f"{STRING} leads to {urlsplit(self.endpoint).hostname}, which is not Azure.",
                "Copy the connection string of your storage account (Azure portal, Access keys).",
            )
        super().__init__(self.endpoint)
        require_typed(typed, self.account, "storage account", "az storage account list")
        base = urlsplit(self.endpoint).path.rstrip("/")
        self._all_routes = tuple(
            dataclasses.replace(route, path=f"{base}{route.path}") for route in rules.ROUTES
        )
        self._plain = self._plain_client()
        self._require_answer()
        self._known: set[str] = set()  # containers that are this run's
        self._sizes = Sizes()

    @property
    def _identity(self) -> str:
        return self.account

    @property
    def _routes(self) -> tuple[real_http.Route, ...]:
        return self._all_routes

    def _examine(self, call: Call) -> None:
        rules.require_plain(call)
        container = call.names.get("container", "")
        if call.operation not in ("list_containers", "create_container"):
            self._require_own(container, call.operation)
        rules.require_small(call, self._sizes)
        self._require_free(call, rules.objection(call))

    def _after(self, call: Call, status: int) -> None:
        container = call.names.get("container", "")
        if call.operation == "create_container" and status == 201:
            self._tag(container)
        elif call.operation == "delete_container" and status < 300:
            self._known.discard(container)

    def _require_own(self, container: str, operation: str) -> None:
        if container not in self._known:
            if self._run_of(container) != self.run:
                refuse_foreign(f"Container {container}", operation, self.run)
            self._known.add(container)

    def _run_of(self, container: str) -> str:
        from azure.core.exceptions import HttpResponseError

        try:
            properties = self._plain.get_container_client(container).get_container_properties()
        except HttpResponseError as error:
            if error.status_code in (400, 403, 404):  # none of that name, or not the course's
                return ""
            raise
        return (properties.metadata or {}).get(TAG, "")

    def _tag(self, container: str) -> None:
        """Tag a container right after it was made: what is sent is signed, so no earlier."""
        from azure.core.exceptions import AzureError

        client = self._plain.get_container_client(container)
        try:
            metadata = client.get_container_properties().metadata or {}
            client.set_container_metadata({**metadata, TAG: self.run})
        except AzureError as error:
            client.delete_container()  # made a moment ago, and nobody would find it again
            raise CourseError(
                f"Container {container} could not be tagged, so it was removed:"
                f" {error.message.splitlines()[0]}",
                "Use an account key, which has the right to write metadata.",
            ) from None
        self._known.add(container)

    def _find(self, run: str | None) -> list[Left]:
        found = [
            Left("container", one.name, (one.metadata or {}).get(TAG, ""))
            for one in self._plain.list_containers(include_metadata=True)
        ]
        return [one for one in found if one.run and run in (None, one.run)]

    def _remove(self, left: list[Left]) -> None:
        from azure.core.exceptions import HttpResponseError

        for one in left:
            try:
                self._plain.delete_container(one.id)
            except HttpResponseError as error:
                # Gone meanwhile; or leased, or locked: who looks again finds it.
                if error.status_code not in (404, 409, 412):
                    raise
            self._known.discard(one.id)

    def _plain_client(self) -> Any:
        """Return a client that no guard watches."""
        from azure.core.pipeline.transport import RequestsTransport
        from azure.storage.blob import BlobServiceClient

        transport = RequestsTransport()
        setattr(transport, PLAIN, True)
        return BlobServiceClient.from_connection_string(
            self.connection_string, transport=transport, retry_total=1
        )

    def _require_answer(self) -> None:
        from azure.core.exceptions import AzureError

        try:
            self._plain.get_account_information()
        except AzureError as error:
            raise CourseError(
                f"Azure does not accept {STRING}: {error.message.splitlines()[0]}",
                "Copy it anew (Azure portal, Access keys), or unset COURSEKIT_CLOUD.",
            ) from None


def _parts(connection: str) -> tuple[str, str, str]:
    """Return name, key and address of the account in a connection string."""
    parts = dict(part.split("=", 1) for part in connection.split(";") if "=" in part)
    name, key = parts.get("AccountName", ""), parts.get("AccountKey", "")
    if not name or not key:
        raise CourseError(
            f"{STRING} is not set, or names no account and key.",
            "Set it to the connection string of your storage account (Azure portal, Access keys).",
        )
    suffix = parts.get("EndpointSuffix", "core.windows.net")
    scheme = parts.get("DefaultEndpointsProtocol", "https")
    return name, key, parts.get("BlobEndpoint", f"{scheme}://{name}.blob.{suffix}").rstrip("/")
