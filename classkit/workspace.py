"""Lays learner copies: the chapters without their solutions, in the learner's own folder.

An update never overwrites work. A copy whose cells are as laid is refreshed; a copy that the
learner changed is kept and told about. Only `reset` starts a copy over, and it keeps a backup.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import coursekit
from coursekit.feedback import lessons
from coursekit.ground import files, places
from coursekit.ground.errors import CourseError
from coursekit.ground.once import Unwritable, once

Action = Literal["new", "same", "refreshed", "kept", "reset"]


@dataclass(frozen=True)
class Copy:
    """What happened to one learner copy.

    Attributes
    ----------
    name : str
        The chapter's name.
    action : {"new", "same", "refreshed", "kept", "reset"}
        ``same``: the chapter did not change since the copy was laid. ``kept``: it did, but the
        learner's copy has work in it.
    path : Path
        The copy.
    backup : Path or None
        Where the former copy went, if it was replaced.
    """

    name: str
    action: Action
    path: Path
    backup: Path | None = None


def lay(folder: Path | None = None) -> list[Copy]:
    """Lay or refresh the learner copy of every chapter.

    Parameters
    ----------
    folder : Path, optional
        The learner's folder; by default `places.workspace`.

    Raises
    ------
    CourseError
        When the folder cannot be written, or a copy comes from a newer course than this one.
    """
    with _workspace(folder) as (home, state):
        _refuse_newer(home)
        return [_lay_one(home, state, chapter) for chapter in lessons.chapters()]


def reset(chapter: str, folder: Path | None = None) -> Copy:
    """Start the copy of a chapter over; the learner's former copy goes to ``backups/``."""
    found = lessons.chapter(chapter)
    with _workspace(folder) as (home, state):
        path = home / found.path.name
        backup = _back_up(path) if path.exists() else None
        _write(home, state, found)
        return Copy(found.name, "reset", path, backup)


def cut(path: Path) -> Any:
    """Return a chapter as a learner gets it: nbgrader's preprocessors cut the solutions out.

    Parameters
    ----------
    path : Path
        A solved notebook.

    Returns
    -------
    nbformat.NotebookNode
        Without solutions and outputs, check cells locked, checksums set.

    Raises
    ------
    CourseError
        When nbgrader refuses the notebook, for example a region that is never closed.
    """
    import nbformat
    from nbgrader import preprocessors as step  # takes seconds, so only when a copy is due

    notebook = nbformat.reads(json.dumps(lessons.read_notebook(path)), as_version=4)
    chain = [
        step.DeduplicateIds, step.LockCells, step.ClearSolutions, step.ClearOutput,
        step.CheckCellMetadata, step.ComputeChecksums, step.ClearHiddenTests,
        step.ClearMarkScheme, step.ComputeChecksums, step.CheckCellMetadata,
    ]  # fmt: skip
    try:
        for preprocessor in chain:
            active = preprocessor()
            active.enabled = True
            if preprocessor is step.ClearSolutions:
                active.code_stub = {"python": lessons.STUB}
            notebook, _ = active.preprocess(notebook, {})
    except Exception as error:
        raise CourseError(
            f"nbgrader cannot cut the solutions out of {path.name}: {error}",
            "Repair the cell it names: markers in pairs, metadata with a unique grade_id.",
        ) from error
    notebook.metadata.setdefault("coursekit", {})["laid_by"] = coursekit.__version__
    return notebook


def prepare_copies() -> None:
    """Cut every chapter now, so that laying is only copying: for set-up, and for a class."""
    for chapter in lessons.chapters():
        _learner_text(chapter)


def behind(folder: Path | None = None) -> list[str]:
    """Return the names of the chapters that were improved after the learner's copy was laid."""
    home = folder or places.workspace()
    state = _read_state(home / places.MARKER)
    return [
        chapter.name
        for chapter in lessons.chapters()
        if (known := state.get(chapter.name))
        and known["chapter"] != _digest_of(chapter.path, chapter.path.stat().st_mtime_ns)
    ]


@cache
def _digest_of(path: Path, changed: int) -> str:
    """Digest a shipped chapter; `changed`, its time, makes a new version a new question."""
    return _digest(path.read_bytes())


