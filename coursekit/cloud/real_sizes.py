"""How large an object may be in a real account, those that come in parts included."""

from __future__ import annotations

import threading

from coursekit.ground.errors import CourseError

LARGEST = 10**9  # bytes of one object


class Sizes:
    """Refuses objects that are too large; one for each account."""

    def __init__(self) -> None:
        self._parts: dict[object, dict[object, int]] = {}
        self._lock = threading.Lock()  # SDKs send several parts at a time

    def require_small(self, name: str, size: int | None) -> None:
        """Raise `CourseError` if an object has over 1 GB, or if nobody knows how large it is.

        Parameters
        ----------
        name : str
            The object's, for the message.
        size : int or None
            Its size in bytes.
        """
        if size is None:
            raise CourseError(
                f"How large {name} will be cannot be told.", "Give bytes, or an open file."
            )
        if size > LARGEST:
            raise CourseError(
                f"{name} has more than 1 GB; in a real account the course stops there.",
                "Use a smaller file.",
            )

    def require_small_part(self, name: str, size: int | None, upload: object, part: object) -> None:
        """Raise `CourseError` if an object would have over 1 GB with this part.

        Parameters
        ----------
        name, size
            The object's name; the part's size in bytes.
        upload, part : hashable
            What the upload and the part are known by; a part sent again replaces the first.
        """
        with self._lock:
            parts = self._parts.setdefault(upload, {})
            others = sum(n for p, n in parts.items() if p != part)
            self.require_small(name, None if size is None else others + size)
            parts[part] = size or 0
