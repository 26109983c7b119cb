"""A bar for one transfer, moved by the callback that boto3 and other SDKs offer.

tqdm draws it, in a notebook as a widget. As text it names what is moved and how much, and no
time: stored outputs must not differ from one run to the next.
"""

from __future__ import annotations

import threading
from typing import Any


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

    def __enter__(self) -> transfer:
        from IPython.core.interactiveshell import InteractiveShell
        from tqdm import notebook, std

        about = {"total": self.size, "desc": self.what, "unit": "B", "unit_scale": True}
        if InteractiveShell.initialized():
            from IPython.display import display

            from coursekit.views.explore import View

            self._bar = notebook.tqdm(**about, display=False)
            display(View([self._bar.container], lambda: ({"text/plain": repr(self)}, {})))
        else:
            self._bar = std.tqdm(**about)
        return self

    def __call__(self, more: int) -> None:
        """Count more bytes."""
        with self._lock:
            self.moved += more
            self._bar.update(more)

    def __exit__(self, *error: Any) -> None:
        with self._lock:
            self._bar.close()

    def __repr__(self) -> str:
        return f"{self.what}: {self.size:,} bytes"
