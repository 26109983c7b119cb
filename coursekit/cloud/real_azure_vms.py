"""A real subscription of Azure behind a guard: ``ck.cloud.azure_vms()`` in real mode.

Everything is made in a resource group of this run, and tearing down deletes that group. The guard
was tried against an emulator, never against a real subscription. It is a seat belt, not a wall: a
budget with an alert, and an identity that may work in few places, are the wall.
"""

from __future__ import annotations

import os
from typing import Any

from coursekit.cloud import real_azure_vm_rules as rules
from coursekit.cloud import real_http
from coursekit.cloud.azure_resources import PUBLIC, ResourceManager
from coursekit.cloud.real_account import (
    TAG,
    Left,
    refuse_foreign,
)
from coursekit.cloud.real_http import Call, HttpAccount
from coursekit.ground.errors import CourseError

LOCATION = "AZURE_DEFAULTS_LOCATION"  # the variable of Azure's own command line
_PREFIX = f"{TAG}-"


def connect(*, endpoint: str | None = None) -> RealAzureVMs:
    """Guard the real subscription of this kernel's Azure login, or return the guard that stands.

    Parameters
    ----------
    endpoint : str, optional
        For tests only: the address of a service that plays the real Resource Manager.

    Returns
    -------
    RealAzureVMs

    Raises
    ------
    CourseError
        There is no login, nobody to ask, or the subscription is not one of the login's.
    """
    from azure.identity import DefaultAzureCredential

    return RealAzureVMs._of_this_kernel(
        lambda typed: RealAzureVMs(DefaultAzureCredential(), typed, endpoint=endpoint)
    )


class RealAzureVMs(HttpAccount):
    """A guarded subscription; made by `connect`, never directly.

    Attributes
    ----------
    subscription_id : str
        Its id, typed by hand and reported by Azure.
    resource_group, location : str
        A group of this run's own, made when it is first needed, and its region:
        ``AZURE_DEFAULTS_LOCATION``, or else westeurope.
    credential : object
        The login that ``azure.identity.DefaultAzureCredential()`` finds.
    client_options : dict
        What a client needs besides: nothing, on the real Azure.
    run : str
        The id of this run. The group and all in it gets the tag ``coursekit`` with it.
    """

    NAME = "Azure subscription"
    ASKS_FOR = "id of your Azure subscription"
    VARIABLE = "COURSEKIT_AZURE_SUBSCRIPTION"
    CONSOLE = "the Azure portal"
    CALLED = "vms"
    PROVIDER = "Azure"
    _watch = real_http.azure

    def __init__(self, credential: Any, typed: str, *, endpoint: str | None = None) -> None:
        super().__init__(endpoint or PUBLIC)
        self.credential = credential
        self._manager = ResourceManager(credential, endpoint or PUBLIC)
        self.subscription_id = self._require_subscription(typed)
        self.resource_group = f"{_PREFIX}{self.run}"
        self.location = os.environ.get(LOCATION) or "westeurope"
        self.endpoint = endpoint or PUBLIC
        self.client_options: dict[str, Any] = (
            {"base_url": endpoint, "credential_scopes": [f"{endpoint}/.default"]}
            if endpoint
            else {}
        )
        self._is_group_made = False

    def add_network_interface(self, name: str) -> str:
        """Make a network card for a machine, in a network of this run, and return its id.

        It has no public address: those are billed, and open a door.

        Parameters
        ----------
        name : str
            Any name; asking twice for one gives the same card.
        """
        self._make_group()
        return self._manager.make_card(
            self.subscription_id, self.resource_group, name, self.location, self.run
        )

    @property
    def _identity(self) -> str:
        return self.subscription_id

    @property
    def _routes(self) -> tuple[real_http.Route, ...]:
        return rules.ROUTES

    def _examine(self, call: Call) -> None:
        place = f"subscription {call.names['subscription']}"
        if call.names["subscription"].lower() != self.subscription_id.lower():
            refuse_foreign(place, call.operation, self.run)
        if call.names.get("group", self.resource_group).lower() != self.resource_group:
            refuse_foreign(f"Resource group {call.names['group']}", call.operation, self.run)
        if call.method == "PUT":
            self._examine_machine(call)

    def _examine_machine(self, call: Call) -> None:
        body = call.json
        own = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        if other := rules.foreign(body, own):
            refuse_foreign(other, call.operation, self.run)
        self._require_free(call, rules.objection(body))
        self._make_group()
        call.json = rules.tagged(body, self.run)

    def _make_group(self) -> None:
        if not self._is_group_made:
            self._manager.make_group(
                self.subscription_id, self.resource_group, self.location, self.run
            )
            self._is_group_made = True

    def _find(self, run: str | None) -> list[Left]:
        # A group of another name with this tag is somebody's own: the course has made none.
        return [
            Left("resource group", name, tag)
            for name, tag in self._manager.groups(self.subscription_id)
            if name == f"{_PREFIX}{tag}" and run in (None, tag)
        ]

    def _remove(self, left: list[Left]) -> None:
        for one in left:
            self._manager.delete_group(self.subscription_id, one.id)
            if one.id == self.resource_group:
                self._is_group_made = False

    def _require_subscription(self, typed: str) -> str:
        from azure.core.exceptions import AzureError

        try:
            reported = self._manager.subscriptions()
        except AzureError as error:
            raise CourseError(
                f"Azure does not accept the login of this kernel: {error.message.splitlines()[0]}",
                "Log in first (az login), or unset COURSEKIT_CLOUD.",
            ) from None
        for subscription in reported:
            if subscription.lower() == typed.strip().lower():
                return subscription
        raise CourseError(
            "The subscription that was typed is not one that this login belongs to.",
            "Look it up (az account list) and decide whether it is the right one.",
        )

    def __repr__(self) -> str:
        return self._describe(f", region {self.location}")
