"""nbgrader's own steps, called with a class's configuration; their errors in two lines."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from classkit.classroom.folder import Classroom
from coursekit.ground.errors import CourseError


@contextlib.contextmanager
def quiet(doing: str) -> Iterator[list[str]]:
    """Keep nbgrader's log; turn what it raises into two lines with its first error.

    Yields
    ------
    list of str
        The lines that nbgrader logs, warnings and worse.
    """
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Keep(logging.WARNING)
    log = logging.getLogger("traitlets")
    before, propagated, path = log.handlers[:], log.propagate, os.environ.get("PATH", "")
    log.handlers, log.propagate = [handler], False
    # nbgrader makes its gradebook with the command alembic, which lies beside this Python
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{path}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy's, about nbgrader's own tables
            yield lines
    except CourseError:
        raise
    except Exception as error:
        raise CourseError(
            f"nbgrader cannot {doing}: {_said(lines, error)}",
            "Look at the folder that it names; `nbgrader --help` describes each of its steps.",
        ) from error
    finally:
        log.handlers, log.propagate = before, propagated
        os.environ["PATH"] = path


def _said(lines: list[str], error: Exception) -> str:
    """Return what says most: the end of the first traceback, or the first line."""
    ends = [line.strip().splitlines()[-1] for line in lines if line.startswith("Traceback")]
    return [*ends, *(line.strip().partition("\n")[0] for line in lines), str(error)][0][:300]


def directory(config: Any, chapter: str, learner: str = "*") -> Any:
    """Return nbgrader's view of the course folder, for one assignment."""
    from nbgrader.coursedir import CourseDirectory

    return CourseDirectory(config=config, assignment_id=chapter, student_id=learner)


def generate(room: Classroom, chapter: str) -> None:
    """Cut the learners' version out of the source, and note every graded cell in the gradebook."""
    from nbgrader import preprocessors as step
    from nbgrader.converters import GenerateAssignment

    config = room.config()
    converter = GenerateAssignment(coursedir=directory(config, chapter), config=config)
    converter.force = True
    # the chain of workspace.cut, with the gradebook
    converter.preprocessors = [
        step.DeduplicateIds, step.LockCells, step.ClearSolutions, step.ClearOutput,
        step.CheckCellMetadata, step.ComputeChecksums, step.SaveCells, step.ClearHiddenTests,
        step.ClearMarkScheme, step.ComputeChecksums, step.CheckCellMetadata,
    ]  # fmt: skip
    with quiet(f"make the assignment {chapter}") as lines:
        try:
            converter.start()
        except Exception as error:
            if any("there are submissions associated" in line for line in lines):
                raise CourseError(
                    f"The exercises of {chapter} changed after learners had submitted them.",
                    "Keep the released version until they are graded, or begin a new class.",
                ) from error
            raise


def publish(room: Classroom, chapter: str) -> None:
    """Put the released chapter where learners find it."""
    from nbgrader.exchange.default import ExchangeReleaseAssignment

    class Publish(ExchangeReleaseAssignment):
        def ensure_root(self) -> None:
            """Keep the modes that `folder.init` has set."""

    _exchange(Publish, room, chapter, f"release {chapter}", force=True)


def publish_feedback(room: Classroom, chapter: str) -> None:
    """Put the feedback where each learner, and nobody else, finds it."""
    from nbgrader.exchange.default import ExchangeReleaseFeedback

    _exchange(ExchangeReleaseFeedback, room, chapter, f"hand back {chapter}")


def _exchange(kind: type, room: Classroom, chapter: str, doing: str, **options: Any) -> None:
    require_exchange(room.exchange)
    config = room.config()
    with quiet(doing):
        kind(coursedir=directory(config, chapter), config=config, **options).start()


def require_exchange(exchange: Path) -> None:
    """Refuse an exchange that is gone or cannot be written."""
    if not os.access(exchange, os.W_OK | os.X_OK):
        raise CourseError(
            f"The exchange {exchange} is gone, or you may not write there.",
            "Make it again: coursekit class init FOLDER --shared FOLDER; it must allow writing.",
        )
