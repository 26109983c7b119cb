"""The views: one gallery for what all have in common, and what each one's numbers must be."""

from __future__ import annotations

import base64
import gc
import json
import math
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise

import boto3
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from sklearn.cluster import KMeans

import coursekit as ck
from coursekit import views
from coursekit.ground.errors import CourseError
from coursekit.mapreduce import Job, trace
from coursekit.views import centroids, figure, life_cycle, objects, privacy, shuffle
from coursekit.views.explore import explore
from coursekit.views.resources import GONE, Board, Resource, read, watch_resources

POINTS = [(1, 1), (1.5, 2), (3, 4), (5, 7), (3.5, 5), (4.5, 5), (3.5, 4.5)]
START = [(1, 1), (5, 7)]
VALUES = [0, 50, 100, 400]  # clamped to 100, the mean is 62.5
LINES = ["to be or not to be", "let it be", "to do", ""]
CYCLE = """class Station:
    pass
jfk, lga = Station(), Station()
jfk.partner = lga
lga.partner = jfk
del jfk, lga
import gc
gc.collect()"""
RULES = [
    {
        "ID": "raw",
        "Status": "Enabled",
        "Filter": {"Prefix": "raw/"},
        "Transitions": [
            {"Days": 90, "StorageClass": "GLACIER"},
            {"Days": 30, "StorageClass": "STANDARD_IA"},
        ],
        "Expiration": {"Days": 365},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
    },
    {"ID": "off", "Status": "Disabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}},
]


def words(line):
    for word in line.split():
        yield word, 1


def total(word, counts):
    yield word, sum(counts)


PLAIN = Job(words, total, name="word count")
COMBINED = Job(words, total, combiner=total, name="word count")

# name: (the view, its last step, the words of step 2, words without a browser)
GALLERY = {
    "objects": (
        lambda: views.explore_objects(CYCLE, still=5), 6,
        "lga → Station no attributes", "After line 8: no objects.",
    ),
    "life cycle": (
        lambda: views.explore_life_cycle(RULES, "raw/a.csv"), 438,
        "Day 2: the current version is <b>STANDARD</b>", "from day 90 GLACIER",
    ),
    "epsilon": (
        lambda: views.explore_epsilon(VALUES, 0, 100), 9, "epsilon 0.1.", "epsilon 1.",
    ),
    "centroids": (
        lambda: views.explore_centroids(POINTS, {"far": START, "near": POINTS[:2]}), 6,
        "Pass 1, update", "Start near. k-means with 2 centroids",
    ),
    "shuffle": (
        lambda: views.explore_shuffle(COMBINED, LINES), 14,
        "reads “let it be” and yields 3 pairs", "The shuffle sends",
    ),
}  # fmt: skip


def parts(view):
    """Return the slider, the caption, the picture and the choice, if there is one."""
    controls, caption, picture = view.children
    named = {name: w for w in controls.children for name in w._dom_classes}
    return named["ck-step"], caption, picture, named.get("ck-choice")


@pytest.mark.parametrize("name", GALLERY)
def test_a_view_steps_and_has_words_a_picture_and_its_description(name):
    make, last, second, said = GALLERY[name]
    view = make()
    slider, caption, picture, _ = parts(view)
    assert "ck-view" in view._dom_classes and len(slider.options) == last + 1
    slider.index = last
    at_the_end = picture.value, caption.value
    slider.index = 2
    assert second in caption.value != at_the_end[1]
    assert picture.value != at_the_end[0]
    data, metadata = view._repr_mimebundle_()
    assert said in data["text/plain"]
    [(kind, about)] = metadata.items()
    assert about["alt"] and about["alt"] in data["text/plain"]
    if kind == "image/svg+xml":
        assert ET.fromstring(data[kind]).get("aria-label") == about["alt"]
    else:
        assert base64.b64decode(data[kind]).startswith(b"\x89PNG")
    again, _ = make()._repr_mimebundle_()
    assert (again[kind], again["text/plain"]) == (data[kind], data["text/plain"])


@pytest.mark.parametrize(
    ("make", "tells"),
    [
        (lambda: views.explore_objects("a = = 1"), "Line 1"),
        (lambda: views.explore_objects("# only"), "no statement"),
        (lambda: views.explore_life_cycle(RULES, "other"), "other"),
        (lambda: views.explore_epsilon([], 0, 1), "needs numbers"),
        (lambda: views.explore_epsilon([1, math.nan], 0, 1), "needs numbers"),
        (lambda: views.explore_epsilon([1], 5, 5), "empty"),
        (lambda: views.explore_centroids([(1, 2, 3)], [(1, 2, 3)]), "needs \\(rows, 2\\)"),
        (lambda: views.explore_centroids([(1, np.nan)], [(1, 2)]), "missing or infinite"),
        (lambda: views.explore_centroids(np.zeros((6000, 2)), [(0, 0)]), "cannot be told apart"),
        (lambda: views.explore_centroids(POINTS, POINTS + POINTS), "cannot be told apart"),
        (lambda: views.explore_shuffle(COMBINED, ["a " * 41]), "in one picture\nGive .* 1 to 40"),
        (lambda: views.explore_shuffle(COMBINED, [""]), "cannot be shown in one picture"),
        (lambda: views.explore_shuffle(Job(lambda x: [(int(x), 1)]), ["x"]), "on record 1"),
    ],
)
def test_what_cannot_be_shown_is_named(make, tells):
    with pytest.raises(CourseError, match=tells):
        make()


def test_another_choice_begins_anew_and_has_its_own_words():
    drawn = []

    def draw(name, number):
        drawn.append((name, number))
        return f"<svg>{name} {number}</svg>"

    view = explore(
        draw, lambda name, number: f"{name} {number}", lambda name: f"all of {name}",
        {"a": "xyz", "b": "uv"}, start=1, play=True,
    )  # fmt: skip
    slider, caption, picture, choice = parts(view)
    assert slider.options == ("x", "y", "z") and slider.value == "y"
    assert "a 1" in caption.value and "a 1" in picture.value
    choice.value = "b"
    assert slider.value == "v" and "b 1" in caption.value and picture.value == "<svg>b 1</svg>"
    assert view.children[0].children[0].max == 1  # of the player
    data, metadata = view._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/svg+xml"]["alt"] == "all of b"
    assert len(drawn) == len(set(drawn)), "each picture is drawn once"


def test_the_face_lists_what_exists():
    assert all(getattr(views, name) is not None for name in dir(views))
    with pytest.raises(AttributeError, match="nothing_such"):
        views.nothing_such  # noqa: B018


# A figure with its description


def line():
    from matplotlib import pyplot as plt

    drawn, axes = plt.subplots()
    axes.plot([1, 2])
    return drawn


def test_in_a_notebook_a_figure_carries_its_description():
    from IPython.utils.capture import capture_output
    from matplotlib import pyplot as plt

    InteractiveShell.instance()
    try:
        with capture_output() as seen:
            drawn = line()
            figure.show(drawn, alt="A line <rises>.")
    finally:
        InteractiveShell.clear_instance()
    picture, said = seen.outputs
    assert picture.data["text/plain"] == "A line <rises>."
    assert picture.metadata["image/png"]["alt"] == "A line <rises>."
    assert "A line &lt;rises&gt;." in said.data["text/html"]
    assert not plt.fignum_exists(drawn.number)


def test_in_a_script_a_figure_is_its_words_and_without_words_it_is_refused(capsys):
    figure.show(line(), alt="  One\n line. ")
    assert capsys.readouterr().out == "One line.\n"
    with pytest.raises(ValueError, match="needs a description"):
        figure.show(line(), alt=" ")
    assert figure.png(line()) == figure.png(line())


# Names and objects


def counts(step):
    return {name: step.things[number].count for name, number in step.names.items()}


def test_two_names_one_object_and_a_copy():
    steps = objects.trace("a = [1]\nb = a\nb.append(2)\nb = a[:]\n")
    assert list(map(counts, steps)) == [
        {"a": 1}, {"a": 2, "b": 2}, {"a": 2, "b": 2}, {"a": 1, "b": 1}
    ]  # fmt: skip
    assert steps[1].names["a"] == steps[1].names["b"]
    assert steps[2].things[steps[2].names["a"]].text == ("[1, 2]",)
    assert steps[3].names["a"] != steps[3].names["b"]


@pytest.mark.parametrize(
    "program",
    [
        "a = [1]\nb = [a, a]\nc = {'x': a, 'y': b}",
        "class C:\n    pass\na = C()\na.items = [a]\nb = a.items\nc = (b, a)",
        "a = []\na.append(a)\nb = {1: {2: a}}",
        "a = {1, 2}\ndef f(x):\n    return x\nb = f(a)\nfor c in [a]:\n    pass",
    ],
)
def test_counts_are_the_arrows_that_lead_to_an_object(program):
    for step in objects.trace(program):
        for number, thing in step.things.items():
            if thing.count is not None:
                named = list(step.names.values()).count(number)
                linked = sum(other.links.count(number) for other in step.things.values())
                assert thing.count == named + linked > 0


def test_a_cycle_outlives_its_names_until_it_is_collected():
    steps = objects.trace(CYCLE)
    assert [len(step.things) for step in steps] == [0, 2, 2, 2, 2, 2, 0]
    assert [len(step.lost) for step in steps] == [0, 0, 0, 0, 2, 2, 0]
    assert {thing.count for thing in steps[4].things.values()} == {1}
    assert "no name → Station partner = ●, 1 reference" in objects.in_words(steps[4])


def test_a_weak_reference_is_not_counted():
    program = "import weakref\nclass C:\n    pass\na = C()\nw = weakref.ref(a)\ndel a"
    steps = objects.trace(program)
    assert counts(steps[3])["a"] == 1
    assert steps[3].things[steps[3].names["w"]].text == ("its object is alive",)
    assert steps[4].things[steps[4].names["w"]].text == ("its object is gone",)


def test_an_error_ends_the_program_and_collection_is_as_it_was():
    steps = objects.trace("a = 1\nprint('so far')\na.append(2)\nb = 3")
    assert [step.lines for step in steps] == [(1, 1), (2, 2), (3, 3)]
    assert steps[1].printed == "so far\n"
    assert steps[2].error.startswith("AttributeError: 'int' object has no attribute 'append'")
    assert steps[2].error in objects.in_words(steps[2])
    assert gc.isenabled()
    gc.disable()
    try:
        objects.trace("a = 1")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_words_hold_no_address_and_long_values_are_cut():
    program = "def f():\n    pass\na = [object(), f, len]\nb = list(range(100))\nc = {'z', 'a'}"
    step = objects.trace(program)[-1]
    said = objects.in_words(step)
    assert "0x" not in said and "[a object, f, len]" in said and "{'a', 'z'}" in said
    assert max(len(line) for thing in step.things.values() for line in thing.text) <= 27


# k-means


def test_the_seven_points_go_the_way_that_the_chapter_works_out():
    taken = centroids.steps(POINTS, START)
    assigned, updated = taken[1::2], taken[2::2]
    assert ["".join(map(str, step.labels)) for step in assigned] == [
        "0001111", "0011111", "0011111"
    ]  # fmt: skip
    assert [step.inertia for step in assigned] == pytest.approx([33.25, 11.2257, 8.525], abs=1e-4)
    assert [step.changed for step in assigned] == [7, 1, 0]
    assert [step.shift for step in updated] == pytest.approx([5.8785, 1.1610, 0], abs=1e-4)
    assert updated[1].centroids.ravel() == pytest.approx([1.25, 1.5, 3.9, 5.1])
    said = list(map(centroids.caption, taken))
    assert "no point has a cluster yet" in said[0]
    assert "7 points changed. Inertia 33.25." in said[1] and "squared shifts 5.8785" in said[2]
    assert "1 point changed" in said[3] and "no point changed" in said[5]
    assert "no centroid moves" in said[6]
    told = centroids.in_words(taken)
    assert "2 centroids and 7 points, 3 passes" in told and "33.25, 11.226, 8.525" in told
    assert "centroid 0 from (1, 1) to (1.25, 1.5) with 2 points" in told


@pytest.mark.parametrize("seed", range(5))
def test_it_ends_where_scikit_learn_ends_and_the_inertia_never_rises(seed):
    random = np.random.default_rng(seed)
    points = random.normal(size=(120, 2))
    start = points[random.choice(120, 4, replace=False)]
    passes = centroids.steps(points, start)
    model = KMeans(4, init=start, n_init=1, tol=0).fit(points)
    assert passes[-1].inertia == pytest.approx(model.inertia_)
    assert (passes[-1].labels == model.labels_).all()
    course = [step.inertia for step in passes[1:]]
    assert all(after <= before + 1e-9 for before, after in pairwise(course))


def test_an_empty_cluster_keeps_its_centroid_and_is_named():
    passes = centroids.steps(POINTS, [*START, (20, 20)])
    assert passes[-1].centroids[2].tolist() == [20, 20]
    assert all("Cluster 2 is empty" in centroids.caption(step) for step in passes[1:])


def test_the_regions_show_the_nearest_centroid_on_axes_of_equal_length():
    taken = centroids.steps(POINTS, START)
    drawn = centroids.draw(POINTS, taken, 2)
    place, course = drawn.axes
    left, right, bottom, top = place.images[0].get_extent()
    cells = place.images[0].get_array()
    for x, y in POINTS:
        column = round((x - left) / (right - left) * (cells.shape[1] - 1))
        row = round((y - bottom) / (top - bottom) * (cells.shape[0] - 1))
        apart = ((taken[2].centroids - (x, y)) ** 2).sum(axis=1)
        assert cells[row, column] == apart.argmin()
    assert place.get_aspect() == 1
    assert "Pass 1: update" in place.get_title() and "Inertia" in course.get_title()
    figure.png(drawn)


# Privacy


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0])
def test_the_densities_keep_the_promise_of_epsilon_and_use_it_up(epsilon):
    measured = privacy.private_mean(VALUES, 0, 100)
    assert measured == privacy.PrivateMean(mean=62.5, change=25.0)
    width = 40 * measured.scale(epsilon)
    x = np.linspace(measured.mean - width, measured.mean + width, 400_001)
    one = measured.density(x, epsilon)
    other = measured.density(x, epsilon, measured.change)
    assert np.trapezoid(one, x) == pytest.approx(1, abs=1e-4)
    assert (one / other).max() == pytest.approx(math.exp(epsilon))
    assert (other / one).max() == pytest.approx(math.exp(epsilon))
    # The best guess takes the likelier table at each answer.
    best = np.trapezoid(np.maximum(one, other), x) / 2
    assert best == pytest.approx(privacy.guesses_right(epsilon), abs=1e-4)
    # The mean error of an answer is the scale of its noise.
    error = np.trapezoid(np.abs(x - measured.mean) * one, x)
    assert error == pytest.approx(measured.scale(epsilon), rel=1e-3)


