"""Guards of real accounts whose SDKs have no hook for all their clients: Azure and Google Cloud.

Every HTTP request of the SDK in this kernel comes by here, whoever made the client. A request to
the guarded account must be one of its routes; one to a place where tokens are handed out may pass;
any other machine is refused. What the guard itself asks goes by a sender of its own, marked
`PLAIN`.
"""

from __future__ import annotations

import functools
import inspect
import json
import re
import threading
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from coursekit.cloud import sdk_guard
from coursekit.cloud.real_account import RealAccount, refuse_operation, require_free
from coursekit.ground.errors import CourseError

PLAIN = "coursekit_plain"  # an attribute of senders that nobody watches
_CONFIRMED = "coursekit_confirmed"  # an attribute of requests: the SDK may send one several times
# Parameters of an address that ask for another operation at the same path.
CHOICES = ("comp", "restype", "uploadType")
_lock = threading.Lock()


@dataclass(frozen=True)
class Route:
    """One call that the chapters need.

    Attributes
    ----------
    method, path : str
        ``{name}`` in the path stands for one part of it, ``{name*}`` for all that follows.
    operation : str
        How the SDK spells it.
    query : tuple of (str, str)
        Its parameters among `CHOICES`: it must have these, and no others of them.
    """

    method: str
    path: str
    operation: str
    query: tuple[tuple[str, str], ...] = ()


