"""Hidden tests: each exercise once more, on data that the learner has not seen.

A check shows its inputs, so an answer can be written for them alone. At the release of an
assignment `verify` joins the check, behind nbgrader's ``### BEGIN HIDDEN TESTS``, with a seed that
stays with the instructor. The data are drawn with that seed: who reads this package knows their
kind, not their values.

Each chapter has a module ``chNN``. A hidden test takes the learner's answers and a
`random.Random`, and compares with a reference of its own::

    @hidden("06-mapper")
    def mapper(answer, chance):
        words = [word(chance) for _ in range(9)]
        expect([(each, 1) for each in words], pairs, answer, " ".join(words))

What this cannot keep secret: a learner's function runs in the same process. It can note what it
is called with, and tell in a later cell. So a seed serves one release, and feedback goes out when
nobody hands in any more.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import io
import random
import string
from collections.abc import Callable, Iterator
from typing import Any

from coursekit.feedback import compare, exercises, guard, starters
from coursekit.ground.errors import CourseError

# Exercises whose answer is no function of any data: the visible check is all that can be seen.
WITHOUT_OTHER_DATA = {
    "08-lazy": "The answer is a word, the letters of some lines: there is one right word.",
}

_registry: dict[str, Callable[..., None]] = {}


class HiddenTestFailed(AssertionError):
    """An answer does not pass the hidden test of its exercise. Says which exercise, no more."""


def hidden(id: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the decorated function as the hidden test of an exercise.

    Parameters
    ----------
    id : str
        The exercise's id. The function takes the learner's answers, as the check does, and then
        the `random.Random` that draws the data.
    """

    def register(test: Callable[..., None]) -> Callable[..., None]:
        _registry[id] = test
        return test

    return register


def verify(id: str, *answers: Any, seed: int) -> None:
    """Try an answer on data that the learner has not seen; return when it is right.

    What the learner's code prints or shows meanwhile is dropped, because it may be the data.

    Parameters
    ----------
    id : str
        The exercise, such as ``"06-combiner"``.
    *answers : object
        What the learner hands to ``check``. They are never changed.
    seed : int
        Draws the data, the same ones for the same seed.

    Raises
    ------
    HiddenTestFailed
        For an answer that is wrong, raises, runs out of time, or is not attempted. The message is
        the same for all of them.
    CourseError
        For an unknown id, or where the machine lacks something, such as Java.
    """
    exercise, test = exercises.find(id), _find(id)
    with _nothing_shown():
        passed = _passes(exercise, test, answers, random.Random(f"{seed} {id}"))
    if not passed:  # raised out here, so that no error of the learner's code hangs on it
        raise HiddenTestFailed(f"The answer to exercise {id} does not pass its hidden test.")


def _passes(
    exercise: exercises.Exercise, test: Callable[..., None], answers: tuple, chance: random.Random
) -> bool:
    if any(starters.untouched(exercise.id, answer) for answer in answers):
        return False
    limited = dataclasses.replace(exercise, grade=lambda *copies: test(*copies, chance))
    try:
        exercises.grade(limited, answers, {})
    except CourseError:
        raise  # the machine's fault; a learner's own CourseError comes as a TrialRaised
    except (Exception, guard.OutOfTime):
        return False
    return True


@contextlib.contextmanager
def _nothing_shown() -> Iterator[None]:
    """Drop what is printed, and in a notebook what is displayed."""
    from IPython.core.getipython import get_ipython

    with contextlib.ExitStack() as stack:
        if get_ipython() is not None:
            from IPython.utils.capture import capture_output

            stack.enter_context(capture_output())
        else:
            stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        yield


def _find(id: str) -> Callable[..., None]:
    importlib.import_module(f"{__name__}.ch{id.partition('-')[0]}")
    return _registry[id]


def expect(
    want: Any,
    code: Callable[..., Any],
    *arguments: Any,
    compare_with: Callable[[Any, Any], bool] = compare.same,
) -> Any:
    """Run ``code(*arguments)`` under the exercise's time limit; end the test unless it gives want.

    Parameters
    ----------
    want : object
        The expected value. Compute it before the call: a learner may change the arguments.
    code : callable
        The learner's function, or one that calls it.
    *arguments : object
        What it takes.
    compare_with : callable
        ``compare_with(got, want)``; by default `coursekit.feedback.compare.same`.

    Returns
    -------
    object
        The learner's value.
    """
    return exercises.trial("hidden", lambda: code(*arguments), want=want, compare_with=compare_with)


def must(truth: bool) -> None:
    """End the test unless a fact about the answer holds."""
    exercises.require(truth, "hidden", expected="", got="", tell="")


def error_of(code: Callable[..., Any], *arguments: Any) -> str:
    """Return the name of the exception that ``code(*arguments)`` raises, or ``"no error"``."""
    try:
        code(*arguments)
    except Exception as error:
        return type(error).__name__
    return "no error"


def word(chance: random.Random, length: int = 6) -> str:
    """Draw a word of small letters."""
    return "".join(chance.choices(string.ascii_lowercase, k=length))


def words(chance: random.Random, number: int, length: int = 6) -> list[str]:
    """Draw words of small letters, each of them once, in alphabetical order."""
    found: set[str] = set()
    while len(found) < number:
        found.add(word(chance, length))
    return sorted(found)


def shuffled(chance: random.Random, values: Any) -> list:
    """Return the values in an order drawn by chance."""
    return chance.sample(list(values), len(values))
