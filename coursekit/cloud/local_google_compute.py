"""Google Compute Engine on this machine: a part of its REST API, for google-cloud-compute.

The service behind it is the course's own (`google_compute_service`). It runs in the kernel's own
process and ends with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from coursekit.cloud import guard, real
from coursekit.cloud.kernel_cloud import KernelCloud
from coursekit.ground.loopback import is_loopback


def google_compute() -> GoogleCompute | real.OwnAccount:
    """Start the embedded Google Compute Engine, or return the one that runs in this kernel.

    With ``COURSEKIT_CLOUD=real`` in the environment nothing starts: clients work in the learner's
    own project, whose id has to be typed.

    Returns
    -------
    GoogleCompute or OwnAccount

    Raises
    ------
    CourseError
        When no server can be started; or there is no login for the project.

    Examples
    --------
    >>> gce = ck.cloud.google_compute()
    >>> instances = compute_v1.InstancesClient(**gce.client_options)
    """
    return GoogleCompute.of_this_kernel(own=real.google)


class GoogleCompute(KernelCloud):
    """The embedded Compute Engine of this kernel; made by `google_compute`, never directly.

    Attributes
    ----------
    project, zone : str
        The one project that it knows, and a zone.
    client_options : dict
        What each client needs: where the service is, and that no login is asked for.
    """

    NAME = "The embedded Google Compute Engine"
    ABOUT = (
        "a small emulator inside this kernel.\n"
        "google-cloud-compute talks to it; nothing leaves this machine, nothing costs money."
    )
    START = "gce = ck.cloud.google_compute()"
    GUARD = guard.google

    def __init__(self) -> None:
        from google.auth.credentials import AnonymousCredentials

        from coursekit.cloud.google_compute_service import PROJECT, ZONES, GoogleComputeEngine

        self._service = GoogleComputeEngine()
        self.project, self.zone = PROJECT, ZONES[0]
        self.endpoint = self._service.url
        self.client_options: dict[str, Any] = {
            "credentials": AnonymousCredentials(),
            "client_options": {"api_endpoint": self.endpoint},
        }
        self._lead_here({})
        _let_operations_follow()

    def reset(self) -> None:
        """Delete every machine and disk.

        Raises
        ------
        CourseError
            When it was stopped before.
        """
        self._require_running()
        self._service.clear()

    def _stop_server(self) -> None:
        self._service.stop()


def _let_operations_follow() -> None:
    """Let ``client.insert(...).result()`` ask the service on this machine.

    The client that waits for an operation is made inside the library, which forgets the endpoint
    of the client that it belongs to.
    """
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
