"""Names and objects: what a program's names refer to after each of its statements.

The statements are really executed, one by one. What is drawn is read from the namespace that they
leave behind: types, values, references, and `sys.getrefcount` less the references of the tracer
itself. Born in chapter 1.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import html
import io
import sys
import types
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from coursekit.ground.errors import CourseError
from coursekit.views.explore import View, explore
from coursekit.views.figure import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ITEMS = 6  # a longer list is cut in its box
MOST_OBJECTS = 12  # more boxes than this cannot be read in one picture
LONGEST_TEXT = 27  # characters in one line of a box

# In units of the picture: widths of a box, of a column of boxes, of a character of the program.
_BOX_WIDTH, _COLUMN_WIDTH, _CHARACTER = 3.4, 4.4, 0.155
_LINE_HEIGHT = 0.34
_MONO = {"family": "DejaVu Sans Mono", "fontsize": 9}


class Thing(NamedTuple):
    """An object, as the picture shows it.

    Attributes
    ----------
    kind : str
        The name of its type.
    text : tuple of str
        Its value, in one or more lines; ``●`` stands for an object that has a box of its own.
    count : int or None
        How many references lead to it. None for what cannot change (numbers, strings, tuples,
        functions): Python shares those as it likes, so their counts say nothing about a program.
    links : tuple of int
        The numbers of the objects with a box that it refers to, each as often as it does.
    """

    kind: str
    text: tuple[str, ...]
    count: int | None
    links: tuple[int, ...]

    @property
    def head(self) -> str:
        """The first line of its box."""
        return self.kind if self.count is None else f"{self.kind} · {_references(self.count)}"


class Step(NamedTuple):
    """What a statement left behind.

    Attributes
    ----------
    lines : tuple of int
        The first and the last line of the statement, from 1.
    names : dict of str to int
        Each name, with the number of its object.
    things : dict of int to Thing
        Every object that is alive, by number, in the order of birth.
    printed, error : str
        What the statement printed; the exception that it raised, which ends the program.
    """

    lines: tuple[int, int]
    names: dict[str, int]
    things: dict[int, Thing]
    printed: str = ""
    error: str = ""

    @property
    def lost(self) -> list[int]:
        """The objects that are alive although no name leads to them."""
        reached = list(dict.fromkeys(self.names.values()))
        for number in reached:
            reached += [link for link in self.things[number].links if link not in reached]
        return [number for number in self.things if number not in reached]


def trace(program: str) -> list[Step]:
    """Execute a program statement by statement and describe what each leaves behind.

    Parameters
    ----------
    program : str
        A few lines of Python. Cyclic garbage collection is off while they run, so that an object
        goes when the program lets it go, or calls ``gc.collect()``.

    Returns
    -------
    list of Step
        One per statement at the left margin, up to the first that raises. Modules and classes are
        left out. An object that no name leads to is found if it can be weakly referenced, as the
        objects of a program's own classes can.

    Raises
    ------
    CourseError
        The program is empty or is not Python.
    """
    try:
        body = ast.parse(program).body
    except SyntaxError as error:
        raise CourseError(
            f"Line {error.lineno} of the program is not Python: {error.msg}.",
            "Mend that line; run the program in a cell of its own to see the whole error.",
        ) from None
    if not body:
        raise CourseError("The program has no statement.", 'Write a line or two: "a = [1]\\nb = a"')
    space: dict[str, Any] = {"__name__": "program"}
    numbers, steps = _Numbers(), []
    was_on = gc.isenabled()
    gc.disable()
    try:
        for statement in body:
            printed, error = _execute(statement, space)
            # A decorator stands above its own `def`.
            decorators = getattr(statement, "decorator_list", ())
            first = min([statement.lineno, *(each.lineno for each in decorators)])
            lines = first, statement.end_lineno or first
            steps.append(Step(lines, *_look(space, numbers), printed, error))
            if error:
                break
        space.clear()
    finally:
        if was_on:
            gc.enable()
    return steps


def _execute(statement: ast.stmt, space: dict[str, Any]) -> tuple[str, str]:
    printed = io.StringIO()
    code = compile(ast.Module([statement], []), "<program>", "exec")
    try:
        with contextlib.redirect_stdout(printed):
            exec(code, space)
    except Exception as error:
        # Only the words are kept: a traceback would hold on to the program's objects.
        return printed.getvalue(), f"{type(error).__name__}: {error}"
    return printed.getvalue(), ""


class _Numbers:
    """Gives every object a number for life, and finds those again that have lost their names."""

    def __init__(self) -> None:
        self._born = 0
        self._of: dict[int, int] = {}  # id -> number, of the objects alive at the last look
        self._watched: list[weakref.ref] = []

    def survivors(self) -> list[Any]:
        return [alive for watch in self._watched if (alive := watch()) is not None]

    def renew(self, held: dict[int, Any]) -> dict[int, int]:
        """Number the objects alive now, and forget the others: their ids may be used again."""
        numbers = {}
        for key in held:
            if key not in self._of:
                self._born += 1
            numbers[key] = self._of.get(key, self._born)
        self._of = numbers
        self._watched = [weakref.ref(x) for x in held.values() if _is_instance(x)]
        return numbers


def _look(space: dict[str, Any], numbers: _Numbers) -> tuple[dict[str, int], dict[int, Thing]]:
    """Return the object of each name, by number, and each object."""
    shown = {
        name: id(value)
        for name, value in space.items()
        if not name.startswith("__") and not isinstance(value, types.ModuleType | type)
    }
    held: dict[int, Any] = {}
    for name in shown:
        _hold(space[name], held)
    for survivor in numbers.survivors():
        _hold(survivor, held)
    # The loop's name would be one reference more.
    survivor = None
    number = numbers.renew(held)
    things = {number[key]: _thing(held, key, number) for key in held}
    return {name: number[key] for name, key in shown.items()}, dict(sorted(things.items()))


def _hold(value: Any, held: dict[int, Any]) -> None:
    """Put an object, and every object with a box that it leads to, into ``held``."""
    if id(value) in held:
        return
    held[id(value)] = value
    for _, part in _parts(value):
        if _has_box(part):
            _hold(part, held)


def _thing(held: dict[int, Any], key: int, number: dict[int, int]) -> Thing:
    # Two references are the tracer's: the one in `held` and the argument of getrefcount.
    count = sys.getrefcount(held[key]) - 2
    value = held[key]
    lines = (t if len(t) <= LONGEST_TEXT else t[: LONGEST_TEXT - 2] + " …" for t in _text(value))
    return Thing(
        kind="weak reference" if isinstance(value, weakref.ref) else type(value).__name__,
        text=tuple(lines),
        count=count if _can_change(value) else None,
        links=tuple(number[id(part)] for _, part in _parts(value) if _has_box(part)),
    )


def _is_instance(value: Any) -> bool:
    """Tell whether this is an object of a class that the program itself defined."""
    return type(value).__module__ == "program"


def _can_change(value: Any) -> bool:
    return isinstance(value, list | dict | set) or _is_instance(value)


def _has_box(value: Any) -> bool:
    """Tell whether an object gets a box of its own inside another; plain values stand in line."""
    return _can_change(value) or isinstance(value, tuple)


def _parts(value: Any) -> list[tuple[str, Any]]:
    """Return what an object holds, each with what stands before it."""
    if isinstance(value, dict):
        return [(f"{key!r}: ", part) for key, part in value.items()]
    if isinstance(value, set):  # its own order changes from run to run
        return [("", part) for part in sorted(value, key=repr)]
    if isinstance(value, list | tuple):
        return [("", part) for part in value]
    if _is_instance(value):
        return [(f"{name} = ", part) for name, part in getattr(value, "__dict__", {}).items()]
    return []


def _text(value: Any) -> list[str]:
    parts = [label + ("●" if _has_box(part) else _plain(part)) for label, part in _parts(value)]
    if len(parts) > MOST_ITEMS:
        parts[MOST_ITEMS - 1 :] = [f"… {len(parts)} in all"]
    if _is_instance(value):
        return parts or ["no attributes"]
    for kind, (opening, closing) in {list: "[]", tuple: "()", set: "{}", dict: "{}"}.items():
        if isinstance(value, kind):
            return [opening + ", ".join(parts) + closing]
    return [_plain(value)]


def _plain(value: Any) -> str:
    """Return the value in words that are the same in every run: no address in them."""
    if isinstance(value, weakref.ref):
        return "its object is gone" if value() is None else "its object is alive"
    if isinstance(value, types.FunctionType | types.BuiltinFunctionType | type):
        return getattr(value, "__name__", "function")
    if type(value).__repr__ is object.__repr__:
        return f"a {type(value).__name__}"
    return repr(value)


def in_words(step: Step) -> str:
    """Describe a step: each object, who refers to it, and how many references it has."""
    sentences = []
    for number, thing in step.things.items():
        names = [name for name, target in step.names.items() if target == number]
        value = "; ".join(thing.text)
        who = " and ".join(names) or ("no name" if number in step.lost else "another object")
        counted = "" if thing.count is None else f", {_references(thing.count)}"
        sentences.append(f"{who} → {thing.kind} {value}{counted}")
    ending = f" {step.error}." if step.error else ""
    return f"After line {step.lines[1]}: {' | '.join(sentences) or 'no objects'}.{ending}"


def _references(count: int) -> str:
    return f"{count} reference{'' if count == 1 else 's'}"


def _layout(step: Step) -> dict[int, tuple[int, float, float]]:
    """Return of each object its column, its middle (downwards) and the height of its box.

    Named and lost ones stand in the first column, then what they lead to.
    """
    column = dict.fromkeys((*step.names.values(), *step.lost), 0)
    todo = list(column)
    for number in todo:
        for target in step.things[number].links:
            if target not in column:
                column[target] = column[number] + 1
                todo.append(target)
    tops = dict.fromkeys(column.values(), 0.0)
    places = {}
    for number in sorted(todo[:MOST_OBJECTS]):
        height = _LINE_HEIGHT * (len(step.things[number].text) + 1) + 0.25
        places[number] = column[number], tops[column[number]] + height / 2, height
        tops[column[number]] += height + 0.4
    return places


def draw(program: str, steps: list[Step], position: int) -> Figure:
    """Draw one step: the program, its names as labels, its objects as boxes, arrows between."""
    import matplotlib.pyplot as plt

    step, code = steps[position], program.splitlines()
    # All steps of a program share one frame, so that nothing jumps when the slider moves.
    seen = [place for each in steps for place in _layout(each).values()]
    columns = max((column for column, *_ in seen), default=0) + 1
    lowest = max((middle + high / 2 + 0.4 for _, middle, high in seen), default=0)
    height = max(lowest, _LINE_HEIGHT * (len(code) + 4), 2.5)
    names_at = max(4.0, _CHARACTER * (max(map(len, code)) + 3) + 1.4)
    objects_at = names_at + 1.6
    width = objects_at + _COLUMN_WIDTH * columns
    figure, axes = plt.subplots(figsize=(0.68 * width, 0.68 * (height + 1.2)))
    axes.set(xlim=(0, width), ylim=(-height, 1))
    axes.set_axis_off()
    axes.set_title(f"Names and objects after line {step.lines[1]}", loc="left", fontsize=12)
    for x, heading in ((0, "program"), (names_at - 0.8, "names"), (objects_at, "objects")):
        axes.text(x, 0.35, heading, fontsize=10, style="italic", color="#555555")
    for number, line in enumerate(code, 1):
        now = step.lines[0] <= number <= step.lines[1]
        colour = "black" if number < step.lines[0] else "#888888"
        look = {"color": COLOURS["vermilion"], "weight": "bold"} if now else {"color": colour}
        axes.text(0, -_LINE_HEIGHT * number, ("▶ " if now else "  ") + line, **_MONO, **look)
    said = step.error or step.printed.strip()
    axes.text(0, -_LINE_HEIGHT * (len(code) + 1.8), said, va="top", **_MONO)

    before = steps[position - 1].things if position else {}
    places = {}
    for number, (column, middle, high) in _layout(step).items():
        x = objects_at + _COLUMN_WIDTH * column
        places[number] = x, -middle, high
        changed = before.get(number) != step.things[number]
        _draw_box(axes, step.things[number], places[number], changed, number in step.lost)
    for number, place in places.items():
        names = [name for name, target in step.names.items() if target == number]
        for i, name in enumerate(names):
            at = place[1] + (len(names) - 1) * 0.22 - i * 0.44
            label = {"boxstyle": "round,pad=0.25", "fc": "#fff3d6", "ec": COLOURS["orange"]}
            axes.annotate(name, place[:2], (names_at, at), ha="right", va="center", bbox=label,
                          arrowprops={"arrowstyle": "-|>", "shrinkB": 1}, **_MONO)  # fmt: skip
        for target in dict.fromkeys(step.things[number].links):
            if target in places:
                _draw_link(axes, place, places[target])
    return figure


def _draw_box(axes: Axes, thing: Thing, place: tuple, changed: bool, lost: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y, height = place
    box = FancyBboxPatch(
        (x + 0.1, y - height / 2 + 0.1),
        _BOX_WIDTH - 0.2,
        height - 0.2,
        boxstyle="round,pad=0.1",
        facecolor="#eeeeee" if lost else "#e8f3fa",
        edgecolor=COLOURS["vermilion"] if changed else COLOURS["blue"],
        linewidth=2.2 if changed else 1.0,
        linestyle="--" if lost else "-",
    )
    axes.add_patch(box)
    top = y + height / 2 - 0.32
    axes.text(x + 0.12, top, thing.head, fontsize=8, color="#444444")
    for i, line in enumerate(thing.text, 1):
        axes.text(x + 0.12, top - _LINE_HEIGHT * i, line, **{**_MONO, "fontsize": 7.5})


def _draw_link(axes: Axes, source: tuple, target: tuple) -> None:
    (x, y, height), (to_x, to_y, _) = source, target
    right = x + _BOX_WIDTH
    if source == target:
        start, end, bend = (right, y - height / 4), (right, y + height / 4), 1.6
    elif to_x > x:
        start, end, bend = (right, y), (to_x, to_y), 0.0
    elif to_y < y:  # down on the right side, up on the left: a cycle is seen as a ring
        start, end, bend = (right, y), (to_x + _BOX_WIDTH, to_y), -0.45
    else:
        start, end, bend = (x, y), (to_x, to_y), -0.45
    arrow = {"arrowstyle": "-|>", "color": COLOURS["green"], "linewidth": 1.6}
    axes.annotate("", end, start, arrowprops={**arrow, "connectionstyle": f"arc3,rad={bend}"})


def explore_objects(program: str, still: int | None = None) -> View:
    """Return a widget that steps through a program and draws its names and objects.

    Where no widget can be shown, it is the picture of one step, and all steps in words.

    Parameters
    ----------
    program : str
        A few lines of Python; see `trace`.
    still : int, optional
        The statement, from 1, whose step is the picture; by default the last.

    Raises
    ------
    CourseError
        The program is empty or is not Python.
    """
    steps = trace(program)
    shown = (len(steps) if still is None else still) - 1

    def tell(_: str, number: int) -> str:
        words = html.escape(in_words(steps[number]))
        return f"<details><summary>In words</summary>{words}</details>"

    return explore(
        lambda _, number: draw(program, steps, number),
        tell,
        lambda _: "\n".join(map(in_words, steps)),
        range(1, len(steps) + 1),
        label="Statement",
        still=shown,
        alt=lambda _: in_words(steps[shown]),
    )
