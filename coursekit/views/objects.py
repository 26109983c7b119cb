"""Names and objects: what a program's names refer to after each of its statements.

The statements are really executed, one by one. What is drawn is read from the namespace that they
leave behind: types, values, references, and `sys.getrefcount` less the references of the tracer
itself. Born in chapter 1.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import gc
import io
import sys
import types
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    from ipywidgets import VBox
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ITEMS = 6  # a longer list is cut in its box
MOST_OBJECTS = 12  # more boxes than this cannot be read in one picture
LONGEST_TEXT = 27  # characters in one line of a box

# In units of the picture: widths of a box, of a column of boxes, of a character of the program.
_BOX_WIDTH, _COLUMN_WIDTH, _CHARACTER = 3.4, 4.4, 0.155
_LINE_HEIGHT = 0.34


@dataclass(frozen=True)
class Thing:
    """An object, as the picture shows it.

    Parameters
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


@dataclass(frozen=True)
class Step:
    """What a statement left behind.

    Parameters
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
        reached = set(self.names.values())
        todo = list(reached)
        while todo:
            new = set(self.things[todo.pop()].links) - reached
            reached |= new
            todo += new
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
    statements = _statements(program)
    space: dict[str, Any] = {"__name__": "program"}
    numbers, steps = _Numbers(), []
    with _collection_off():
        for statement in statements:
            printed, error = _execute(statement, space)
            names, things = _look(space, numbers)
            lines = (_first_line(statement), statement.end_lineno or statement.lineno)
            steps.append(Step(lines, names, things, printed, error))
            if error:
                break
        space.clear()
    return steps


def _statements(program: str) -> list[ast.stmt]:
    try:
        body = ast.parse(program).body
    except SyntaxError as error:
        raise CourseError(
            f"Line {error.lineno} of the program is not Python: {error.msg}.",
            "Mend that line; run the program in a cell of its own to see the whole error.",
        ) from None
    if not body:
        raise CourseError("The program has no statement.", 'Write a line or two: "a = [1]\\nb = a"')
    return body


def _first_line(statement: ast.stmt) -> int:
    """Return the first line of a statement; a decorator stands above its own ``def``."""
    return min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])


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


@contextlib.contextmanager
def _collection_off() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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
    shown = {name: id(value) for name, value in space.items() if _is_shown(name, value)}
    held: dict[int, Any] = {}
    for name in shown:
        _hold(space[name], held)
    for survivor in numbers.survivors():
        _hold(survivor, held)
    # The loop's name would be one reference more.
    survivor = None
    number = numbers.renew(held)
    things = {number[key]: _thing(held, key, number) for key in held}
    ordered = dict(sorted(things.items()))
    return {name: number[key] for name, key in shown.items()}, ordered


def _is_shown(name: str, value: Any) -> bool:
    return not name.startswith("__") and not isinstance(value, (types.ModuleType, type))


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
    links = (number[id(part)] for _, part in _parts(held[key]) if _has_box(part))
    return Thing(
        kind="weak reference" if _is_weak(held[key]) else type(held[key]).__name__,
        text=tuple(_cut(line) for line in _text(held[key])),
        count=count if _can_change(held[key]) else None,
        links=tuple(links),
    )


def _is_instance(value: Any) -> bool:
    """Tell whether this is an object of a class that the program itself defined."""
    return type(value).__module__ == "program"


def _is_weak(value: Any) -> bool:
    return isinstance(value, weakref.ref)


def _can_change(value: Any) -> bool:
    return isinstance(value, (list, dict, set)) or _is_instance(value)


def _has_box(value: Any) -> bool:
    """Tell whether an object gets a box of its own inside another; plain values stand in line."""
    return _can_change(value) or isinstance(value, tuple)


def _parts(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"{key!r}: ", part) for key, part in value.items()]
    if isinstance(value, set):  # its own order changes from run to run
        return [("", part) for part in sorted(value, key=repr)]
    if isinstance(value, (list, tuple)):
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
    pairs = {list: "[]", tuple: "()", set: "{}", dict: "{}"}
    for kind, (opening, closing) in pairs.items():
        if isinstance(value, kind):
            return [opening + ", ".join(parts) + closing]
    return [_plain(value)]


def _plain(value: Any) -> str:
    """Return the value in words that are the same in every run: no address in them."""
    if _is_weak(value):
        return "its object is gone" if value() is None else "its object is alive"
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, type)):
        return getattr(value, "__name__", "function")
    if type(value).__repr__ is object.__repr__:
        return f"a {type(value).__name__}"
    return repr(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 2] + " …"


def in_words(step: Step) -> str:
    """Describe a step: each object, who refers to it, and how many references it has."""
    sentences = []
    for number, thing in step.things.items():
        names = [name for name, target in step.names.items() if target == number]
        value = "; ".join(thing.text)
        who = " and ".join(names) or ("no name" if number in step.lost else "another object")
        counted = "" if thing.count is None else f", {_references(thing.count)}"
        sentences.append(f"{who} → {thing.kind} {value}{counted}")
    lines = f"line {step.lines[1]}"
    ending = f" {step.error}." if step.error else ""
    return f"After {lines}: {' | '.join(sentences) or 'no objects'}.{ending}"


def _references(count: int) -> str:
    return f"{count} reference" + ("" if count == 1 else "s")


def draw(program: str, steps: list[Step], position: int) -> Figure:
    """Draw one step: the program, its names as labels, its objects as boxes, arrows between.

    Parameters
    ----------
    program : str
        The program that was traced.
    steps : list of Step
        From `trace`.
    position : int
        Which step, from 0.
    """
    import matplotlib.pyplot as plt

    step = steps[position]
    # All steps of a program share one frame, so that nothing jumps when the slider moves.
    columns = max(max(_columns(s).values(), default=0) for s in steps) + 1
    height = max(_height_needed(s) for s in steps)
    height = max(height, _LINE_HEIGHT * (len(program.splitlines()) + 4), 2.5)
    longest = max(len(line) for line in program.splitlines())
    names_at = max(4.0, _CHARACTER * (longest + 3) + 1.4)
    objects_at = names_at + 1.6
    width = objects_at + _COLUMN_WIDTH * columns
    figure, axes = plt.subplots(figsize=(0.68 * width, 0.68 * (height + 1.2)))
    axes.set_xlim(0, width)
    axes.set_ylim(-height, 1)
    axes.set_axis_off()
    axes.set_title(f"Names and objects after line {step.lines[1]}", loc="left", fontsize=12)
    for x, heading in ((0, "program"), (names_at - 0.8, "names"), (objects_at, "objects")):
        axes.text(x, 0.35, heading, fontsize=10, style="italic", color="#555555")
    _draw_program(axes, program, step)
    before = steps[position - 1].things if position else {}
    _draw_objects(axes, step, before, names_at, objects_at)
    return figure


def _columns(step: Step) -> dict[int, int]:
    """Return the column of each object: named and lost ones first, then what they lead to."""
    column = {n: 0 for n in (*step.names.values(), *step.lost)}
    todo = list(column)
    while todo:
        number = todo.pop(0)
        for target in step.things[number].links:
            if target not in column:
                column[target] = column[number] + 1
                todo.append(target)
    return dict(list(column.items())[:MOST_OBJECTS])


def _box_height(thing: Thing) -> float:
    return _LINE_HEIGHT * (len(thing.text) + 1) + 0.25


def _height_needed(step: Step) -> float:
    tops = dict.fromkeys(_columns(step).values(), 0.0)
    for number, column in _columns(step).items():
        tops[column] += _box_height(step.things[number]) + 0.4
    return max(tops.values(), default=0)


def _draw_program(axes: Axes, program: str, step: Step) -> None:
    from coursekit.views.figure import COLOURS

    first, last = step.lines
    for number, line in enumerate(program.splitlines(), 1):
        now = first <= number <= last
        axes.text(
            0,
            -_LINE_HEIGHT * number,
            ("▶ " if now else "  ") + line,
            family="DejaVu Sans Mono",
            fontsize=9,
            color=COLOURS["vermilion"] if now else ("black" if number < first else "#888888"),
            weight="bold" if now else "normal",
        )
    said = step.error or step.printed.strip()
    at = -_LINE_HEIGHT * (len(program.splitlines()) + 1.8)
    axes.text(0, at, said, family="DejaVu Sans Mono", fontsize=9, va="top")


def _draw_objects(
    axes: Axes, step: Step, before: dict[int, Thing], names_at: float, objects_at: float
) -> None:
    tops: dict[int, float] = {}
    places: dict[int, tuple[int, float, float, float]] = {}
    columns = _columns(step)
    for number in sorted(columns):
        column, thing = columns[number], step.things[number]
        top, height = tops.get(column, 0.0), _box_height(thing)
        x = objects_at + _COLUMN_WIDTH * column
        places[number] = (column, x, -top - height / 2, height)
        tops[column] = top + height + 0.4
        _draw_box(axes, thing, places[number], before.get(number), number in step.lost)
    _draw_names(axes, step, places, names_at)
    for number in places:
        for target in dict.fromkeys(step.things[number].links):
            if target in places:
                _draw_link(axes, places[number], places[target])


def _draw_box(axes: Axes, thing: Thing, place: tuple, earlier: Thing | None, lost: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    from coursekit.views.figure import COLOURS

    _, x, y, height = place
    changed = earlier != thing
    corner = (x + 0.1, y - height / 2 + 0.1)
    box = FancyBboxPatch(
        corner,
        _BOX_WIDTH - 0.2,
        height - 0.2,
        boxstyle="round,pad=0.1",
        facecolor="#eeeeee" if lost else "#e8f3fa",
        edgecolor=COLOURS["vermilion"] if changed else COLOURS["blue"],
        linewidth=2.2 if changed else 1.0,
        linestyle="--" if lost else "-",
    )
    axes.add_patch(box)
    head = thing.kind if thing.count is None else f"{thing.kind} · {_references(thing.count)}"
    top = y + height / 2 - 0.32
    axes.text(x + 0.12, top, head, fontsize=8, color="#444444")
    for i, line in enumerate(thing.text, 1):
        at = top - _LINE_HEIGHT * i
        axes.text(x + 0.12, at, line, family="DejaVu Sans Mono", fontsize=7.5)


def _draw_names(axes: Axes, step: Step, places: dict[int, tuple], right: float) -> None:
    by_object: dict[int, list[str]] = {}
    for name, number in step.names.items():
        by_object.setdefault(number, []).append(name)
    for number, names in by_object.items():
        if number not in places:
            continue
        _, x, y, _ = places[number]
        for i, name in enumerate(names):
            at = y + (len(names) - 1) * 0.22 - i * 0.44
            _draw_name(axes, name, (right, at), (x, y))


def _draw_name(axes: Axes, name: str, place: tuple, target: tuple) -> None:
    from coursekit.views.figure import COLOURS

    axes.annotate(
        name,
        xy=target,
        xytext=place,
        ha="right",
        va="center",
        fontsize=9,
        family="DejaVu Sans Mono",
        bbox={"boxstyle": "round,pad=0.25", "facecolor": "#fff3d6", "edgecolor": COLOURS["orange"]},
        arrowprops={"arrowstyle": "-|>", "color": "black", "shrinkB": 1},
    )


def _draw_link(axes: Axes, source: tuple, target: tuple) -> None:
    from coursekit.views.figure import COLOURS

    column, x, y, height = source
    to_column, to_x, to_y, _ = target
    if to_column > column:
        start, end, bend = (x + _BOX_WIDTH, y), (to_x, to_y), 0.0
    elif source == target:
        right = x + _BOX_WIDTH
        start, end, bend = (right, y - height / 4), (right, y + height / 4), 1.6
    elif to_y < y:  # down on the right side, up on the left: a cycle is seen as a ring
        start, end, bend = (x + _BOX_WIDTH, y), (to_x + _BOX_WIDTH, to_y), -0.45
    else:
        start, end, bend = (x, y), (to_x, to_y), -0.45
    axes.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": COLOURS["green"],
            "linewidth": 1.6,
            "connectionstyle": f"arc3,rad={bend}",
        },
    )


def show_objects(program: str) -> None:
    """Show a program's names and objects after its last statement, as a figure.

    Raises
    ------
    CourseError
        The program is empty or is not Python.
    """
    from coursekit.views.figure import show

    steps = trace(program)
    show(draw(program, steps, len(steps) - 1), alt=in_words(steps[-1]))


def explore_objects(program: str, still: int | None = None) -> VBox:
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
    from ipywidgets import HTML, Image, IntSlider, Layout, VBox

    from coursekit.views.figure import png

    steps = trace(program)
    words = "\n".join(in_words(step) for step in steps)
    shown = (len(steps) if still is None else still) - 1

    class Explorer(VBox):
        """The box, with a picture and a plain text that do not change from run to run."""

        def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
            picture = png(draw(program, steps, shown))
            data = super()._repr_mimebundle_(**kwargs)
            data |= {"image/png": base64.b64encode(picture).decode(), "text/plain": words}
            return data, {"image/png": {"alt": in_words(steps[shown])}}

    slider = IntSlider(
        value=1,
        min=1,
        max=len(steps),
        description="Statement",
        layout=Layout(width="28em"),
    )
    slider.add_class("ck-objects-step")
    picture = Image(format="png", layout=Layout(max_width="100%", align_self="flex-start"))
    text = HTML()

    def refresh(*_: Any) -> None:
        picture.value = png(draw(program, steps, slider.value - 1))
        text.value = _folded(in_words(steps[slider.value - 1]))

    slider.observe(refresh, "value")
    refresh()
    return Explorer([slider, picture, text]).add_class("ck-view")


def _folded(words: str) -> str:
    import html

    return f"<details><summary>In words</summary>{html.escape(words)}</details>"
