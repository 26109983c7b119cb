"""What keeps the SDKs of Azure and Google Cloud on this machine while a cloud of the course runs.

Neither SDK has a hook for all its clients, as botocore has; but each sends every call by HTTP
through few methods. They are watched, and are put back when the last cloud stops.
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

_lock = threading.RLock()
Around = Callable[[Any, Any, Callable[[], Any]], Any]
_AZURE_TRANSPORTS = (
    "RequestsTransport",
    "AsyncioRequestsTransport",
    "AioHttpTransport",
    "TrioRequestsTransport",
)


class Watch:
    """Stands around what an SDK sends, as long as somebody has asked for it.

    Parameters
    ----------
    places : callable
        Returns the classes that send, each with the name of its method; imports late. The
        method's first argument is a request with a ``url``, or is the address itself.
    """

    def __init__(self, places: Callable[[], list[tuple[type, str]]]) -> None:
        self._places = places
        self._around: list[Around] = []
        self._watched: list[tuple[type, str, Any]] = []

    def add(self, around: Around) -> None:
        """Let a function stand around every client of the SDK, those made before included.

        Parameters
        ----------
        around : callable
            ``around(sender, target, send)`` is called in the place of each sending, and returns
            what ``send()`` does, or refuses.
        """
        with _lock:
            if not self._around:
                self._watched = [self._watch(kind, name) for kind, name in self._places()]
            self._around = [*self._around, around]

    def take(self, around: Around) -> None:
        """Take a function away; with the last one the SDK is as it was."""
        with _lock:
            self._around = [one for one in self._around if one != around]
            if not self._around:
                for kind, name, own in self._watched:
                    if own is None:
                        delattr(kind, name)
                    else:
                        setattr(kind, name, own)
                self._watched = []

    def _watch(self, kind: type, name: str) -> tuple[type, str, Any]:
        own = vars(kind).get(name)  # None: inherited, so taking ours away is enough
        send = getattr(kind, name)

        @functools.wraps(send)
        def watched(*args: Any, **named: Any) -> Any:
            # After the sender: a request, or an address, which Google's own code gives by name.
            target = args[1] if len(args) > 1 else named.get("url") or named["request"]
            inner = functools.partial(send, *args, **named)
            for around in self._around:
                inner = functools.partial(around, args[0], target, inner)
            return inner()

        setattr(kind, name, watched)
        return kind, name, own


class Guard:
    """Refuses calls of one SDK to other machines, as long as somebody has asked for it.

    Parameters
    ----------
    who : str
        The SDK's name, for the message.
    mend : str
        What the learner should do instead.
    sending : Watch
        Where the SDK sends.
    """

    def __init__(self, who: str, mend: str, sending: Watch) -> None:
        self._who = who
        self._mend = mend
        self._asked = 0
        self._sending = sending

    def install(self) -> None:
        """Watch every client of the SDK, those made before included."""
        with _lock:
            self._asked += 1
            if self._asked == 1:
                self._sending.add(self._refuse_other_machines)

    def remove(self) -> None:
        """Take one request to watch back; with the last one the SDK is as it was."""
        with _lock:
            self._asked -= 1
            if self._asked == 0:
                self._sending.take(self._refuse_other_machines)

    def _refuse_other_machines(self, sender: Any, target: Any, send: Callable[[], Any]) -> Any:
        host = urlsplit(getattr(target, "url", target)).hostname or ""
        if not is_loopback(host):
            raise CourseError(
                f"{self._who} was about to call {host}, which is not on this machine.", self._mend
            )
        return send()


def _azure() -> list[tuple[type, str]]:
    import azure.core.pipeline.transport as transports

    found = []
    for name in _AZURE_TRANSPORTS:
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


azure_sending, google_sending = Watch(_azure), Watch(_google)
azure = Guard(
    "The Azure SDK",
    "Make a BlobServiceClient by from_connection_string("
    'os.environ["AZURE_STORAGE_CONNECTION_STRING"]), a ComputeManagementClient with'
    " **vms.client_options.",
    azure_sending,
)
google = Guard(
    "The Google Cloud SDK",
    "Make a storage.Client() without an endpoint, an InstancesClient with **gce.client_options.",
    google_sending,
)
