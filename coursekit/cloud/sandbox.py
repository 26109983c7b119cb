"""An empty AWS account inside the embedded AWS, for checks that must not touch the learner's."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

from coursekit.cloud import real
from coursekit.cloud.local_aws import REGION, aws

if TYPE_CHECKING:
    import botocore.session

NUMBER = "210987654321"


class Account:
    """An account in which nothing is, and which no client of the learner's sees.

    There is one of it in a kernel: making it again empties it, and the clients of the one before
    must not be used any more.

    Raises
    ------
    CourseError
        In real mode: an exercise must not be tried in a real account.
    """

    def __init__(self) -> None:
        real.require_local()
        self._endpoint = aws().endpoint
        _empty()

    def client(self, service: str, key: dict[str, str] | None = None) -> Any:
        """Return a client of the account's administrator, or of the owner of an access key.

        Parameters
        ----------
        service : str
            Such as ``"ec2"``.
        key : dict, optional
            What ``create_access_key`` gives under ``AccessKey``.
        """
        client = _session(self._endpoint).create_client(
            service,
            REGION,
            endpoint_url=self._endpoint,
            aws_access_key_id=key["AccessKeyId"] if key else "administrator",
            aws_secret_access_key=key["SecretAccessKey"] if key else "administrator",
        )
        client.meta.events.register("before-call", _to_this_account)
        return client


def _to_this_account(params: dict[str, Any], **_: Any) -> None:
    # moto keeps a world of its own for each account, and takes this header for its number.
    params["headers"]["x-moto-account-id"] = NUMBER


@cache
def newest_image() -> str:
    """Return the id of an image that servers can be launched from."""
    ssm = _session(aws().endpoint).create_client(
        "ssm",
        REGION,
        endpoint_url=aws().endpoint,
        aws_access_key_id="administrator",
        aws_secret_access_key="administrator",
    )
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    return ssm.get_parameter(Name=name)["Parameter"]["Value"]


@contextlib.contextmanager
def slow_servers(ec2: Any, looks: int, state: str = "") -> Iterator[SimpleNamespace]:
    """Let servers change their state as slowly as real ones; waiting for it takes no time.

    The embedded AWS changes states at once, so that a missing wait would not show.

    Parameters
    ----------
    ec2 : client
        Whoever looks through it sees the servers on their way for so many ``looks`` after each stop
        and start.
    looks : int
        How many.
    state : str
        The state in which the servers begin, if they are on their way already.

    Yields
    ------
    SimpleNamespace
        ``calls``, the names of the operations asked for, and ``sleeps``, how often code other than
        a waiter's slept.
    """
    import botocore.waiter

    seen = SimpleNamespace(calls=[], sleeps=0)
    left, owner, really = looks if state else 0, threading.current_thread(), time.sleep

    def after_call(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        nonlocal left, state
        seen.calls.append(model.name)
        if model.name in ("StopInstances", "StartInstances"):
            state, left = "stopping" if model.name == "StopInstances" else "pending", looks
        elif model.name == "DescribeInstances" and left:
            left -= 1
            for one in (i for r in parsed["Reservations"] for i in r["Instances"]):
                one["State"]["Name"] = state
                one.pop("PublicIpAddress", None)

    def sleep(seconds: float) -> None:
        if threading.current_thread() is not owner:
            really(seconds)  # the kernel's own threads sleep, too
        else:
            seen.sleeps += 1

    ec2.meta.events.register("after-call.ec2", after_call)
    waiters = mock.patch.object(botocore.waiter, "time", mock.Mock(sleep=lambda seconds: None))
    with mock.patch.object(time, "sleep", sleep), waiters:
        yield seen


def _empty() -> None:
    """Empty the account, but keep the list of images, whose reading takes most of the time."""
    from moto.backends import get_backend
    from moto.ec2.models.amis import AmiBackend

    get_backend("iam")[NUMBER]["aws"].reset()
    ec2 = get_backend("ec2")[NUMBER][REGION]
    images = ec2.amis
    with mock.patch.object(AmiBackend, "_load_amis", lambda self: None):
        ec2.reset()
    ec2.amis = images


@cache
def _session(endpoint: str) -> botocore.session.Session:
    """Keep one session per cloud: reading the descriptions of the services takes time."""
    import botocore.session

    return botocore.session.Session()
