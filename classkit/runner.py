"""Runs chapters with papermill, several at a time, and reports what happened to each."""

from __future__ import annotations

import contextlib
import html
import json
import multiprocessing
import os
import queue
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from coursekit.ground import files, places
from coursekit.ground.errors import CourseError

Status = Literal["passed", "failed", "kernel died", "too slow", "unreadable"]
DEFAULT_SECONDS = 300.0


@dataclass(frozen=True)
class Run:
    """What happened to one notebook.

    Attributes
    ----------
    name : str
        File name without its ending.
    status : {"passed", "failed", "kernel died", "too slow", "unreadable"}
        How it ended.
    seconds, slowest_seconds : float
        Wall time of the notebook, kernel start included, and of its slowest cell.
    cells : int
        Code cells that ran.
    problem, mend : str
        Two lines for a notebook that did not pass.
    figures : list of str
        The notebook's PNG figures, base64-encoded, for the report.
    """

    name: str
    status: Status
    seconds: float = 0.0
    cells: int = 0
    slowest_seconds: float = 0.0
    problem: str = ""
    mend: str = ""
    figures: list[str] = field(default_factory=list, repr=False)

    @property
    def passed(self) -> bool:
        """Whether every cell ran."""
        return self.status == "passed"


def run(
    notebooks: Iterable[Path],
    *,
    out: Path,
    parameters: dict[str, Any] | None = None,
    workers: int | None = None,
    seconds: float = DEFAULT_SECONDS,
    strict: bool = True,
    cwd: Path | None = None,
    on_cell: Callable[[str, int, int], None] | None = None,
) -> list[Run]:
    """Run notebooks in fresh kernels, the longest first, and return one `Run` for each.

    Parameters
    ----------
    notebooks : iterable of Path
        The notebooks; they are not changed.
    out : Path
        Folder for the executed copies.
    parameters : dict, optional
        Papermill parameters, given to every notebook that declares them.
    workers : int, optional
        Notebooks at a time; by default one per core.
    seconds : float
        Limit for one notebook.
    strict : bool
        Whether a check that is not passed stops the notebook. False for learner copies.
    cwd : Path, optional
        Working folder of the kernels; by default ``out``.
    on_cell : callable, optional
        ``on_cell(name, done, total)`` after each cell.

    Returns
    -------
    list of Run
        In the order of ``notebooks``.
    """
    paths = list(notebooks)
    out.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    job = (out, parameters or {}, seconds, strict, cwd or out)
    with _children_ignore_ctrl_c():
        news = context.Manager().Queue() if on_cell else None
        size = min(workers or os.cpu_count() or 1, len(paths)) or 1
        pool = ProcessPoolExecutor(size, context, initializer=_begin, initargs=(out,))
        longest_first = sorted(paths, key=_expected_minutes, reverse=True)
        futures = {path: pool.submit(_run_one, path, *job, news) for path in longest_first}
    runs: dict[Path, Run] = {}
    try:
        _follow(futures, news, on_cell)
        for path, future in futures.items():
            runs[path] = _result(path, future)
    except KeyboardInterrupt:
        _end_workers(pool)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [runs[path] for path in paths]


def report(runs: list[Run], folder: Path | None = None) -> Path:
    """Write ``report.html`` and ``report.json`` with times and figures of each notebook."""
    folder = folder or places.build()
    facts = [{k: v for k, v in asdict(run).items() if k != "figures"} for run in runs]
    files.write_text(folder / "report.json", json.dumps(facts, indent=1) + "\n")
    files.write_text(folder / "report.html", _report_page(runs))
    return folder / "report.html"


