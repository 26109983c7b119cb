"""The home page inside JupyterLab: chapters, minutes, prerequisites, progress, one click to each.

A server extension renders the page from the progress file; a small front-end extension
(``labextensions/``) shows it as the first tab and asks again every two seconds, so that a passed
check moves its bar at once.
"""

from __future__ import annotations

import html
import json
import os
import re

from classkit import workspace
from coursekit.feedback import progress, sharing

ROUTE = "coursekit/home"


def page() -> str:
    """Return the home page as an HTML fragment."""
    done = progress.summary()
    passed = sum(len(p.passed) for p in done)
    total = sum(p.total for p in done)
    rows = "".join(_row(p) for p in done)
    return (
        "<h1>Python, cloud computing and big data</h1>"
        "<p class='ck-lead'>Every system in this course runs on this machine: open a chapter, run"
        " its cells, and let the checks tell you how you do.</p>"
        f"{_notes()}<p class='ck-total'>{passed} of {total} exercises passed</p>"
        "<table><thead><tr><th scope='col'>Chapter</th><th scope='col'>Minutes, core + extra</th>"
        "<th scope='col'>Read before</th><th scope='col'>Progress</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
        "<p class='ck-foot'>Your notebooks and <code>progress.json</code> are ordinary files in"
        " this folder. Start a chapter over with <code>coursekit reset 01</code>; your copy is"
        " kept in <code>backups/</code>.</p>"
        f"<p class='ck-foot ck-sharing'>{sharing.line(progress.is_shared())}</p>"
    )


def _notes() -> str:
    """Return what a learner should know: an error at the start, chapters that were improved."""
    notes = [text] if (text := os.environ.get("COURSEKIT_NOTE")) else []
    if improved := workspace.behind():
        numbers = [name.partition("-")[0] for name in improved]
        notes.append(
            f"Improved since you began: {', '.join(improved)}. Your copies with work in them are"
            f" kept; `coursekit reset {numbers[0]}` in a terminal takes the new one and keeps a"
            " backup. Copies that you have not changed are renewed at the next start."
        )
    shown = [re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(note)) for note in notes]
    return "".join(f"<p class='ck-note'>{note}</p>" for note in shown)


def _row(done: progress.ChapterProgress) -> str:
    chapter = done.chapter
    file = html.escape(chapter.path.name, quote=True)
    needed = ", ".join(chapter.needed) or "–"
    if chapter.helpful:
        needed += f" <span class='ck-soft'>(helpful: {', '.join(chapter.helpful)})</span>"
    return (
        f"<tr data-chapter='{chapter.number}'>"
        f"<td><a href='#' data-path='{file}'>"
        f"{chapter.number} &nbsp;{html.escape(chapter.title)}</a>"
        f"<div class='ck-soft'>{html.escape(chapter.promise)}</div></td>"
        f"<td>{chapter.minutes or '–'}{f' + {chapter.extra}' if chapter.extra else ''}</td>"
        f"<td>{needed}</td>"
        f"<td><progress max='{max(done.total, 1)}' value='{len(done.passed)}'"
        f" aria-label='{html.escape(chapter.title, quote=True)}: {len(done.passed)} of {done.total}"
        f" exercises passed'></progress> {'✔ ' if done.done else ''}"
        f"{len(done.passed)} of {done.total}</td></tr>"
    )


def _jupyter_server_extension_points() -> list[dict]:
    return [{"module": "classkit.lab.home"}]


def _load_jupyter_server_extension(app) -> None:
    from jupyter_server.base.handlers import APIHandler
    from jupyter_server.utils import url_path_join
    from tornado import web

    class HomeHandler(APIHandler):
        """Answers with the home page, for signed-in users only."""

        @web.authenticated
        def get(self) -> None:
            self.finish(json.dumps({"html": page()}))

    base = app.web_app.settings["base_url"]
    app.web_app.add_handlers(".*$", [(url_path_join(base, ROUTE), HomeHandler)])