def _learner_text(chapter: lessons.Chapter) -> str:
    """Return the learner copy as text, cut once and kept: nbgrader takes seconds to import."""
    parts = [chapter.path.read_bytes(), Path(__file__).read_bytes(), lessons.STUB.encode()]
    parts += [coursekit.__version__.encode(), metadata.version("nbgrader").encode()]
    name = f"{chapter.name}-{_digest(b'|'.join(parts))[:16]}.ipynb"

    def text() -> str:
        return json.dumps(cut(chapter.path), indent=1, ensure_ascii=False) + "\n"

    try:
        kept = once(
            f"copies/{name}",
            lambda new: new.write_text(text(), encoding="utf-8"),
            what=f"the learner copy of {chapter.name}",
            intact=lambda file: _readable(file) is not None,  # a damaged one is cut anew
            older=f"{chapter.name}-*.ipynb",
        )
    except Unwritable:  # a cache that cannot be written only costs time
        return text()
    return kept.read_text(encoding="utf-8")


def _lay_one(home: Path, state: dict, chapter: lessons.Chapter) -> Copy:
    path = home / chapter.path.name
    known = state.get(chapter.name)
    if not path.exists():
        _write(home, state, chapter)
        return Copy(chapter.name, "new", path)
    if known and known["chapter"] == _digest(chapter.path.read_bytes()):
        return Copy(chapter.name, "same", path)
    if known and _cells_digest(path) == known["cells"]:
        backup = _back_up(path) if _has_outputs(path) else None
        _write(home, state, chapter)
        return Copy(chapter.name, "refreshed", path, backup)
    return Copy(chapter.name, "kept", path)


def _write(home: Path, state: dict, chapter: lessons.Chapter) -> None:
    path = home / chapter.path.name
    files.write_text(path, _learner_text(chapter))
    state[chapter.name] = {
        "chapter": _digest(chapter.path.read_bytes()),
        "cells": _cells_digest(path),
    }


@contextmanager
def _workspace(folder: Path | None) -> Iterator[tuple[Path, dict]]:
    """Yield the learner's folder and the state of its copies, which is saved in every case."""
    home = folder or places.workspace()
    marker = home / places.MARKER
    try:
        home.mkdir(parents=True, exist_ok=True)
        with files.locked(marker):
            state = _read_state(marker)
            try:
                yield home, state
            finally:
                files.write_text(marker, json.dumps(state, indent=1) + "\n")
    except OSError as error:
        raise CourseError(
            f"The learner's folder {home} cannot be written ({error.strerror or error}).",
            "Make room or allow writing, or name another folder in COURSEKIT_WORK;"
            " your notebooks are untouched.",
        ) from error


def _read_state(marker: Path) -> dict:
    """Read the state; when it is lost, every copy counts as changed, so nothing is overwritten."""
    try:
        state = json.loads(marker.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _refuse_newer(home: Path) -> None:
    for chapter in lessons.chapters():
        path = home / chapter.path.name
        if not path.exists():
            continue
        laid_by = _metadata(path).get("laid_by", "0")
        if _version(laid_by) > _version(coursekit.__version__):
            raise CourseError(
                f"Your copy {path.name} was made by course {laid_by}, newer than this one"
                f" ({coursekit.__version__}).",
                "Update the course (`git pull`), or take the older chapter with"
                f" `coursekit reset {chapter.number}`, which keeps a backup of yours.",
            )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _back_up(path: Path) -> Path:
    folder = path.parent / "backups"
    folder.mkdir(exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    backup = folder / f"{path.stem}-{stamp}.ipynb"
    number = 1
    while backup.exists():
        number += 1
        backup = folder / f"{path.stem}-{stamp}-{number}.ipynb"
    backup.write_bytes(path.read_bytes())
    return backup


def _metadata(path: Path) -> dict:
    notebook = _readable(path)
    return notebook.get("metadata", {}).get("coursekit", {}) if notebook else {}


def _has_outputs(path: Path) -> bool:
    notebook = _readable(path) or {}
    return any(cell.get("outputs") for cell in notebook.get("cells", ()))


def _cells_digest(path: Path) -> str:
    """Digest what a learner writes: types and sources of the cells, not outputs or metadata."""
    notebook = _readable(path)
    if notebook is None:
        return "unreadable"
    cells = [(cell.get("cell_type"), lessons.source(cell)) for cell in notebook["cells"]]
    return _digest(json.dumps(cells).encode())


def _readable(path: Path) -> dict | None:
    """Read a learner's copy; a broken one counts as changed, and is never touched."""
    try:
        return lessons.read_notebook(path)
    except CourseError:
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
