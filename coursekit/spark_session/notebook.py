"""What a notebook shows of Spark: the link to its own pages, and the progress of running jobs.

Both leave nothing behind that differs from run to run, as nbval compares stored outputs: the link
is in a widget, whose plain text is fixed; progress is shown to a person only.
"""

from __future__ import annotations

import contextvars
import html
import os
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

# Seconds that a cell runs before progress is shown: a bar that flashes by teaches nothing.
PATIENCE = 1.0
# Seconds between two looks at Spark's status.
EVERY = 0.3

_watch: Watch | None = None


def attach(session: SparkSession, *, link: bool = True) -> None:
    """Show the link to Spark's pages in the cell that runs, and watch the cells from now on."""
    global _watch
    # IPython's shell has a kernel where a notebook runs this; without IPython nothing is shown.
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel"):
        return
    if link:
        _show_link(session)
    if not is_watched_by_a_person():
        return
    if _watch is None:
        _watch = Watch(shell)
    _watch.context = session.sparkContext


def is_watched_by_a_person() -> bool:
    """Tell whether a person sees this notebook, or a machine runs it.

    Jupyter Server sets ``JPY_SESSION_NAME`` for the kernels of notebooks that are open; nbclient,
    papermill and nbval start kernels without it.
    """
    by_machine = os.environ.get("COURSEKIT_STRICT") or os.environ.get("NBGRADER_EXECUTION")
    return "JPY_SESSION_NAME" in os.environ and not by_machine


def _show_link(session: SparkSession) -> None:
    from IPython.display import display
    from ipywidgets import HTML

    context = session.sparkContext
    name = context.appName

    class Link(HTML):
        """A link that differs in every session, with a plain text that never does."""

        def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
            plain = f"Spark is ready: {name}. Its own pages: spark.sparkContext.uiWebUrl"
            return {**super()._repr_mimebundle_(**kwargs), "text/plain": plain}

    display(
        Link(
            f"Spark is ready: <b>{html.escape(name)}</b>. Its own pages:"
            f" <a href='{context.uiWebUrl}' target='_blank'>{context.uiWebUrl}</a>"
        )
    )


@dataclass(frozen=True)
class Status:
    """How far the running jobs are: tasks done and in all, of the jobs and stages that run."""

    jobs: tuple[int, ...]
    stages: tuple[int, ...]
    done: int
    tasks: int

    def __str__(self) -> str:
        jobs, stages = (", ".join(map(str, ids)) for ids in (self.jobs, self.stages))
        return f"Spark: job {jobs}, stage {stages}, {self.done} of {self.tasks} tasks"


def status(context: SparkContext) -> Status | None:
    """Return how far Spark is with the jobs that run now, or None where none runs."""
    tracker = context.statusTracker()
    jobs = sorted(tracker.getActiveJobsIds())
    running = sorted(tracker.getActiveStageIds())
    known = [tracker.getJobInfo(job) for job in jobs]
    stages = [tracker.getStageInfo(stage) for job in known if job for stage in job.stageIds]
    counted = [stage for stage in stages if stage is not None]
    if not running or not counted:
        return None
    done = sum(stage.numCompletedTasks for stage in counted)
    return Status(tuple(jobs), tuple(running), done, sum(stage.numTasks for stage in counted))


class Watch:
    """Shows a bar under a cell while Spark works for it.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The kernel's shell; its events tell when a cell begins and ends.
    """

    def __init__(self, shell: Any) -> None:
        self.context: SparkContext | None = None
        self._running = threading.Event()
        self._lock = threading.Lock()
        self._bar: Any = None
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)
        self._begin()  # The cell that started Spark has begun already.
        threading.Thread(target=self._look, name="coursekit-spark-progress", daemon=True).start()

    def _begin(self, *_: Any) -> None:
        with self._lock:
            self._since = time.monotonic()
            # What is displayed in this context lands under this cell, from any thread.
            self._cell = contextvars.copy_context()
            self._running.set()

    def _end(self, *_: Any) -> None:
        with self._lock:
            self._running.clear()
            if self._bar is not None:
                spent = time.monotonic() - self._since
                self._bar.update(_line(f"Spark: done, the cell took {spent:.1f} s"), raw=True)
                self._bar = None

    def _look(self) -> None:
        from py4j.protocol import Py4JError

        while True:
            self._running.wait()
            time.sleep(EVERY)
            context = self.context
            # A stopped context has no _jsc; a Java that is gone raises.
            if context is None or context._jsc is None:
                continue
            try:
                seen = status(context)
            except (Py4JError, OSError, AttributeError):
                self.context = None
                continue
            with self._lock:
                if seen is not None and self._running.is_set():
                    self._show(seen)

    def _show(self, seen: Status) -> None:
        if time.monotonic() - self._since < PATIENCE:
            return
        bar = f"<progress max='{seen.tasks}' value='{seen.done}' aria-label='{seen}'></progress> "
        if self._bar is not None:
            self._bar.update(_line(str(seen), bar), raw=True)
            return
        from IPython.display import display

        self._bar = self._cell.run(display, _line(str(seen), bar), raw=True, display_id=True)


def _line(words: str, bar: str = "") -> dict[str, str]:
    return {"text/plain": words, "text/html": f"{bar}<small>{html.escape(words)}</small>"}
