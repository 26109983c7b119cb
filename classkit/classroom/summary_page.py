"""Writes a class summary: a page of tables and figures without script or network, and a table."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classkit.classroom.folder import Classroom
from classkit.classroom.grading import table
from classkit.classroom.summary import Learner, Line, read, summarise, worst
from coursekit.feedback import display, lessons
from coursekit.ground import files

# Okabe and Ito, as in feedback.display: told apart by every eye, and by lightness in print.
PASSED, TRIED, ABSENT = "#009E73", "#E69F00", "#E5E5E5"
MOST_NAMES = 60
PAGE, TABLE = "summary.html", "summary.csv"
COLUMNS = (
    "chapter", "exercise", "title", "tried", "passed", "share passed", "attempts",
    "median minutes", "message 1", "learners 1", "message 2", "learners 2", "message 3",
    "learners 3",
)  # fmt: skip
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62em;margin:2em auto;padding:0 1em;color:#222}
h1{font-size:1.7em}h2{margin:2em 0 .4em}table{border-collapse:collapse;width:100%}
th{text-align:left;color:#555;font-weight:600}td,th{padding:.35em .9em .35em 0;vertical-align:top;
border-bottom:1px solid #ddd}td.n,th.n{text-align:right;white-space:nowrap}
img{max-width:100%;margin:.8em 0}code{background:#f2f2f2;padding:0 .2em}
td:first-child{white-space:nowrap}.soft{color:#666}ul{margin:.2em 0;padding-left:1.1em}
"""


@dataclass(frozen=True)
class Summary:
    """What was written, for how many learners, and what was left."""

    learners: int
    page: Path
    table: Path
    refused: tuple[tuple[str, str], ...]
    stuck: tuple[str, ...] = field(default=())


