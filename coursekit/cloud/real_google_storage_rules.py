"""What chapter 4 may do in a real project's Cloud Storage.

https://cloud.google.com/storage/docs/json_api/v1
"""

from __future__ import annotations

import json
from typing import Any

from coursekit.cloud.real_account import TAG
from coursekit.cloud.real_google import FREE_REGIONS
from coursekit.cloud.real_http import Call, Route
from coursekit.cloud.real_sizes import Sizes
from coursekit.ground.errors import CourseError

_BUCKETS = "/storage/v1/b"
_OBJECT = f"{_BUCKETS}/{{bucket}}/o/{{object*}}"
_UPLOAD = "/upload/storage/v1/b/{bucket}/o"
ROUTES = (
    Route("GET", _BUCKETS, "list_buckets"),
    Route("POST", _BUCKETS, "create_bucket"),
    Route("GET", f"{_BUCKETS}/{{bucket}}", "get_bucket"),
    Route("DELETE", f"{_BUCKETS}/{{bucket}}", "delete_bucket"),
    Route("GET", f"{_BUCKETS}/{{bucket}}/o", "list_blobs"),
    Route("GET", _OBJECT, "get_blob"),
    Route("DELETE", _OBJECT, "delete_blob"),
    Route("GET", f"/download{_OBJECT}", "download"),
    Route("POST", _UPLOAD, "upload", (("uploadType", "multipart"),)),
    Route("POST", _UPLOAD, "upload", (("uploadType", "resumable"),)),
    Route("PUT", _UPLOAD, "upload", (("uploadType", "resumable"),)),
)
# Other parameters give rights away, or have a bill of their own.
_QUERY = {
    "project", "projection", "prettyPrint", "fields", "alt", "prefix", "delimiter", "pageToken",
    "maxResults", "startOffset", "endOffset", "versions", "softDeleted", "includeTrailingDelimiter",
    "generation", "uploadType", "upload_id", "name", "ifGenerationMatch", "ifGenerationNotMatch",
    "ifMetagenerationMatch", "ifMetagenerationNotMatch",
}  # fmt: skip
_HEADERS = {
    "x-goog-api-client", "x-goog-gcs-idempotency-token", "x-goog-request-params", "x-goog-hash",
}  # fmt: skip
# What a description may hold. Others lock what is made for years, or give rights away.
_BUCKET_NAMES = {"name", "location", "labels", "storageClass", "iamConfiguration"}
_OBJECT_NAMES = {
    "name", "bucket", "metadata", "storageClass", "cacheControl", "contentDisposition",
    "contentEncoding", "contentLanguage", "contentType", "crc32c", "md5Hash",
}  # fmt: skip


def described(call: Call) -> dict[str, Any]:
    """Return what a call says of the bucket or the object that it makes."""
    if call.operation == "create_bucket" or call.query.get("uploadType") == "resumable":
        return call.json if call.method == "POST" else {}
    if call.operation != "upload":
        return {}
    # The first of two parts; the second is the object itself.
    _, _, rest = bytes(call.data).partition(b"\r\n\r\n")
    return json.loads(rest.partition(b"\r\n--")[0] or b"{}")


def require_plain(call: Call, about: dict[str, Any]) -> None:
    """Raise `CourseError` for what the chapter does not need."""
    extra = sorted(call.query.keys() - _QUERY)
    known = _BUCKET_NAMES if call.operation == "create_bucket" else _OBJECT_NAMES
    extra += sorted(about.keys() - known)
    extra += sorted(name for name in call.headers if name.startswith("x-goog-") and
                    name not in _HEADERS)  # fmt: skip
    if extra:
        raise CourseError(
            f"{call.operation} with {extra[0]} is more than the course allows in a real account.",
            "Leave it out.",
        )
    if TAG in about.get("labels", {}):
        raise CourseError(f"The label {TAG} is the course's own.", "Choose another for yours.")


def objection(call: Call, about: dict[str, Any]) -> str:
    """Return why the call has to be confirmed, or nothing."""
    kind = about.get("storageClass", "STANDARD")
    if kind != "STANDARD":
        return f"may cost money: storage class {kind} bills a least time, or reading"
    # Without a place the service takes US: several regions, which are not free.
    place = about.get("location", "US")
    if call.operation == "create_bucket" and place.lower() not in FREE_REGIONS:
        return f"may cost money: location {place} is none of {', '.join(FREE_REGIONS)}"
    return ""


def require_small(call: Call, about: dict[str, Any], sizes: Sizes) -> None:
    """Raise `CourseError` if the object has over 1 GB."""
    if call.operation != "upload":
        return
    if call.query["uploadType"] == "multipart":
        size: int | None = len(call.data)
    elif call.method == "POST":
        size = _number(call.headers.get("x-upload-content-length", ""))
    else:  # a piece: "bytes 0-99/100", or "bytes */100"
        size = _number(call.headers.get("content-range", "").rpartition("/")[2])
    sizes.require_small(about.get("name", "This object"), size)


def _number(text: Any) -> int | None:
    text = text.decode() if isinstance(text, bytes) else str(text)
    return int(text) if text.isdecimal() else None


def tagged(about: dict[str, Any], run: str) -> dict[str, Any]:
    """Return the description of a bucket, with the label of this run.

    Without the second entry Google keeps what was deleted, and bills it, for seven days more:
    https://cloud.google.com/storage/docs/soft-delete
    """
    return {
        **about,
        "labels": {**about.get("labels", {}), TAG: run},
        "softDeletePolicy": {"retentionDurationSeconds": "0"},
    }
