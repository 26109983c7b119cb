"""One way to show a figure: as a picture, with its description for those who cannot see it.

The description travels three ways: as the plain text of the output (terminals, nbval, text
browsers), as the ``alt`` of the picture in its metadata (nbconvert writes it into the page), and
as a line under the picture that opens on a click, because JupyterLab 4.6 gives its pictures no
``alt`` of its own.
"""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette, safe for colour-blind readers (jfly.uni-koeln.de/color).
COLOURS = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "sky": "#56B4E9",
    "purple": "#CC79A7",
    "yellow": "#F0E442",
    "black": "#000000",
}

DOTS_PER_INCH = 100


def show(figure: Figure, *, alt: str) -> None:
    """Show a matplotlib figure with its description, and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure. It is closed, or Jupyter would show it a second time.
    alt : str
        What the picture tells, in a sentence or two. nbval compares it with the stored one, so
        it holds no timings.

    Raises
    ------
    ValueError
        The description is empty.
    """
    import matplotlib.pyplot as plt
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import display

    alt = " ".join(alt.split())
    if not alt:
        raise ValueError("A figure needs a description: show(figure, alt='...')")
    if not InteractiveShell.initialized():
        # A script has no place for pictures: the words remain.
        plt.close(figure)
        print(alt)
        return
    picture = {"image/png": png(figure), "text/plain": alt}
    display(picture, metadata={"image/png": {"alt": alt}}, raw=True)
    in_words = f"<details><summary>In words</summary>{html.escape(alt)}</details>"
    display({"text/html": in_words, "text/plain": ""}, raw=True)


def png(figure: Figure) -> bytes:
    """Return a figure as PNG, the same bytes for the same figure, and close it."""
    import matplotlib.pyplot as plt

    out = io.BytesIO()
    settings: dict[str, Any] = {"dpi": DOTS_PER_INCH, "bbox_inches": "tight"}
    figure.savefig(out, format="png", metadata={"Software": None}, **settings)
    plt.close(figure)
    return out.getvalue()
