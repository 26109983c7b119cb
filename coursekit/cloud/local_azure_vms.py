"""Azure's virtual machines on this machine: a part of Resource Manager, for azure-mgmt-compute.

The service behind it is the course's own (`azure_service`). It runs in the kernel's own process and
ends with it.
"""

from __future__ import annotations

import secrets
import time
import uuid
from typing import TYPE_CHECKING, Any

from coursekit.cloud import real, sdk_guard
from coursekit.cloud.azure_service import LOCATION, RESOURCE_GROUP, State, application
from coursekit.cloud.kernel_cloud import KernelCloud
from coursekit.cloud.loopback import Service
from coursekit.cloud.variables import Variables

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

    from coursekit.cloud.real_azure_vms import RealAzureVMs


def azure_vms() -> AzureVMs | RealAzureVMs:
    """Start the embedded Azure, or return the one that runs in this kernel already.

    With ``COURSEKIT_CLOUD=real`` in the environment it starts nothing. It stands a guard in front
    of the learner's own subscription instead; see `coursekit.cloud.real_azure_vms`.

    Returns
    -------
    AzureVMs or RealAzureVMs

    Raises
    ------
    CourseError
        When no server can be started; or the guard refuses the subscription.

    Examples
    --------
    >>> vms = ck.cloud.azure_vms()
    >>> compute = ComputeManagementClient(
    ...     vms.credential, vms.subscription_id, **vms.client_options
    ... )
    """
    if real.is_real():
        from coursekit.cloud.real_azure_vms import connect

        return connect()
    return AzureVMs.of_this_kernel()


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

    def __init__(self) -> None:
        super().__init__()
        self._state = State(subscription=str(uuid.uuid4()), token=secrets.token_urlsafe(24))
        self._service = Service(application(self._state), name=self.NAME, tls=True)
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
        with self._state.lock:
            group = self._state.groups[RESOURCE_GROUP]
            id = group.id_of("Microsoft.Network/networkInterfaces", name)
            group.networks[id] = {}
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

    def _end(self) -> None:
        self._service.stop()
        self._variables.restore()
        sdk_guard.azure.remove()


class _Credential:
    """Hands out the one token that the service accepts."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, int(time.time()) + 3600)
