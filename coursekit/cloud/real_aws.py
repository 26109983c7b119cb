"""A real AWS account behind a guard: what ``COURSEKIT_CLOUD=real`` turns ``ck.cloud.aws()`` into.

The guard asks for the number of the account, lets through only what chapters 3 and 4 need, refuses
what costs money, tags all that it makes, and touches nothing without that tag. It is a seat belt,
not a wall: whoever wants to can go around it in Python. A budget alert of the account and an IAM
user of its own, with few rights, are the wall.

Names of buckets are shared by all customers of AWS. The guard changes none: if S3 answers
`BucketAlreadyExists`, choose a name of your own.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from coursekit.cloud import real_kms_rules, real_rules
from coursekit.cloud.leftovers import SERVICES, Left, find, remove
from coursekit.cloud.real_account import RealAccount, require_typed
from coursekit.cloud.real_s3_rules import require_small
from coursekit.cloud.real_sizes import Sizes
from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    import boto3
    from botocore.session import Session


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
    import boto3

    return RealAWS._of_this_kernel(lambda typed: RealAWS(boto3.Session(), typed, endpoint=endpoint))


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


class RealAWS(RealAccount):
    """A guarded account; made by `connect` or `rehearse`, never directly.

    Attributes
    ----------
    account : str
        Its number, typed by hand and reported by AWS.
    region : str
        The only region in which the guard lets servers and KMS keys be made, so that `left` misses
        none. Buckets may be made in any: one list names them all.
    run : str
        The id of this run. Everything made gets the tag ``coursekit`` with it.
    """

    NAME = "AWS account"
    ASKS_FOR = "number of your AWS account"
    VARIABLE = "COURSEKIT_ACCOUNT"
    CONSOLE = "the AWS console"

    def __init__(self, session: boto3.Session, typed: str, *, endpoint: str | None = None) -> None:
        super().__init__()
        self._session = session  # without the guard: looks up tags, and tears down
        self._endpoint = endpoint
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._making = threading.Lock()  # a session makes one client at a time
        self.region = session.region_name
        if not self.region:
            raise CourseError(
                "Your AWS settings name no region.", "Set one: export AWS_DEFAULT_REGION=us-east-1"
            )
        self.account = self._require_account(typed)
        self._used: set[str] = set()  # services in which this run may have made something
        self._known: set[str] = set()  # buckets and keys that are this run's: 1,005 puts, one look
        self._sizes = Sizes()

    @property
    def endpoint(self) -> str:
        """The address of S3, for those who ask it without boto3."""
        return self._endpoint or f"https://s3.{self.region}.amazonaws.com"

    def client(self, service: str) -> Any:
        """Return a guarded client of a service, such as ``"ec2"``."""
        import boto3
        import botocore.session

        core = botocore.session.Session()
        self._watch(core)
        session = boto3.Session(botocore_session=core, region_name=self.region)
        return session.client(service, endpoint_url=self._endpoint)

    @property
    def _identity(self) -> str:
        return self.account

    def _find(self, run: str | None) -> list[Left]:
        # Buckets are found in every region. A KMS key whose deletion is scheduled counts as gone.
        # Who looks for every run looks in EC2, S3 and KMS, and needs the right to list there.
        services = SERVICES if run is None else self._used
        return find(self._plain, run=run, services=services)

    def _remove(self, left: list[Left]) -> None:
        # Buckets go with all versions, delete markers and unfinished uploads. KMS deletes a key
        # seven days later; until then it can be neither used nor billed.
        remove(self._plain, left)
        self._known.clear()

    def _plain(self, service: str, region: str | None = None) -> Any:
        with self._making:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._session.client(
                    service, region_name=region, endpoint_url=self._endpoint
                )
            return self._clients[service, region]

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
        require_typed(typed.replace("-", ""), account, "account", "aws sts get-caller-identity")
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
        session.register("after-call.s3.CreateBucket", self._tag_bucket)
        session.register("after-call.s3.DeleteBucket", self._forget_bucket)
        session.register("after-call.kms.Decrypt", self._keep_foreign_plaintext)

    def _examine(self, params: dict, model: Any, context: dict, **_: Any) -> dict:
        service = model.service_model.service_id.hyphenize()
        region, signs = context.get("client_region"), context.get("is_presign_request", False)
        call = real_rules.Call(service, model.name, dict(params), region, signs)
        real_rules.require_allowed(call, self.region)
        real_rules.require_own(call, self.run, self._plain, self._known)
        require_small(call, self._sizes)
        real_rules.require_free(call, self._take_confirmation, self._plain)
        self._used.update({service} & set(SERVICES))
        context["coursekit"] = call  # botocore hands the same context to what follows the call
        return real_rules.tagged(call, self.run)

    def _tag_bucket(self, http_response: Any, context: dict, **_: Any) -> None:
        from botocore.exceptions import ClientError

        call = context["coursekit"]
        bucket = call.params["Bucket"]
        if http_response.status_code >= 300 or bucket in self._known:
            return
        s3 = self._plain("s3", call.region)
        tag = {"Key": real_rules.TAG, "Value": self.run}
        try:
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [tag]})
        except ClientError as error:
            s3.delete_bucket(Bucket=bucket)  # made a moment ago, and nobody would find it again
            raise CourseError(
                f"Bucket {bucket} could not be tagged, so it was removed: {error}",
                "Give your user the right s3:PutBucketTagging.",
            ) from None
        self._known.add(bucket)

    def _forget_bucket(self, http_response: Any, context: dict, **_: Any) -> None:
        if http_response.status_code < 300:
            self._known.discard(context["coursekit"].params["Bucket"])

    def _keep_foreign_plaintext(self, parsed: dict, **_: Any) -> None:
        # Which key a ciphertext needs is known only when KMS has answered.
        key = parsed.get("KeyId")
        if key and not real_kms_rules.is_own(key, self.run, self._plain, self._known):
            parsed.clear()
            raise CourseError(
                f"Key {key} was not made by this run of the course; the answer is not given out.",
                "Decrypt what you encrypted in this run.",
            )

    def _refuse_other_machines(self, request: Any, **_: Any) -> None:
        host = urlsplit(request.url).hostname or ""
        expected = urlsplit(self._endpoint).hostname if self._endpoint else None
        if host != expected and not host.endswith((".amazonaws.com", ".api.aws")):
            raise CourseError(
                f"boto3 was about to call {host}, which is not AWS.",
                "Unset AWS_ENDPOINT_URL and make the client without endpoint_url.",
            )

    def __repr__(self) -> str:
        return self._describe(f", region {self.region}")
