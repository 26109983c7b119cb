"""What the views tell of Spark's jobs, against jobs whose numbers are known."""

import base64

import pytest

import coursekit as ck
from coursekit import views
from coursekit.ground.errors import CourseError
from coursekit.views import figure, stages


@pytest.fixture(scope="module")
def spark():
    """Give one session of Spark to all tests here, in which no job has run."""
    ck.spark().stop()
    session = ck.spark("views")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def grouped(spark):
    """Give the job of a group-by: 1000 rows in 4 partitions, 7 groups."""
    spark.range(1000).selectExpr("id", "id % 7 AS key").groupBy("key").count().collect()
    return stages.jobs(spark)[-1]


def test_before_any_job_there_is_a_message(spark):
    with pytest.raises(CourseError, match="has not run a job") as caught:
        stages.jobs(spark)[-1]
    assert "df.count()" in caught.value.mend


def test_a_group_by_has_two_stages_and_a_shuffle_between(grouped):
    first, second = grouped.stages
    assert [task.partition for task in first.tasks] == [0, 1, 2, 3]
    assert [task.records_read for task in first.tasks] == [250] * 4
    # Each partition is counted before the shuffle: 7 groups from each of the 4.
    assert first.total("records_laid_out") == 28
    assert second.total("records_fetched") == 28
    assert first.total("bytes_laid_out") == second.total("bytes_fetched") > 0
    assert second.parents == [first.number]
    assert first.parents == []
    assert all(task.seconds >= 0 and task.executor == "driver" for task in first.tasks)


def test_a_file_is_read_once(spark, tmp_path):
    (tmp_path / "in.csv").write_text("n\n" + "".join(f"{i}\n" for i in range(50)))
    spark.read.csv(str(tmp_path / "in.csv"), header=True).write.csv(str(tmp_path / "out"))
    [stage] = stages.jobs(spark)[-1].stages
    assert stage.total("records_read") == 50
    assert stage.total("bytes_read") >= (tmp_path / "in.csv").stat().st_size


def test_a_join_reads_from_both_sides(spark):
    spark.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")
    try:
        left, right = spark.range(100), spark.range(50)
        assert left.join(right, "id").count() == 50
    finally:
        spark.conf.unset("spark.sql.autoBroadcastJoinThreshold")
    job = stages.jobs(spark)[-1]
    [join] = [stage for stage in job.stages if len(stage.parents) == 2]
    assert join.total("records_fetched") == 150


def test_a_shuffle_that_is_still_there_is_skipped(spark):
    pairs = spark.sparkContext.parallelize(range(100)).map(lambda n: (n % 3, 1))
    counts = pairs.reduceByKey(lambda a, b: a + b)
    counts.count()
    assert [s.status for s in stages.jobs(spark)[-1].stages] == ["COMPLETE", "COMPLETE"]
    counts.count()
    job = stages.jobs(spark)[-1]
    assert [s.status for s in job.stages] == ["SKIPPED", "COMPLETE"]
    assert "Stage 1 was skipped." in stages.in_words(job)
    assert figure.png(stages.draw(job)).startswith(b"\x89PNG")


def test_a_failed_job_is_shown_as_far_as_it_came(spark):
    def fail(n):
        raise ValueError("on purpose")

    with pytest.raises(Exception, match="on purpose"):
        spark.sparkContext.parallelize(range(4)).map(fail).collect()
    [stage] = stages.jobs(spark)[-1].stages
    assert (stage.status, stage.tasks) == ("FAILED", [])
    assert figure.png(stages.draw(stages.jobs(spark)[-1]))


def test_the_words_hold_no_timing_and_are_the_same_every_time(spark, grouped):
    words = stages.in_words(grouped)
    assert words == (
        "Spark ran collect in 2 stages. Stage 1: 4 partitions, 250 records each."
        " Stage 2: 1 partition, 28 records each, fetched by shuffle from stage 1."
    )


def test_the_figure_has_a_title_and_every_axis_its_unit(grouped):
    drawn = stages.draw(grouped, chosen=1)
    assert "collect" in drawn.get_suptitle()
    assert len(drawn.axes) == 4
    assert {axes.get_ylabel() for axes in drawn.axes} == {"records (number)", "time (ms)"}
    assert {axes.get_xlabel() for axes in drawn.axes} == {"partition (number)"}
    bars = [bar.get_height() for bar in drawn.axes[0].containers[0]]
    assert bars == [250] * 4
    said = [text.get_text() for axes in drawn.axes for text in axes.texts]
    assert any("shuffle from stage 1: 28 records" in text for text in said)
    titles = [axes.get_title(loc="left") for axes in drawn.axes[::2]]
    assert titles == ["Stage 1: 4 tasks", "Stage 2: 1 task"]
    figure.png(drawn)


def test_the_widget_shows_the_partition_that_is_chosen(spark, grouped):
    spark.range(10).count()
    view = views.explore_stages(spark)
    controls, table, picture = view.children
    slider, choice = controls.children
    choice.value = f"{', '.join(map(str, grouped.numbers))}: collect"
    before = picture.value
    slider.index = 3
    assert picture.value != before
    assert "Partition 3" in table.value and "<td>250</td>" in table.value
    data, metadata = view._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/png"]["alt"] == stages.in_words(grouped)
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")


def test_a_stopped_session_is_named(spark):
    # Last in this module: it stops the session.
    spark.stop()
    with pytest.raises(CourseError, match="is stopped"):
        stages.jobs(spark)[-1]
