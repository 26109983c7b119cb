"""An empty AWS account inside the embedded AWS, for checks that must not touch the learner's."""

from __future__ import annotations

from functools import cache
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