def store(executed: Path, chapter: Path) -> None:
    """Keep the outputs of an executed copy in the chapter, without what differs from run to run.

    Timings, random ids of widgets and the papermill record are left out: their HTML and text stay.
    """
    done = json.loads(executed.read_text(encoding="utf-8"))
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    for cell, ran in zip(notebook["cells"], done["cells"], strict=True):
        if cell["cell_type"] != "code":
            continue
        cell["execution_count"] = ran["execution_count"]
        cell["outputs"] = ran["outputs"]
        for output in cell["outputs"]:
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    files.write_text(chapter, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


def _run_one(
    path: Path,
    out: Path,
    parameters: dict[str, Any],
    seconds: float,
    strict: bool,
    cwd: Path,
    news: Any,
) -> Run:
    """Run one notebook in this worker process (one notebook at a time in a process)."""
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    from coursekit.feedback import lessons

    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        stack.enter_context(
            _environment(
                COURSEKIT_STRICT="1" if strict else "",
                MPLBACKEND="module://matplotlib_inline.backend_inline",
            )
        )
        alarm = stack.enter_context(_chapter_limit(seconds))
        try:
            declared = _declared_parameters(lessons.read_notebook(path))
            _use_engine()
            notebook = papermill.execute_notebook(
                nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4),
                str(out / path.name),
                parameters={k: v for k, v in parameters.items() if k in declared},
                engine_name="coursekit",
                kernel_name="python3",  # this Python's, whatever a copy names
                news=news,
                label=path.stem,
                cwd=str(cwd),
                progress_bar=False,
                request_save_on_cell_execute=False,
                start_timeout=90,
                execution_timeout=max(1, int(seconds)),
            )
        except CourseError as error:
            return Run(path.stem, "unreadable", problem=error.what, mend=error.mend)
        except papermill.PapermillExecutionError as error:
            return Run(
                path.stem,
                "failed",
                time.monotonic() - started,
                problem=f"{path.name}, cell {error.cell_index}: {error.ename}: "
                f"{_first_line(error.evalue)}",
                mend=f"The executed notebook shows it in place: {out / path.name}",
            )
        except (CellTimeoutError, _TooSlow):
            return _too_slow(path, seconds, time.monotonic() - started)
        except DeadKernelError:
            if alarm.rang:
                return _too_slow(path, seconds, time.monotonic() - started)
            return Run(
                path.stem,
                "kernel died",
                time.monotonic() - started,
                problem=f"The kernel of {path.name} died (killed, or out of memory).",
                mend="Close other programs or run one chapter at a time: coursekit run"
                f" {path.stem} --workers 1",
            )
    return _passed(path.stem, notebook, time.monotonic() - started)


class _TooSlow(BaseException):
    pass


class _Alarm:
    rang = False


@contextlib.contextmanager
def _chapter_limit(seconds: float):
    """End the notebook when the whole of it exceeds its time; nbclient limits cells only."""
    alarm = _Alarm()

    def ring(signum, frame):
        alarm.rang = True
        raise _TooSlow

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield alarm
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _too_slow(path: Path, limit: float, seconds: float) -> Run:
    return Run(
        path.stem,
        "too slow",
        seconds,
        problem=f"{path.name} took longer than its {limit:g} s and was stopped.",
        mend=f"Give it more time: coursekit run {path.stem} --timeout {limit * 3:g}",
    )


def _use_engine() -> None:
    """Register papermill's nbclient engine with news of each finished cell."""
    from papermill.engines import NBClientEngine, papermill_engines
    from traitlets.config import Config

    class Engine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name, news=None, label="", **kwargs):
            complete, total = nb_man.cell_complete, len(nb_man.nb.cells)

            def tell(cell, cell_index=None, **more):
                complete(cell, cell_index=cell_index, **more)
                if news is not None:
                    news.put((label, cell_index + 1, total))

            nb_man.cell_complete = tell
            # Sockets in a folder of the run's own: no port to race for, nothing others can read.
            with tempfile.TemporaryDirectory(prefix="course-") as folder:
                sockets = {"transport": "ipc", "ip": f"{folder}/kernel"}
                super().execute_managed_notebook(
                    nb_man, kernel_name, config=Config({"KernelManager": sockets}), **kwargs
                )

    papermill_engines.register("coursekit", Engine)


