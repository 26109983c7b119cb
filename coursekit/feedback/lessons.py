"""Reads the solved notebooks: the facts of a chapter, and each exercise's starter and solution.

The notebooks are the only source. What ``solution`` shows a learner, what the tests run, and what
counts as an untouched starter are all cut from the same cells, so they cannot drift apart.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import itertools
import json
import linecache
import re
import symtable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from coursekit.ground import places
from coursekit.ground.errors import CourseError

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
# What a learner finds in place of a solution. A statement, so that it can stand in a function.
STUB = "pass  # your code here"


@dataclass(frozen=True)
class Chapter:
    """The facts of a chapter, from its notebook's metadata.

    Attributes
    ----------
    number : str
        ``"06"``, or a letter for an appendix.
    name : str
        The file's name without its ending: ``"06-mapreduce"``.
    title, promise : str
        What the home page shows.
    minutes, extra : int
        Study time of the core, and of what may be left out.
    needed, helpful : tuple of str
        Numbers of the chapters to have read.
    exercises : tuple of str
        Identifiers of the graded exercises, in order.
    path : Path
        The solved notebook.
    """

    number: str
    name: str
    title: str
    promise: str
    minutes: int
    extra: int
    needed: tuple[str, ...]
    helpful: tuple[str, ...]
    exercises: tuple[str, ...]
    path: Path


def read_notebook(path: Path) -> dict:
    """Read a notebook as JSON.

    Raises
    ------
    CourseError
        When the file is missing, unreadable or not a notebook.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark there
    except FileNotFoundError:
        raise CourseError(
            f"There is no notebook {path.name} in {path.parent}.",
            "Check the name; `coursekit run --list` shows every chapter.",
        ) from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise CourseError(
            f"{path.name} cannot be read as a notebook ({_one_line(error)}).",
            "Restore it: `git checkout` for a chapter, `coursekit reset CHAPTER` for your copy.",
        ) from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise CourseError(
            f"{path.name} is JSON, but not a notebook: it has no list of cells.",
            "Restore it: `git checkout` for a chapter, `coursekit reset CHAPTER` for your copy.",
        )
    return notebook


def source(cell: dict) -> str:
    """Return a cell's source as one string (the format allows a list of lines)."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


@cache
def chapters() -> tuple[Chapter, ...]:
    """Return every chapter in ``notebooks/``, in the course's order: numbers, then letters."""
    found = [_chapter(path) for path in places.notebooks().glob("*.ipynb")]
    return tuple(sorted(found, key=lambda chapter: chapter.name))


def chapter(name: str) -> Chapter:
    """Find a chapter by number (``"6"``, ``"06"``), by name, or by file name.

    Raises
    ------
    CourseError
        When there is no such chapter; the nearest one is named.
    """
    key = Path(str(name)).name.removesuffix(".ipynb").lower()
    for candidate in chapters():
        if key in (candidate.name.lower(), candidate.number.lower(), candidate.number.lstrip("0")):
            return candidate
    known = {c.name.lower(): c.name for c in chapters()}
    short = {c.name.lower().partition("-")[2]: c.name for c in chapters()}
    near = difflib.get_close_matches(key, [*known, *short], n=1, cutoff=0.5)
    guess = f" Did you mean {(known | short)[near[0]]}?" if near else ""
    raise CourseError(
        f"There is no chapter {name!r}.{guess}",
        "Chapters are: " + ", ".join(c.name for c in chapters()),
    )


def solution_source(exercise: str) -> str:
    """Return the solved cell of an exercise without the markers: the code that the tests run."""
    lines = _exercise_cell(exercise).splitlines()
    return "\n".join(line for line in lines if line.strip() not in (BEGIN, END)).strip("\n")


def starter_source(exercise: str) -> str:
    """Return the cell of an exercise as a learner gets it, with every solution region cut out."""
    region = re.compile(
        rf"^([ \t]*){re.escape(BEGIN)}[ \t]*\n.*?^[ \t]*{re.escape(END)}[ \t]*$",
        re.MULTILINE | re.DOTALL,
    )
    return region.sub(lambda match: match.group(1) + STUB, _exercise_cell(exercise))


