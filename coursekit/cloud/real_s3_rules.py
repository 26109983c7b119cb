"""What chapter 4 may do in a real account's S3.

Names of buckets are shared by all customers of AWS. The guard never changes a name: if somebody
has it, S3 says so, and the learner has to choose another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coursekit.cloud import real_kms_rules
from coursekit.cloud.leftovers_storage import bucket_names, bucket_run
from coursekit.cloud.real_call import Call
from coursekit.cloud.real_policy_rules import keeps_tear_down_out, opens_to_everybody
from coursekit.cloud.real_sizes import Sizes
from coursekit.ground.errors import CourseError

_OBJECT = {
    "Bucket", "Key", "Metadata", "StorageClass", "ServerSideEncryption", "SSEKMSKeyId",
    "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType",
    "Expires", "ChecksumAlgorithm", "ChecksumType", "ExpectedBucketOwner",
}  # fmt: skip
_BODY = {"Body", "ContentLength", "ContentMD5", "IfMatch", "IfNoneMatch"} | {
    f"Checksum{kind}" for kind in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
}
# What makes or sets something -> its parameters. Others give rights away (ACL), lock an object
# for years so that nobody can delete it (ObjectLock...), or ask for other kinds of bucket.
_PARAMETERS = {
    "CreateBucket": {"Bucket", "CreateBucketConfiguration"},
    "PutObject": _OBJECT | _BODY,
    "CreateMultipartUpload": _OBJECT,
    "PutBucketVersioning": {"Bucket", "VersioningConfiguration"},
    "PutBucketPolicy": {"Bucket", "Policy"},
    "PutPublicAccessBlock": {"Bucket", "PublicAccessBlockConfiguration"},
    "PutBucketLifecycleConfiguration": {"Bucket", "LifecycleConfiguration"},
}
_READS = {
    "ListBuckets", "HeadBucket", "HeadObject", "GetObject", "ListObjectsV2", "ListObjectVersions",
    "ListParts", "GetBucketLifecycleConfiguration", "GetPublicAccessBlock",
}  # fmt: skip
_CHANGES = {
    "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "DeleteObject",
    "DeleteObjects", "DeleteBucket", "DeleteBucketPolicy",
}  # fmt: skip
ALLOWED = _READS | _CHANGES | _PARAMETERS.keys()
_SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_SIGNED = {"GetObject", "HeadObject"}


def is_bound_to_region(call: Call) -> bool:
    """Tell that no call is: one list names the buckets of all regions."""
    return False


def require_plain(call: Call) -> None:
    """Raise `CourseError` for parameters and URLs that the chapter does not need."""
    if call.signs_url and call.operation not in _SIGNED:
        raise CourseError(
            f"A URL for {call.python_name} would let others change the account.",
            "In a real account the course signs URLs for reading only: get_object.",
        )
    known = _PARAMETERS.get(call.operation, call.params.keys())
    place = call.params.get("CreateBucketConfiguration", {})
    extra = sorted(call.params.keys() - known) + sorted(place.keys() - {"LocationConstraint"})
    if extra:
        raise CourseError(
            f"{call.python_name} with {extra[0]} is more than the course allows in a real account.",
            f"Leave {extra[0]} out.",
        )
    if call.operation == "PutBucketPolicy" and keeps_tear_down_out(call.params.get("Policy")):
        raise CourseError(
            "This policy denies even its owner the way back: tear_down() could not delete it.",
            "Deny single operations, such as s3:GetObject or s3:DeleteObject.",
        )


def objection(call: Call, client: Callable[[str], Any]) -> str:
    """Return why the call has to be confirmed, or nothing."""
    if call.operation in ("PutObject", "CreateMultipartUpload"):
        return _price(call)
    if call.operation == "PutBucketPolicy" and opens_to_everybody(call.params.get("Policy")):
        return "opens the bucket: the policy allows Principal * something"
    if call.operation == "PutPublicAccessBlock":
        wanted = call.params.get("PublicAccessBlockConfiguration", {})
        if not all(wanted.get(switch) for switch in _SWITCHES):
            return "opens the bucket: not all four switches are on"
    return ""


def _price(call: Call) -> str:
    kind = call.params.get("StorageClass", "STANDARD")
    if kind != "STANDARD":
        return f"may cost money: storage class {kind} bills a least time, size, or reading"
    if call.params.get("ServerSideEncryption") == "aws:kms:dsse":
        return "may cost money: double encryption is billed by the gigabyte"
    return ""


def foreign(call: Call, run: str, client: Callable[[str], Any], known: set[str]) -> str:
    """Return the bucket or key that the call names and this run has not made."""
    if call.operation == "ListBuckets":
        return ""
    bucket = call.params.get("Bucket", "")
    if bucket not in known and _is_foreign(call, bucket, run, client("s3")):
        return f"Bucket {bucket}"
    if call.operation != "CreateBucket":
        known.add(bucket)
    key = call.params.get("SSEKMSKeyId")
    return f"Key {key}" if key and not real_kms_rules.is_own(key, run, client, known) else ""


def _is_foreign(call: Call, bucket: str, run: str, s3: Any) -> bool:
    # In us-east-1, S3 answers "made" for a bucket that the account has already. It must not get
    # the tag then: tear_down() would empty it.
    if call.operation == "CreateBucket" and bucket not in bucket_names(s3):
        return False
    return bucket_run(s3, bucket) != run


def tagged(call: Call, run: str) -> dict[str, Any]:
    """Return the parameters as they are: a bucket is tagged after it was made."""
    return dict(call.params)


def require_small(call: Call, sizes: Sizes) -> None:
    """Raise `CourseError` if the object has, or with this part would have, over 1 GB."""
    if call.service != "s3" or call.operation not in ("PutObject", "UploadPart"):
        return
    key, size = call.params.get("Key", ""), _size(call.params)
    if call.operation == "PutObject":
        sizes.require_small(key, size)
    else:
        part = call.params.get("PartNumber", 0)
        sizes.require_small_part(key, size, call.params.get("UploadId", ""), part)


def _size(params: dict[str, Any]) -> int | None:
    from botocore.utils import determine_content_length

    size = determine_content_length(params.get("Body"))
    return params.get("ContentLength") if size is None else size
