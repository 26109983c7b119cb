"""Finds buckets and keys that the course made in an AWS account, by their tag, and removes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from coursekit.cloud.real_call import TAG

_DAYS = 7  # the shortest time that KMS keeps a key before it deletes it
_BATCH = 1000  # keys in one delete_objects
# Without a tag, gone meanwhile, or another's: in no case the course's.
_NOT_OURS = {"NoSuchTagSet", "NoSuchBucket", "AccessDenied", "403", "404"}
_NOT_OUR_KEY = {"NotFoundException", "AccessDeniedException", "InvalidArnException"}


def buckets(s3: Any) -> Iterator[tuple[str, str]]:
    """Yield the name of each bucket that the course made, in any region, and its run."""
    for name in bucket_names(s3):
        if run := bucket_run(s3, name):
            yield name, run


def bucket_names(s3: Any) -> list[str]:
    """Return the names of all buckets of the account."""
    pages = s3.get_paginator("list_buckets").paginate()
    return [bucket["Name"] for page in pages for bucket in page.get("Buckets", [])]


def bucket_run(s3: Any, bucket: str) -> str:
    """Return the run that made a bucket, or nothing if the course did not."""
    from botocore.exceptions import ClientError

    try:
        tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_OURS:
            return ""
        raise
    return next((tag["Value"] for tag in tags if tag["Key"] == TAG), "")


def keys(kms: Any) -> Iterator[tuple[str, str]]:
    """Yield the id of each key that the course made and that still costs, and its run."""
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            run = key_run(kms, key["KeyId"])
            if run and not _is_going(kms, key["KeyId"]):
                yield key["KeyId"], run


def key_run(kms: Any, key: str) -> str:
    """Return the run that made a key, or nothing if the course did not."""
    from botocore.exceptions import ClientError

    try:
        pages = list(kms.get_paginator("list_resource_tags").paginate(KeyId=key))
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_OUR_KEY:
            return ""
        raise
    tags = [tag for page in pages for tag in page["Tags"]]
    return next((tag["TagValue"] for tag in tags if tag["TagKey"] == TAG), "")


def _is_going(kms: Any, key: str) -> bool:
    return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def remove_key(kms: Any, key: str) -> None:
    """Schedule a key's deletion: at once is not possible, and from now on it costs nothing."""
    if not _is_going(kms, key):
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=_DAYS)


def remove_bucket(s3: Any, bucket: str) -> None:
    """Delete a bucket with every version, delete marker and unfinished upload in it.

    A bucket that something stays in stays, too: who looks again finds it.
    """
    from botocore.exceptions import ClientError

    try:
        s3.delete_bucket_policy(Bucket=bucket)  # first: it may deny the rest
        _abort_uploads(s3, bucket)
        _delete_versions(s3, bucket)
        s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchBucket", "BucketNotEmpty"):
            raise


def _abort_uploads(s3: Any, bucket: str) -> None:
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
    for upload in [one for page in pages for one in page.get("Uploads", [])]:
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def _delete_versions(s3: Any, bucket: str) -> None:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    found = [
        {"Key": one["Key"], "VersionId": one["VersionId"]}
        for page in pages
        for kind in ("Versions", "DeleteMarkers")
        for one in page.get(kind, [])
    ]
    for start in range(0, len(found), _BATCH):
        batch = {"Objects": found[start : start + _BATCH], "Quiet": True}
        s3.delete_objects(Bucket=bucket, Delete=batch)