def test_the_words_and_the_axes_hold_the_numbers_and_the_unit():
    measured = privacy.private_mean(VALUES, 0, 100, "USD")
    said = privacy.in_words(measured, 0.5)
    assert "at most 25.0" in said and "wrong by 50.0" in said
    assert "61 times in 100" in said  # 1 - exp(-1/4) / 2
    assert privacy.guesses_right(0) == 0.5 and privacy.guesses_right(50) == pytest.approx(1)
    drawn = privacy.draw(measured, 0.3)
    assert "epsilon 0.3" in drawn.axes[0].get_title()
    assert all("(USD)" in axes.get_xlabel() and axes.get_ylabel() for axes in drawn.axes)
    figure.png(drawn)


# The life cycle


@pytest.mark.parametrize(
    ("day", "now", "old"),
    [
        (0, "STANDARD", "STANDARD"),
        (6, "STANDARD", "STANDARD"),
        (7, "STANDARD", "deleted"),
        (29, "STANDARD", "deleted"),
        (30, "STANDARD_IA", "deleted"),
        (89, "STANDARD_IA", "deleted"),
        (90, "GLACIER", "deleted"),
        (364, "GLACIER", "deleted"),
        (365, "deleted", "deleted"),
    ],
)
def test_where_a_version_is_on_a_day(day, now, old):
    assert life_cycle.place(life_cycle.current(RULES, "raw/a.csv"), day) == now
    assert life_cycle.place(life_cycle.noncurrent(RULES, "raw/a.csv"), day) == old


