"""A bar for one transfer, moved by the callback that boto3 and other SDKs offer.

In a notebook it is a widget; in a terminal tqdm draws it. As text it names what is moved and how
much, and no time: stored outputs must not differ from one run to the next.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any

_BETWEEN = 0.05  # seconds between two updates of the widget


class transfer:
    """Show how far a transfer is; the object is the callback.

    Parameters
    ----------
    what : str
        Its title.
    size : int
        Bytes that will move.

    Examples
    --------
    >>> with views.transfer("up", size) as bar:
    ...     s3.upload_file(file, bucket, key, Callback=bar)

    Notes
    -----
    boto3 calls back from several threads, each time with the bytes of one more piece.

    Attributes
    ----------
    moved : int
        Bytes so far.
    """

    def __init__(self, what: str, size: int) -> None:
        self.what = what
        self.size = size
        self.moved = 0
        self._lock = threading.Lock()
        self._drawn = 0.0

    def __enter__(self) -> transfer:
        from IPython.core.interactiveshell import InteractiveShell

        self._began = time.perf_counter()
        self._bar = _Widget(self) if InteractiveShell.initialized() else _Line(self)
        return self

    def __call__(self, more: int) -> None:
        """Count more bytes."""
        with self._lock:
            self.moved += more
            now = time.perf_counter()
            if now - self._drawn > _BETWEEN or self.moved >= self.size:
                self._drawn = now
                self._bar.draw()

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._bar.end(time.perf_counter() - self._began, failed=kind is not None)

    def __repr__(self) -> str:
        return f"{self.what}: {self.size:,} bytes"


class _Widget:
    """A bar in the notebook."""

    def __init__(self, of: transfer) -> None:
        from IPython.display import display
        from ipywidgets import HTML, HBox, IntProgress, Layout

        class Bar(HBox):
            """The box; without a browser, one line of text."""

            def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
                return {**super()._repr_mimebundle_(**kwargs), "text/plain": repr(of)}

        self._of = of
        self.bar = IntProgress(
            max=max(of.size, 1), description=of.what, layout=Layout(width="28em")
        )
        self.text = HTML()
        self.draw()
        display(Bar([self.bar, self.text]).add_class("ck-view"))

    def draw(self) -> None:
        self.bar.value = self._of.moved
        self.text.value = f"{self._of.moved / 1e6:.1f} of {self._of.size / 1e6:.1f} MB"

    def end(self, seconds: float, *, failed: bool) -> None:
        self.draw()
        self.bar.bar_style = "danger" if failed else "success"
        rate = self._of.moved / 1e6 / max(seconds, 1e-9)
        self.text.value += f", {seconds:.1f} s, {rate:.0f} MB/s"


class _Line:
    """A bar in a terminal."""

    def __init__(self, of: transfer) -> None:
        from tqdm import tqdm

        self._of = of
        self.bar = tqdm(total=of.size, desc=of.what, unit="B", unit_scale=True)

    def draw(self) -> None:
        self.bar.update(self._of.moved - self.bar.n)

    def end(self, seconds: float, *, failed: bool) -> None:
        self.draw()
        self.bar.close()
