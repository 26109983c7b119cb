"""Reads a bucket policy for two dangers: it opens the bucket, or it locks its owner out."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

# What tear_down() needs before it can take the policy away.
_WAY_BACK = (
    "s3:deletebucketpolicy", "s3:getbuckettagging", "s3:listbucket", "s3:listbucketversions",
    "s3:listbucketmultipartuploads",
)  # fmt: skip


def opens_to_everybody(policy: Any) -> bool:
    """Tell whether a policy allows everybody something; one that cannot be read counts as open."""
    try:
        return any(_allows_everybody(one) for one in _statements(policy))
    except (ValueError, TypeError, AttributeError):
        return True


def keeps_tear_down_out(policy: Any) -> bool:
    """Tell whether a policy denies what `tear_down` needs to take the policy away again."""
    try:
        denied = [one for one in _statements(policy) if one.get("Effect") == "Deny"]
        return any("NotAction" in one or _denies_way_back(one) for one in denied)
    except (ValueError, TypeError, AttributeError):
        return False  # S3 refuses what is no policy; `opens_to_everybody` asks first


def _statements(policy: Any) -> list[dict[str, Any]]:
    return _several(json.loads(policy)["Statement"])


def _allows_everybody(statement: dict[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal")
    named = principal.values() if isinstance(principal, dict) else [principal]
    return "NotPrincipal" in statement or any("*" in _several(one) for one in named)


def _denies_way_back(statement: dict[str, Any]) -> bool:
    patterns = [action.lower() for action in _several(statement.get("Action", []))]
    return any(fnmatchcase(action, pattern) for action in _WAY_BACK for pattern in patterns)


def _several(one: Any) -> list[Any]:
    return one if isinstance(one, list) else [one]
