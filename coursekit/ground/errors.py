"""The one error class that a learner meets: two lines, what is wrong and what mends it."""

from __future__ import annotations


class CourseError(Exception):
    """A foreseeable mistake, told in two lines.

    Parameters
    ----------
    what : str
        The thing that is wrong, by name, in one line.
    mend : str
        The next step that mends it, in one line.

    Notes
    -----
    Commands print both lines and exit with code 1. In a notebook IPython shows the two lines
    instead of a traceback, because the traceback of a helper teaches a learner nothing.
    """

    exit_code = 1

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}\n{mend}")

    def __reduce__(self):
        """Pickle with both lines, so that the error survives the way out of a worker process."""
        return type(self), (self.what, self.mend)

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self.what}", f"→ {self.mend}"]