def write(room: Classroom, out: Path) -> Summary:
    """Write ``summary.html`` and ``summary.csv``.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    learners, refused = read(room)
    lines = summarise(learners)
    stuck = worst(lines)
    out.mkdir(parents=True, exist_ok=True)
    path, csv = out / PAGE, out / TABLE
    for each in (path, csv):  # names and efforts of learners: for the instructor only
        each.touch(mode=0o600)
    files.write_text(path, page(room.course, learners, lines, refused))
    files.write_text(csv, table(COLUMNS, map(_as_row, lines)))
    said = (f"{x.exercise}: {x.passed} of {x.tried} passed, {x.attempts} attempts" for x in stuck)
    return Summary(len(learners), path, csv, tuple(refused), tuple(said))


def page(
    course: str, learners: list[Learner], lines: list[Line], refused: list[tuple[str, str]]
) -> str:
    """Return the whole page.

    Parameters
    ----------
    course : str
        The course's name.
    learners : list of Learner
        Those who share their progress.
    lines : list of Line
        Every exercise.
    refused : list of (str, str)
        Files that were left, and why.
    """
    parts = [f"<h1>{html.escape(course)}: class summary</h1>", _lead(learners, refused)]
    if learners:
        parts += [_stuck(worst(lines)), _overview(learners)]
    for chapter in lessons.chapters():
        own = [line for line in lines if line.chapter == chapter.name]
        if any(line.tried for line in own):
            parts.append(_chapter(chapter, own, len(learners)))
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>{html.escape(course)}: class summary</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _lead(learners: list[Learner], refused: list[tuple[str, str]]) -> str:
    number = len(learners)
    text = {0: "Nobody shares progress yet.", 1: "1 learner shares progress."}.get(
        number, f"{number} learners share their progress."
    )
    parts = [
        f"<p><b>{text}</b> Sharing is each learner's choice, so this is not the whole class."
        " Minutes are estimates: the time between checks and hints, without pauses of more than"
        " 15 minutes.</p>"
    ]
    if refused:
        rows = "".join(
            f"<li>{html.escape(name[:80])}: {html.escape(why)}</li>" for name, why in refused
        )
        parts.append(f"<p>These files were left:</p><ul>{rows}</ul>")
    return "".join(parts)


def _stuck(lines: list[Line]) -> str:
    if not lines:
        return "<h2>Where the class is stuck</h2><p>Nowhere: all that was tried was passed.</p>"
    rows = "".join(
        f"<tr><td>{html.escape(x.exercise)}<div class='soft'>{html.escape(x.title)}</div></td>"
        f"<td class='n'>{x.tried - x.passed} of {x.tried}</td>"
        f"<td class='n'>{x.attempts / x.tried:.1f}</td>"
        f"<td class='n'>{x.median_minutes:.0f}</td><td>{_messages(x)}</td></tr>"
        for x in lines
    )
    return (
        "<h2>Where the class is stuck</h2><table><thead><tr><th scope='col'>Exercise</th>"
        "<th scope='col' class='n'>Not yet passed</th><th scope='col' class='n'>Attempts each</th>"
        "<th scope='col' class='n'>Minutes</th><th scope='col'>What checks told most, and to how"
        f" many</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _messages(line: Line) -> str:
    if not line.messages:
        return "<span class='soft'>no message</span>"
    said = "".join(f"<li>{display.rich_line(text)} ({n})</li>" for text, n in line.messages)
    return f"<ul>{said}</ul>"


def _chapter(chapter: lessons.Chapter, lines: list[Line], learners: int) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(x.exercise)}</td><td class='n'>{x.tried}</td>"
        f"<td class='n'>{x.passed}</td><td class='n'>{f'{x.share:.0%}' if x.tried else '–'}</td>"
        f"<td class='n'>{x.attempts}</td>"
        f"<td class='n'>{f'{x.median_minutes:.0f}' if x.tried else '–'}</td>"
        f"<td>{_messages(x) if x.messages else ''}</td></tr>"
        for x in lines
    )
    words = "; ".join(f"{x.exercise}: {x.passed} of {x.tried} passed" for x in lines)
    return (
        f"<h2>{chapter.number} {html.escape(chapter.title)}</h2>"
        + _image(_bars(chapter, lines, learners), f"Per exercise, learners who passed: {words}.")
        + "<table><thead><tr><th scope='col'>Exercise</th><th scope='col' class='n'>Tried</th>"
        "<th scope='col' class='n'>Passed</th><th scope='col' class='n'>Share</th>"
        "<th scope='col' class='n'>Attempts</th><th scope='col' class='n'>Median minutes</th>"
        "<th scope='col'>What checks told most, and to how many learners</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _bars(chapter: lessons.Chapter, lines: list[Line], learners: int) -> Any:
    """Draw, exercise by exercise, how many passed and how long it took."""
    import seaborn as sns

    figure = _figure(9.5, 1.4 + 0.33 * len(lines))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    places = range(len(lines))
    passed = [line.passed for line in lines]
    open_ = [line.tried - line.passed for line in lines]
    rest = [learners - line.tried for line in lines]
    left.barh(places, passed, color=PASSED, label="passed")
    left.barh(places, open_, left=passed, color=TRIED, label="tried, not yet passed", hatch="//",
              edgecolor="white")  # fmt: skip
    tried = [line.tried for line in lines]
    left.barh(places, rest, left=tried, color=ABSENT, label="not tried")
    left.set(xlabel="learners", xlim=(0, max(learners, 1)))
    left.set_yticks(places, [_short(line.exercise) for line in lines])
    left.invert_yaxis()
    left.xaxis.get_major_locator().set_params(integer=True)
    left.legend(ncols=3, frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1))
    points = [(n, m) for n, line in enumerate(lines) for m in line.minutes]
    if points:
        sns.stripplot(
            x=[m for _, m in points], y=[n for n, _ in points], orient="h", ax=right, size=4,
            color="#0072B2", alpha=0.5, jitter=0.2, native_scale=True,
        )  # fmt: skip
        middles = [(n, line.median_minutes) for n, line in enumerate(lines) if line.tried]
        right.plot([m for _, m in middles], [n for n, _ in middles], "|", color="black",
                   markersize=14, markeredgewidth=2, label="median")  # fmt: skip
        right.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1))
    right.set(xlabel="minutes of each learner", ylabel="")
    right.set_xlim(left=0)
    right.tick_params(left=False)
    for ax in (left, right):
        sns.despine(ax=ax, left=True)
    figure.suptitle(f"{chapter.number} {chapter.title}: passes and minutes", x=0.01, ha="left")
    return figure


def _overview(learners: list[Learner]) -> str:
    """Draw how far each learner is in each chapter."""
    import seaborn as sns

    chapters = [chapter for chapter in lessons.chapters() if chapter.exercises]
    ranked = sorted(learners, key=lambda x: (-_passed(x, None), x.name))[:MOST_NAMES]
    counts = [[_passed(x, chapter) for chapter in chapters] for x in ranked]
    shares = [
        [done / len(chapter.exercises) for done, chapter in zip(row, chapters, strict=True)]
        for row in counts
    ]
    marks = [[str(done) if done else "·" for done in row] for row in counts]
    figure = _figure(8, 1.6 + 0.27 * len(ranked))
    ax = figure.subplots()
    sns.heatmap(
        shares, ax=ax, vmin=0, vmax=1, cmap="Greens", annot=marks, fmt="", linewidths=1,
        cbar_kws={"label": "share of the exercises passed"},
        xticklabels=[chapter.number for chapter in chapters],
        yticklabels=[_plain(x.name) for x in ranked],
    )  # fmt: skip
    ax.set(xlabel="chapter", title="Exercises passed, by learner and chapter")
    ax.tick_params(left=False, bottom=False)
    ax.set_yticklabels(ax.get_yticklabels(), rotation=0)
    totals = ", ".join(f"{_plain(x.name)} {_passed(x, None)}" for x in ranked)
    more = (
        f"<p>The first {MOST_NAMES} of {len(learners)}.</p>" if len(learners) > MOST_NAMES else ""
    )
    return (
        "<h2>How far learners are</h2>"
        + _image(figure, f"Exercises passed in all chapters: {totals}.")
        + more
    )


def _passed(learner: Learner, chapter: lessons.Chapter | None) -> int:
    wanted: Iterable[str] = learner.efforts if chapter is None else chapter.exercises
    return sum(e in learner.efforts and learner.efforts[e].passed for e in wanted)


def _plain(name: str) -> str:
    """Return a name for a figure: short, and no markup of matplotlib's."""
    return name[:20].replace("$", r"\$")


def _short(exercise: str) -> str:
    return exercise.partition("-")[2] or exercise


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _image(figure: Any, words: str) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110)
    picture = base64.b64encode(stream.getvalue()).decode()
    return f"<img alt='{html.escape(words, quote=True)}' src='data:image/png;base64,{picture}'>"


def _as_row(line: Line) -> dict:
    row = {
        "chapter": line.chapter,
        "exercise": line.exercise,
        "title": line.title,
        "tried": line.tried,
        "passed": line.passed,
        "share passed": round(line.share, 3) if line.tried else "",
        "attempts": line.attempts,
        "median minutes": round(line.median_minutes, 1) if line.tried else "",
    }
    for number, (message, count) in enumerate(line.messages, 1):
        row |= {f"message {number}": message, f"learners {number}": count}
    return row