def test_which_rules_are_for_a_key_and_the_earlier_end_counts():
    assert life_cycle.current(RULES, "other") == (("STANDARD", 0),)
    every = {"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 10}}
    assert life_cycle.current([*RULES, every], "raw/a")[-1] == ("deleted", 10)
    assert life_cycle.current([every], "anything")[-1].first == 10
    drawn = life_cycle.draw(RULES, "raw/a.csv", 45)
    (axes,) = drawn.axes
    assert "raw/a.csv" in axes.get_title() and "days" in axes.get_xlabel()
    assert len(axes.patches) == 6
    figure.png(drawn)


# The shuffle


class Counting:
    """In-mapper combining: yields when the task ends."""

    def setup(self):
        self.counts = Counter()

    def map(self, line):
        self.counts.update(line.split())

    def cleanup(self):
        yield from self.counts.items()


def boxes(svg, kind):
    """Return the text of the boxes of a kind: ck-born, ck-used, ck-rest or ck-moving."""
    groups = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}g")
    return ["".join(group.itertext()) for group in groups if group.get("class") == kind]


@pytest.mark.parametrize("job", [PLAIN, COMBINED, Job(Counting, total)])
def test_every_record_is_born_once_and_after_its_parents(job):
    run = trace(job, LINES)
    seen = set()
    for frame in shuffle.frames(run):
        assert frame.born and frame.caption
        for number in frame.born:
            assert set(run.steps[number].parents) <= seen
        assert not seen & set(frame.born)
        seen |= set(frame.born)
    assert seen == {step.id for step in run.steps}


