"""Compares what an answer did with what the shown solution does, and says what went wrong first."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from coursekit.feedback import compare, lessons, recognise
from coursekit.feedback.authoring import UNKNOWN, Case, Exercise, Mistake
from coursekit.feedback.facts import Other, Raised
from coursekit.feedback.observe import ERROR, Seen, kind_of_answer, observe
from coursekit.feedback.result import Result
from coursekit.ground.errors import CourseError

AFTERWARDS = "the inputs, afterwards"


def judge(exercise: Exercise, seen: Iterable[tuple[Case, Seen]]) -> Result:
    """Judge what was seen of an answer; the first case that went wrong ends it.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    seen : iterable of (Case, Seen)
        May be lazy: what comes after a wrong one is not asked for.

    Raises
    ------
    CourseError
        When the solution fails, too: the machine lacks something, such as Java.
    """
    about = {"id": exercise.id, "title": exercise.title}
    before: list[Case] = []
    for case, one in seen:
        wrong = _first_wrong(exercise, case, one)
        if wrong is None:
            before.append(case)
            continue
        name, want, got = wrong
        if isinstance(got, Raised) and got.is_a(CourseError):
            _require_that_the_solution_runs(exercise, case)
        if isinstance(got, Raised) and got.names[0] == "NotImplementedError":
            return Result(**about, outcome="not attempted")
        raised = isinstance(got, Raised)
        expected, shown = _expected(want), "" if raised else compare.brief(got)
        if expected == shown:  # the difference is in what is not shown
            expected, shown = compare.exact(want), compare.exact(got)
        return Result(
            **about,
            outcome="raised" if raised else "failed",
            tried=": ".join(part for part in (_tried(exercise, case), name) if part),
            expected=expected,
            got=shown,
            traceback=got.text if raised else "",
            message=_message(exercise, before, case, one, wrong),
        )
    return Result(**about, outcome="passed")


def _require_that_the_solution_runs(exercise: Exercise, case: Case) -> None:
    failed = reference(exercise, case).raised
    if failed is not None and failed.is_a(CourseError):
        del _references[case]  # once mended, it is tried again
        *_, what, mend = failed.text.splitlines()
        raise CourseError(what.partition(": ")[2], mend)


def solution(exercise: Exercise) -> tuple:
    """Return what the check cell hands over after the solved cell: the reference."""
    return _answers(exercise.id, lessons.solution_source(exercise.id))


def reference(exercise: Exercise, case: Case) -> Seen:
    """Return what the solution does on a case; it is looked at once."""
    if case not in _references:
        _references[case] = observe(exercise, solution(exercise), case)
    return _references[case]


_references: WeakKeyDictionary[Case, Seen] = WeakKeyDictionary()


def wrong_answers(exercise: Exercise, mistake: Mistake) -> list[tuple]:
    """Return each of a mistake's answers as the check cell would hand it over.

    Raises
    ------
    ValueError
        When an edit finds nothing to change in the solution.
    """
    made = []
    for answer in mistake.answers:
        if isinstance(answer, tuple):
            source = lessons.solution_source(exercise.id)
            for old, new in zip(answer[::2], answer[1::2], strict=True):
                if old not in source:
                    raise ValueError(f"{exercise.id}: the solution has no {old!r}")
                source = source.replace(old, new)
            made.append(_answers(exercise.id, source))
        elif isinstance(answer, str):
            made.append(_answers(exercise.id, answer))
        else:
            made.append((answer,))
    return made


@cache
def _answers(id: str, source: str) -> tuple:
    return lessons.answers(id, source)


def _first_wrong(exercise: Exercise, case: Case, seen: Seen) -> tuple[str, Any, Any] | None:
    """Return name, wanted and seen value of the first wrong fact; None when all are right."""
    facts = seen.facts
    if not facts:
        facts = [("", None)]  # an observe that yields nothing
    wanted = _wanted(exercise, case, facts)
    for (name, want), (_, got) in zip(wanted, facts, strict=False):
        if not _same(got, want, exercise.tolerance):
            return name, want, got
    if len(wanted) > len(facts):
        return *wanted[len(facts)], None
    if seen.changed is not None:
        changed = reference(exercise, case).changed
        want = list(case.inputs) if changed is None else changed
        if not compare.same(seen.changed, want, tolerance=exercise.tolerance):
            return AFTERWARDS, want, seen.changed
    return None


def _wanted(exercise: Exercise, case: Case, facts: list) -> list[tuple[str, Any]]:
    """Return the right facts: those written by hand, and for the others the solution's."""
    by_hand = case.want
    if by_hand is UNKNOWN:
        return reference(exercise, case).facts
    if not inspect.isgeneratorfunction(exercise.observe):
        return [("", by_hand)]
    if not isinstance(by_hand, dict):  # an exception, whatever was seen before it
        return [*facts[:-1], ("", by_hand)]
    if {name for name, _ in facts} - {ERROR} <= set(by_hand):
        return list(by_hand.items())
    found = reference(exercise, case).facts
    return [(name, by_hand.get(name, value)) for name, value in found]


