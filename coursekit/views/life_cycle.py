"""What a bucket's life cycle does to an object, day by day, read from the rules S3 has.

The rules are those of S3's PutBucketLifecycleConfiguration: days since an object was created for
current versions, days since a newer version came for noncurrent ones
(docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html).
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from coursekit.ground.errors import CourseError
from coursekit.views.explore import View, explore
from coursekit.views.figure import COLOURS

if TYPE_CHECKING:
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


class Stay(NamedTuple):
    """A version is in a storage class, or ``"deleted"``, from a day on, counted from 0."""

    place: str
    first: int


def _own(rules: Sequence[dict], key: str) -> list[dict]:
    """Return the enabled rules for a key."""

    def prefix(rule: dict) -> str:
        given = rule.get("Filter", {})
        return given.get("Prefix") or given.get("And", {}).get("Prefix") or rule.get("Prefix") or ""

    return [rule for rule in rules if rule["Status"] == "Enabled" and key.startswith(prefix(rule))]


def current(rules: Sequence[dict], key: str) -> tuple[Stay, ...]:
    """Return where the current version of an object is, from the day of its upload on."""
    return _stays(_own(rules, key), "Transitions", "Expiration", "Days")


def noncurrent(rules: Sequence[dict], key: str) -> tuple[Stay, ...]:
    """Return where an old version is, from the day on which a newer one came."""
    names = "NoncurrentVersionTransitions", "NoncurrentVersionExpiration", "NoncurrentDays"
    return _stays(_own(rules, key), *names)


def _stays(rules: Sequence[dict], moves: str, ends: str, days: str) -> tuple[Stay, ...]:
    end = min((rule[ends][days] for rule in rules if days in rule.get(ends, {})), default=None)
    kept = sorted(
        (Stay(move["StorageClass"], move[days])
         for rule in rules for move in rule.get(moves, ()) if days in move
         if end is None or move[days] < end),
        key=lambda stay: (stay.first, stay.place),
    )  # fmt: skip
    first = [] if kept and kept[0].first == 0 else [Stay("STANDARD", 0)]
    return (*first, *kept, *([Stay(GONE, end)] if end is not None else []))


def place(stays: Sequence[Stay], day: int) -> str:
    """Return the storage class on a day, or ``"deleted"``."""
    return [stay.place for stay in stays if stay.first <= day][-1]


def in_words(rules: Sequence[dict], key: str) -> str:
    """Return both lines of the picture in words."""
    now, old = (
        ", ".join(f"from day {stay.first} {stay.place}" for stay in stays)
        for stays in (current(rules, key), noncurrent(rules, key))
    )
    return f"{key}, while it is the current version: {now}. After a newer version came: {old}."


def last_day(rules: Sequence[dict], key: str) -> int:
    """Return the last day that the picture shows: some time after the last move."""
    stays = *current(rules, key), *noncurrent(rules, key)
    return round(1.2 * max(stay.first for stay in stays)) or 30


def draw(rules: Sequence[dict], key: str, day: int = 0) -> Figure:
    """Draw a bar per version over the days, a colour per storage class, with a mark at a day."""
    import matplotlib.pyplot as plt

    lines = {"an old version": noncurrent(rules, key), "the current version": current(rules, key)}
    end = last_day(rules, key)
    figure, axes = plt.subplots(figsize=(8, 2.4))
    for name, stays in lines.items():
        for stay, until in zip(stays, [*(s.first for s in stays[1:]), end], strict=True):
            gone = stay.place == GONE
            axes.barh(
                name,
                until - stay.first,
                left=stay.first,
                height=0.6,
                color="white" if gone else COLOURS[_COLOUR.get(stay.place, "vermilion")],
                edgecolor="black",
                hatch="//" if gone else None,
                label=stay.place,
            )
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


def explore_life_cycle(rules: Sequence[dict], key: str) -> View:
    """Return a slider over the days of an object's life, with the storage class on each.

    Parameters
    ----------
    rules : sequence of dict
        As ``get_bucket_lifecycle_configuration(...)["Rules"]`` has them.
    key : str
        The object's key; rules for other prefixes leave it alone.

    Raises
    ------
    CourseError
        No enabled rule is for this key.
    """
    if not _own(rules, key):
        raise CourseError(
            f"No enabled rule of this life cycle is for the key {key!r}.",
            "Compare the key with the Prefix in each rule's Filter.",
        )

    def tell(_: str, day: int) -> str:
        now, old = (html.escape(place(f(rules, key), day)) for f in (current, noncurrent))
        return (
            f"Day {day}: the current version is <b>{now}</b>; an old one, {day} days after a"
            f" newer one came, is <b>{old}</b>."
        )

    return explore(
        lambda _, day: draw(rules, key, day),
        tell,
        lambda _: in_words(rules, key),
        range(last_day(rules, key) + 1),
        label="Day",
        still=0,
    )
