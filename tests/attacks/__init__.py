"""Wrong answers to every exercise, as learners make them, one module per chapter.

Each module has ``WRONG``, a dict from exercise id to a list of `Wrong`, and ``SURVIVORS``, a dict
from exercise id to a dict from a mutant's label to the reason why passing it is right.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """A wrong answer.

    Attributes
    ----------
    source : str
        Stands in place of the exercise's cell.
    tells : str
        A part of the message that is meant for this mistake.
    outcome : {"failed", "raised"}
        What the check must find.
    """

    source: str
    tells: str
    outcome: str = "failed"


def of(chapter: str):
    """Return the module of a chapter's attacks."""
    return importlib.import_module(f"tests.attacks.ch{chapter}")
