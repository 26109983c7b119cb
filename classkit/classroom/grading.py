"""Grades what was collected: in boxes, several at a time; a failure costs nobody else anything."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from classkit.classroom import judge, nbgrader_steps, restore, sandbox
from classkit.classroom.folder import Classroom
from classkit.classroom.release import graded
from classkit.classroom.worker import Job
from coursekit.feedback import lessons
from coursekit.ground import files
from coursekit.ground.errors import CourseError

COLUMNS = ("learner", "chapter", "exercise", "points", "max", "status", "reason")
MARGIN_SECONDS = 60  # for starting kernels and writing files, beyond a notebook's own limit
WHOLE = ""  # the exercise of a row about the whole notebook


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds of a cell and of the notebook, MiB of memory."""

    cell_seconds: float = 60.0
    seconds: float = 600.0
    memory: int = 4096
    workers: int | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table of grades; ``exercise`` is empty for the notebook as a whole."""

    learner: str
    chapter: str
    exercise: str
    points: float
    max: float
    status: str
    reason: str = ""


@dataclass(frozen=True)
class _Task:
    learner: str
    source: dict
    seed: int
    boxes: Path


class _Ended(Exception):
    """The process that ran a submission did not come to its end."""


def grade(
    room: Classroom,
    chapter: str,
    *,
    limits: Limits | None = None,
    again: bool = False,
    on_done: Callable[[str, int, int], None] | None = None,
) -> list[Row]:
    """Grade every collected submission of a chapter that was not graded yet.

    Parameters
    ----------
    room : Classroom
        The class.
    chapter : str
        Number or name.
    limits : Limits, optional
        What one submission may use.
    again : bool
        Whether to grade anew what was graded already.
    on_done : callable, optional
        ``on_done(learner, done, total)`` after each submission.

    Returns
    -------
    list of Row
        All rows of the chapter, also those of earlier gradings.

    Raises
    ------
    CourseError
        When nothing was released or collected, or this system allows no sandbox.
    """
    found = lessons.chapter(chapter)
    seed = room.seed(found.name)
    learners = room.learners("submitted", found.name)
    if not learners:
        raise CourseError(
            f"No submission of {found.name} was collected.",
            f"Collect first: coursekit class collect {found.number}",
        )
    if lacking := sandbox.missing():
        raise CourseError(
            f"Submissions cannot be kept apart on this system: {lacking}.",
            "Grade on Linux as root, or where user namespaces are allowed.",
        )
    due = [name for name in learners if again or not _is_graded(room, found.name, name)]
    source = lessons.read_notebook(room.root / "source" / found.name / found.path.name)
    # the path of a socket has 107 characters at most, so none of a long TMPDIR
    with tempfile.TemporaryDirectory(prefix="course-", dir="/tmp") as boxes:
        tasks = [_Task(name, source, seed, Path(boxes)) for name in due]
        fresh = _grade_all(room, found, tasks, limits or Limits(), on_done)
    return _keep(room, found.name, fresh)


def _grade_all(
    room: Classroom,
    chapter: lessons.Chapter,
    tasks: list[_Task],
    limits: Limits,
    on_done: Callable | None,
) -> dict[str, list[Row]]:
    """Run all, several at a time, and enter each in the gradebook as soon as it is done."""
    size = max(1, min(limits.workers or os.cpu_count() or 1, len(tasks)))
    slots: queue.Queue = queue.Queue()
    for number in range(size):
        slots.put(number)
    running: set[subprocess.Popen] = set()
    rows: dict[str, list[Row]] = {}
    pool = ThreadPoolExecutor(size)
    try:
        parts = [pool.submit(_run_one, room, chapter, t, limits, slots, running) for t in tasks]
        for number, (task, part) in enumerate(zip(tasks, parts, strict=True), 1):
            rows[task.learner] = _enter(room, chapter, task, part)
            if on_done:
                on_done(task.learner, number, len(tasks))
    except BaseException:
        for process in list(running):
            process.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return rows


def _run_one(
    room: Classroom,
    chapter: lessons.Chapter,
    task: _Task,
    limits: Limits,
    slots: queue.Queue,
    running: set,
) -> tuple[restore.Submission, dict, dict]:
    """Mend and run one submission; return it as mended, as executed, and what happened."""
    submitted = room.step("submitted", task.learner, chapter.name)
    mended = restore.mend(submitted, task.source, chapter.path.name, task.seed)
    if mended.readable:
        slot = slots.get()
        try:
            executed, outcome = _execute(room, chapter, task, mended, limits, slot, running)
        finally:
            slots.put(slot)
    else:
        executed, outcome = mended.notebook, _not_run(mended.notebook, mended.problem)
    return mended, executed, outcome


def _execute(
    room: Classroom,
    chapter: lessons.Chapter,
    task: _Task,
    mended: restore.Submission,
    limits: Limits,
    slot: int,
    running: set,
) -> tuple[dict, dict]:
    with tempfile.TemporaryDirectory(dir=task.boxes) as folder:
        notebook, result, job = (Path(folder) / n for n in ("in.ipynb", "out.ipynb", "job.json"))
        notebook.write_text(json.dumps(mended.notebook), encoding="utf-8")
        described = Job(
            str(notebook), str(result), [str(room.root), str(room.shared)], str(task.boxes), slot,
            cell_seconds=limits.cell_seconds, seconds=limits.seconds, memory=limits.memory,
        )  # fmt: skip
        job.write_text(json.dumps(asdict(described)), encoding="utf-8")
        try:
            _run_worker(job, limits.seconds + MARGIN_SECONDS, running)
            executed = json.loads(result.read_text(encoding="utf-8"))
            outcome = json.loads(result.with_suffix(".json").read_text(encoding="utf-8"))
        except (_Ended, OSError, ValueError) as error:
            return mended.notebook, _not_run(mended.notebook, f"not run: {error}")
    return executed, outcome


def _not_run(notebook: dict, why: str) -> dict:
    """Return the outcome of a notebook of which no cell ran."""
    stopped = {c["id"]: why for c in notebook["cells"] if c["cell_type"] == "code"}
    return {"stopped": stopped, "observed": {}, "seconds": 0.0, "peak": 0}


def _run_worker(job: Path, seconds: float, running: set) -> None:
    command = [sys.executable, "-P", "-m", "classkit.classroom.worker", str(job)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        encoding="utf-8", errors="replace", start_new_session=True,
    )  # fmt: skip
    running.add(process)
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()  # its box ends with it
        process.communicate()
        raise _Ended(f"it took more than {seconds:.0f} s") from None
    finally:
        running.discard(process)
    if process.returncode:
        last = (said.strip().splitlines() or ["it ended without a word"])[-1]
        raise _Ended(last[:200])


def _enter(room: Classroom, chapter: lessons.Chapter, task: _Task, part: Any) -> list[Row]:
    """Judge one submission and enter it in nbgrader's gradebook; return its rows.

    In the main thread: the time limits of an observation need it.
    """
    try:
        mended, executed, outcome = part.result()
        verdicts = judge.judge(mended, executed, outcome, task.seed)
        judge.show(executed, verdicts)
        _write(room, chapter, task, executed, verdicts, outcome)
        points = _autograde(room, chapter.name, task.learner)
    except CourseError as error:
        return [Row(task.learner, chapter.name, WHOLE, 0, 0, "not graded", error.what)]
    except Exception as error:
        said = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return [Row(task.learner, chapter.name, WHOLE, 0, 0, "not graded", said)]
    most = {key: c["metadata"]["nbgrader"]["points"] for key, c in graded(task.source).items()}
    rows = [
        Row(task.learner, chapter.name, v.exercise, points[v.grade_id], most[v.grade_id],
            v.status, v.reason)
        for v in verdicts
    ]  # fmt: skip
    if mended.problem:
        rows.append(Row(task.learner, chapter.name, WHOLE, 0, 0, "look", mended.problem))
    return rows


def _write(
    room: Classroom,
    chapter: lessons.Chapter,
    task: _Task,
    executed: dict,
    verdicts: list[judge.Verdict],
    outcome: dict,
) -> None:
    """Write what nbgrader goes on with, and the verdicts beside it."""
    submitted = room.step("submitted", task.learner, chapter.name)
    out = room.step("executed", task.learner, chapter.name)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    files.write_text(out / chapter.path.name, json.dumps(executed, indent=1) + "\n")
    facts = {"verdicts": [asdict(verdict) for verdict in verdicts], "seconds": outcome["seconds"]}
    files.write_text(out / "verdicts.json", json.dumps(facts, indent=1) + "\n")
    for name in ("timestamp.txt", "submission_secret.txt"):
        with contextlib.suppress(OSError):
            shutil.copyfile(submitted / name, out / name)


def _autograde(room: Classroom, chapter: str, learner: str) -> dict[str, float]:
    """Let nbgrader read the executed notebook into its gradebook; return points by check cell."""
    from nbgrader import preprocessors as step
    from nbgrader.api import Gradebook
    from nbgrader.converters import Autograde

    class Judged(Autograde):
        """nbgrader's autograding of a notebook that was run and judged already."""

        _input_directory = property(
            lambda self: "executed" if self._sanitizing else self.coursedir.autograded_directory
        )

    config = room.config()
    converter = Judged(coursedir=nbgrader_steps.directory(config, chapter, learner), config=config)
    converter.force = True
    converter.sanitize_preprocessors = [
        step.DeduplicateIds, step.OverwriteKernelspec, step.OverwriteCells, step.CheckCellMetadata,
    ]  # fmt: skip
    converter.autograde_preprocessors = [
        step.LimitOutput, step.SaveAutoGrades, step.AssignLatePenalties, step.CheckCellMetadata,
    ]  # fmt: skip
    with nbgrader_steps.quiet(f"enter the submission of {learner}"):
        converter.start()
        with Gradebook(converter.coursedir.db_url, room.course) as book:
            done = book.find_submission_notebook(chapter, chapter, learner)
            return {grade.name: float(grade.score or 0) for grade in done.grades}