def test_the_captions_tell_what_happened():
    told = [frame.caption for frame in shuffle.frames(trace(COMBINED, LINES))]
    assert told[0].startswith("4 lines for 2 map tasks")
    assert "task 0 reads “to be or not to be” and yields 6 pairs." in told[1]
    assert any("its own equal keys together, 9 pairs become 6" in caption for caption in told)
    assert "Reduce: reducer 1 gets “be” with 3 and yields be: 3." in told
    in_mapper = [frame.caption for frame in shuffle.frames(trace(Job(Counting, total), LINES))]
    assert any("has seen all its lines and yields" in caption for caption in in_mapper)


def test_a_combiner_sends_fewer_records_for_the_same_answer():
    runs = {"without combiner": trace(PLAIN, LINES), "with combiner": trace(COMBINED, LINES)}
    for name, records in (("without combiner", 11), ("with combiner", 8)):
        assert sorted(runs[name].pairs()) == sorted(PLAIN.run(LINES))
        slider, caption, _, choice = parts(views.explore_shuffle(COMBINED, LINES))
        choice.value = name
        assert len(slider.options) == len(shuffle.frames(runs[name]))
        assert "so far: 0 records" in caption.value
        slider.index = len(slider.options) - 1
        assert f"so far: {records} records" in caption.value


