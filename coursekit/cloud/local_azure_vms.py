"""Azure's virtual machines on this machine: a part of Resource Manager, for azure-mgmt-compute.

The service behind it is the course's own (`azure_service`). It runs in the kernel's own process and
ends with it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from coursekit.cloud import guard, real
from coursekit.cloud.kernel_cloud import KernelCloud

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken


def azure_vms() -> AzureVMs | real.OwnAccount:
    """Start the embedded Azure, or return the one that runs in this kernel already.

    With ``COURSEKIT_CLOUD=real`` in the environment nothing starts: clients work in the learner's
    own subscription, whose id has to be typed.

    Returns
    -------
    AzureVMs or OwnAccount

    Raises
    ------
    CourseError
        When no server can be started; or there is nobody to type the id of the subscription.

    Examples
    --------
    >>> vms = ck.cloud.azure_vms()
    >>> compute = ComputeManagementClient(
    ...     vms.credential, vms.subscription_id, **vms.client_options
    ... )
    """
    return AzureVMs.of_this_kernel(own=real.azure_vms)


class AzureVMs(KernelCloud):
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

    NAME = "The embedded Azure"
    ABOUT = (
        "a small emulator of its virtual machines, inside this kernel.\n"
        "azure-mgmt-compute talks to it; nothing leaves this machine, and nothing costs money."
    )
    START = "vms = ck.cloud.azure_vms()"
    GUARD = guard.azure

    def __init__(self) -> None:
        from coursekit.cloud.azure_service import LOCATION, RESOURCE_GROUP, AzureCompute

        self._state = AzureCompute()
        self.subscription_id = self._state.subscription
        self.resource_group, self.location = RESOURCE_GROUP, LOCATION
        self.credential = _Credential(self._state.token)
        self.endpoint = self._state.url
        self.client_options: dict[str, Any] = {
            "base_url": self.endpoint,
            "credential_scopes": [f"{self.endpoint}/.default"],
            "connection_verify": self._state.authority,
        }
        self._lead_here({})

    def add_network_interface(self, name: str) -> str:
        """Make a network card for a machine, as azure-mgmt-network does, and return its id.

        Parameters
        ----------
        name : str
            Any name; asking twice for one gives the same card.
        """
        id = self._state.id_of("Microsoft.Network/networkInterfaces", name)
        self._state.cards.add(id)
        return id

    def reset(self) -> None:
        """Delete every machine, disk and network card.

        Raises
        ------
        CourseError
            When it was stopped before.
        """
        self._require_running()
        self._state.clear()

    def _stop_server(self) -> None:
        self._state.stop()


class _Credential:
    """Hands out the one token that the service accepts."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, int(time.time()) + 3600)
