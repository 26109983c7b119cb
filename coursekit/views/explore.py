"""One way to explore: a slider, a picture, and words; without a browser, the picture and words.

A new view is a function that draws a step and one that tells it; `explore` makes the widget.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ipywidgets import HTML, Dropdown, HBox, Image, Play, SelectionSlider, VBox, jslink

from coursekit.views.figure import png

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class View(VBox):
    """A widget that shows something else where there is no browser.

    Parameters
    ----------
    children : sequence of Widget
        What it holds, from top to bottom.
    without : callable
        Returns what is shown without a browser, by mime type, and metadata by mime type.
    """

    def __init__(
        self, children: Sequence[Any], without: Callable[[], tuple[dict, dict]], **traits: Any
    ) -> None:
        super().__init__(children, **traits)
        self._without = without
        self.add_class("ck-view")

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        data, metadata = self._without()
        return {**super()._repr_mimebundle_(**kwargs), **data}, metadata


def explore(
    draw: Callable[[str, Any], Figure | str],
    tell: Callable[[str, int], str],
    words: Callable[[str], str],
    steps: Mapping[str, Sequence[Any]] | Sequence[Any],
    *,
    label: str = "Step",
    choice: str = "",
    start: int = 0,
    still: int | None = -1,
    play: bool = False,
    alt: Callable[[str], str] | None = None,
) -> View:
    """Return a widget that steps through pictures.

    Parameters
    ----------
    draw : callable
        ``draw(name, number)`` gives the picture of a step: a matplotlib figure, or SVG as text.
    tell : callable
        ``tell(name, number)`` gives what is said below the slider, as HTML.
    words : callable
        ``words(name)`` gives all of it in words, the same in every run: nbval compares them.
    steps : sequence, or mapping of str to sequence
        What the slider shows for each step; several of these, by name, give a choice.
    label, choice : str
        What stands beside the slider, and beside the choice.
    start : int
        Where the slider stands at first.
    still : int or None
        The ``number`` of the picture for where there is no browser; -1 is the last step.
    play : bool
        Whether there is a button that moves the slider.
    alt : callable, optional
        ``alt(name)`` describes that picture, if ``words(name)`` says more than it shows.
    """
    ways = dict(steps) if isinstance(steps, Mapping) else {"": steps}

    @cache
    def picture_of(name: str, number: int | None) -> bytes | str:
        drawn = draw(name, number)
        return drawn if isinstance(drawn, str) else png(drawn)

    def without() -> tuple[dict, dict]:
        name = chosen.value
        picture = picture_of(name, still if still != -1 else len(ways[name]) - 1)
        said = {"alt": alt(name) if alt else words(name)}
        if isinstance(picture, str):
            kind = "image/svg+xml"
        else:
            kind, picture = "image/png", base64.b64encode(picture).decode()
        return {kind: picture, "text/plain": words(name)}, {kind: said}

    chosen = Dropdown(options=list(ways), description=choice).add_class("ck-choice")
    slider = SelectionSlider(options=[""], description=label, layout={"width": "28em"})
    slider.add_class("ck-step")
    player = Play(interval=1500)
    jslink((player, "value"), (slider, "index"))
    caption = HTML()
    is_svg = isinstance(picture_of(chosen.value, start), str)
    # At its own size: stretched to the width of the page, it would be blurred and too high.
    layout = {"max_width": "100%", "align_self": "flex-start"}
    picture = HTML() if is_svg else Image(format="png", layout=layout)

    def refresh(*_: Any) -> None:
        told = tell(chosen.value, slider.index)
        caption.value = (
            f"<div aria-live='polite' style='min-height:3em;line-height:1.4'>{told}</div>"
        )
        picture.value = picture_of(chosen.value, slider.index)

    def begin(*_: Any) -> None:
        labels = [str(each) for each in ways[chosen.value]]
        slider.options, player.max = labels, len(labels) - 1
        slider.index = player.value = min(start, len(labels) - 1)

    chosen.observe(begin, "value")
    slider.observe(refresh, "index")
    begin()
    controls = [*([player] if play else []), slider, *([chosen] if len(ways) > 1 else [])]
    return View([HBox(controls), caption, picture], without)
