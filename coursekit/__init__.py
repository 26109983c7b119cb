"""What the notebooks use: ``import coursekit as ck``.

Names are loaded on first use, so that importing this package costs milliseconds and a chapter
without Spark never pays for Spark.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# name in the face -> module that has it (None: the name is itself a module)
_FACE = {
    "check": "feedback",
    "hint": "feedback",
    "solution": "feedback",
    "quiz": "feedback",
    "load": "data",
    "path": "data",
    "spark": "spark_session",
    "cloud": None,
    "engines": None,
    "mapreduce": None,
    "views": None,
    "CourseError": "ground.errors",
}

__all__ = ["__version__", *_FACE]


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module 'coursekit' has no attribute {name!r}")
    module = importlib.import_module(f"coursekit.{_FACE[name] or name}")
    value = module if _FACE[name] is None else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
