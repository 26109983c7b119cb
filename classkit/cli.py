"""The commands: ``coursekit lab``, ``run``, ``doctor``, ``reset`` and the others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from classkit.classroom import commands as classroom
from coursekit.ground.bars import bars
from coursekit.ground.errors import CourseError

# Typer carries its own copy of click and exports the subclass only.
UsageError = typer.BadParameter.__base__

app = typer.Typer(
    help="The course's commands. Each has --help with an example.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run a command; foreseeable mistakes end it with two lines and a non-zero exit code."""
    for stream in (sys.stdout, sys.stderr):  # a terminal may lack a character, such as ✔
        stream.reconfigure(errors="replace")
    try:
        code = app(standalone_mode=False)
        if code == 130:  # typer's word for Ctrl-C
            raise KeyboardInterrupt
    except CourseError as error:
        code = _complain(error.what, error.mend, error.exit_code)
    except UsageError as error:
        hint = f"See `{error.ctx.command_path} --help`." if error.ctx else "See `coursekit --help`."
        code = _complain(error.format_message(), hint, 2)
    except (typer.Abort, KeyboardInterrupt):
        code = _complain(
            "Stopped by Ctrl-C.", "Nothing of yours was changed half; run it again.", 130
        )
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        code = _complain(
            f"{error.strerror or error}{where}.",
            "Make room, or allow reading and writing there; `coursekit doctor` looks closer.",
            1,
        )
    sys.exit(code if isinstance(code, int) else 0)


def _complain(what: str, mend: str, code: int) -> int:
    print(f"error: {what}\n   → {mend}", file=sys.stderr)
    return code


