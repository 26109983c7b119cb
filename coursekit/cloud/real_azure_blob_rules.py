"""What chapter 4 may do in a real storage account of Azure.

https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
"""

from __future__ import annotations

from coursekit.cloud.real_account import TAG
from coursekit.cloud.real_http import Call, Route
from coursekit.cloud.real_sizes import Sizes
from coursekit.ground.errors import CourseError

_CONTAINER, _BLOB = "/{container}", "/{container}/{blob*}"
_IS_CONTAINER = ("restype", "container")
ROUTES = (
    Route("GET", "/", "list_containers", (("comp", "list"),)),
    Route("GET", _CONTAINER, "list_blobs", (("comp", "list"), _IS_CONTAINER)),
    Route("GET", _CONTAINER, "get_container_properties", (_IS_CONTAINER,)),
    Route("PUT", _CONTAINER, "create_container", (_IS_CONTAINER,)),
    Route("DELETE", _CONTAINER, "delete_container", (_IS_CONTAINER,)),
    Route("PUT", _BLOB, "stage_block", (("comp", "block"),)),
    Route("PUT", _BLOB, "upload_blob", (("comp", "blocklist"),)),
    Route("PUT", _BLOB, "upload_blob"),
    Route("GET", _BLOB, "download_blob"),
    Route("HEAD", _BLOB, "get_blob_properties"),
    Route("DELETE", _BLOB, "delete_blob"),
)
_ACCESS, _TIER, _KIND = "x-ms-blob-public-access", "x-ms-access-tier", "x-ms-blob-type"
# What a PUT may say of itself. Others copy from elsewhere, give rights away, or lock what they
# make for years, so that nobody can delete it.
_HEADERS = {
    "x-ms-version", "x-ms-date", "x-ms-client-request-id", "x-ms-return-client-request-id",
    "x-ms-content-crc64", "x-ms-structured-body", "x-ms-structured-content-length",
    "x-ms-file-request-intent", _ACCESS, _TIER, _KIND,
}  # fmt: skip
_BEGINNINGS = ("x-ms-meta-", "x-ms-blob-content-", "x-ms-blob-cache-control")


def require_plain(call: Call) -> None:
    """Raise `CourseError` for what the chapter does not need."""
    known = {"restype", "comp", "timeout", "blockid", "prefix", "delimiter", "marker", "include",
             "maxresults"}  # fmt: skip
    extra = sorted(call.query.keys() - known)
    if call.method == "PUT":
        for name in sorted(call.headers):
            is_known = name in _HEADERS or name.startswith(_BEGINNINGS)
            if name.startswith("x-ms-") and not is_known:
                extra.append(name)
        if call.headers.get(_KIND, "BlockBlob") != "BlockBlob":
            extra.append(_KIND)
    if extra:
        raise CourseError(
            f"{call.operation} with {extra[0]} is more than the course allows in a real account.",
            "Leave it out.",
        )
    if f"x-ms-meta-{TAG}" in call.headers:
        raise CourseError(
            f"The name {TAG} is the course's own.", "Choose another for your metadata."
        )


def objection(call: Call) -> str:
    """Return why the call has to be confirmed, or nothing."""
    if call.method == "PUT" and call.headers.get(_ACCESS):
        return "opens the container: everybody could read what is in it"
    tier = call.headers.get(_TIER, "Hot") if call.method == "PUT" else "Hot"
    if tier != "Hot":
        return f"may cost money: access tier {tier} bills a least time, or reading"
    return ""


def require_small(call: Call, sizes: Sizes) -> None:
    """Raise `CourseError` if the blob has, or with this block would have, over 1 GB."""
    if call.operation not in ("upload_blob", "stage_block") or "blocklist" in call.query.values():
        return
    length = call.headers.get("content-length", "")
    size = int(length) if str(length).isdecimal() else None
    name = call.names["blob"]
    if call.operation == "upload_blob":
        sizes.require_small(name, size)
    else:
        upload = (call.names["container"], name)
        sizes.require_small_part(name, size, upload, call.query.get("blockid"))
