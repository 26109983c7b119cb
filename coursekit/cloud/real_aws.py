"""A real AWS account behind a guard: what ``COURSEKIT_CLOUD=real`` turns ``ck.cloud.aws()`` into.

The guard asks for the number of the account, lets through only what chapter 3 needs, refuses what
costs money, tags all that it makes, and touches nothing without that tag. It is a seat belt, not a
wall: whoever wants to can go around it in Python. A budget alert of the account and an IAM user of
its own, with few rights, are the wall.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from coursekit.cloud import real_rules
from coursekit.cloud.leftovers import Left, find, remove
from coursekit.errors import CourseError

if TYPE_CHECKING:
    import boto3
    from botocore.session import Session

ACCOUNT = "COURSEKIT_ACCOUNT"
_start = threading.Lock()
_running: RealAWS | None = None


def connect(*, endpoint: str | None = None) -> RealAWS:
    """Guard the real account of this kernel's AWS settings, or return the guard that stands.

    Parameters
    ----------
    endpoint : str, optional
        For tests only: the address of a server that plays the real AWS.

    Returns
    -------
    RealAWS

    Raises
    ------
    CourseError
        There are no credentials, nobody to ask, or the account is not the one that was typed.
    """
    global _running
    with _start:
        if _running is None:
            import boto3

            session = boto3.Session()
            typed = os.environ.get(ACCOUNT) or _ask()
            guard = RealAWS(session, typed, endpoint=endpoint)
            guard._install()
            _running = guard
        return _running


def rehearse(account: str) -> RealAWS:
    """Stand the guard of a real account in front of the embedded AWS, to see what it does.

    Only clients made by ``rehearsal.client(...)`` are guarded. Nothing leaves this machine.

    Parameters
    ----------
    account : str
        What the learner would type when the guard asks for the account.

    Raises
    ------
    CourseError
        The account is not the embedded one's.
    """
    import boto3

    from coursekit.cloud.local_aws import aws

    return RealAWS(boto3.Session(), account, endpoint=aws().endpoint)


class RealAWS:
    """A guarded account; made by `connect` or `rehearse`, never directly.

    Attributes
    ----------
    account : str
        Its number, typed by hand and reported by AWS.
    region : str
        The only region in which the guard lets servers be made, so that `left` misses none.
    run : str
        The id of this run. Everything made gets the tag ``coursekit`` with it.
    """

    def __init__(self, session: boto3.Session, typed: str, *, endpoint: str | None = None) -> None:
        self._session = session  # without the guard: looks up tags, and tears down
        self._endpoint = endpoint
        self.region = session.region_name
        if not self.region:
            raise CourseError(
                "Your AWS settings name no region.", "Set one: export AWS_DEFAULT_REGION=us-east-1"
            )
        self.account = self._require_account(typed)
        self.run = secrets.token_hex(4)
        self._confirmed: list[str] = []

    def client(self, service: str) -> Any:
        """Return a guarded client of a service, such as ``"ec2"``."""
        import boto3
        import botocore.session

        core = botocore.session.Session()
        self._watch(core)
        session = boto3.Session(botocore_session=core, region_name=self.region)
        return session.client(service, endpoint_url=self._endpoint)

    def confirm(self, operation: str) -> None:
        """Let the next call of one operation through although it may cost money.

        Parameters
        ----------
        operation : str
            As boto3 spells it: ``"allocate_address"``.
        """
        self._confirmed.append(operation.replace("_", ""))

    def left(self, *, every_run: bool = False) -> list[Left]:
        """Return what the course made in this account and region and is still there.

        Parameters
        ----------
        every_run : bool
            What other runs left, too, such as a kernel that was killed.
        """
        return find(self._plain, run=None if every_run else self.run)

    def tear_down(self, *, every_run: bool = False) -> list[Left]:
        """Remove all that `left` finds, look again, and return what was removed.

        Raises
        ------
        CourseError
            When something is still there afterwards; it is named.
        """
        removed = self.left(every_run=every_run)
        remove(self._plain, removed)
        still = self.left(every_run=every_run)
        if still:
            raise CourseError(
                f"Still there: {', '.join(f'{one.kind} {one.id}' for one in still)}.",
                "Call tear_down() again in a minute; if it stays, delete it in the AWS console.",
            )
        return removed

    def stop(self) -> None:
        """Take the guard away. Stopping twice does no harm.

        Raises
        ------
        CourseError
            When something that this run made is still there; the guard then stays.
        """
        global _running
        if self is not _running:
            return
        if still := self.left():
            raise CourseError(
                f"{len(still)} things of this run are still in account {self.account}.",
                "Remove them first: cloud.tear_down()",
            )
        self._uninstall()
        _running = None

    def _plain(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint)

    def _require_account(self, typed: str) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            account = self._plain("sts").get_caller_identity()["Account"]
        except (BotoCoreError, ClientError) as error:
            raise CourseError(
                f"AWS does not accept the credentials of this kernel: {error}",
                "Set them up first (docs.aws.amazon.com/cli, aws configure), or unset"
                " COURSEKIT_CLOUD.",
            ) from None
        if typed.replace("-", "").strip() != account:
            raise CourseError(
                "The account that was typed is not the one that these credentials belong to.",
                "Look it up (aws sts get-caller-identity) and decide whether it is the right one.",
            )
        return account

    def _install(self) -> None:
        import boto3
        import botocore

        botocore.register_initializer(self._watch)
        boto3.DEFAULT_SESSION = None  # made earlier, it would be without the guard

    def _uninstall(self) -> None:
        import boto3
        import botocore

        botocore.unregister_initializer(self._watch)
        boto3.DEFAULT_SESSION = None

    def _watch(self, session: Session) -> None:
        session.register("provide-client-params", self._examine)
        session.register("before-send", self._refuse_other_machines)

    def _examine(self, params: dict, model: Any, context: dict, **_: Any) -> dict:
        service = model.service_model.service_id.hyphenize()
        call = real_rules.Call(service, model.name, dict(params), context.get("client_region"))
        real_rules.require_allowed(call, self.region)
        real_rules.require_free(call, self._take_confirmation, self._plain)
        real_rules.require_own(call, self.run, self._plain)
        return real_rules.tagged(call, self.run)

    def _take_confirmation(self, operation: str) -> bool:
        found = [one for one in self._confirmed if one.lower() == operation.lower()]
        if found:
            self._confirmed.remove(found[0])
        return bool(found)

    def _refuse_other_machines(self, request: Any, **_: Any) -> None:
        host = urlsplit(request.url).hostname or ""
        expected = urlsplit(self._endpoint).hostname if self._endpoint else None
        if host != expected and not host.endswith((".amazonaws.com", ".api.aws")):
            raise CourseError(
                f"boto3 was about to call {host}, which is not AWS.",
                "Unset AWS_ENDPOINT_URL and make the client without endpoint_url.",
            )

    def __repr__(self) -> str:
        return (
            f"A real AWS account: {self.account}, region {self.region}, guarded by the course.\n"
            f"What you make gets the tag coursekit={self.run}. When you have finished:"
            " cloud.tear_down()"
        )


def _ask(prompt: Callable[[str], str] | None = None) -> str:
    try:
        # `input` is looked up here: a kernel replaces it.
        return (prompt or input)("COURSEKIT_CLOUD=real: type the number of your AWS account: ")
    except Exception as error:  # each front end without a keyboard has an exception of its own
        raise CourseError(
            "COURSEKIT_CLOUD=real, but there is nobody to ask for the account.",
            f"Set {ACCOUNT} to the number of your account, or unset COURSEKIT_CLOUD.",
        ) from error
