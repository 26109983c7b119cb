"""The stages and partitions of Spark's jobs, from Spark's own status.

Spark keeps what every task read, wrote and took, and serves it beside its own pages
(spark.apache.org/docs/latest/monitoring.html, REST API). These views draw it.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    from ipywidgets import VBox
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pyspark.sql import SparkSession

# More rows than this cannot be read in one picture.
MOST_STAGES = 6


@dataclass(frozen=True)
class Task:
    """What one task did: one partition, on one core.

    Parameters
    ----------
    partition : int
        The number of the partition within its stage, from 0.
    executor : str
        Who ran it; ``"driver"`` on one machine.
    seconds : float
        How long it took.
    records_read, bytes_read : int
        Read from files, from memory or from a generator.
    shuffle_records_read, shuffle_bytes_read : int
        Fetched from the stage before.
    records_written, bytes_written : int
        Written to files.
    shuffle_records_written, shuffle_bytes_written : int
        Laid out for the stage after.
    """

    partition: int
    executor: str
    seconds: float
    records_read: int
    bytes_read: int
    shuffle_records_read: int
    shuffle_bytes_read: int
    records_written: int
    bytes_written: int
    shuffle_records_written: int
    shuffle_bytes_written: int


@dataclass(frozen=True)
class Stage:
    """Tasks that run side by side, one per partition, without a shuffle between them.

    Parameters
    ----------
    number : int
        Spark's number of the stage.
    status : str
        Spark's word: COMPLETE, FAILED, ACTIVE, PENDING or SKIPPED (its shuffle files were still
        there from an earlier job, so nothing ran).
    tasks : tuple of Task
        By partition; empty for a skipped stage.
    parents : tuple of int
        The stages whose shuffle files it reads.
    """

    number: int
    status: str
    tasks: tuple[Task, ...]
    parents: tuple[int, ...]

    def total(self, field: str) -> int:
        """Return the sum of a field over the tasks."""
        return sum(getattr(task, field) for task in self.tasks)


@dataclass(frozen=True)
class Job:
    """What one action set off.

    Parameters
    ----------
    numbers : tuple of int
        Spark's numbers of its jobs. A DataFrame's action takes one job per shuffle and one for
        the result, because Spark plans the rest anew after each (adaptive query execution).
    name : str
        Spark's name for it, such as ``"collect at ..."``.
    stages : tuple of Stage
        By number.
    """

    numbers: tuple[int, ...]
    name: str
    stages: tuple[Stage, ...]


def last_job(spark: SparkSession) -> Job:
    """Return the last job that Spark ran in this session, with its stages and tasks.

    Parameters
    ----------
    spark : pyspark.sql.SparkSession
        The session of ``ck.spark()``.

    Raises
    ------
    CourseError
        No job has run yet, or the session is stopped.
    """
    return jobs(spark, last=1)[-1]


def jobs(spark: SparkSession, last: int = 10) -> list[Job]:
    """Return the last jobs of this session, oldest first.

    Raises
    ------
    CourseError
        No job has run yet, or the session is stopped.
    """
    if not hasattr(spark, "_jsparkSession"):
        raise CourseError(
            "This session belongs to Spark Connect, which keeps the records of its jobs to itself.",
            "Look at the server's own pages, or unset COURSEKIT_SPARK and restart the kernel.",
        )
    if spark.sparkContext._jsc is None:
        raise CourseError(
            "This Spark session is stopped, and its status went with it.",
            "Start it again with spark = ck.spark(), and run the job again.",
        )
    # Spark writes its status down a moment after an action returns: wait for that.
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty(10_000)
    status = _Status(spark)
    groups = status.groups()[-last:]
    if not groups:
        raise CourseError(
            "Spark has not run a job in this session yet, so there is nothing to show.",
            "Run an action first: df.count(), say. Transformations alone run nothing.",
        )
    return [status.job(group) for group in groups]


class _Status:
    """Spark's REST API, read on loopback past any proxy."""

    def __init__(self, spark: SparkSession) -> None:
        import requests

        context = spark.sparkContext
        self._context = context
        self._address = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}"
        self._http = requests.Session()
        self._http.trust_env = False
        self._jobs = {job["jobId"]: job for job in self._get("jobs")}
        self._names = {number: job["name"] for number, job in self._jobs.items()}
        self._stages = {stage["stageId"]: stage for stage in self._get("stages")}

    def groups(self) -> list[list[int]]:
        """Return the numbers of the jobs, those of one DataFrame action together."""
        group_of: dict[int, int] = {}
        for query in self._get("sql?details=false&planDescription=false&length=100000"):
            own = query["successJobIds"] + query["failedJobIds"] + query["runningJobIds"]
            group_of.update({job: min(own) for job in own})
            # The jobs of a query are named after Spark's insides, the query after the action.
            self._names.update({job: query["description"] for job in own})
        groups: dict[int, list[int]] = {}
        for job in sorted(self._jobs):
            groups.setdefault(group_of.get(job, job), []).append(job)
        return sorted(groups.values(), key=max)

    def job(self, numbers: list[int]) -> Job:
        known = (self._stages.get(n) for job in numbers for n in self._jobs[job]["stageIds"])
        found = {stage["stageId"]: stage for stage in known if stage is not None}
        ran = {number: s for number, s in found.items() if s["status"] != "SKIPPED"}
        made = {rdd for stage in ran.values() for rdd in stage["rddIds"]}
        # A later job of the same action lists a stage that the earlier one ran as skipped.
        kept = {n: s for n, s in found.items() if n in ran or not made.issuperset(s["rddIds"])}
        stages = (self._stage(number, kept) for number in sorted(kept))
        return Job(tuple(numbers), self._names[numbers[-1]], tuple(stages))

    def _stage(self, number: int, beside: dict[int, dict]) -> Stage:
        stage = beside[number]
        read = set(self._rdds_read(number))
        parents = (n for n, s in beside.items() if n != number and read & set(s["rddIds"]))
        skipped = stage["status"] == "SKIPPED"
        tasks = () if skipped else self._tasks(number, stage["attemptId"])
        return Stage(number, stage["status"], tuple(tasks), tuple(sorted(parents)))

    def _rdds_read(self, stage: int) -> Iterable[int]:
        """Return the RDDs that lie behind a stage's shuffles; the REST API leaves them out."""
        store = self._context._jsc.sc().statusStore()
        edges = store.operationGraphForStage(stage).incomingEdges()
        return [edges.apply(i).fromId() for i in range(edges.size())]

    def _tasks(self, stage: int, attempt: int) -> Iterable[Task]:
        rows = self._get(f"stages/{stage}/{attempt}/taskList?length=100000")
        done = [row for row in rows if row["status"] == "SUCCESS"]
        return [_task(row) for row in sorted(done, key=lambda row: row["index"])]

    def _get(self, what: str) -> Any:
        answer = self._http.get(f"{self._address}/{what}", timeout=30)
        answer.raise_for_status()
        return answer.json()


