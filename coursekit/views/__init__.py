"""Pictures and widgets: ``ck.views.NAME``, each loaded on first use.

Every view is a plain figure where there is no browser, and carries its description in words.
"""

from __future__ import annotations

import importlib
from typing import Any

# name in the face -> module that has it
_FACE = {
    "explore_objects": "objects",
    "COLOURS": "figure",
    "show": "figure",
    "explore_centroids": "centroids",
    "explore_epsilon": "privacy",
    "explore_life_cycle": "life_cycle",
    "explore_stages": "stages",
    "explore_shuffle": "shuffle",
    "watch_resources": "resources",
    "transfer": "transfer",
}

__all__ = list(_FACE)


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module 'coursekit.views' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"coursekit.views.{_FACE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
