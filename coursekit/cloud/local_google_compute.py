"""Google Compute Engine on this machine: a part of its REST API, for google-cloud-compute.

The service behind it is the course's own (`google_compute_service`). It runs in the kernel's own
process and ends with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coursekit.cloud import sdk_guard
from coursekit.cloud.google_compute_service import PROJECT, ZONES, State, application
from coursekit.cloud.kernel_cloud import KernelCloud
from coursekit.cloud.loopback import Service
from coursekit.cloud.real import refuse_if_real
from coursekit.cloud.variables import Variables


def google_compute() -> GoogleCompute:
    """Start the embedded Google Compute Engine, or return the one that runs in this kernel.

    Returns
    -------
    GoogleCompute

    Raises
    ------
    CourseError
        When no server can be started, or ``COURSEKIT_CLOUD=real`` asks for the real Google Cloud,
        for which the course has no guard yet.

    Examples
    --------
    >>> gce = ck.cloud.google_compute()
    >>> instances = compute_v1.InstancesClient(**gce.client_options)
    """
    refuse_if_real("Google Cloud")
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
    library, which forgets the endpoint of the client that it belongs to. While this service runs,
    it gets that endpoint.
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
        _let_operations_follow()

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


def _let_operations_follow() -> None:
    """Give the clients of operations the endpoint of the local service, where that is in use."""
    from google.cloud.compute_v1 import ZoneOperationsClient
    from google.cloud.compute_v1.services.disks.transports import DisksTransport
    from google.cloud.compute_v1.services.instances.transports import InstancesTransport

    for transport in (InstancesTransport, DisksTransport):
        original = transport._zone_operations_client.fget
        if hasattr(original, "coursekit_follows"):
            continue

        def follow(self: Any, original: Callable = original) -> Any:
            cloud = GoogleCompute._running
            if cloud is None or self._host != cloud.endpoint:
                return original(self)
            services = self._extended_operations_services
            if "zone_operations" not in services:
                client = ZoneOperationsClient(**cloud.client_options)
                services["zone_operations"] = client
            return services["zone_operations"]

        follow.coursekit_follows = True
        transport._zone_operations_client = property(follow)