@app.command()
def lab(
    port: Annotated[
        int | None, typer.Option(help="Port on this machine; 0 finds a free one.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Open the course in JupyterLab, on your own copies of the chapters.

    Example: coursekit lab --no-browser --port 0
    """
    from classkit import workspace
    from classkit.lab import server
    from coursekit.ground import places

    for copy in workspace.lay():
        if copy.action == "kept":
            typer.echo(
                f"{copy.name} was improved; your copy has work in it and is kept."
                f" `coursekit reset {copy.name[:2]}` takes the new one."
            )
        elif copy.action == "refreshed":
            typer.echo(f"{copy.name} was refreshed; you had not changed it.")
    raise typer.Exit(server.serve(places.workspace(), port=port, browser=browser, say=_say))


@app.command()
def hub(
    port: Annotated[
        int | None, typer.Option(help="Port on this machine; 0 finds a free one.")
    ] = None,
    learners: Annotated[int, typer.Option(min=1, max=200, help="Accounts for learners.")] = 2,
) -> None:
    """Try a class out: JupyterHub on this machine, with learners and an instructor.

    Example: coursekit hub --port 0 --learners 8
    """
    from classkit.hub import demo

    demo.serve(port=port, learners=learners, say=_say)


@app.command()
def run(
    chapters: Annotated[
        list[str] | None, typer.Argument(help="Numbers or names; all when none is given.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Chapters at a time; one per core by default.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for one chapter.")] = 300,
    scale: Annotated[float | None, typer.Option(help="Size of the data; 1 as shipped.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of what is random.")] = None,
    learner: Annotated[bool, typer.Option(help="Run your own copies instead.")] = False,
    store: Annotated[
        bool, typer.Option(help="For authors: keep the outputs in notebooks/, as shipped.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="Only list the chapters.")] = False,
) -> None:
    """Run chapters from top to bottom and report on each.

    Example: coursekit run 01 06 --scale 0.1
    """
    from classkit import runner as runner
    from coursekit.feedback import lessons
    from coursekit.ground import places

    found = [lessons.chapter(name) for name in chapters] if chapters else list(lessons.chapters())
    if list_:
        for chapter in found:
            minutes = f"{chapter.minutes} + {chapter.extra}" if chapter.extra else chapter.minutes
            typer.echo(f"{chapter.name:28}{minutes:>8} min  {chapter.title}")
        return
    if not found:
        raise CourseError("There are no chapters here.", "Clone the course again, or reinstall it.")
    paths = [places.workspace() / c.path.name if learner else c.path for c in found]
    wanted = {k: v for k, v in {"scale": scale, "seed": seed}.items() if v is not None}
    if store and (wanted or learner):
        raise CourseError(
            "Stored outputs are those of the shipped chapters at their own scale and seed.",
            "Leave out --scale, --seed and --learner when you --store.",
        )
    with bars([path.stem for path in paths]) as on_cell:
        runs = runner.run(
            paths,
            out=places.build() / "run",
            parameters=wanted,
            workers=workers,
            seconds=timeout,
            strict=not learner,
            on_cell=on_cell,
        )
    if store:
        for chapter, each in zip(found, runs, strict=True):
            if each.passed:
                runner.store(places.build() / "run" / chapter.path.name, chapter.path)
    _print_runs(runs, runner.report(runs))
    failed = [r for r in runs if not r.passed]
    for each in failed:
        _complain(each.problem, each.mend, 1)
    raise typer.Exit(1 if failed else 0)


@app.command()
def doctor() -> None:
    """Look at this machine and name what is wrong, with the mend.

    Example: coursekit doctor
    """
    from rich.console import Console
    from rich.table import Table

    from classkit import doctor as examination

    checks = examination.run_checks()
    table = Table("", "what", "found", "mend", box=None)
    for each in checks:
        table.add_row("✔" if each.ok else "✘", each.name, each.found, "" if each.ok else each.mend)
    Console().print(table)
    raise typer.Exit(0 if all(each.ok for each in checks) else 1)


@app.command()
def reset(chapter: Annotated[str, typer.Argument(help="Number or name.")]) -> None:
    """Start your copy of a chapter over; the former copy is kept in backups/.

    Example: coursekit reset 06
    """
    from classkit import workspace

    copy = workspace.reset(chapter)
    typer.echo(f"{copy.path} is fresh." + (f" Yours is kept: {copy.backup}" if copy.backup else ""))


@app.command()
def progress(
    share: Annotated[
        bool | None,
        typer.Option("--share/--private", help="Show it to your instructor, or take it back."),
    ] = None,
) -> None:
    """Show how far you are. It is private unless you share it.

    Example: coursekit progress --share
    """
    from rich.console import Console
    from rich.table import Table

    from coursekit.feedback import progress as book

    if share:
        typer.echo("Your instructor, and no other learner, can read this file. So can you:")
        typer.echo(book.share())
        return
    if share is False:
        book.keep_private()
        typer.echo("Your progress is private; what was shared is removed.")
        return

    table = Table("chapter", "passed", "tried, not yet passed", box=None)
    for done in book.summary():
        open_ = ", ".join(e for e in done.tried if e not in done.passed)
        mark = "✔ " if done.done else "  "
        table.add_row(
            f"{mark}{done.chapter.number} {done.chapter.title}",
            f"{len(done.passed)} of {done.total}",
            open_,
        )
    Console().print(table)


@app.command()
def data(
    verify: Annotated[bool, typer.Option("--verify", help="Compare files with checksums.")] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Restore what is damaged.")] = False,
    make: Annotated[
        bool, typer.Option("--make", help="Make now what chapters make on first use.")
    ] = False,
) -> None:
    """List the data sets, verify them, restore damaged files, or make all files now, for a class.

    Example: coursekit data --verify
    """
    from coursekit import data as shelf

    if restore:
        restored = shelf.restore()
        typer.echo("\n".join(f"restored {name}" for name in restored) or "Nothing was damaged.")
    elif verify:
        problems = shelf.verify()
        if problems:
            raise CourseError(
                "Damaged data: " + "; ".join(str(problem) for problem in problems),
                "Restore it: coursekit data --restore",
            )
        typer.echo("Every data file is as shipped.")
    elif make:
        for entry in shelf.manifest().values():
            typer.echo(f"{entry.name:13}{shelf.path(entry.name)}")
    else:
        for entry in shelf.manifest().values():
            typer.echo(f"{entry.name:12}{entry.rows:>9,} rows  {entry.licence:16} {entry.title}")


engines = typer.Typer(help="Systems of several processes: start, look, stop.", no_args_is_help=True)
app.add_typer(engines, name="engines")


@engines.command("start")
def engines_start(
    name: Annotated[str, typer.Argument(help="spark-cluster or spark-connect.")],
    workers: Annotated[int, typer.Option(help="Workers of a cluster.")] = 2,
    cores: Annotated[int, typer.Option(help="Cores of each worker.")] = 1,
    memory: Annotated[int, typer.Option(help="MiB of each worker, or of the server.")] = 1024,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 finds a free one.")] = 0,
    master: Annotated[str, typer.Option(help="Where spark-connect runs its jobs.")] = "local[*]",
) -> None:
    """Start an engine that runs until you stop it, on this machine only.

    Example: coursekit engines start spark-cluster --workers 2
    """
    from coursekit.engines import background
    from coursekit.engines.servers import Plan

    if name not in background.KINDS:
        raise typer.BadParameter(f"there is no engine {name!r}: {', '.join(background.KINDS)}")
    plan = Plan(name, port, workers, cores, memory, master)
    typer.echo(f"Starting {name} …", err=True)
    state = background.start(plan)
    for server in state.servers:
        typer.echo(f"{server.name:10} {server.pages}")
    typer.echo("The notebooks use it with this setting:")
    typer.echo(f"COURSEKIT_SPARK={state.url}")


@engines.command("install")
def engines_install(name: Annotated[str, typer.Argument(help="s3a.")]) -> None:
    """Fetch what Spark needs to read from S3 itself (14 MB from a Maven repository, once).

    Example: coursekit engines install s3a
    """
    from coursekit.spark_session import s3a

    if name != "s3a":
        raise typer.BadParameter(f"there is nothing to install for {name!r}: only for s3a")
    typer.echo("Fetching S3A, Spark's way to S3: 14 MB …", err=True)
    found = s3a.install()
    size = sum(jar.stat().st_size for jar in found) / 1e6
    typer.echo(f"{len(found)} files, {size:.0f} MB. Sessions that start from now on read s3a://…")


@engines.command("status")
def engines_status() -> None:
    """Show which engines run, process by process.

    Example: coursekit engines status
    """
    from coursekit.engines import background

    known = background.status()
    for state in known:
        for server in state.servers:
            mark = "✔ runs" if server.alive else "✘ dead"
            typer.echo(f"{state.kind:14} {server.name:10} {mark}  {server.pages}")
    if not known:
        typer.echo("No engine runs. Start one: coursekit engines start --help")


@engines.command("stop")
def engines_stop(name: Annotated[str, typer.Argument(help="The engine's name.")]) -> None:
    """End an engine and everything that it started.

    Example: coursekit engines stop spark-cluster
    """
    from coursekit.engines import background

    typer.echo(f"{name} is stopped." if background.stop(name) else f"No {name} was running.")


app.add_typer(classroom.app, name="class")
app.command("submit")(classroom.submit)
app.command("feedback")(classroom.fetch)


@app.command()
def prepare(
    everything: Annotated[
        bool, typer.Option("--all", help="Also what only one chapter, or only a hub needs.")
    ] = False,
) -> None:
    """Make now what chapters would make at their first start, as set-up does.

    Spark's class-data archive and the learner copies; with --all also the data, the Azure emulator
    and the hub's proxy, so that everything works without a network from then on.

    Example: coursekit prepare --all
    """
    from concurrent.futures import ThreadPoolExecutor

    from classkit import workspace
    from classkit.hub import proxy
    from coursekit import spark_session
    from coursekit.cloud import azurite

    installs = [azurite.install, proxy.PROGRAM.install] if everything else []
    with ThreadPoolExecutor(1) as beside:  # these wait for the network, the others compute
        programs = [beside.submit(install) for install in installs]
        spark_session.prepare_archive()
        workspace.prepare_copies()
        for program in programs:
            program.result()
    if everything:
        data(make=True)


def _say(line: str) -> None:
    print(line, flush=True)


def _print_runs(runs: list, page: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None)
    table.add_column("notebook")
    table.add_column("result")
    for number in ("seconds", "code cells", "slowest cell, s", "figures"):
        table.add_column(number, justify="right")
    for each in runs:
        table.add_row(
            each.name,
            ("✔ " if each.passed else "✘ ") + each.status,
            f"{each.seconds:.1f}",
            str(each.cells),
            f"{each.slowest_seconds:.1f}",
            str(len(each.figures)),
        )
    console = Console()
    console.print(table)
    console.print(f"Report: {page}", soft_wrap=True)


if __name__ == "__main__":
    main()