def test_the_picture_shows_what_moves_and_what_is_used():
    run = trace(COMBINED, LINES)
    told = shuffle.frames(run)
    first = shuffle.draw(run, 0)
    assert boxes(first, "ck-born") == LINES and boxes(first, "ck-moving") == []
    mapped = shuffle.draw(run, 1)
    assert boxes(mapped, "ck-born") == [f"{w}: 1" for w in LINES[0].split()]
    assert boxes(mapped, "ck-moving") == boxes(mapped, "ck-born")
    assert boxes(mapped, "ck-used") == [LINES[0]]
    combine = next(i for i, frame in enumerate(told) if frame.caption.startswith("Combine"))
    joined = shuffle.draw(run, combine)
    assert boxes(joined, "ck-born")[:2] == ["to: 2", "be: 3"]
    # Nine pairs move into six: three times be, two times to.
    assert Counter(boxes(joined, "ck-moving"))["be: 1"] == 3
    assert len(boxes(joined, "ck-moving")) == 9
    assert boxes(shuffle.draw(run), "ck-moving") == []


def test_movers_come_from_where_their_parents_stand_and_boxes_do_not_overlap():
    run = trace(PLAIN, ["b a"], map_tasks=1, reducers=1)
    plan = shuffle._Plan(run)
    arrived = run.at("shuffle")[0]
    assert arrived.key == "a"  # sorted: it was the second pair
    (x, y), (left, top) = plan.place(arrived), plan.place(run.at("map")[1])
    [mover] = plan.movers(arrived)
    assert f"--dx:{left - x}px;--dy:{top - y}px" in mover
    assert left < x and top > y
    run = trace(COMBINED, LINES, map_tasks=3, reducers=3)
    plan = shuffle._Plan(run)
    places = [plan.place(step) for step in run.steps]
    assert len(set(places)) == len(places)
    for x, y in places:
        assert 0 <= x <= plan.width - shuffle._BOX and 0 <= y <= plan.height - shuffle._HIGH