@contextlib.contextmanager
def _environment(**variables: str):
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _passed(name: str, notebook: Any, seconds: float) -> Run:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    durations = [cell.metadata.get("papermill", {}).get("duration") or 0.0 for cell in code]
    figures = [
        output.data["image/png"]
        for cell in code
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    return Run(
        name,
        "passed",
        seconds,
        cells=len(code),
        slowest_seconds=max(durations, default=0.0),
        figures=figures,
    )


def _result(path: Path, future: Future) -> Run:
    try:
        return future.result()
    except BrokenProcessPool:
        return Run(
            path.stem,
            "kernel died",
            problem=f"The process that ran {path.name} was killed (out of memory, perhaps).",
            mend=f"Run it alone: coursekit run {path.stem} --workers 1",
        )
    except Exception as error:  # an output that is no valid notebook, a kernel that never answers
        return Run(
            path.stem,
            "failed",
            problem=f"{path.name}: {type(error).__name__}: {_first_line(str(error))}",
            mend=f"Run it alone, and open it in JupyterLab: coursekit run {path.stem} --workers 1",
        )


@contextlib.contextmanager
def _children_ignore_ctrl_c():
    """Start processes that do not hear Ctrl-C: this one does, and ends them in order."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin(out: Path) -> None:
    """Prepare a worker: it leaves through its ``finally`` blocks, which end its kernel.

    What kernels themselves say, apart from their cells, goes to a file beside the notebooks.
    """
    with (out / "kernels.log").open("a") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(128 + signum))


def _follow(futures: dict[Path, Future], news: Any, on_cell: Callable | None) -> None:
    while on_cell and not all(future.done() for future in futures.values()):
        with contextlib.suppress(queue.Empty):
            on_cell(*news.get(timeout=0.2))


def _end_workers(pool: ProcessPoolExecutor) -> None:
    for process in list((pool._processes or {}).values()):
        process.terminate()


def _declared_parameters(notebook: dict) -> set[str]:
    """Return the names assigned in the cell that is tagged ``parameters``."""
    from coursekit.feedback.lessons import source

    for cell in notebook["cells"]:
        if "parameters" in cell.get("metadata", {}).get("tags", ()):
            return set(re.findall(r"^(\w+)\s*=", source(cell), re.MULTILINE))
    return set()


def _expected_minutes(path: Path) -> float:
    """Order by the chapter's study time: it is known before any run, and long ones run long."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        return notebook["metadata"]["coursekit"]["minutes"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def _first_line(text: str) -> str:
    return (text or "").strip().partition("\n")[0][:200]


def _report_page(runs: list[Run]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(run.name)}</td><td>{run.status}</td>"
        f"<td>{run.seconds:.1f}</td><td>{run.cells}</td><td>{run.slowest_seconds:.1f}</td>"
        f"<td>{len(run.figures)}</td><td>{html.escape(run.problem)}</td></tr>"
        for run in runs
    )
    figures = "".join(
        f"<h2>{html.escape(run.name)}</h2>"
        + "".join(
            f"<img alt='Figure {number} of {html.escape(run.name, quote=True)}'"
            f" src='data:image/png;base64,{image.strip()}'>"
            for number, image in enumerate(run.figures, 1)
        )
        for run in runs
        if run.figures
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Course report</title>"
        "<style>body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto}"
        "table{border-collapse:collapse}td,th{padding:.3em 1em;border-bottom:1px solid #ccc;"
        "text-align:left}td:nth-child(n+3):nth-child(-n+6){text-align:right}"
        "img{max-width:32em;margin:.5em}</style><h1>Course report</h1>"
        "<table><tr><th>Notebook</th><th>Result</th><th>Seconds</th><th>Code cells</th>"
        "<th>Slowest cell, s</th><th>Figures</th><th>Problem</th></tr>"
        f"{rows}</table>{figures}</html>\n"
    )