@dataclass
class Call:
    """One HTTP request on its way to a real account, as the rules of each service see it.

    Attributes
    ----------
    request : object
        azure-core's or requests' own; what the rules change in it is sent.
    operation : str
        How the SDK spells it, when its route was found.
    names : dict of str to str
        What stands in the place of the ``{name}`` of the route.
    """

    request: Any
    operation: str = ""
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.request.url)
        self.method: str = self.request.method.upper()
        self.place, self.host, self.path = parts.netloc, parts.hostname or "", parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    @property
    def asked(self) -> str:
        """The path, and what tells operations at one path apart."""
        chosen = [f"{name}={self.query[name]}" for name in CHOICES if name in self.query]
        return "?".join([self.path, "&".join(chosen)]).rstrip("?")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the request, with names in small letters."""
        return {name.lower(): value for name, value in self.request.headers.items()}

    @property
    def data(self) -> Any:
        """The body: bytes, text, or something to read from."""
        request = self.request
        return request.body if hasattr(request, "prepare_body") else request.data

    @property
    def json(self) -> dict[str, Any]:
        """The body's JSON; empty where there is none."""
        body = self.data or "{}"
        return json.loads(body) if isinstance(body, str | bytes) else {}

    @json.setter
    def json(self, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        if hasattr(self.request, "prepare_body"):
            self.request.body = body
        else:
            self.request.data = body
        self.request.headers["Content-Length"] = str(len(body))

    def follow(self, routes: Iterable[Route]) -> bool:
        """Tell whether one of the routes is this request's, and take its operation and names."""
        if {".", ".."} & set(unquote(self.path).split("/")):  # it could mean another address
            return False
        chosen = {name: self.query[name] for name in CHOICES if name in self.query}
        for route in routes:
            found = _pattern(route.path).fullmatch(self.path)
            fits = route.method == self.method and dict(route.query) == chosen
            if found and fits:
                self.operation = route.operation
                self.names = {name: unquote(part) for name, part in found.groupdict().items()}
                return True
        return False


@functools.cache
def _pattern(path: str) -> re.Pattern[str]:
    text = re.sub(r"\\{(\w+)\\\*\\}", r"(?P<\1>.+)", re.escape(path))
    # No slash, and none in disguise: a server may read it as one.
    one = r"(?P<\1>(?:(?!%2F)[^/])+)"
    return re.compile(re.sub(r"\\{(\w+)\\}", lambda m: m.expand(one), text), re.IGNORECASE)


class HttpAccount(RealAccount):
    """A guarded account that is reached by plain HTTP requests.

    A kind has ``_routes``, ``_examine`` and, if the answer matters, ``_after``.
    """

    PROVIDER: ClassVar[str]  # "Azure"
    _watch: ClassVar[RealWatch]

    def __init__(self, address: str) -> None:
        super().__init__()
        self._place = urlsplit(address).netloc

    def serves(self, call: Call) -> bool:
        """Tell whether a request is meant for this account's service."""
        return call.place == self._place

    def pass_on(self, call: Call, send: Callable[[], Any]) -> Any:
        """Send a request if the rules allow it, and return the answer."""
        if not call.follow(self._routes):
            refuse_operation(f"{call.method} {call.asked}", self.PROVIDER)
        self._examine(call)
        response = send()
        if inspect.isawaitable(response):  # a client of the SDK's asynchronous kind
            return self._awaited(call, response)
        self._after(call, response.status_code)
        return response

    async def _awaited(self, call: Call, answer: Awaitable[Any]) -> Any:
        response = await answer
        self._after(call, response.status_code)
        return response

    @property
    def _routes(self) -> Iterable[Route]:
        raise NotImplementedError

    def _examine(self, call: Call) -> None:
        """Raise `CourseError` for what the rules refuse, and tag what the call makes."""
        raise NotImplementedError

    def _after(self, call: Call, status: int) -> None:
        """Take note of an answer."""

    def _require_free(self, call: Call, reason: str) -> None:
        """Raise `CourseError` if a call has to be confirmed; a request sent again has been."""
        if not getattr(call.request, _CONFIRMED, False):
            require_free(call.operation, reason, self._take_confirmation, self.CALLED)
            setattr(call.request, _CONFIRMED, True)

    def _install(self) -> None:
        self._watch.add(self)

    def _uninstall(self) -> None:
        self._watch.take(self)


class RealWatch:
    """Knows the guarded accounts of one SDK, and refuses what belongs to none of them.

    Parameters
    ----------
    who : str
        The SDK's name, for the message.
    sending : sdk_guard.Watch
        Where the SDK sends.
    logins : tuple of str
        Names of the machines where tokens are handed out.
    """

    def __init__(self, who: str, sending: sdk_guard.Watch, logins: tuple[str, ...]) -> None:
        self._who = who
        self._logins = logins
        self._accounts: list[HttpAccount] = []
        self._sending = sending

    def add(self, account: HttpAccount) -> None:
        """Let requests to an account pass by its rules."""
        with _lock:
            if not self._accounts:
                self._sending.add(self._around)
            self._accounts = [*self._accounts, account]

    def take(self, account: HttpAccount) -> None:
        """Take an account back; with the last one the SDK is as it was."""
        with _lock:
            self._accounts = [one for one in self._accounts if one is not account]
            if not self._accounts:
                self._sending.take(self._around)

    def _around(self, sender: Any, target: Any, send: Callable[[], Any]) -> Any:
        if getattr(sender, PLAIN, False):
            return send()
        address = getattr(target, "url", target)
        if isinstance(target, str):
            account = None  # a request for a token
        else:
            call = Call(target)
            account = next((one for one in self._accounts if one.serves(call)), None)
        if account is not None:
            return account.pass_on(call, send)
        host = urlsplit(address).hostname or ""
        if host not in self._logins:
            guarded = ", ".join(sorted(one._place for one in self._accounts))
            raise CourseError(
                f"{self._who} was about to call {host}, which the guard does not know.",
                f"Use clients of what you have started: {guarded}",
            )
        return send()


# https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud, and the
# address at which a machine of Azure asks for its own identity.
azure = RealWatch(
    "The Azure SDK",
    sdk_guard.azure_sending,
    (
        "login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn",
        "login.microsoft.com", "169.254.169.254",
    ),
)  # fmt: skip
google = RealWatch(
    "The Google Cloud SDK",
    sdk_guard.google_sending,
    (
        "oauth2.googleapis.com", "accounts.google.com", "sts.googleapis.com",
        "iamcredentials.googleapis.com", "metadata.google.internal", "169.254.169.254",
    ),
)  # fmt: skip