def test_keys_of_any_kind_are_escaped_and_cut():
    def odd(line):
        yield ("<a & b>", len(line)), 'quote " and more'

    shown = boxes(shuffle.draw(trace(Job(odd), ["x" * 60])), "ck-rest")
    assert shown[0] == "x" * 25 + "…"
    assert shown[1].startswith("('<a & b>'") and shown[1].endswith("…")


def test_lines_join_the_records_of_a_key_that_comes_from_several_map_tasks():
    run = trace(COMBINED, LINES)
    met = shuffle.meeting(run)
    shared = set.intersection(*({s.key for s in run.at("combine", task)} for task in (0, 1)))
    assert met.key in shared and met.tasks == [0, 1]
    assert {s.task for s in run.at("shuffle") if s.key == met.key} == {met.partition}
    said = f"“{met.key}” is sent by map tasks 0 and 1, and meets in partition {met.partition}"
    assert said in shuffle.in_words(run)

    drawn = shuffle.draw(run)
    ways = [step for step in run.steps if step.stage != "input" and step.key == met.key]
    parents = sum(run.steps[p].stage != "input" for step in ways for p in step.parents)
    assert drawn.count('class="ck-way"') == parents and f">{said}<" in drawn
    assert 'class="ck-way"' not in shuffle.draw(run, 0)

    alone = trace(COMBINED, LINES, map_tasks=1)
    assert shuffle.meeting(alone) is None and "ck-way" not in shuffle.draw(alone)
    assert "is sent by map tasks" not in shuffle.in_words(alone)


def test_the_words_are_the_whole_way():
    assert shuffle.in_words(trace(COMBINED, ["a b a"], map_tasks=1, reducers=1)) == (
        "From 1 line: 3 pairs, made by 1 map task. The combiner makes 2 of them. The shuffle sends"
        " 2 records to partition 0: a, b. The reducers yield a: 2, b: 1."
    )


# What is there in an account, and the storage chapter's two against the embedded AWS


@pytest.fixture(scope="module")
def cloud():
    cloud = ck.cloud.aws()
    yield cloud
    cloud.stop()


@pytest.fixture
def ec2(cloud):
    cloud.reset()
    return boto3.client("ec2")


def launch(ec2, name):
    image = boto3.client("ssm").get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    )["Parameter"]["Value"]
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
    run = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, TagSpecifications=tags
    )
    return run["Instances"][0]["InstanceId"]


def test_s3_gives_back_rules_that_can_be_drawn(cloud):
    cloud.reset()
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_lifecycle_configuration(Bucket="kept", LifecycleConfiguration={"Rules": RULES})
    found = s3.get_bucket_lifecycle_configuration(Bucket="kept")["Rules"]
    assert life_cycle.in_words(found, "raw/a") == life_cycle.in_words(RULES, "raw/a")


