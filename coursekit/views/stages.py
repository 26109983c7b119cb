"""The stages and partitions of Spark's jobs, from Spark's own status.

Spark keeps what every task read, wrote and took, and serves it beside its own pages
(spark.apache.org/docs/latest/monitoring.html, REST API). This view draws it.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, NamedTuple

from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pyspark.sql import SparkSession

    from coursekit.views.explore import View

# More rows than this cannot be read in one picture.
MOST_STAGES = 6


class Task(NamedTuple):
    """What one task did: one partition, on one core; ``executor`` is "driver" on one machine.

    It read from files, memory or a generator, fetched from the stage before, and laid out for the
    stage after.
    """

    partition: int
    executor: str
    seconds: float
    records_read: int
    bytes_read: int
    records_fetched: int
    bytes_fetched: int
    records_laid_out: int
    bytes_laid_out: int


class Stage(NamedTuple):
    """Tasks that run side by side, one per partition, without a shuffle between them.

    Attributes
    ----------
    number : int
        Spark's number of the stage.
    status : str
        Spark's word: COMPLETE, FAILED, ACTIVE, PENDING or SKIPPED (its shuffle files were still
        there from an earlier job, so nothing ran).
    tasks : list of Task
        By partition; empty for a skipped stage.
    parents : list of int
        The stages whose shuffle files it reads.
    """

    number: int
    status: str
    tasks: list[Task]
    parents: list[int]

    def total(self, field: str) -> int:
        """Return the sum of a field over the tasks."""
        return sum(getattr(task, field) for task in self.tasks)


class Job(NamedTuple):
    """What one action set off.

    A DataFrame's action takes one job of Spark's (``numbers``) per shuffle and one for the result,
    because Spark plans the rest anew after each (adaptive query execution).
    """

    numbers: list[int]
    name: str
    stages: list[Stage]


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
        self._store = context._jsc.sc().statusStore()
        self._address = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}"
        self._http = requests.Session()
        self._http.trust_env = False
        self._jobs = {job["jobId"]: job for job in self._get("jobs")}
        self._names = {number: job["name"] for number, job in self._jobs.items()}
        self._stages = {stage["stageId"]: stage for stage in self._get("stages")}

    def _get(self, what: str) -> Any:
        answer = self._http.get(f"{self._address}/{what}", timeout=30)
        answer.raise_for_status()
        return answer.json()

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
        stages = [self._stage(number, kept) for number in sorted(kept)]
        return Job(numbers, self._names[numbers[-1]].split(" at ")[0], stages)

    def _stage(self, number: int, beside: dict[int, dict]) -> Stage:
        stage = beside[number]
        # The RDDs that lie behind a stage's shuffles; the REST API leaves them out.
        edges = self._store.operationGraphForStage(number).incomingEdges()
        read = {edges.apply(i).fromId() for i in range(edges.size())}
        parents = [n for n, s in beside.items() if n != number and read & set(s["rddIds"])]
        tasks = []
        if stage["status"] != "SKIPPED":
            rows = self._get(f"stages/{number}/{stage['attemptId']}/taskList?length=100000")
            tasks = sorted(_task(row) for row in rows if row["status"] == "SUCCESS")
        return Stage(number, stage["status"], tasks, sorted(parents))


def _task(row: dict) -> Task:
    measured = row["taskMetrics"]
    read, fetched = measured["inputMetrics"], measured["shuffleReadMetrics"]
    laid_out = measured["shuffleWriteMetrics"]
    return Task(
        partition=row["index"],
        executor=row["executorId"],
        seconds=row["duration"] / 1000,
        records_read=read["recordsRead"],
        bytes_read=read["bytesRead"],
        records_fetched=fetched["recordsRead"],
        bytes_fetched=fetched["localBytesRead"] + fetched["remoteBytesRead"],
        records_laid_out=laid_out["recordsWritten"],
        bytes_laid_out=laid_out["bytesWritten"],
    )


def draw(job: Job, chosen: int | None = None) -> Figure:
    """Draw a job: a row per stage, a bar per partition, an arrow per shuffle.

    On the left the records of each partition, on the right its time; ``chosen`` is a partition to
    mark in every stage. Stages are counted from 1 within the job, as `in_words` does.
    """
    import matplotlib.pyplot as plt

    stages = job.stages[-MOST_STAGES:]
    height = 1.0 + 2.6 * len(stages)
    figure, axes = plt.subplots(len(stages), 2, figsize=(9, height), squeeze=False)
    figure.subplots_adjust(hspace=0.95, wspace=0.25, top=1 - 1.0 / height)
    hidden = len(job.stages) > len(stages)
    more = f" (the last {len(stages)} of its {len(job.stages)} stages)" if hidden else ""
    figure.suptitle(f"Partitions and stages of: {job.name}{more}", y=1 - 0.2 / height)
    rows = {stage.number: row for stage, row in zip(stages, axes, strict=True)}
    place_of = {stage.number: place for place, stage in enumerate(job.stages, start=1)}
    widest = max(1, *(len(stage.tasks) for stage in stages))
    for stage in stages:
        _draw_stage(*rows[stage.number], stage, place_of[stage.number], chosen, widest)
        _draw_shuffles(rows, stage, {s.number: s for s in stages}, place_of)
    axes[0][0].legend(fontsize=7, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.1))
    return figure


def _draw_stage(
    records: Axes, spent: Axes, stage: Stage, place: int, chosen: int | None, widest: int
) -> None:
    from matplotlib.ticker import MaxNLocator

    from coursekit.views.figure import COLOURS

    where = [task.partition for task in stage.tasks]
    read = [task.records_read for task in stage.tasks]
    fetched = [task.records_fetched for task in stage.tasks]
    marked = [2.5 if number == chosen else 0.3 for number in where]
    edges = {"edgecolor": "black", "linewidth": marked}
    records.bar(where, read, color=COLOURS["blue"], label="read from the source", **edges)
    records.bar(where, fetched, bottom=read, color=COLOURS["orange"], label="fetched by shuffle",
                hatch="//", **edges)  # fmt: skip
    records.set_ylabel("records (number)")
    records.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    records.yaxis.set_major_formatter("{x:,.0f}")
    spent.bar(where, [1000 * t.seconds for t in stage.tasks], color=COLOURS["green"], **edges)
    spent.set_ylabel("time (ms)")
    size = _count(len(where), "task") if where else stage.status.lower()
    for axes in (records, spent):
        axes.set_title(f"Stage {place}: {size}", loc="left", fontsize=9)
        axes.set(xlabel="partition (number)", xlim=(-0.6, widest - 0.4), ymargin=0.1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
        if not where:
            skipped = "skipped: its shuffle files\nwere still there"
            said = skipped if stage.status == "SKIPPED" else stage.status.lower()
            axes.text(0.5, 0.5, said, ha="center", va="center", transform=axes.transAxes)


def _draw_shuffles(
    rows: dict[int, Any], stage: Stage, beside: dict[int, Stage], place_of: dict[int, int]
) -> None:
    """Draw an arrow from each parent, and say above the stage what came over each."""
    from matplotlib.patches import ConnectionPatch

    from coursekit.views.figure import COLOURS

    below, order, words = rows[stage.number][0], list(rows), []
    for parent in (beside[number] for number in stage.parents if number in beside):
        above = rows[parent.number][0]
        # Straight down to the next row, or in a bow on the left past the rows between.
        near = order.index(stage.number) - order.index(parent.number) == 1
        start, end = ((0.72, -0.3), (0.72, 1.05)) if near else ((-0.33, 0.5), (-0.33, 0.5))
        arrow = ConnectionPatch(
            start, end, above.transAxes, below.transAxes, arrowstyle="-|>", linewidth=2,
            mutation_scale=16, color=COLOURS["vermilion"],
            connectionstyle=f"arc3,rad={0 if near else 0.25}",
        )  # fmt: skip
        above.figure.add_artist(arrow)
        size = f"{parent.total('records_laid_out'):,} records, "
        size += f"{parent.total('bytes_laid_out') / 1000:,.1f} kB"
        kept = "kept from before"
        source = f"shuffle from stage {place_of[parent.number]}"
        words.append(f"{source}: {size if parent.tasks else kept}")
    below.text(0.75, 1.3, "\n".join(words), transform=below.transAxes, fontsize=8, va="center")


def in_words(job: Job) -> str:
    """Describe a job for those who cannot see the picture; no timings, so that it is stable."""
    sentences = [f"Spark ran {job.name} in {_count(len(job.stages), 'stage')}."]
    place_of = {stage.number: place for place, stage in enumerate(job.stages, start=1)}
    for place, stage in enumerate(job.stages, start=1):
        if not stage.tasks:
            sentences.append(f"Stage {place} was {stage.status.lower()}.")
            continue
        sizes = sorted(task.records_read + task.records_fetched for task in stage.tasks)
        span = f"{sizes[0]:,} to " * (sizes[0] < sizes[-1]) + f"{sizes[-1]:,} records"
        told = f"Stage {place}: {_count(len(stage.tasks), 'partition')}, {span} each"
        if stage.parents:
            told += ", fetched by shuffle from stage "
            told += " and stage ".join(str(place_of[parent]) for parent in stage.parents)
        sentences.append(f"{told}.")
    return " ".join(sentences)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def partition_table(job: Job, partition: int) -> str:
    """Return the numbers of one partition in every stage, as an HTML table."""
    heads = (
        "stage", "Spark's number", "records in", "kB in", "records to shuffle", "kB to shuffle",
        "ms", "on",
    )  # fmt: skip
    body = "".join(f"<th scope='col'>{head}</th>" for head in heads)
    for place, stage in enumerate(job.stages, start=1):
        for task in (task for task in stage.tasks if task.partition == partition):
            cells = (
                str(place),
                str(stage.number),
                f"{task.records_read + task.records_fetched:,}",
                f"{(task.bytes_read + task.bytes_fetched) / 1000:,.1f}",
                f"{task.records_laid_out:,}",
                f"{task.bytes_laid_out / 1000:,.1f}",
                f"{1000 * task.seconds:,.0f}",
                html.escape(task.executor),
            )
            body += "</tr><tr>" + "".join(f"<td>{cell}</td>" for cell in cells)
    caption = f"<caption>Partition {partition} in each stage of the job</caption>"
    return f"<table>{caption}<tr>{body}</tr></table>"


def explore_stages(spark: SparkSession) -> View:
    """Return a widget to look into the last jobs: choose one, move along its partitions.

    Raises
    ------
    CourseError
        No job has run yet, or the session is stopped.
    """
    from coursekit.views.explore import explore

    found = {f"{', '.join(map(str, j.numbers))}: {j.name}": j for j in jobs(spark)[::-1]}
    widest = {name: max(1, *(len(s.tasks) for s in job.stages)) for name, job in found.items()}
    return explore(
        lambda name, partition: draw(found[name], partition),
        lambda name, partition: partition_table(found[name], partition),
        lambda name: in_words(found[name]),
        {name: range(number) for name, number in widest.items()},
        label="Partition",
        choice="Job",
        still=0,
    )