def _task(row: dict) -> Task:
    measured = row["taskMetrics"]
    read, written = measured["inputMetrics"], measured["outputMetrics"]
    fetched, laid_out = measured["shuffleReadMetrics"], measured["shuffleWriteMetrics"]
    return Task(
        partition=row["index"],
        executor=row["executorId"],
        seconds=row["duration"] / 1000,
        records_read=read["recordsRead"],
        bytes_read=read["bytesRead"],
        shuffle_records_read=fetched["recordsRead"],
        shuffle_bytes_read=fetched["localBytesRead"] + fetched["remoteBytesRead"],
        records_written=written["recordsWritten"],
        bytes_written=written["bytesWritten"],
        shuffle_records_written=laid_out["recordsWritten"],
        shuffle_bytes_written=laid_out["bytesWritten"],
    )


def show_stages(spark: SparkSession) -> None:
    """Show the stages and partitions of the last job: records, time, and the shuffles between.

    Raises
    ------
    CourseError
        No job has run yet, or the session is stopped.
    """
    from coursekit.views.figure import show

    job = last_job(spark)
    show(draw(job), alt=in_words(job))


def draw(job: Job, chosen: int | None = None) -> Figure:
    """Draw a job: a row per stage, a bar per partition, an arrow per shuffle.

    Parameters
    ----------
    job : Job
        From `last_job`.
    chosen : int, optional
        A partition to mark in every stage.

    Returns
    -------
    matplotlib.figure.Figure
        Records read per partition on the left, time per partition on the right.
    """
    import matplotlib.pyplot as plt

    stages = job.stages[-MOST_STAGES:]
    height = 1.0 + 2.6 * len(stages)
    figure, axes = plt.subplots(len(stages), 2, figsize=(9, height), squeeze=False)
    figure.subplots_adjust(hspace=0.95, wspace=0.25, top=1 - 1.0 / height)
    hidden = len(job.stages) - len(stages)
    more = f" (the last {len(stages)} of its {len(job.stages)} stages)" if hidden else ""
    figure.suptitle(
        f"Partitions and stages of: {job.name.split(' at ')[0]}{more}", y=1 - 0.2 / height
    )
    rows = {stage.number: row for stage, row in zip(stages, axes, strict=True)}
    widest = max(len(stage.tasks) for stage in stages)
    for stage in stages:
        records, spent = rows[stage.number]
        _draw_records(records, stage, chosen)
        _draw_time(spent, stage, chosen)
        for side in (records, spent):
            _frame(side, stage, widest)
        _draw_shuffles(rows, stage, {s.number: s for s in stages})
    handles, labels = axes[0][0].get_legend_handles_labels()
    axes[0][0].legend(
        handles, labels, fontsize=7, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.1)
    )
    return figure


