"""What a bucket's life cycle does to an object, day by day, read from the rules S3 has.

The rules are those of S3's PutBucketLifecycleConfiguration: days since an object was created for
current versions, days since a newer version came for noncurrent ones
(docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html).
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    from ipywidgets import VBox
    from matplotlib.figure import Figure

GONE = "deleted"
_COLOUR = {
    "STANDARD": "orange",
    "STANDARD_IA": "sky",
    "INTELLIGENT_TIERING": "yellow",
    "ONEZONE_IA": "green",
    "GLACIER_IR": "purple",
    "GLACIER": "blue",
    "DEEP_ARCHIVE": "black",
}


@dataclass(frozen=True)
class Stay:
    """A time that a version spends in one storage class.

    Parameters
    ----------
    place : str
        The storage class, or ``"deleted"``.
    first : int
        The first day, from 0.
    """

    place: str
    first: int


def current(rules: Sequence[dict], key: str) -> tuple[Stay, ...]:
    """Return where the current version of an object is, from the day of its upload on.

    Parameters
    ----------
    rules : sequence of dict
        As ``get_bucket_lifecycle_configuration(...)["Rules"]`` has them.
    key : str
        The object's key; rules for other prefixes leave it alone.

    Returns
    -------
    tuple of Stay
        By day; the first begins on day 0 in STANDARD.
    """
    own = _for(rules, key)
    moves = [(move["Days"], move["StorageClass"]) for rule in own for move in _moves(rule, "")]
    ends = [rule["Expiration"]["Days"] for rule in own if "Days" in rule.get("Expiration", {})]
    return _stays(moves, ends)


def noncurrent(rules: Sequence[dict], key: str) -> tuple[Stay, ...]:
    """Return where an old version is, from the day on which a newer one came; see `current`."""
    own = _for(rules, key)
    moves = [
        (move["NoncurrentDays"], move["StorageClass"])
        for rule in own
        for move in _moves(rule, "NoncurrentVersion")
    ]
    ends = [
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for rule in own
        if "NoncurrentVersionExpiration" in rule
    ]
    return _stays(moves, ends)


def place(stays: Sequence[Stay], day: int) -> str:
    """Return the storage class on a day, or ``"deleted"``."""
    return [stay.place for stay in stays if stay.first <= day][-1]


def in_words(rules: Sequence[dict], key: str) -> str:
    """Return both lines of the picture in words."""
    return (
        f"{key}, while it is the current version: {_told(current(rules, key))}."
        f" After a newer version came: {_told(noncurrent(rules, key))}."
    )


def draw(rules: Sequence[dict], key: str, day: int = 0) -> Figure:
    """Draw both lines over the days, with a mark at a day.

    Returns
    -------
    matplotlib.figure.Figure
        Days on the horizontal axis, one bar per version, one colour per storage class.
    """
    import matplotlib.pyplot as plt

    from coursekit.views.figure import COLOURS

    lines = {"an old version": noncurrent(rules, key), "the current version": current(rules, key)}
    end = _end(lines.values())
    figure, axes = plt.subplots(figsize=(8, 2.4))
    for name, stays in lines.items():
        for stay, until in zip(stays, [*(s.first for s in stays[1:]), end], strict=True):
            gone = stay.place == GONE
            colour = "white" if gone else COLOURS[_COLOUR.get(stay.place, "vermilion")]
            axes.barh(name, until - stay.first, left=stay.first, height=0.6, color=colour,
                      edgecolor="black", hatch="//" if gone else None,
                      label=stay.place)  # fmt: skip
    handles, labels = axes.get_legend_handles_labels()
    shown = dict(zip(labels, handles, strict=True))
    if GONE in shown:  # the end comes last
        shown[GONE] = shown.pop(GONE)
    axes.legend(shown.values(), shown, loc="upper left", bbox_to_anchor=(1.01, 1))
    axes.axvline(day, color=COLOURS["vermilion"], linewidth=2)
    axes.set(
        title=f"The life cycle of {key}",
        xlabel="days since its upload, or since a newer version came",
        xlim=(0, end),
    )
    return figure


def explore_life_cycle(rules: Sequence[dict], key: str) -> VBox:
    """Return a slider over the days of an object's life, with the storage class on each.

    Where no widget can be shown, it is the picture, and both lines in words.

    Parameters
    ----------
    rules : sequence of dict
        As ``get_bucket_lifecycle_configuration(...)["Rules"]`` has them.
    key : str
        The object's key.

    Raises
    ------
    CourseError
        No enabled rule is for this key.
    """
    from ipywidgets import HTML, Image, IntSlider, Layout, VBox

    from coursekit.views.figure import png

    if not _for(rules, key):
        raise CourseError(
            f"No enabled rule of this life cycle is for the key {key!r}.",
            "Compare the key with the Prefix in each rule's Filter.",
        )
    now, old = current(rules, key), noncurrent(rules, key)
    words = in_words(rules, key)

    class Explorer(VBox):
        """The box, with a picture and a plain text that do not change from run to run."""

        def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
            picture = base64.b64encode(png(draw(rules, key))).decode()
            data = super()._repr_mimebundle_(**kwargs)
            data |= {"image/png": picture, "text/plain": words}
            return data, {"image/png": {"alt": words}}

    day = IntSlider(max=_end([now, old]), description="Day", layout=Layout(width="28em"))
    day.add_class("ck-life-cycle-day")
    caption = HTML()
    picture = Image(format="png", layout=Layout(max_width="100%", align_self="flex-start"))

    def refresh(*_: Any) -> None:
        caption.value = (
            f"<p aria-live='polite'>Day {day.value}: the current version is"
            f" <b>{html.escape(place(now, day.value))}</b>; an old one, {day.value} days after a"
            f" newer one came, is <b>{html.escape(place(old, day.value))}</b>.</p>"
        )
        picture.value = png(draw(rules, key, day.value))

    day.observe(refresh, "value")
    refresh()
    return Explorer([day, caption, picture]).add_class("ck-view")


def _for(rules: Sequence[dict], key: str) -> list[dict]:
    return [rule for rule in rules if rule["Status"] == "Enabled" and key.startswith(_prefix(rule))]


def _prefix(rule: dict) -> str:
    given = rule.get("Filter", {})
    return given.get("Prefix") or given.get("And", {}).get("Prefix") or rule.get("Prefix") or ""


def _moves(rule: dict, kind: str) -> list[dict]:
    return [m for m in rule.get(f"{kind}Transitions", ()) if "Days" in m or "NoncurrentDays" in m]


def _stays(moves: list[tuple[int, str]], ends: list[int]) -> tuple[Stay, ...]:
    end = min(ends, default=None)
    kept = [Stay(to, day) for day, to in sorted(moves) if end is None or day < end]
    first = [] if kept and kept[0].first == 0 else [Stay("STANDARD", 0)]
    return (*first, *kept, *([Stay(GONE, end)] if end is not None else []))


def _end(lines: Any) -> int:
    return round(1.2 * max(stay.first for stays in lines for stay in stays)) or 30


def _told(stays: Sequence[Stay]) -> str:
    return ", ".join(f"from day {stay.first} {stay.place}" for stay in stays)
