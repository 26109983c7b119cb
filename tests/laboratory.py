"""Runs a chapter's cells in this process, and any other answer in the place of an exercise's.

What happens at each exercise cell of a solved notebook, in order:

1. the starter, as a learner gets it, then the check;
2. each wrong answer of ``tests/attacks``, then the check;
3. each mutant of the solution, then the check;
4. the hidden test of the exercise, with the starter, the solution, and a cheat;
5. the solution itself, then the check; its names are what the following cells see.

Each answer sees a copy of the names that the cells above have made, so none sees another's.
The chapters run on a tenth of their data, and end with their last exercise: the checks bring their
own data, and nbval runs the whole.
"""

from __future__ import annotations

import ast
import gc
import itertools
import linecache
from dataclasses import dataclass, field
from typing import Any

import matplotlib
from pandas.util import hash_pandas_object

from coursekit.feedback import lessons
from coursekit.feedback.result import Result
from tests import hidden_attempts, mutants

SCALE = 0.1
_numbers = itertools.count(1)


@dataclass
class Attempts:
    """The results of one exercise's check for every answer tried."""

    starter: Result
    solution: Result
    wrong: list[Result] = field(default_factory=list)
    mutants: list[tuple[mutants.Mutant, Result | BaseException]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)  # names whose value the check changed
    hidden: hidden_attempts.HiddenAttempts | Exception | None = None


def run_chapter(number: str, wrong_answers: dict[str, list[str]]) -> dict[str, Attempts]:
    """Run a chapter and try every answer at every exercise.

    Parameters
    ----------
    number : str
        The chapter's number.
    wrong_answers : dict
        For each exercise the sources to put in place of its solution cell.
    """
    matplotlib.use("Agg")
    gc.freeze()  # A kernel is empty: what other tests left here must not slow gc.collect() down.
    cells = lessons.read_notebook(lessons.chapter(number).path)["cells"]
    names: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
    found: dict[str, Attempts] = {}
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    checks = {
        lessons.grade_id(cell): lessons.source(following)
        for cell, following in itertools.pairwise(code)
        if lessons.is_solution(cell)
    }
    while not lessons.is_solution(code[-1]):
        code.pop()
    for cell in code:
        if lessons.is_solution(cell):
            id = lessons.grade_id(cell)
            found[id] = _attempt(id, checks[id], names, wrong_answers.get(id, ()))
        tags = cell.get("metadata", {}).get("tags", ())
        try:
            execute(lessons.source(cell), names)
        except Exception:
            if "raises-exception" not in tags:
                raise
        if "parameters" in tags:
            names["scale"] = SCALE
    return found


def execute(source: str, names: dict[str, Any]) -> Any:
    """Run a cell and return the value of its last expression, as a kernel would show it."""
    from IPython.core.inputtransformer2 import TransformerManager

    source = TransformerManager().transform_cell(source)
    file = f"<laboratory {next(_numbers)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, file, "exec"), names)
    if last is not None:
        return eval(compile(ast.Expression(last.value), file, "eval"), names)
    return None


def _attempt(id: str, check: str, names: dict[str, Any], wrong: list[str]) -> Attempts:
    solution = lessons.solution_source(id)
    attempts = Attempts(
        starter=_try(lessons.starter_source(id), check, names),
        solution=_try(solution, check, names),
        wrong=[_try(answer, check, names) for answer in wrong],
    )
    for mutant in mutants.of(solution):
        try:
            result: Result | BaseException = _try(mutant.source, check, names)
        except (Exception, SystemExit) as error:
            result = error  # the mutant does not even run: a learner sees the cell's own error
        attempts.mutants.append((mutant, result))
    attempts.changed = _changed_by_check(solution, check, names)
    answers = [_answers(source, check, names) for source in (lessons.starter_source(id), solution)]
    try:
        attempts.hidden = hidden_attempts.attempt(id, *answers)
    except Exception as error:  # told by the tests of hidden tests alone
        attempts.hidden = error
    return attempts


def _try(answer: str, check: str, names: dict[str, Any]) -> Result:
    trial = dict(names)
    execute(answer, trial)
    return execute(check, trial)


def _answers(answer: str, check: str, names: dict[str, Any]) -> tuple:
    """Return what the check cell hands to the check after an answer."""
    trial = dict(names)
    execute(answer, trial)
    return execute(check, trial | {"check": lambda _, *answers: answers})


def _changed_by_check(answer: str, check: str, names: dict[str, Any]) -> list[str]:
    """Return the names of plain values that the check changed."""
    trial = dict(names)
    execute(answer, trial)
    before = {name: _fingerprint(value) for name, value in trial.items() if _is_plain(value)}
    execute(check, trial)
    return [name for name, value in before.items() if _fingerprint(trial[name]) != value]


def _fingerprint(value: Any) -> Any:
    """Digest a table whole; its repr shows its ends only."""
    if type(value).__module__.startswith("pandas"):
        return hash_pandas_object(value).sum(), repr(value)
    return value.tobytes() if hasattr(value, "tobytes") else repr(value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, (int, float, str, bytes, list, dict, tuple, set)) or (
        type(value).__module__.startswith(("pandas", "numpy")) and hasattr(value, "shape")
    )