def _draw_records(axes: Axes, stage: Stage, chosen: int | None) -> None:
    from coursekit.views.figure import COLOURS

    where = [task.partition for task in stage.tasks]
    read = [task.records_read for task in stage.tasks]
    fetched = [task.shuffle_records_read for task in stage.tasks]
    edges = _edges(stage, chosen)
    axes.bar(where, read, color=COLOURS["blue"], label="read from the source", **edges)
    axes.bar(where, fetched, bottom=read, color=COLOURS["orange"], label="fetched by shuffle",
             hatch="//", **edges)  # fmt: skip
    axes.set_ylabel("records (number)")
    axes.yaxis.set_major_formatter("{x:,.0f}")


def _draw_time(axes: Axes, stage: Stage, chosen: int | None) -> None:
    from coursekit.views.figure import COLOURS

    where = [task.partition for task in stage.tasks]
    spent = [1000 * task.seconds for task in stage.tasks]
    axes.bar(where, spent, color=COLOURS["green"], **_edges(stage, chosen))
    axes.set_ylabel("time (ms)")


def _edges(stage: Stage, chosen: int | None) -> dict[str, Any]:
    marked = [task.partition == chosen for task in stage.tasks]
    return {"edgecolor": "black", "linewidth": [2.5 if mark else 0.3 for mark in marked]}


def _frame(axes: Axes, stage: Stage, widest: int) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_title(f"Stage {stage.number}: {_size(stage)}", loc="left", fontsize=9)
    axes.set_xlabel("partition (number)")
    axes.set_xlim(-0.6, max(widest, 1) - 0.4)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    if not stage.tasks:
        said = "skipped: its shuffle files\nwere still there"
        axes.text(0.5, 0.5, said if stage.status == "SKIPPED" else stage.status.lower(),
                  ha="center", va="center", transform=axes.transAxes)  # fmt: skip


def _size(stage: Stage) -> str:
    count = len(stage.tasks)
    return f"{count} task{'' if count == 1 else 's'}" if count else stage.status.lower()


def _draw_shuffles(rows: dict[int, Any], stage: Stage, beside: dict[int, Stage]) -> None:
    """Draw an arrow from each parent, and say above the stage what came over each."""
    order = list(rows)
    below = rows[stage.number][0]
    parents = [beside[number] for number in stage.parents if number in beside]
    for parent in parents:
        next_to = order.index(stage.number) - order.index(parent.number) == 1
        _draw_arrow(rows[parent.number][0], below, next_to)
    words = "\n".join(_shuffle_in_words(parent) for parent in parents)
    below.text(0.75, 1.3, words, transform=below.transAxes, fontsize=8, va="center")


def _draw_arrow(above: Axes, below: Axes, next_to: bool) -> None:
    """Draw a straight arrow between two rows, or a bow on the left past the rows between."""
    from matplotlib.patches import ConnectionPatch

    from coursekit.views.figure import COLOURS

    start, end = ((0.72, -0.3), (0.72, 1.05)) if next_to else ((-0.33, 0.5), (-0.33, 0.5))
    arrow = ConnectionPatch(
        start, end, above.transAxes, below.transAxes, arrowstyle="-|>", linewidth=2,
        mutation_scale=16, color=COLOURS["vermilion"],
        connectionstyle=f"arc3,rad={0 if next_to else 0.25}",
    )  # fmt: skip
    above.figure.add_artist(arrow)


