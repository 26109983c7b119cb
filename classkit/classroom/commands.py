"""The commands of a class: ``coursekit class …`` for instructors, ``submit`` for learners."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coursekit.ground.bars import bar

app = typer.Typer(
    help="A class: release chapters, collect and grade them, hand back, look at progress.",
    no_args_is_help=True,
)
Chapter = Annotated[str, typer.Argument(help="Number or name.")]
Folder = Annotated[
    Path | None, typer.Option(help="The class's folder; by default this one or one above it.")
]


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Your own folder for the class.")],
    shared: Annotated[
        Path | None, typer.Option(help="Between you and the learners; FOLDER-shared if not given.")
    ] = None,
    course: Annotated[str | None, typer.Option(help="The course's name.")] = None,
) -> None:
    """Make the folders of a class. What is there already stays.

    Example: coursekit class init ~/python-2027 --shared /srv/python-2027
    """
    from classkit.classroom import folder as rooms

    room = rooms.init(folder, shared=shared, course=course)
    typer.echo(f"Yours alone: {room.root}")
    typer.echo("The learners' JupyterLab needs this setting:")
    typer.echo(f"{rooms.VARIABLE}={room.shared}")
    if closed := rooms.closed_above(room.shared):
        typer.echo(f"note: other users cannot pass {closed}.\n   → Allow it: chmod o+x {closed}")


@app.command()
def release(chapter: Chapter, folder: Folder = None) -> None:
    """Make a chapter an assignment: learners can submit their copy of it.

    Example: coursekit class release 06
    """
    from classkit.classroom import folder as rooms
    from classkit.classroom import release as step

    room = rooms.find(folder)
    with _busy("releasing"):
        done = step.release(room, chapter)
    typer.echo(
        f"{done.chapter} is released: {len(done.exercises)} exercises, {done.points:g} points."
    )
    typer.echo(f"Learners submit with: coursekit submit {done.chapter.partition('-')[0]}")


@app.command()
def collect(chapter: Chapter, folder: Folder = None) -> None:
    """Collect the latest submission of each learner.

    Example: coursekit class collect 06
    """
    from classkit.classroom import collecting
    from classkit.classroom import folder as rooms

    room = rooms.find(folder)
    with _busy("collecting"):
        done = collecting.collect(room, chapter)
    typer.echo(f"Submissions: {len(done.learners)}, of which {len(done.fresh)} are new or newer.")
    for name, why in done.refused:
        typer.echo(f"✘ left: {name}: {why}")
    raise typer.Exit(1 if done.refused else 0)


@app.command()
def grade(
    chapter: Chapter,
    folder: Folder = None,
    again: Annotated[bool, typer.Option("--again", help="Also what is graded already.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Submissions at a time; one per core by default.")
    ] = None,
    cell: Annotated[float, typer.Option(min=1, help="Seconds for one cell.")] = 60,
    minutes: Annotated[float, typer.Option(min=0.1, help="Minutes for one submission.")] = 10,
    memory: Annotated[int, typer.Option(min=256, help="MiB for one submission.")] = 4096,
) -> None:
    """Grade what was collected, each submission in a box of its own.

    Example: coursekit class grade 06 --memory 2048
    """
    from classkit.classroom import folder as rooms
    from classkit.classroom import grading

    room = rooms.find(folder)
    limits = grading.Limits(cell, minutes * 60, memory, workers)
    with bar("grading") as move:
        rows = grading.grade(room, chapter, limits=limits, again=again, on_done=move)
    _print_rows(rows)
    typer.echo(f"The whole table: {room.grades}")
    raise typer.Exit(1 if any(row.status == "not graded" for row in rows) else 0)


@app.command()
def feedback(chapter: Chapter, folder: Folder = None) -> None:
    """Hand back: each learner gets a page with answers, checks and points.

    The page shows nothing of the hidden tests.

    Example: coursekit class feedback 06
    """
    from classkit.classroom import folder as rooms
    from classkit.classroom import handback

    with bar("feedback") as move:
        learners = handback.feedback(rooms.find(folder), chapter, on_done=move)
    typer.echo(f"Pages of feedback: {len(learners)}. Learners fetch theirs with:")
    typer.echo(f"coursekit feedback {chapter}")


@app.command()
def summary(
    folder: Folder = None,
    out: Annotated[Path | None, typer.Option(help="Where to write; the class's folder.")] = None,
) -> None:
    """Show where the class is stuck, from the progress that learners share.

    Example: coursekit class summary
    """
    from classkit.classroom import folder as rooms
    from classkit.classroom import summary_page as view

    room = rooms.find(folder)
    with _busy("drawing"):
        done = view.write(room, out or room.root)
    typer.echo(f"Learners who share their progress: {done.learners}")
    for name, why in done.refused:
        typer.echo(f"✘ left: {name}: {why}")
    for line in done.stuck[:3]:
        typer.echo(f"stuck: {line}")
    typer.echo(f"{done.page}\n{done.table}")


def submit(chapter: Chapter) -> None:
    """Hand in your copy of a chapter. You may repeat it: the last one counts.

    Example: coursekit submit 06
    """
    from classkit.classroom import submission

    with _busy("submitting"):
        done = submission.submit(chapter)
    typer.echo(f"{done.chapter} is submitted: {done.attempted} of {done.exercises} answers begun.")
    if done.lost:
        typer.echo(
            f"warning: {done.lost} answers have lost their marks and cannot be graded: they were"
            " deleted, or the notebook was saved by another program.\n"
            f"   → coursekit reset {chapter} lays a fresh copy and keeps yours; copy your answers"
            " over, and submit again.",
            err=True,
        )
    typer.echo(f"Receipt: {done.time}, SHA-256 {done.digest[:16]}…")
    typer.echo(f"A copy of what was sent: {done.kept}")


def fetch(chapter: Chapter) -> None:
    """Fetch the feedback on what you have submitted.

    Example: coursekit feedback 06
    """
    from classkit.classroom import submission

    with _busy("fetching"):
        pages = submission.fetch_feedback(chapter)
    for page in pages:
        typer.echo(page)


def _busy(title: str):
    """Return a context that shows a moving line: this takes some seconds."""
    from rich.console import Console

    return Console(stderr=True).status(f"{title} …")


def _print_rows(rows: list) -> None:
    """Print a line per learner: points, and every exercise that asks for a look."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("learner", "points", "what to look at", box=None)
    for learner in dict.fromkeys(row.learner for row in rows):
        own = [row for row in rows if row.learner == learner]
        points, most = sum(row.points for row in own), sum(row.max for row in own)
        looks = [row for row in own if row.status not in ("passed", "failed", "not attempted")]
        notes = [f"{row.exercise or row.status}: {row.reason or row.status}" for row in looks]
        table.add_row(escape(learner), f"{points:g} of {most:g}", escape("\n".join(notes)))
    Console().print(table)
