"""The one switch between the course's own clouds and a real account: ``COURSEKIT_CLOUD=real``."""

from __future__ import annotations

import os

from coursekit.ground.errors import CourseError

SWITCH = "COURSEKIT_CLOUD"


def is_real() -> bool:
    """Tell whether the learner asked for a real account.

    Raises
    ------
    CourseError
        The variable has a value that means nothing: better asked than guessed.
    """
    value = os.environ.get(SWITCH, "")
    if value not in ("", "local", "real"):
        raise CourseError(
            f"{SWITCH} is {value!r}; it can be local (or not set) and real.",
            f"Use {SWITCH}=real only if you want to use your own account.",
        )
    return value == "real"


def require_local() -> None:
    """Raise `CourseError` in real mode: an exercise must not be tried in a real account."""
    if is_real():
        raise CourseError(
            f"This check needs the course's own clouds, and {SWITCH}=real is set.",
            f"Unset {SWITCH} and restart the kernel; then check your answer.",
        )
