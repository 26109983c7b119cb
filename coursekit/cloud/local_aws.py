"""AWS on this machine: moto, an emulator, as a server inside the kernel.

The server is a thread of the kernel's own process, so that it ends with the kernel in every case,
a killed one included. It listens on 127.0.0.1 and a free port. Environment variables of this
process lead boto3 there; those the learner had are put aside and come back with `LocalAWS.stop`.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from coursekit.cloud import guard, real
from coursekit.cloud.emulator import Server
from coursekit.cloud.kernel_cloud import KernelCloud
from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    from boto3.s3.transfer import TransferConfig

REGION = "us-east-1"
PART_BYTES = 64 << 20  # moto gets slow with many small parts
ADMIN = "course-admin"  # who works in the cloud while policies count


def aws() -> LocalAWS | real.OwnAccount:
    """Start the embedded AWS, or return the one that runs in this kernel already.

    From then on plain ``boto3.client("s3")`` talks to it. Clients made before keep talking to
    whatever they were made for: call this first.

    With ``COURSEKIT_CLOUD=real`` in the environment nothing starts: boto3 talks to the learner's
    own account, whose number has to be typed.

    Returns
    -------
    LocalAWS or OwnAccount

    Raises
    ------
    CourseError
        When no server can be started on this machine; or the account is not the one typed.
    """
    return LocalAWS.of_this_kernel(own=real.aws)


class LocalAWS(KernelCloud):
    """The embedded AWS of this kernel; made by `aws`, never directly.

    Attributes
    ----------
    endpoint : str
        Its URL. boto3 needs no telling; other tools do.
    """

    NAME = "The embedded AWS"
    ABOUT = (
        "moto, an emulator that runs inside this kernel.\n"
        "boto3 talks to it; nothing leaves this machine, and nothing costs money."
    )
    START = "cloud = ck.cloud.aws()"
    GUARD = guard.aws

    def __init__(self) -> None:
        import boto3
        from moto import settings
        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            MotoRequestHandler,
            create_backend_app,
        )

        # As on AWS, an image or a type of server that does not exist is an error.
        settings.ENABLE_AMI_VALIDATION = True
        settings.EC2_ENABLE_INSTANCE_TYPE_VALIDATION = True
        # moto's own ThreadedMotoServer prints a line per request, and waits for ever if it fails.
        self._server = Server(
            DomainDispatcherApplication(create_backend_app), self.NAME, handler=MotoRequestHandler
        )
        self.endpoint = self._server.url
        self._enforcing = False
        self._lead_here(
            {
                "AWS_ENDPOINT_URL": self.endpoint,
                "AWS_ACCESS_KEY_ID": "embedded",
                "AWS_SECRET_ACCESS_KEY": "embedded",
                "AWS_DEFAULT_REGION": REGION,
                "AWS_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
                # The learner's own files may name another endpoint, or hold real keys.
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            },
            ("AWS_",),
        )
        boto3.DEFAULT_SESSION = None  # it remembers the settings that it was made with

    @property
    def transfer_config(self) -> TransferConfig:
        """Settings for ``upload_file`` and ``download_file`` that suit this server: large parts."""
        from boto3.s3.transfer import TransferConfig

        return TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)

    def reset(self) -> None:
        """Delete everything in this cloud: buckets, machines, users, keys.

        Raises
        ------
        CourseError
            When it was stopped before.
        """
        self._require_running()
        self._empty()

    @contextlib.contextmanager
    def enforcing_iam(self) -> Iterator[None]:
        """Let IAM policies count inside the ``with`` block; outside, everything is allowed.

        Inside, plain ``boto3.client("s3")`` works as an administrator who may do everything.
        Clients of other users are made with their own access keys, before or inside. A client
        made before with no keys of its own is nobody here, and is refused.

        Raises
        ------
        CourseError
            When this cloud was stopped before, or policies count already.

        Notes
        -----
        moto ignores ``Condition`` and refuses presigned URLs while policies count.
        """
        import boto3

        self._require_running()
        if self._enforcing:
            raise CourseError("IAM policies count already.", "Leave the outer with-block first.")
        keys = _make_admin()  # before policies count, or nobody could
        before = {name: os.environ[name] for name in keys}
        os.environ.update(keys)
        boto3.DEFAULT_SESSION = None  # it remembers the keys it was made with
        self._enforcing = True
        self._allow_first("0")
        try:
            yield
        finally:
            if self._is_running:  # stop() has cleaned up, otherwise
                self._allow_first("inf")
                self._enforcing = False
                os.environ.update(before)
                boto3.DEFAULT_SESSION = None
                _remove_admin(keys["AWS_ACCESS_KEY_ID"])

    def _allow_first(self, number: str) -> None:
        """Let moto look at policies after so many requests."""
        import requests

        answer = requests.post(f"{self.endpoint}/moto-api/reset-auth", data=number, timeout=30)
        answer.raise_for_status()

    def _stop_server(self) -> None:
        import boto3

        self._allow_first("inf")
        self._empty()  # moto keeps its content in the process, not in the server
        self._server.stop()
        boto3.DEFAULT_SESSION = None

    def _empty(self) -> None:
        import requests

        requests.post(f"{self.endpoint}/moto-api/reset", timeout=30).raise_for_status()


def _make_admin() -> dict[str, str]:
    """Make the user who may do everything, and return the environment that stands for them."""
    import boto3

    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [everything]}
    iam = boto3.client("iam")
    iam.create_user(UserName=ADMIN)
    iam.put_user_policy(UserName=ADMIN, PolicyName="all", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=ADMIN)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


def _remove_admin(access_key: str) -> None:
    import boto3

    iam = boto3.client("iam")
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):  # the block emptied the cloud
        iam.delete_access_key(UserName=ADMIN, AccessKeyId=access_key)
        iam.delete_user_policy(UserName=ADMIN, PolicyName="all")
        iam.delete_user(UserName=ADMIN)
