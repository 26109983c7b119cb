"""What a chapter's exercise file, ``notebooks/exercises/chNN.py``, is written with.

One declaration gives the check, its messages, the hidden test of a class and the attacks of the
course's own tests. The reference is the shown solution, taken from the notebook::

    exercise(
        "01-mean",
        title="A mean",
        hints=("What do you divide the total by?", "return ____ / ____"),
        examples=[case([2, 4, 9], want=5.0)],
        draw=lambda chance: [case([chance.randint(-9, 9) for _ in range(7)])],
        mistakes=[
            Mistake("That is the total. Divide it by the count.", ("sum(xs) / len(xs)", "sum(xs)")),
            Mistake("No numbers, no mean.", when=ZeroDivisionError),
        ],
    )
"""

from __future__ import annotations

import difflib
import importlib.util
import random
import string
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from coursekit.feedback import compare
from coursekit.ground import places
from coursekit.ground.errors import CourseError

__all__ = [
    "Case", "Exercise", "Mistake", "Option", "Question", "case", "exercise", "word", "words",
]  # fmt: skip

UNKNOWN = object()  # what a drawn case wants: the solution tells


@dataclass(frozen=True, eq=False)
class Case:
    """One set of inputs; see `case`."""

    inputs: tuple
    want: Any = UNKNOWN
    shown: str = ""


def case(*inputs: Any, want: Any = UNKNOWN, shown: str = "") -> Case:
    """Describe one set of inputs that an answer is tried on.

    Parameters
    ----------
    *inputs : object
        What the answer (or ``observe``) gets, after the answer itself. Each try gets a copy.
    want : object
        The right value, written by hand; an exception class where the answer must raise one. With
        an ``observe`` that yields named facts: a dict of those that you write by hand. What is not
        given is what the solution does.
    shown : str
        What was tried, where the inputs themselves say too little: ``"mean of 1,000 numbers"``.
    """
    return Case(inputs, want, shown)


@dataclass(frozen=True, init=False)
class Mistake:
    """A wrong answer as learners give it, and what to tell them.

    Parameters
    ----------
    tell : str
        The message. It names the idea that is missing, not the answer.
    *answers : tuple of str, str or object
        Wrong answers. A tuple is a small edit of the solution: ``("a", "b")`` puts b for each a,
        ``("a", "b", "c", "d")`` also d for c. A text is code in place of the whole cell. Anything
        else is the answer itself, such as a function. Who does the same as one of them gets the
        message.
    when : object, optional
        Recognises a whole class of answers instead: a predicate of the value that came out (with
        named facts: of the dict of those seen so far), an exception class (``TimeoutError`` for a
        loop that does not end), or a value. The answers then serve the tests.
    """

    tell: str
    answers: tuple
    when: Any

    def __init__(self, tell: str, *answers: Any, when: Any = UNKNOWN) -> None:
        object.__setattr__(self, "tell", tell)
        object.__setattr__(self, "answers", answers)
        object.__setattr__(self, "when", when)


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    id : str
        The chapter's number, a hyphen, and a name: ``"06-combiner"``.
    title : str
        Three to six words.
    hints : sequence of str
        Two or three: a question, a direction, a skeleton with blanks; never the answer.
    examples : sequence of Case
        With wanted values written by hand. They prove the solution, too.
    draw : callable, optional
        ``draw(chance)`` returns further cases, drawn with a `random.Random`. Seed 0 belongs to the
        learner's check, another seed to a class's hidden test. Without it the examples are all.
    observe : callable, optional
        ``observe(answer, *inputs)`` where an answer is more than a function's value. It returns
        one value, or is a generator that yields ``(name, value)`` pairs, named facts; the first
        wrong one is told. Values are plain data: numbers, texts, containers, arrays, tables.
    mistakes : sequence of Mistake
        The first that recognises a wrong answer gives the message.
    tried : str
        Says what was tried, with ``{0!r}`` for the first input. By default the call.
    seconds : float
        Limit of one try, in seconds of the processor.
    memory : int or None
        Limit of one try, in MiB more than before; None where Java or other processes start.
    tolerance : float
        Relative and absolute bound for numbers.
    slow : bool
        Whether the solution needs Spark or processes: then a check runs the examples only.
    also_right : sequence of str
        Right answers in another style, as code in place of the cell; the tests see them pass.
    equivalent_mutants : dict of str to str
        Small changes of the solution that change nothing, with the reason; for the tests.
    """

    id: str
    title: str
    hints: Sequence[str]
    examples: Sequence[Case]
    draw: Callable[[random.Random], Iterable[Case]] | None = None
    observe: Callable[..., Any] | None = None
    mistakes: Sequence[Mistake] = ()
    tried: str = ""
    seconds: float = 3.0
    memory: int | None = 1024
    tolerance: float = 1e-9
    slow: bool = False
    also_right: Sequence[str] = ()
    equivalent_mutants: dict[str, str] = field(default_factory=dict)
    _drawn: dict[int, list[Case]] = field(default_factory=dict, repr=False)

    @property
    def chapter(self) -> str:
        """The chapter's number."""
        return self.id.partition("-")[0]

    def cases(self, seed: int | None = None) -> list[Case]:
        """Return what an answer is tried on.

        Parameters
        ----------
        seed : int, optional
            Draws other inputs. None is the learner's check: the examples, and what seed 0 draws
            unless the exercise is slow.
        """
        if self.draw is None:
            return list(self.examples)
        if seed is None:
            return [*self.examples, *([] if self.slow else self.cases(0))]
        if seed not in self._drawn:  # the same objects each time: what is known of one is kept
            self._drawn[seed] = list(self.draw(random.Random(f"{seed} {self.id}")))
        return self._drawn[seed]


