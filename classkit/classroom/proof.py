"""The call in a check cell that runs its hidden tests, and proves that they ran and passed.

``verify`` works in the kernel of `classkit.classroom.kernel` only. There, the hidden tests, their
seed and the key of the proof are set up before the first cell of a submission runs. What a cell
prints, and that it raises nothing, earn no point: only the proof does. So a submission gains
nothing from its own ``check``, from cells that are swallowed, or from faked output.

What this cannot do: the answers run in the same process as the tests, so code that searches that
process for them will find them. `classkit.classroom.suspicion` points such code out to people.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib
from collections.abc import Callable
from typing import Any

from coursekit.ground.errors import CourseError

MIME = "application/vnd.coursekit.proof+json"
_gate: Callable[..., None] | None = None


def verify(id: str, *answers: Any) -> None:
    """Run the hidden tests of an exercise on its answers.

    Raises
    ------
    HiddenTestFailed
        When they fail; it says which exercise, and nothing else.
    CourseError
        Outside of the grading of a class.
    """
    if _gate is None:
        raise CourseError(
            "Hidden tests run only where a class is graded.",
            "Grade with `coursekit class grade CHAPTER`, not with nbgrader's own button.",
        )
    _gate(id, *answers)


def sign(key: str, exercise: str) -> str:
    """Return the proof that the hidden tests of an exercise passed."""
    return hmac.new(key.encode(), exercise.encode(), hashlib.sha256).hexdigest()


def install(seed: int, key: str, chapter: str) -> None:
    """Set the gate up: called once, before a submission's first cell."""
    global _gate
    from classkit.classroom import hidden, integrity
    from coursekit.feedback import exercises

    exercises.all_exercises(chapter)
    importlib.import_module(f"{hidden.__name__}.ch{chapter}")
    original, publish = hidden.verify, _publisher()

    def gate(id: str, *answers: Any) -> None:
        news = {"exercise": id, "changed": snapshot.restore()}
        try:
            original(id, *answers, seed=seed)
            news["changed"] += snapshot.restore()  # an answer may change the course, too
            news["proof"] = sign(key, id)
        finally:
            publish(news)

    _gate = gate
    snapshot = integrity.Snapshot.take()


def _publisher() -> Callable[[dict], None]:
    """Return the kernel's way to hand data to whoever runs it."""
    from IPython import get_ipython

    publish = get_ipython().display_pub.publish
    return lambda news: publish(data={MIME: news, "text/plain": ""}, metadata={})
