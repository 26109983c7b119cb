"""Runs one mended submission in a box: ``python -m classkit.classroom.worker JOB``.

A cell that does not end is interrupted, then its kernel is ended. A kernel that dies, by its own
code, by time or by memory, costs the cell that it was running: the notebook runs again from the
top without that cell, so every other exercise still gets its points.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from classkit.classroom import sandbox
from coursekit.feedback import observe
from coursekit.ground import files

GRACE_SECONDS = 3  # between an interrupt and the end of a kernel that ignores it
WATCH_SECONDS = 0.1
MOST_STARTS = 4
MOST_OUTPUT = 1_000_000  # bytes kept of one cell's output
MOST_PROCESSES = 400


@dataclass(frozen=True)
class Job:
    """One submission to run.

    Attributes
    ----------
    notebook, result : str
        Files: the mended notebook, and where the executed one goes.
    hidden : list of str
        Folders that the submission must not see.
    boxes : str
        Folder for the boxes; whoever runs this removes it.
    slot : int
        Which of the boxes that run at the same time this is.
    cell_seconds, seconds : float
        Limits of one cell and of the whole notebook.
    memory : int
        Limit in MiB of the kernel with everything that it starts.
    """

    notebook: str
    result: str
    hidden: list[str]
    boxes: str
    slot: int = 0
    cell_seconds: float = 60.0
    seconds: float = 600.0
    memory: int = 4096


@dataclass
class Outcome:
    """What happened, cell by cell where something did.

    Attributes
    ----------
    stopped : dict of str to str
        Cell ids, and why the cell did not run to its end.
    observed : dict of str to dict
        Cell ids, and the facts that `coursekit.feedback.observe.report` showed there.
    seconds : float
        Wall time.
    peak : int
        Most memory used, MiB.
    """

    stopped: dict[str, str] = field(default_factory=dict)
    observed: dict[str, dict] = field(default_factory=dict)
    seconds: float = 0.0
    peak: int = 0


class _KernelEnded(Exception):
    """The kernel was ended, or ended itself; the text says why."""


def run(job: Job) -> Outcome:
    """Run a submission and write the executed notebook."""
    import nbformat

    started = time.monotonic()
    outcome = Outcome()
    notebook = nbformat.read(job.notebook, as_version=4)
    for _ in range(MOST_STARTS):
        left = job.seconds - (time.monotonic() - started)
        if asyncio.run(_attempt(job, notebook, outcome, left)):
            break
    else:
        _stop_rest(notebook, outcome, "not run: the kernel had to be ended too often")
    outcome.seconds = time.monotonic() - started
    files.write_text(Path(job.result), nbformat.writes(notebook))
    return outcome


async def _attempt(job: Job, notebook: Any, outcome: Outcome, seconds: float) -> bool:
    """Run the cells that were not stopped before; tell whether the end was reached."""
    deadline = time.monotonic() + seconds
    outcome.observed.clear()
    with tempfile.TemporaryDirectory(dir=job.boxes, ignore_cleanup_errors=True) as folder:
        runner = await _start(job, notebook, Path(folder))
        watch = asyncio.ensure_future(_watch(runner, job, outcome))
        try:
            for index, cell in enumerate(notebook.cells[: _end_of_exercises(notebook)]):
                if cell.cell_type != "code" or cell.id in outcome.stopped:
                    continue
                if time.monotonic() > deadline:
                    _stop_rest(notebook, outcome, "not run: the notebook's time was over", index)
                    return True
                limit = min(job.cell_seconds, deadline - time.monotonic() + 1)
                try:
                    await _run_cell(runner, cell, index, limit, outcome)
                except _KernelEnded as ended:
                    outcome.stopped[cell.id] = str(ended)
                    cell.outputs = []
                    return False
        finally:
            watch.cancel()
            await _end(runner)
    return True


def _end_of_exercises(notebook: Any) -> int:
    """Return how many cells there are up to the last check: what comes below it earns no point."""
    graded = [cell.metadata.get("nbgrader", {}).get("grade") for cell in notebook.cells]
    return max((n for n, grade in enumerate(graded, 1) if grade), default=len(graded))


def _stop_rest(notebook: Any, outcome: Outcome, why: str, first: int = 0) -> None:
    for cell in notebook.cells[first:]:
        if cell.cell_type == "code":
            outcome.stopped.setdefault(cell.id, why)
            cell.outputs = []


async def _start(job: Job, notebook: Any, box: Path) -> Any:
    """Start a kernel in a box of its own, and return the client that runs cells in it."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    plan = box / "plan.json"
    made = sandbox.plan_for(box, map(Path, job.hidden), slot=job.slot)
    made.write(plan)
    inside = [
        sys.executable,
        "-P",
        "-m",
        "ipykernel_launcher",
        "--HistoryManager.hist_file=:memory:",
    ]
    manager = AsyncKernelManager(transport="ipc", ip=str(box / "kernel"))
    manager.connection_file = str(box / "connection.json")
    manager._kernel_spec = KernelSpec(
        argv=[*sandbox.command(plan, inside), "-f", "{connection_file}"], language="python"
    )
    runner = _client_class()(
        notebook, km=manager, kernel_name="", timeout=None, allow_errors=True,
        iopub_timeout=10**6,  # its output is part of a cell, whose time has a limit
    )  # fmt: skip
    runner.ended = ""
    environment = sandbox.environment() | {
        "NBGRADER_EXECUTION": "autograde",  # as nbgrader's own autograder sets it
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    with open(box / "kernel.log", "wb") as log:
        await manager.start_kernel(env=environment, cwd=str(box), stdout=log, stderr=log)
    if os.getuid() == 0:
        os.chown(manager.connection_file, made.uid, made.uid)
    try:
        await runner.async_start_new_kernel_client()
    except Exception as error:
        said = (box / "kernel.log").read_text(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"the kernel did not start: {' '.join(said) or error}") from error
    return runner


def _client_class() -> type:
    """Return nbclient's client, with a limit on output."""
    from nbclient import NotebookClient

    class Client(NotebookClient):
        ended = ""
        received = 0

        def process_message(self, msg: dict, cell: Any, cell_index: int) -> Any:
            """Drop a flood of output, but never an error or facts."""
            data = msg["content"].get("data")
            if msg["msg_type"] in ("stream", "display_data", "execute_result") and not (
                isinstance(data, dict) and observe.MIME in data
            ):
                self.received += len(str(msg["content"]))
                if self.received > MOST_OUTPUT:
                    return None
            return super().process_message(msg, cell, cell_index)

    return Client


async def _run_cell(runner: Any, cell: Any, index: int, limit: float, outcome: Outcome) -> None:
    """Run one cell within its time.

    Raises
    ------
    _KernelEnded
        When the kernel did not survive it.
    """
    from nbclient.exceptions import DeadKernelError

    runner.received = 0
    cell.outputs = []
    task = asyncio.ensure_future(runner.async_execute_cell(cell, index))
    done, _ = await asyncio.wait({task}, timeout=limit)
    if not done:
        why = f"stopped after {limit:.0f} s"
        with contextlib.suppress(Exception):
            await runner.km.interrupt_kernel()
        done, _ = await asyncio.wait({task}, timeout=GRACE_SECONDS)
        if not done:
            runner.ended = runner.ended or why
            os.killpg(runner.km.provisioner.pgid, 9)
            await asyncio.wait({task}, timeout=GRACE_SECONDS)
            task.cancel()
            raise _KernelEnded(runner.ended)
        outcome.stopped[cell.id] = why
    try:
        task.result()
    except DeadKernelError:
        raise _KernelEnded(runner.ended or "the kernel was ended by this code") from None
    except Exception as error:  # an output that is no valid message
        outcome.stopped[cell.id] = f"its output cannot be read ({type(error).__name__})"
        cell.outputs = []
    _take_facts(cell, outcome)


def _take_facts(cell: Any, outcome: Outcome) -> None:
    """Take the facts of an observation out of the output. They are only data, so they may lie."""
    for output in cell.outputs:
        if facts := (output.get("data") or {}).pop(observe.MIME, None):
            outcome.observed[cell.id] = facts


async def _watch(runner: Any, job: Job, outcome: Outcome) -> None:
    """End the kernel when it, with everything that it started, uses too much."""
    import psutil

    while True:
        await asyncio.sleep(WATCH_SECONDS)
        with contextlib.suppress(psutil.Error, OSError, AttributeError):
            top = psutil.Process(runner.km.provisioner.process.pid)
            family = [top, *top.children(recursive=True)]
            used = _mebibytes(family, job.memory)
            outcome.peak = max(outcome.peak, used)
            if used > job.memory:
                runner.ended = f"stopped: it used more than {job.memory} MiB of memory"
            elif len(family) > MOST_PROCESSES:
                runner.ended = f"stopped: it started more than {MOST_PROCESSES} processes"
            else:
                continue
            os.killpg(runner.km.provisioner.pgid, 9)
            return


def _mebibytes(family: list, limit: int) -> int:
    """Return the memory of a family of processes; what they share is counted once if it matters."""
    import psutil

    resident = shares = 0
    for process in family:
        with contextlib.suppress(psutil.Error):
            resident += process.memory_info().rss
    if resident >> 20 <= limit:
        return resident >> 20
    for process in family:
        with contextlib.suppress(psutil.Error):
            full = process.memory_full_info()
            shares += getattr(full, "pss", full.rss)
    return shares >> 20


async def _end(runner: Any) -> None:
    """End the kernel at once: its box, and everything in it, ends with it."""
    with contextlib.suppress(OSError):
        os.killpg(runner.km.provisioner.pgid, 9)
    with contextlib.suppress(Exception):
        await runner._async_cleanup_kernel()


def main(arguments: list[str]) -> int:
    """Run the job that a JSON file describes, and write what happened beside the result."""
    sandbox.end_with_parent()
    job = Job(**json.loads(Path(arguments[0]).read_text(encoding="utf-8")))
    outcome = run(job)
    files.write_text(Path(job.result).with_suffix(".json"), json.dumps(asdict(outcome)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