@dataclass(frozen=True)
class Option:
    """One possible answer, and why it is right or wrong."""

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question with its options, exactly one of them right."""

    prompt: str
    options: tuple[Option, ...]

    def __post_init__(self):
        if sum(option.right for option in self.options) != 1:
            raise ValueError(f"exactly one option must be right: {self.prompt}")


def exercise(id: str, **declared: Any) -> Exercise:
    """Declare an exercise; `Exercise` says what with."""
    _registry[id] = Exercise(id, **declared)
    return _registry[id]


_registry: dict[str, Exercise] = {}
_modules: dict[Path, ModuleType] = {}


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
    for each in of_chapter(id.partition("-")[0]):
        if each.id == id:
            return each
    known = [each.id for number in _numbers() for each in of_chapter(number)]
    near = difflib.get_close_matches(id, known, n=1, cutoff=0.4)
    raise CourseError(
        f"There is no exercise {id!r}." + (f" Did you mean {near[0]!r}?" if near else ""),
        "The id stands in the check cell below each exercise.",
    )


def of_chapter(number: str) -> list[Exercise]:
    """Return the exercises of a chapter, in the order in which its file declares them."""
    if number not in _numbers():
        return []
    module_of(number)
    return [each for id, each in _registry.items() if each.chapter == number]


def module_of(number: str) -> ModuleType:
    """Return a chapter's exercise file as a module, loaded on first use."""
    path = _folder() / f"ch{number}.py"
    if path not in _modules:
        name = f"exercises_ch{number}"
        spec = importlib.util.spec_from_file_location(name, path)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        for id in [id for id, each in _registry.items() if each.chapter == number]:
            del _registry[id]  # of another course folder
        spec.loader.exec_module(module)
        _modules[path] = module
    return _modules[path]


def _folder() -> Path:
    return places.notebooks() / "exercises"


def _numbers() -> list[str]:
    return sorted(path.stem.removeprefix("ch") for path in _folder().glob("ch*.py"))


def word(chance: random.Random, length: int = 6) -> str:
    """Draw a word of small letters."""
    return "".join(chance.choices(string.ascii_lowercase, k=length))


def words(chance: random.Random, number: int, length: int = 6) -> list[str]:
    """Draw ``number`` different words of small letters, in alphabetical order."""
    found: set[str] = set()
    while len(found) < number:
        found.add(word(chance, length))
    return sorted(found)
