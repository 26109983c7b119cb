"""AWS on this machine: moto, an emulator, as a server inside the kernel.

The server is a thread of the kernel's own process, so that it ends with the kernel in every case,
a killed one included. It listens on 127.0.0.1 and a free port. Environment variables of this
process lead boto3 there; those the learner had are put aside and come back with `LocalAWS.stop`.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from coursekit.cloud import guard, real
from coursekit.cloud.kernel_cloud import LOOPBACK, KernelCloud
from coursekit.cloud.variables import Variables
from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    from boto3.s3.transfer import TransferConfig
    from werkzeug.serving import BaseWSGIServer

    from coursekit.cloud.real_aws import RealAWS

REGION = "us-east-1"
PART_BYTES = 64 << 20  # moto gets slow with many small parts
ADMIN = "course-admin"  # who works in the cloud while policies count


def aws() -> LocalAWS | RealAWS:
    """Start the embedded AWS, or return the one that runs in this kernel already.

    From then on plain ``boto3.client("s3")`` talks to it. Clients made before keep talking to
    whatever they were made for: call this first.

    With ``COURSEKIT_CLOUD=real`` in the environment it starts nothing. It stands a guard in front
    of the learner's own account instead; see `coursekit.cloud.real_aws`.

    Returns
    -------
    LocalAWS or RealAWS

    Raises
    ------
    CourseError
        When no server can be started on this machine; or the guard refuses the account.
    """
    if real.is_real():
        from coursekit.cloud.real_aws import connect

        return connect()
    return LocalAWS.of_this_kernel()


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

    def __init__(self) -> None:
        super().__init__()
        self._server = _make_server()
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="embedded AWS", daemon=True
        )
        self._thread.start()
        self._enforcing = False
        self.endpoint = f"http://{LOOPBACK}:{self._server.server_port}"
        self._variables = Variables(
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
        guard.install()
        os.register_at_fork(after_in_child=self._forget_socket)

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

    def _end(self) -> None:
        self._allow_first("inf")
        self._empty()  # moto keeps its content in the process, not in the server
        self._server.shutdown()
        # The thread closes the port as the last thing it does; after stop() it must be free.
        self._thread.join()
        self._variables.restore()
        guard.remove()

    def _empty(self) -> None:
        import requests

        requests.post(f"{self.endpoint}/moto-api/reset", timeout=30).raise_for_status()

    def _forget_socket(self) -> None:
        # A forked child would otherwise hold the port after the kernel was killed.
        self._server.socket.close()


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


def _make_server() -> BaseWSGIServer:
    """Return moto's server, bound to a free port."""
    from moto import settings
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    # As on AWS, an image or a type of server that does not exist is an error.
    settings.ENABLE_AMI_VALIDATION = True
    settings.EC2_ENABLE_INSTANCE_TYPE_VALIDATION = True

    # moto's own ThreadedMotoServer prints a line per request, and waits for ever if it fails.
    class Silent(MotoRequestHandler):
        def log_request(self, *_: object) -> None:
            pass

    application = DomainDispatcherApplication(create_backend_app)
    try:
        return make_server(LOOPBACK, 0, application, threaded=True, request_handler=Silent)
    except OSError as error:
        raise CourseError(
            f"The embedded AWS could not listen on {LOOPBACK}: {error.strerror}.",
            "Run `coursekit doctor`; it tells what is wrong with this machine.",
        ) from error
