"""The picture of names and objects: read from programs that really ran."""

import gc

import pytest

from coursekit.ground.errors import CourseError
from coursekit.views import objects

CYCLE = """class Station:
    pass
jfk, lga = Station(), Station()
jfk.partner = lga
lga.partner = jfk
del jfk, lga
import gc
gc.collect()"""


def counts(step):
    return {name: step.things[number].count for name, number in step.names.items()}


def test_two_names_one_object_and_a_copy():
    steps = objects.trace("a = [1]\nb = a\nb.append(2)\nb = a[:]\n")
    assert [counts(step) for step in steps] == [
        {"a": 1},
        {"a": 2, "b": 2},
        {"a": 2, "b": 2},
        {"a": 1, "b": 1},
    ]
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
    last = objects.trace("a = [1]\nb = [a]\nc = {'x': a, 'y': b}")[-1]
    assert counts(last) == {"a": 3, "b": 2, "c": 1}


def test_a_cycle_outlives_its_names_until_it_is_collected():
    steps = objects.trace(CYCLE)
    assert [len(step.things) for step in steps] == [0, 2, 2, 2, 2, 2, 0]
    assert [len(step.lost) for step in steps] == [0, 0, 0, 0, 2, 2, 0]
    assert {thing.count for thing in steps[4].things.values()} == {1}
    assert "no name → Station partner = ●, 1 reference" in objects.in_words(steps[4])
    assert objects.in_words(steps[-1]) == "After line 8: no objects."


def test_a_weak_reference_is_not_counted():
    program = "import weakref\nclass C:\n    pass\na = C()\nw = weakref.ref(a)\ndel a"
    steps = objects.trace(program)
    assert counts(steps[4 - 1])["a"] == 1
    assert steps[3].things[steps[3].names["w"]].text == ("its object is alive",)
    assert steps[4].things[steps[4].names["w"]].text == ("its object is gone",)


def test_an_error_ends_the_program_and_is_shown():
    steps = objects.trace("a = 1\nprint('so far')\na.append(2)\nb = 3")
    assert [step.lines for step in steps] == [(1, 1), (2, 2), (3, 3)]
    assert steps[1].printed == "so far\n"
    assert steps[2].error.startswith("AttributeError: 'int' object has no attribute 'append'")
    assert steps[2].error in objects.in_words(steps[2])


def test_words_hold_no_address_and_long_values_are_cut():
    program = "def f():\n    pass\na = [object(), f, len]\nb = list(range(100))\nc = {'z', 'a'}"
    words = objects.in_words(objects.trace(program)[-1])
    assert "0x" not in words
    assert "[a object, f, len]" in words
    assert "100 in all" not in words.split("b →")[0]
    assert (
        max(len(line) for t in objects.trace(program)[-1].things.values() for line in t.text) <= 27
    )
    assert "{'a', 'z'}" in words


@pytest.mark.parametrize(("program", "tells"), [("a = = 1", "Line 1"), ("# only", "no statement")])
def test_what_is_no_program_is_named(program, tells):
    with pytest.raises(CourseError, match=tells):
        objects.trace(program)


def test_collection_is_as_it_was_and_nothing_is_kept_alive():
    assert gc.isenabled()
    objects.trace("raise ValueError('x')")
    assert gc.isenabled()
    gc.disable()
    try:
        objects.trace("a = 1")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_slider_moves_the_picture_and_its_words():
    box = objects.explore_objects(CYCLE)
    slider, picture, text = box.children
    first = bytes(picture.value), text.value
    assert first[0].startswith(b"\x89PNG") and "no objects" in first[1]
    slider.value = 5
    assert bytes(picture.value) != first[0]
    assert "no name" in text.value
    assert slider.max == 7


def test_without_a_browser_it_is_a_picture_with_words():
    data, about = objects.explore_objects(CYCLE, still=5)._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR")
    assert data["text/plain"].splitlines()[-1] == "After line 8: no objects."
    assert "no name" in about["image/png"]["alt"]


def test_a_script_gets_the_words(capsys):
    objects.show_objects("a = [1]\nb = a")
    assert capsys.readouterr().out == "After line 2: a and b → list [1], 2 references.\n"
