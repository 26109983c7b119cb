"""What the author of a chapter's checks writes with: ``exercise``, ``trial``, ``Misconception``.

A check is a function of the learner's answer. It runs trials, one after the other; the first that
fails ends the check, because a learner repairs one thing at a time::

    @exercise(
        "01-mean",
        title="A mean",
        hints=("What do you divide the total by?", "How many numbers are there?"),
    )
    def mean(answer):
        trial(
            "mean([2, 4, 9])",
            lambda: answer([2, 4, 9]),
            want=5,
            misconceptions=[Misconception(15, "That is the total. Divide it by the count.")],
        )
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from coursekit.feedback import compare, guard
from coursekit.ground.errors import CourseError


@dataclass(frozen=True)
class Misconception:
    """A mistake that learners make, and what to tell them.

    Attributes
    ----------
    when : object or callable
        The wrong value, or a predicate of the learner's value. An exception class recognises a
        learner's code that raises it.
    tell : str
        The message. It names the idea that is missing, not the answer.
    """

    when: Any
    tell: str

    def recognises(self, got: Any) -> bool:
        """Tell whether this is the mistake behind the value ``got``."""
        if isinstance(self.when, type) and issubclass(self.when, BaseException):
            return isinstance(got, self.when)
        if not callable(self.when):
            return compare.same(got, self.when)
        try:
            return bool(self.when(got))
        except (
            Exception
        ):  # a predicate meets values of any type; those it cannot read, it does not recognise
            return False


@dataclass(frozen=True)
class Exercise:
    """One exercise: its id, what a learner reads, and the function that checks an answer."""

    id: str
    title: str
    hints: tuple[str, ...]
    grade: Callable[..., None]
    seconds: float


class TrialFailed(Exception):
    """The first trial that went wrong; `coursekit.feedback.checking` turns it into a result."""

    def __init__(self, tried: str, *, expected: str, got: str, message: str = "") -> None:
        super().__init__(message or f"{tried}: expected {expected}, got {got}")
        self.tried = tried
        self.expected = expected
        self.got = got
        self.message = message


class TrialRaised(Exception):
    """A trial in which the learner's code raised an exception or ran out of time."""

    def __init__(self, tried: str, *, expected: str, traceback: str, message: str = "") -> None:
        super().__init__(message or traceback)
        self.tried = tried
        self.expected = expected
        self.traceback = traceback
        self.message = message


_registry: dict[str, Exercise] = {}
_limit: list[float] = [3.0]  # the time limit of the exercise being checked, innermost last


