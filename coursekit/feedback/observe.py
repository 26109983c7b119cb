"""Observes an answer: runs it on the cases of its exercise and yields facts.

Nothing is judged here. So a class's sandbox can observe a submission and hand out the facts, and
whoever knows the solution compares them outside.
"""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from coursekit.feedback import authoring, compare, guard
from coursekit.feedback.authoring import Case, Exercise
from coursekit.feedback.facts import STOPPED, Raised, decode, encode

ERROR = "error"  # the name of a fact that is an exception
MIME = "application/vnd.coursekit.facts+json"


@dataclass
class Seen:
    """What an answer did on one case.

    Attributes
    ----------
    facts : list of (str, object)
        Names (empty where there is one fact only) and values, in order. The last one is a `Raised`
        where the code raised.
    changed : list or None
        The inputs afterwards, if the answer changed them in place.
    printed : bool
        Whether it printed anything.
    kind : str
        What the answer itself is; see `kind_of_answer`.
    """

    facts: list[tuple[str, Any]] = field(default_factory=list)
    changed: list | None = None
    printed: bool = False
    kind: str = ""

    @property
    def raised(self) -> Raised | None:
        """The exception that ended it, if one did."""
        last = self.facts[-1][1] if self.facts else None
        return last if isinstance(last, Raised) else None


def observe(exercise: Exercise, answers: tuple, case: Case) -> Seen:
    """Run an answer on one case.

    Parameters
    ----------
    exercise : Exercise
        Says how to observe, and the limits.
    answers : tuple
        What the check cell hands over. They and the inputs are copied before.
    case : Case
        The inputs.
    """
    seen = Seen(kind=kind_of_answer(answers[0]))
    inputs = [guard.own_copy(each) for each in case.inputs]
    look = exercise.observe or _value
    answers = tuple(guard.own_copy(each) for each in answers)

    def run() -> None:
        found = look(*answers, *inputs)
        if isinstance(found, types.GeneratorType) and exercise.observe:
            for fact in found:  # one by one: what was seen before an error stays
                seen.facts.append(fact)
        else:
            seen.facts.append(("", found))

    try:
        _, printed = guard.run(run, seconds=exercise.seconds, mebibytes=exercise.memory)
    except guard.LearnerError as caught:
        printed = caught.printed
        names = tuple(kind.__name__ for kind in type(caught.error).__mro__[:-2])
        seen.facts.append((ERROR, Raised(names, guard.learner_traceback(caught.error))))
    except guard.OutOfTime:
        printed = ""
        seen.facts.append((ERROR, STOPPED))
    seen.printed = bool(printed.strip())
    if not compare.same(inputs, list(case.inputs)) and _is_data(case.inputs):
        seen.changed = inputs
    return seen


def kind_of_answer(answer: Any) -> str:
    """Return what an answer is, in a word or two.

    ``"function"``, ``"generator function"``, ``"async function"`` or ``"class"``; ``"value"`` for
    all that cannot be called, and ``""`` for objects that can.
    """
    if inspect.isclass(answer):
        return "class"
    if inspect.iscoroutinefunction(answer) or inspect.isasyncgenfunction(answer):
        return "async function"
    if inspect.isgeneratorfunction(answer):
        return "generator function"
    if inspect.isroutine(answer):
        return "function"
    return "" if callable(answer) else "value"


def _value(answer: Callable, *inputs: Any) -> Any:
    return answer(*inputs) if callable(answer) else answer


def _is_data(inputs: Any) -> bool:
    """Tell whether inputs can be compared before and after; an iterator is used up by a look."""
    return "Other" not in json.dumps(encode(inputs))


def report(id: str, seed: int, *answers: Any) -> None:
    """Show the facts of an answer to whoever runs this notebook: the sandbox of a class.

    Parameters
    ----------
    id : str
        The exercise.
    seed : int
        The class's, for the hidden test.
    *answers : object
        What the check cell hands over.
    """
    from IPython.display import publish_display_data

    exercise = authoring.find(id)
    found = {"exercise": id}
    for name, cases in (("check", exercise.cases()), ("hidden", exercise.cases(seed))):
        found[name] = []
        for case in cases:
            seen = observe(exercise, answers, case)
            found[name].append(to_data(seen))
            if seen.raised == STOPPED:
                break  # nothing after it can mend the verdict, and each would take its time
    publish_display_data({MIME: found, "text/plain": ""})


def to_data(seen: Seen) -> dict:
    """Return an observation in JSON's own types."""
    return {
        "facts": [[name, encode(value)] for name, value in seen.facts],
        "changed": encode(seen.changed),
        "printed": seen.printed,
        "kind": seen.kind,
    }


def from_data(data: Any) -> Seen:
    """Read an observation that came out of a sandbox.

    Raises
    ------
    ValueError
        When it is none.
    """
    try:
        facts = [(str(name), decode(value)) for name, value in data["facts"]]
        return Seen(facts, decode(data["changed"]), bool(data["printed"]), str(data["kind"]))
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError("no observation") from error
