"""A few small things to show in a notebook, each with the same words as plain text.

Colours and signs are kept here, in one place. The colours keep a contrast of at least 4.5 to 1
on JupyterLab's light and dark themes, and no meaning hangs on colour alone: each card has a sign.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

SIGNS = {
    "passed": "✔",
    "failed": "✘",
    "raised": "⚠",
    "not attempted": "○",
    "interrupted": "○",
    "hint": "☞",
    "solution": "✎",
    "quiz": "?",
    "note": "•",
}

# Okabe and Ito's palette, safe for colour-blind readers (jfly.uni-koeln.de/color).
COLOURS = {
    "passed": "#009E73",
    "failed": "#D55E00",
    "raised": "#D55E00",
    "not attempted": "#7f7f7f",
    "interrupted": "#7f7f7f",
    "hint": "#0072B2",
    "solution": "#0072B2",
    "quiz": "#CC79A7",
    "note": "#56B4E9",
}

_STYLE = """<style>
.ck-card{border-left:4px solid var(--ck);padding:.5em 1em;margin:.3em 0;
 background:color-mix(in srgb,var(--ck) 8%,transparent);border-radius:3px;max-width:56em}
.ck-card .head{font-weight:600}
.ck-card .rows{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1.2em;margin:.5em 0}
.ck-card .rows span{opacity:.75}
.ck-card pre{margin:0!important;padding:0!important;background:none!important;
 white-space:pre-wrap!important;line-height:1.5}
.ck-card p{margin:.35em 0!important}
.ck-card .next{opacity:.8}
</style>"""


@dataclass(frozen=True)
class Card:
    """A titled note: text, or code, in one of the kinds of `SIGNS`."""

    kind: str
    heading: str
    text: str = ""
    code: str = ""

    def __repr__(self) -> str:
        body = self.code or plain_line(self.text)
        return "\n".join(
            [f"{SIGNS[self.kind]} {self.heading}", *(f"  {x}" for x in body.splitlines())]
        )

    def _repr_html_(self) -> str:
        body = "".join(f"<p>{rich_line(line)}</p>" for line in self.text.splitlines())
        if self.code:
            body += f"<pre><code>{html.escape(self.code)}</code></pre>"
        return card(self.kind, self.heading, body)


def card(kind: str, heading: str, body: str) -> str:
    """Return the HTML of a card; ``body`` is HTML already."""
    return (
        f"{_STYLE}<div class='ck-card' style='--ck:{COLOURS[kind]}' role='status'>"
        f"<div class='head'><span aria-hidden='true'>{SIGNS[kind]}</span> "
        f"{html.escape(heading)}</div>{body}</div>"
    )


def plain_line(text: str) -> str:
    """Return a text as it reads without HTML: backticks around code go."""
    return text.replace("`", "")


def rich_line(text: str) -> str:
    """Escape a line for HTML; what stands between backticks becomes code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