def _same(got: Any, want: Any, tolerance: float) -> bool:
    if isinstance(want, type) and issubclass(want, BaseException):
        return isinstance(got, Raised) and got.is_a(want)
    if isinstance(want, Raised):
        return isinstance(got, Raised) and want.names[0] in got.names
    if isinstance(got, (Raised, Other)):
        return False
    return compare.same(got, want, tolerance=tolerance)


def _message(
    exercise: Exercise, before: list[Case], case: Case, seen: Seen, wrong: tuple[str, Any, Any]
) -> str:
    """Return the message of the first mistake that this is, or one that fits any exercise."""
    name, want, got = wrong

    def does_the_same(mistake: Mistake) -> bool:
        return any(
            _alike(observe(exercise, answers, case), seen, exercise.tolerance)
            # the answer was right until here, so the mistake must be, too
            and all(
                _first_wrong(exercise, c, observe(exercise, answers, c)) is None for c in before
            )
            for answers in wrong_answers(exercise, mistake)
        )

    kind = kind_of_answer(solution(exercise)[0])
    form = recognise.of_form(want, got, seen, kind)
    for mistake in exercise.mistakes:
        if mistake.when is UNKNOWN:
            found = does_the_same(mistake)
        else:
            found = name != AFTERWARDS and _is_meant(exercise, mistake.when, seen, got)
            # a predicate may be true of a right value in another form by chance
            found = found and (not form or does_the_same(mistake))
        if found:
            return mistake.tell
    return form or recognise.of_any(want, got, seen, _earlier(exercise, before))


def _earlier(exercise: Exercise, before: list[Case]) -> list[tuple[str, Any]]:
    """Return the cases before and their values, where an answer hardly gives them by chance."""
    if exercise.observe is not None:
        return []
    found = [(_tried(exercise, c), _wanted(exercise, c, [("", None)])[0][1]) for c in before]
    return [(tried, want) for tried, want in found if isinstance(want, (float, list, dict, tuple))]


def _is_meant(exercise: Exercise, when: Any, seen: Seen, got: Any) -> bool:
    """Tell whether a mistake's ``when`` recognises what came out."""
    if isinstance(when, type) and issubclass(when, BaseException):
        return isinstance(got, Raised) and got.is_a(when)
    if not callable(when):
        return compare.same(got, when, tolerance=exercise.tolerance)
    named = inspect.isgeneratorfunction(exercise.observe)
    try:
        return bool(when(dict(seen.facts) if named and not isinstance(got, Raised) else got))
    except Exception:  # it meets values of any type; those it cannot read, it does not recognise
        return False


def _alike(one: Seen, other: Seen, tolerance: float) -> bool:
    """Tell whether two answers did the same, up to how an error is worded."""
    return (
        len(one.facts) == len(other.facts)
        and all(
            _same(a, b, tolerance) for (_, a), (_, b) in zip(one.facts, other.facts, strict=True)
        )
        and compare.same(one.changed, other.changed, tolerance=tolerance)
    )


def _expected(want: Any) -> str:
    if isinstance(want, type):
        return f"a {want.__name__}"
    return f"a {want!r}" if isinstance(want, Raised) else compare.brief(want)


def _tried(exercise: Exercise, case: Case) -> str:
    if case.shown:
        return case.shown
    if exercise.tried:
        return exercise.tried.format(*case.inputs)
    (name, *_) = lessons.answer_names(exercise.id)
    if not case.inputs and not callable(solution(exercise)[0]):
        return name
    return f"{name}({', '.join(compare.brief(each, 100) for each in case.inputs)})"
