"""What chapter 4 may do in a real account's KMS, the key service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coursekit.cloud.leftovers_storage import key_run
from coursekit.cloud.real_call import TAG, Call
from coursekit.ground.errors import CourseError

ALLOWED = {"CreateKey", "GenerateDataKey", "Decrypt"}
# Others ask for keys in several regions, in hardware of one's own, or that lock their owner out.
_KEY_PARAMETERS = {"Description", "Tags"}


def is_bound_to_region(call: Call) -> bool:
    """Tell that every call is: a key lives in one region."""
    return True


def require_plain(call: Call) -> None:
    """Raise `CourseError` for a parameter that asks for another key than a plain one."""
    extra = sorted(call.params.keys() - _KEY_PARAMETERS)
    if call.operation == "CreateKey" and extra:
        raise CourseError(
            f"create_key with {extra[0]} is more than the course allows in a real account.",
            f"Leave {extra[0]} out.",
        )


def objection(call: Call, client: Callable[[str], Any]) -> str:
    """Return why the call has to be confirmed, or nothing."""
    made = call.operation == "CreateKey"
    return "costs money: KMS keys are billed by the month" if made else ""


def foreign(call: Call, run: str, client: Callable[[str], Any], known: set[str]) -> str:
    """Return the key that the call names and this run has not made."""
    # Without a key, `decrypt` uses that of the ciphertext; the guard then looks at the answer.
    key = call.params.get("KeyId")
    return "" if not key or is_own(key, run, client, known) else key


def is_own(key: str, run: str, client: Callable[[str], Any], known: set[str]) -> bool:
    """Tell whether a key carries the tag of this run, and remember it if so."""
    if key not in known and key_run(client("kms"), key) == run:
        known.add(key)
    return key in known


def tagged(call: Call, run: str) -> dict[str, Any]:
    """Return the parameters of the call, with the tag of this run on a key that it makes."""
    params = dict(call.params)
    if call.operation == "CreateKey":
        kept = [tag for tag in params.get("Tags", ()) if tag.get("TagKey") != TAG]
        params["Tags"] = [*kept, {"TagKey": TAG, "TagValue": run}]
    return params