def _shuffle_in_words(parent: Stage) -> str:
    if not parent.tasks:
        return f"shuffle from stage {parent.number}, kept from before"
    records, size = (parent.total(f"shuffle_{what}_written") for what in ("records", "bytes"))
    return f"shuffle from stage {parent.number}: {records:,} records, {size / 1000:,.1f} kB"


def in_words(job: Job) -> str:
    """Describe a job for those who cannot see the picture; no timings, so that it is stable."""
    name = job.name.split(" at ")[0]
    return f"Spark ran {name} in {_count(len(job.stages), 'stage')}. " + " ".join(
        _stage_in_words(index, stage, job) for index, stage in enumerate(job.stages, start=1)
    )


def _stage_in_words(index: int, stage: Stage, job: Job) -> str:
    if not stage.tasks:
        return f"Stage {index} was {stage.status.lower()}."
    per_partition = [task.records_read + task.shuffle_records_read for task in stage.tasks]
    least, most = min(per_partition), max(per_partition)
    span = f"{least:,} records" if least == most else f"{least:,} to {most:,} records"
    told = f"Stage {index}: {_count(len(stage.tasks), 'partition')}, {span} each"
    order = {s.number: place for place, s in enumerate(job.stages, start=1)}
    if stage.parents:
        told += ", fetched by shuffle from stage " + " and stage ".join(
            str(order[parent]) for parent in stage.parents
        )
    return told + "."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def explore_stages(spark: SparkSession) -> VBox:
    """Return a widget to look into the last jobs: choose one, move along its partitions.

    Where no widget can be shown, its plain text describes the last job.

    Raises
    ------
    CourseError
        No job has run yet, or the session is stopped.
    """
    from ipywidgets import HTML, Dropdown, Image, IntSlider, VBox

    from coursekit.views.figure import png

    found = jobs(spark)[::-1]

    class Explorer(VBox):
        """The box; without a browser, the picture, and words that never change."""

        def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
            image = base64.b64encode(picture.value).decode()
            without = {"image/png": image, "text/plain": in_words(found[choice.value])}
            return {**super()._repr_mimebundle_(**kwargs), **without}

    names = [f"{', '.join(map(str, job.numbers))}: {job.name.split(' at ')[0]}" for job in found]
    choice = Dropdown(options=[(n, i) for i, n in enumerate(names)], value=0, description="Job")
    partition = IntSlider(min=0, max=0, description="Partition")
    picture, table = Image(format="png"), HTML()
    choice.add_class("ck-stages-job")
    partition.add_class("ck-stages-partition")

    def refresh(*_: Any) -> None:
        job = found[choice.value]
        picture.value = png(draw(job, partition.value))
        table.value = partition_table(job, partition.value)

    def choose(*_: Any) -> None:
        job = found[choice.value]
        partition.max = max(1, *(len(stage.tasks) for stage in job.stages)) - 1
        refresh()

    choice.observe(choose, "value")
    partition.observe(refresh, "value")
    choose()
    return Explorer([choice, partition, picture, table]).add_class("ck-view")


def partition_table(job: Job, partition: int) -> str:
    """Return the numbers of one partition in every stage, as an HTML table."""
    heads = ["stage", "records in", "kB in", "records to shuffle", "kB to shuffle", "ms", "on"]
    rows = [
        _cells(stage, task)
        for stage in job.stages
        for task in stage.tasks
        if task.partition == partition
    ]
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    caption = f"<caption>Partition {partition} in each stage of the job</caption>"
    return f"<table>{caption}<tr>{head}</tr>{body}</table>"


def _cells(stage: Stage, task: Task) -> list[str]:
    return [
        str(stage.number),
        f"{task.records_read + task.shuffle_records_read:,}",
        f"{(task.bytes_read + task.shuffle_bytes_read) / 1000:,.1f}",
        f"{task.shuffle_records_written:,}",
        f"{task.shuffle_bytes_written / 1000:,.1f}",
        f"{1000 * task.seconds:,.0f}",
        html.escape(task.executor),
    ]
