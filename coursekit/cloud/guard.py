"""What keeps the SDKs on this machine while a cloud of the course runs.

Each SDK sends every call through few methods. Those are watched from the first cloud that needs it
to the last one that stops; then the SDK is as it was.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from coursekit.ground.errors import CourseError
from coursekit.ground.loopback import is_loopback


class Guard:
    """Refuses calls of one SDK to other machines, as long as somebody has asked for it.

    Parameters
    ----------
    who : str
        The SDK's name, for the message.
    mend : str
        What the learner should do instead.
    places : callable
        Returns the classes that send, each with the name of its method; imports late. The
        method's first argument is a request with a ``url``, or is the address itself.
    """

    def __init__(self, who: str, mend: str, places: Callable[[], list[tuple[type, str]]]) -> None:
        self._who, self._mend, self._places = who, mend, places
        self._asked = 0
        self._originals: list[tuple[type, str, Any]] = []
        self._lock = threading.RLock()

    def install(self) -> None:
        """Watch every client of the SDK, those made before included."""
        with self._lock:
            self._asked += 1
            if self._asked == 1:
                for kind, name in self._places():
                    # None: the method is inherited, so taking ours away restores it.
                    self._originals.append((kind, name, vars(kind).get(name)))
                    setattr(kind, name, self._watched(getattr(kind, name)))

    def remove(self) -> None:
        """Take one request to watch back; with the last one the SDK is as it was."""
        with self._lock:
            self._asked -= 1
            while not self._asked and self._originals:
                kind, name, original = self._originals.pop()
                if original is None:
                    delattr(kind, name)
                else:
                    setattr(kind, name, original)

    def _watched(self, send: Callable) -> Callable:
        @functools.wraps(send)
        def watched(*args: Any, **named: Any) -> Any:
            # After the sender: a request, or an address, which Google's own code gives by name.
            target = args[1] if len(args) > 1 else named.get("url") or named["request"]
            host = urlsplit(getattr(target, "url", target)).hostname or ""
            if not is_loopback(host):
                raise CourseError(
                    f"{self._who} was about to call {host}, which is not on this machine.",
                    self._mend,
                )
            return send(*args, **named)

        return watched


def _aws() -> list[tuple[type, str]]:
    from botocore.httpsession import URLLib3Session

    return [(URLLib3Session, "send")]


def _azure() -> list[tuple[type, str]]:
    import azure.core.pipeline.transport as transports

    found = [(transports.RequestsTransport, "send")]
    for name in ("AsyncioRequestsTransport", "AioHttpTransport", "TrioRequestsTransport"):
        # The asynchronous ones need packages that the course does not install; a learner may.
        with contextlib.suppress(ImportError):
            found.append((getattr(transports, name), "send"))
    return found


def _google() -> list[tuple[type, str]]:
    from google.auth.transport import _http_client, requests

    return [
        # `send` sees redirects, too; `request` would not.
        (requests.AuthorizedSession, "send"),
        # These two ask for tokens, and a machine of Google for its own.
        (requests.Request, "__call__"),
        (_http_client.Request, "__call__"),
    ]


aws = Guard(
    "boto3",
    "Make the client without endpoint_url and after ck.cloud.aws(), so that it talks to the"
    " course's AWS.",
    _aws,
)
azure = Guard(
    "The Azure SDK",
    "Make a BlobServiceClient by from_connection_string("
    'os.environ["AZURE_STORAGE_CONNECTION_STRING"]), a ComputeManagementClient with'
    " **vms.client_options.",
    _azure,
)
google = Guard(
    "The Google Cloud SDK",
    "Make a storage.Client() without an endpoint, an InstancesClient with **gce.client_options.",
    _google,
)
