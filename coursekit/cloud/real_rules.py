"""What may be done in a real AWS account by chapters 3 and 4, and what is refused.

Everything here is a list of what is allowed; what is in no list is refused. The lists stand in one
module for each service: `real_ec2_rules`, `real_s3_rules`, `real_kms_rules`. Each of them has
``ALLOWED``, ``is_bound_to_region``, ``require_plain``, ``objection``, ``foreign`` and ``tagged``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coursekit.cloud import real_account, real_ec2_rules, real_kms_rules, real_s3_rules
from coursekit.cloud.real_call import TAG, Call
from coursekit.ground.errors import CourseError

__all__ = ["ALLOWED", "TAG", "Call", "require_allowed", "require_free", "require_own", "tagged"]

_RULES = {"ec2": real_ec2_rules, "s3": real_s3_rules, "kms": real_kms_rules}
ALLOWED = {
    **{service: rules.ALLOWED for service, rules in _RULES.items()},
    "ssm": {"GetParameter"},  # the newest public image of Amazon
    "sts": {"GetCallerIdentity"},
}


def require_allowed(call: Call, region: str) -> None:
    """Raise `CourseError` unless the chapters need the call, and where `left` would find it."""
    if call.operation not in ALLOWED.get(call.service, ()):
        real_account.refuse_operation(f"{call.service} {call.operation}", "AWS")
    if not (rules := _RULES.get(call.service)):
        return
    if rules.is_bound_to_region(call) and call.region not in (None, region):
        raise CourseError(
            f"{call.operation} in {call.region}: the course works in {region} only.",
            "Make the client without region_name, or set AWS_DEFAULT_REGION and start again.",
        )
    rules.require_plain(call)


def require_free(
    call: Call, confirmed: Callable[[str], bool], client: Callable[[str], Any]
) -> None:
    """Raise `CourseError` for what costs money or opens a door, if not confirmed for this call."""
    rules = _RULES.get(call.service)
    reason = rules.objection(call, client) if rules else ""
    real_account.require_free(call.python_name, reason, confirmed)


def require_own(call: Call, run: str, client: Callable[[str], Any], known: set[str]) -> None:
    """Raise `CourseError` if the call would touch something that this run has not made.

    Parameters
    ----------
    call : Call
    run : str
        The id of this run.
    client : callable
        ``client("s3")`` gives a client that no guard watches.
    known : set of str
        Buckets and keys that are known to be this run's; what is found to be is added.
    """
    rules = _RULES.get(call.service)
    if rules and (other := rules.foreign(call, run, client, known)):
        real_account.refuse_foreign(other, call.operation, run)


def tagged(call: Call, run: str) -> dict[str, Any]:
    """Return the parameters of the call, with the tag of this run on everything that it makes.

    Buckets alone are tagged after they were made: S3 takes no tags earlier everywhere.
    """
    rules = _RULES.get(call.service)
    return rules.tagged(call, run) if rules else dict(call.params)