def _is_graded(room: Classroom, chapter: str, learner: str) -> bool:
    """Tell whether the collected submission is the one that was graded."""
    stamps = []
    for step in ("submitted", "autograded"):
        folder = room.step(step, learner, chapter)
        stamp = folder / "timestamp.txt"
        stamps.append(stamp.read_text(errors="replace") if stamp.is_file() else step)
    return stamps[0] == stamps[1]


def rows(room: Classroom) -> list[Row]:
    """Return the table of grades as it stands."""
    if not room.grades.exists():
        return []
    with room.grades.open(encoding="utf-8", newline="") as stream:
        return [
            Row(**{**line, "points": float(line["points"]), "max": float(line["max"])})
            for line in csv.DictReader(stream)
        ]


def _keep(room: Classroom, chapter: str, fresh: dict[str, list[Row]]) -> list[Row]:
    """Write the table of grades anew: these rows in place of earlier ones of the same learners."""
    kept = [
        r for r in rows(room) if r.chapter != chapter or safe(r.learner) not in map(safe, fresh)
    ]
    every = sorted(
        [*kept, *(row for part in fresh.values() for row in part)],
        key=lambda row: (row.chapter, row.learner),
    )
    files.write_text(room.grades, table(COLUMNS, (asdict(row) for row in every)))
    room.grades.chmod(0o600)
    return [row for row in every if row.chapter == chapter]


def table(columns: tuple[str, ...], lines: Any) -> str:
    """Return a table as CSV. A text that a spreadsheet would run as a formula is kept from it."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow({k: safe(v) if isinstance(v, str) else v for k, v in line.items()})
    return stream.getvalue()


def safe(text: str) -> str:
    """Return a text in one line that no spreadsheet takes for a formula."""
    text = " ".join(text.split())
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