def answer_names(exercise: str) -> list[str]:
    """Return what the check cell of an exercise hands over, as code: names, most of them."""
    owner = chapter(exercise.partition("-")[0])
    below = itertools.dropwhile(
        lambda cell: grade_id(cell) != exercise, read_notebook(owner.path)["cells"]
    )
    for cell in below:
        if cell["cell_type"] == "code" and f'check("{exercise}"' in source(cell):
            call = ast.parse(source(cell).strip()).body[-1].value
            return [ast.unparse(each) for each in call.args[1:]]
    raise CourseError(
        f"Chapter {owner.name} has no check cell for the exercise {exercise!r}.",
        f'Below the exercise\'s cell there must be one that calls check("{exercise}", …).',
    )


def answers(exercise: str, code: str) -> tuple:
    """Run code in the place of an exercise's cell; return what the check cell hands over.

    What the code takes from the notebook above it (imports, functions, values) is run first, and no
    more than that.

    Parameters
    ----------
    exercise : str
        The exercise's id.
    code : str
        The shown solution, or another answer.
    """
    names = {"__name__": "__main__"}
    above = _statements_above(exercise)
    done: set[int] = set()

    def bring(tree: ast.AST, before: int) -> None:
        for name in sorted(_free_names(ast.unparse(tree)) - set(dir(builtins))):
            for position in reversed(range(before)):
                statement, bound = above[position]
                if name in bound:
                    if position not in done:
                        done.add(position)
                        bring(statement, position)
                        run(ast.Module([statement], []), f"<{exercise}, above>")
                    break

    def run(tree: ast.Module, file: str) -> None:
        exec(compile(tree, file, "exec", dont_inherit=True), names)

    tree = ast.parse(code)
    bring(tree, len(above))
    file = f"<answer {next(_numbers)}>"
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    run(tree, file)
    return tuple(eval(name, names) for name in answer_names(exercise))


_numbers = itertools.count(1)


@cache
def _statements_above(exercise: str) -> list[tuple[ast.stmt, set[str]]]:
    """Return the top-level statements of the cells above an exercise, and the names they bind."""
    found = []
    for cell in read_notebook(chapter(exercise.partition("-")[0]).path)["cells"]:
        if cell["cell_type"] != "code":
            continue
        if grade_id(cell) == exercise:
            break
        try:
            statements = ast.parse(source(cell)).body
        except SyntaxError:
            continue  # a magic command, which binds nothing that an answer needs
        found += [(each, _bound_by(each)) for each in statements]
    return found


def _free_names(code: str) -> set[str]:
    """Return the names that code takes from around it."""
    found: set[str] = set()
    tables = [symtable.symtable(code, "<code>", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        top = table.get_type() == "module"
        found |= {
            s.get_name()
            for s in table.get_symbols()
            if s.is_referenced() and (not s.is_assigned() if top else s.is_global())
        }
    return found


def _bound_by(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {(a.asname or a.name).partition(".")[0] for a in statement.names}
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        stored = (n for n in ast.walk(statement) if isinstance(n, ast.Name))
        return {n.id for n in stored if isinstance(n.ctx, ast.Store)}
    return set()


def _chapter(path: Path) -> Chapter:
    notebook = read_notebook(path)
    facts = notebook.get("metadata", {}).get("coursekit", {})
    number = path.stem.partition("-")[0]
    return Chapter(
        number=number,
        name=path.stem,
        title=facts.get("title", path.stem),
        promise=facts.get("promise", ""),
        minutes=facts.get("minutes", 0),
        extra=facts.get("extra", 0),
        needed=tuple(facts.get("needed", ())),
        helpful=tuple(facts.get("helpful", ())),
        exercises=tuple(grade_id(c) for c in notebook["cells"] if is_solution(c)),
        path=path,
    )


def grade_id(cell: dict) -> str:
    """Return nbgrader's id of a cell; for a solution cell that is the exercise's id."""
    return cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")


def is_solution(cell: dict) -> bool:
    """Tell whether a cell holds the solution of an exercise."""
    return bool(cell.get("metadata", {}).get("nbgrader", {}).get("solution"))


@cache
def _exercise_cell(exercise: str) -> str:
    owner = chapter(exercise.partition("-")[0])
    for cell in read_notebook(owner.path)["cells"]:
        if is_solution(cell) and grade_id(cell) == exercise:
            return source(cell)
    raise CourseError(
        f"Chapter {owner.name} has no solution cell for the exercise {exercise!r}.",
        f"Its exercises are: {', '.join(owner.exercises) or 'none yet'}.",
    )


def _one_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