def test_a_server_from_nothing_to_its_end(ec2):
    board = watch_resources()
    assert str(board) == "Nothing is there."
    assert "Nothing is there" in board.children[0].value
    server = launch(ec2, "<b>web</b>")
    assert str(board).splitlines()[1].split("  ")[0] == "server"
    data, _ = board._repr_mimebundle_()
    assert data["text/plain"].startswith("kind")
    assert "&lt;b&gt;web" in data["text/html"] and "<b>web" not in data["text/html"]
    assert "i-" not in data["text/plain"], "no ids: stored outputs must not change"
    ec2.stop_instances(InstanceIds=[server])
    board.look()
    ec2.terminate_instances(InstanceIds=[server])
    text = str(board)
    assert "running → stopped → terminated" in text
    assert [line for line in text.splitlines() if "disk of <b>web" in line and GONE in line]
    assert "yes" not in text


def test_what_is_billed_is_marked(ec2):
    server = launch(ec2, "web")
    used = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(InstanceId=server, AllocationId=used)
    [address] = [one for one in read(ec2) if one.kind == "address"]
    assert (address.state, address.billed) == ("associated", True)
    ec2.terminate_instances(InstanceIds=[server])
    server = launch(ec2, "web")
    ec2.stop_instances(InstanceIds=[server])
    ec2.create_key_pair(KeyName="mine")
    ec2.create_security_group(GroupName="door", Description="none")
    found = {one.kind: one for one in read(ec2)}
    assert {kind: one.billed for kind, one in found.items()} == {
        "server": False, "volume": True, "address": True, "security group": False,
        "key pair": False,
    }  # fmt: skip
    assert found["address"].state == "idle"


def test_a_state_seen_twice_is_written_once_and_gone_may_come_back():
    board = Board(ec2=None)
    one = Resource("volume", "vol-1", "data", "available", True)
    for look in ([one], [one], [], [], [one]):
        board.add(look)
    assert board.states["vol-1"] == ["available", GONE, "available"]


def test_a_transfer_counts_from_many_threads_and_passes_an_error_on(capsys):
    with views.transfer("up", 8_000) as bar:
        threads = [threading.Thread(target=lambda: [bar(10) for _ in range(100)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert bar.moved == 8_000
    assert "up" in capsys.readouterr().err
    with pytest.raises(ZeroDivisionError), views.transfer("up", 10) as bar:
        bar(1 // 0)
    assert bar.moved == 0


def test_a_transfer_follows_boto3_and_is_a_widget_in_a_notebook():
    code = """
from IPython.testing.globalipapp import start_ipython
shell = start_ipython()
shell.run_cell('''
import boto3, io, coursekit as ck
from coursekit import views
from IPython.utils.capture import capture_output
ck.cloud.aws()
s3 = boto3.client("s3")
s3.create_bucket(Bucket="kept")
with capture_output() as shown:
    with views.transfer("up", 3_000_000) as bar:
        s3.upload_fileobj(io.BytesIO(b"x" * 3_000_000), "kept", "k", Callback=bar)
''')
import json
names = shell.user_ns
_, bar, text = names["bar"]._bar.container.children
print(json.dumps([names["bar"].moved, bar.value, bar.bar_style, text.value,
                  names["shown"].outputs[0].data["text/plain"]]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    moved, value, style, text, plain = json.loads(done.stdout.splitlines()[-1])
    assert moved == value == 3_000_000
    assert style == "success" and "3.00M/3.00M" in text
    assert plain == "up: 3,000,000 bytes"


def test_the_table_looks_after_every_cell_until_the_cloud_ends(ec2, cloud):
    # The last one with this cloud: it stops it.
    shell = InteractiveShell.instance()
    before = len(shell.events.callbacks["post_run_cell"])
    try:
        shell.user_ns["ec2"] = ec2
        shell.run_cell("from coursekit import views; board = views.watch_resources(ec2)")
        shell.run_cell("_ = ec2.create_key_pair(KeyName='mine')")
        assert "mine" in shell.user_ns["board"].children[0].value
        shell.run_cell("board = views.watch_resources(ec2)")  # the first one looks no more
        assert len(shell.events.callbacks["post_run_cell"]) == before + 1
        cloud.stop()
        shell.run_cell("1")
        assert len(shell.events.callbacks["post_run_cell"]) == before
    finally:
        InteractiveShell.clear_instance()
