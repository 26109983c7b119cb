"""Environment variables of this process, set for a while and put back."""

from __future__ import annotations

import os

_SHARED = ("NO_PROXY", "no_proxy")  # every cloud sets them, and clouds stop in any order


class Variables:
    """Sets variables, takes away others, and knows the way back.

    Parameters
    ----------
    wanted : dict of str to str
        What to set.
    without : tuple of str
        Variables whose names begin like this are put aside: they could lead elsewhere.
    """

    def __init__(self, wanted: dict[str, str], without: tuple[str, ...] = ()) -> None:
        wanted = wanted | {name: with_loopback(name) for name in _SHARED}
        aside = {name for name in os.environ if name.upper().startswith(without or ("\0",))}
        self._before = {name: os.environ.get(name) for name in aside | set(wanted)}
        self._set = wanted
        for name in aside:
            del os.environ[name]
        os.environ.update(wanted)

    def restore(self) -> None:
        """Put every variable back as it was; a shared one only if nobody has changed it since."""
        for name, value in self._before.items():
            if name in _SHARED and os.environ.get(name) != self._set[name]:
                continue
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def with_loopback(name: str) -> str:
    """Return what keeps proxies from being asked for what is on this machine."""
    other = {"NO_PROXY": "no_proxy", "no_proxy": "NO_PROXY"}[name]
    already = os.environ.get(name) or os.environ.get(other) or ""
    if already.strip() == "*":  # every host; it counts only when it stands alone
        return already
    known = [part.strip() for part in already.split(",") if part.strip()]
    return ",".join(known + [host for host in ("127.0.0.1", "localhost") if host not in known])
