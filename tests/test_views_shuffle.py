"""What the shuffle animation shows, against the trace of the job and the job's own answer."""

import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from coursekit import mapreduce, views
from coursekit.ground.errors import CourseError
from coursekit.mapreduce import Job, trace
from coursekit.views import shuffle

LINES = ["to be or not to be", "let it be", "to do", ""]


def words(line):
    for word in line.split():
        yield word, 1


def total(word, counts):
    yield word, sum(counts)


class Counting:
    """In-mapper combining: yields when the task ends."""

    def setup(self):
        self.counts = Counter()

    def map(self, line):
        self.counts.update(line.split())

    def cleanup(self):
        yield from self.counts.items()


PLAIN = Job(words, total, name="word count")
COMBINED = Job(words, total, combiner=total, name="word count")


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
    without, combined = trace(PLAIN, LINES), trace(COMBINED, LINES)
    assert shuffle.sent(without, shuffle.frames(without)) == 11
    assert shuffle.sent(combined, shuffle.frames(combined)) == 8
    assert shuffle.sent(combined, shuffle.frames(combined)[:5]) == 0
    assert sorted(without.pairs()) == sorted(combined.pairs()) == sorted(PLAIN.run(LINES))


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


def test_movers_come_from_where_their_parents_stand():
    run = trace(PLAIN, ["b a"], map_tasks=1, reducers=1)
    plan = shuffle._Plan(run)
    arrived = run.at("shuffle")[0]
    assert arrived.key == "a"  # sorted: it was the second pair
    (x, y), (left, top) = plan.place(arrived), plan.place(run.at("map")[1])
    [mover] = plan.movers(arrived)
    assert f"--dx:{left - x}px;--dy:{top - y}px" in mover
    assert left < x and top > y


def test_boxes_stay_within_the_picture_and_do_not_overlap():
    run = trace(COMBINED, LINES, map_tasks=3, reducers=3)
    plan = shuffle._Plan(run)
    places = [plan.place(step) for step in run.steps]
    assert len(set(places)) == len(places)
    for x, y in places:
        assert 0 <= x <= plan.width - shuffle._BOX and 0 <= y <= plan.height - shuffle._HIGH


def test_keys_of_any_kind_are_escaped_and_cut():
    def odd(line):
        yield ("<a & b>", len(line)), 'quote " and more'

    svg = shuffle.draw(trace(Job(odd), ["x" * 60]))
    shown = boxes(svg, "ck-rest")
    assert shown[0] == "x" * 25 + "…"
    assert shown[1].startswith("('<a & b>'") and shown[1].endswith("…")


def test_the_words_are_the_whole_way():
    said = shuffle.in_words(trace(COMBINED, ["a b a"], map_tasks=1, reducers=1))
    assert said == (
        "From 1 line: 3 pairs, made by 1 map task. The combiner makes 2 of them. The shuffle sends"
        " 2 records to partition 0: a, b. The reducers yield a: 2, b: 1."
    )


def test_the_widget_moves_with_its_slider_and_its_switch():
    view = views.explore_shuffle(COMBINED, LINES)
    assert "ck-view" in view._dom_classes
    controls, caption, picture = view.children
    play, step, combiner = controls.children
    before = picture.value
    step.value = 1
    assert picture.value != before and "reads “to be or not to be”" in caption.value
    step.value = step.max
    assert "so far: 8 records" in caption.value
    combiner.value = False
    assert step.value == 0 and "so far: 0 records" in caption.value
    assert play.max == step.max == len(shuffle.frames(trace(PLAIN, LINES))) - 1
    step.value = step.max
    assert "so far: 11 records" in caption.value


def test_without_a_combiner_there_is_no_switch():
    controls = views.explore_shuffle(PLAIN, LINES).children[0]
    assert len(controls.children) == 2


def test_without_a_browser_the_view_is_a_picture_and_words():
    bundle = views.explore_shuffle(COMBINED, LINES)._repr_mimebundle_()
    assert bundle["text/plain"] == shuffle.in_words(trace(COMBINED, LINES))
    assert boxes(bundle["image/svg+xml"], "ck-moving") == []
    again = views.explore_shuffle(COMBINED, LINES)._repr_mimebundle_()
    assert again["image/svg+xml"] == bundle["image/svg+xml"]


@pytest.mark.parametrize("lines", [["a " * 41], [""]])
def test_what_cannot_be_read_in_one_picture_is_refused(lines):
    with pytest.raises(CourseError, match="cannot be shown in one picture") as caught:
        views.explore_shuffle(COMBINED, lines)
    assert "1 to 40" in caught.value.mend


def test_a_failing_mapper_is_reported_with_its_record():
    with pytest.raises(mapreduce.TaskFailed, match="record 1"):
        views.explore_shuffle(Job(lambda line: [(int(line), 1)]), ["x"])