def exercise(
    id: str, *, title: str, hints: Sequence[str], seconds: float = 3.0
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the decorated function as the check of an exercise.

    Parameters
    ----------
    id : str
        The chapter's number, a hyphen, and a name: ``"06-combiner"``.
    title : str
        Three to six words.
    hints : sequence of str
        At least two, from a question to a direction; never the answer.
    seconds : float
        How long each trial may take before it is stopped.
    """

    def register(grade: Callable[..., None]) -> Callable[..., None]:
        _registry[id] = Exercise(id, title, tuple(hints), grade, seconds)
        return grade

    return register


def trial(
    tried: str,
    code: Callable[[], Any],
    *,
    want: Any,
    misconceptions: Sequence[Misconception] = (),
    compare_with: Callable[[Any, Any], bool] = compare.same,
    expected: str | None = None,
) -> Any:
    """Run the learner's code once and compare what comes out.

    Parameters
    ----------
    tried : str
        What is tried, as the learner would type it: ``"mean([2, 4, 9])"``.
    code : callable
        Takes nothing; calls the learner's function, or just returns the learner's value. Objects
        that it hands over must be fresh: a learner may change them.
    want : object
        The expected value.
    misconceptions : sequence of Misconception
        Tried in order; the first that recognises the value (or exception) gives the message.
    compare_with : callable
        ``compare_with(got, want)``; by default `coursekit.feedback.compare.same`.
    expected : str, optional
        Words for the expected value where its ``repr`` says little.

    Returns
    -------
    object
        The learner's value, for further trials.

    Raises
    ------
    TrialFailed, TrialRaised
        Caught by `coursekit.feedback.checking.check`.
    """
    expected = compare.brief(want) if expected is None else expected
    try:
        got, printed = guard.run(code, seconds=_limit[-1])
    except guard.LearnerError as caught:
        if isinstance(caught.error, NotImplementedError):
            raise
        raise TrialRaised(
            tried,
            expected=expected,
            traceback=guard.learner_traceback(caught.error),
            message=_message(caught.error, misconceptions),
        ) from caught.error
    except guard.OutOfTime:
        raise TrialRaised(
            tried,
            expected=expected,
            traceback=f"Stopped: the limit is {_limit[-1]:g} s.",
            message="Your code did not come to an end. Is there a loop whose condition never"
            " becomes false?",
        ) from None
    if compare_with(got, want):
        return got
    raise TrialFailed(
        tried,
        expected=expected,
        got=compare.brief(got),
        message=_message(got, misconceptions) or _common(got, want, printed),
    )


def require(truth: bool, tried: str, *, expected: str, got: Any, tell: str) -> None:
    """End the check unless a fact about the answer holds; ``tell`` is the message."""
    if not truth:
        shown = got if isinstance(got, str) else compare.brief(got)
        raise TrialFailed(tried, expected=expected, got=shown, message=tell)


def find(id: str) -> Exercise:
    """Return the exercise with an id.

    Raises
    ------
    CourseError
        For an unknown id; the nearest one is named.
    """
    if not isinstance(id, str):
        raise CourseError(
            f'An exercise\'s id is text, such as "01-mean"; this is {compare.brief(id, 60)}.',
            'Write the id first, in quotes, then your answer: check("01-mean", mean)',
        )
    _load(id.partition("-")[0])
    if id in _registry:
        return _registry[id]
    known = all_exercises()
    near = difflib.get_close_matches(id, [e.id for e in known], n=1, cutoff=0.4)
    raise CourseError(
        f"There is no exercise {id!r}." + (f" Did you mean {near[0]!r}?" if near else ""),
        "The id stands in the check cell below each exercise.",
    )


def all_exercises(chapter: str | None = None) -> list[Exercise]:
    """Return the exercises of a chapter (its number), or of every chapter, in registered order."""
    for number in _chapter_numbers():
        if chapter in (None, number):
            _load(number)
    return [e for e in _registry.values() if chapter in (None, e.id.partition("-")[0])]


def grade(found: Exercise, answers: tuple, named: dict[str, Any]) -> None:
    """Run an exercise's check on copies of the answers, under the exercise's time limit."""
    _limit.append(found.seconds)
    try:
        found.grade(
            *(guard.own_copy(a) for a in answers),
            **{name: guard.own_copy(a) for name, a in named.items()},
        )
    finally:
        _limit.pop()


@cache
def _chapter_numbers() -> tuple[str, ...]:
    from coursekit.feedback import checks

    names = (module.name for module in pkgutil.iter_modules(checks.__path__))
    return tuple(name.removeprefix("ch") for name in names if name.startswith("ch"))


def _load(number: str) -> None:
    if number in _chapter_numbers():
        importlib.import_module(f"coursekit.feedback.checks.ch{number}")


def _message(got: Any, misconceptions: Sequence[Misconception]) -> str:
    return next((m.tell for m in misconceptions if m.recognises(got)), "")


def _common(got: Any, want: Any, printed: str) -> str:
    """Recognise what goes wrong in any exercise."""
    if got is None and want is not None:
        if printed.strip():
            return "Your code prints a value but returns None. A function hands back with `return`."
        return "Your code returns None. Is there a `return` on every way through it?"
    if got is ... and want is not ...:
        return "The value is still `...`: put your answer there."
    if type(got) is not type(want) and compare.same(str(got), str(want)):
        return (
            f"The value looks right, but it is a {type(got).__name__}, not a {type(want).__name__}."
        )
    if isinstance(want, list) and isinstance(got, tuple) and compare.same(list(got), want):
        return "The values are right, but in a tuple; a list is asked for."
    if (
        isinstance(want, (list, tuple))
        and type(got) is type(want)
        and _same_in_any_order(got, want)
    ):
        return "The values are right, but not in the order asked for."
    return ""


def _same_in_any_order(got: Any, want: Any) -> bool:
    return len(got) == len(want) and sorted(map(repr, got)) == sorted(map(repr, want))
