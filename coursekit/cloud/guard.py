"""What keeps boto3 on this machine while a cloud of the course runs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from coursekit.ground.errors import CourseError
from coursekit.ground.loopback import is_loopback

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.session import Session


def install() -> None:
    """Guard every botocore session made from now on, boto3's default one included."""
    import boto3
    import botocore

    botocore.register_initializer(_watch)
    boto3.DEFAULT_SESSION = None  # made earlier, it would be without the guard


def remove() -> None:
    """Leave sessions made from now on unguarded; those made before stay guarded."""
    import boto3
    import botocore

    botocore.unregister_initializer(_watch)
    boto3.DEFAULT_SESSION = None


def _watch(session: Session) -> None:
    session.register("before-send", _refuse_other_machines)


def _refuse_other_machines(request: AWSPreparedRequest, **_: object) -> None:
    host = urlsplit(request.url).hostname or ""
    if not is_loopback(host):
        raise CourseError(
            f"boto3 was about to call {host}, which is not on this machine.",
            "Make the client without endpoint_url and after ck.cloud.aws(), so that it talks to"
            " the course's AWS.",
        )
