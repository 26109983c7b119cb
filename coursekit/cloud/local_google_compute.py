"""Google Compute Engine on this machine: a part of its REST API, for google-cloud-compute.

The service behind it is the course's own (`google_compute_service`). It runs in the kernel's own
process and ends with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from coursekit.cloud import real, sdk_guard
from coursekit.cloud.google_compute_service import PROJECT, ZONES, State, application
from coursekit.cloud.kernel_cloud import KernelCloud
from coursekit.cloud.loopback import Service
from coursekit.cloud.variables import Variables
from coursekit.ground.loopback import is_loopback

if TYPE_CHECKING:
    from coursekit.cloud.real_google_compute import RealGoogleCompute


def google_compute() -> GoogleCompute | RealGoogleCompute:
    """Start the embedded Google Compute Engine, or return the one that runs in this kernel.

    With ``COURSEKIT_CLOUD=real`` in the environment it starts nothing. It stands a guard in front
    of the learner's own project instead; see `coursekit.cloud.real_google_compute`.

    Returns
    -------
    GoogleCompute or RealGoogleCompute

    Raises
    ------
    CourseError
        When no server can be started; or the guard refuses the project.

    Examples
    --------
    >>> gce = ck.cloud.google_compute()
    >>> instances = compute_v1.InstancesClient(**gce.client_options)
    """
    if real.is_real():
        from coursekit.cloud.real_google_compute import connect

        return connect()
    return GoogleCompute.of_this_kernel()


class GoogleCompute(KernelCloud):
    """The embedded Compute Engine of this kernel; made by `google_compute`, never directly.

    Attributes
    ----------
    project, zone : str
        The one project that it knows, and a zone.
    client_options : dict
        What each client needs: where the service is, and that no login is asked for.

    Notes
    -----
    The client that waits for an operation (``client.insert(...).result()``) is made inside the
    library, which forgets the endpoint of the client that it belongs to. For an endpoint on this
    machine, it is told.
    """

    NAME = "The embedded Google Compute Engine"
    ABOUT = (
        "a small emulator inside this kernel.\n"
        "google-cloud-compute talks to it; nothing leaves this machine, nothing costs money."
    )
    START = "gce = ck.cloud.google_compute()"

    def __init__(self) -> None:
        from google.auth.credentials import AnonymousCredentials

        super().__init__()
        self._state = State()
        self._service = Service(application(self._state), name=self.NAME)
        self.project, self.zone = PROJECT, ZONES[0]
        self.endpoint = self._service.url
        self.client_options: dict[str, Any] = {
            "credentials": AnonymousCredentials(),
            "client_options": {"api_endpoint": self.endpoint},
        }
        # A proxy must not be asked for what is on this machine.
        self._variables = Variables({})
        sdk_guard.google.install()
        let_operations_follow()

    def reset(self) -> None:
        """Delete every machine and disk.

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
        sdk_guard.google.remove()


def let_operations_follow() -> None:
    """Give the clients of operations the endpoint of a service on this machine."""
    from google.cloud.compute_v1 import ZoneOperationsClient
    from google.cloud.compute_v1.services.disks.transports import DisksTransport
    from google.cloud.compute_v1.services.instances.transports import InstancesTransport

    for transport in (InstancesTransport, DisksTransport):
        original = transport._zone_operations_client.fget
        if hasattr(original, "coursekit_follows"):
            continue

        def follow(self: Any, original: Callable = original) -> Any:
            # A client of the real service has no other endpoint, and needs no help.
            if not is_loopback(urlsplit(self._host).hostname or ""):
                return original(self)
            services = self._extended_operations_services
            if "zone_operations" not in services:
                services["zone_operations"] = ZoneOperationsClient(
                    credentials=self._credentials, client_options={"api_endpoint": self._host}
                )
            return services["zone_operations"]

        follow.coursekit_follows = True
        transport._zone_operations_client = property(follow)
