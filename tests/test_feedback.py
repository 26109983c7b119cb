"""check, hint and solution: outcomes, messages, limits, and what they leave alone."""

import itertools
import json
import os
import signal
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coursekit as ck
from coursekit.feedback import authoring, compare, guard, lessons, observe, progress
from coursekit.feedback.authoring import Mistake, case, exercise
from coursekit.feedback.checking import CheckFailed
from coursekit.feedback.facts import Other, decode, encode
from coursekit.ground import places
from tests import factory

SOLUTION = """\
def double(xs):
    ### BEGIN SOLUTION
    return [factor * x for x in xs]
    ### END SOLUTION"""


@pytest.fixture(autouse=True)
def double(tmp_path, monkeypatch):
    """A course of one exercise: double a list's numbers."""
    (tmp_path / "notebooks").mkdir()
    cells = (
        factory.code("factor = 2\nsum = 0", id="above"),
        factory.code(SOLUTION, id="double", nbgrader={"grade_id": "99-double", "solution": True}),
        factory.code('check("99-double", double)', id="check"),
    )
    factory.write(tmp_path / "notebooks" / "99-double.ipynb", factory.notebook(*cells))
    monkeypatch.setenv("COURSEKIT_COURSE", str(tmp_path))
    forget()
    monkeypatch.setattr(authoring, "_numbers", lambda: ["99"])
    monkeypatch.setattr(authoring, "module_of", lambda number: None)
    monkeypatch.setattr(authoring, "_registry", {})
    yield declare()
    monkeypatch.undo()
    forget()


def declare(**more):
    """Declare the exercise, or declare it anew with something else."""
    declared = {
        "title": "Double",
        "hints": ("First?", "Then?"),
        "examples": [case([1, 2], want=[2, 4]), case([], want=[])],
        "mistakes": [
            Mistake("That squares.", ("factor * x", "x * x")),
            Mistake("A list times a number?", when=TypeError),
        ],
        "seconds": 0.5,
        "memory": 200,
    }
    return exercise("99-double", **declared | more)


def forget():
    for cached in (places.course_root, lessons.chapters, lessons._exercise_cell,
                   lessons._statements_above):  # fmt: skip
        cached.cache_clear()


def doubled(xs):
    return [2 * x for x in xs]


def test_passed():
    result = ck.check("99-double", doubled)
    assert result.passed and result.outcome == "passed"
    assert repr(result) == "✔ Passed: Double"


def test_failed_names_what_was_tried_and_the_mistake():
    result = ck.check("99-double", lambda xs: [x**2 for x in xs])
    assert (result.outcome, result.tried) == ("failed", "double([1, 2])")
    assert (result.expected, result.got, result.message) == ("[2, 4]", "[1, 4]", "That squares.")
    for text in ("double([1, 2])", "[2, 4]", "[1, 4]", "That squares.", 'hint("99-double")'):
        assert text in repr(result)
    assert "That squares." in result._repr_html_()


def test_only_the_first_failing_case_is_shown():
    assert ck.check("99-double", lambda xs: doubled(xs) if xs else None).tried == "double([])"


def test_a_mistake_is_not_told_to_who_was_right_where_it_is_wrong():
    declare(examples=[case([3], want=[6]), case([2, 3], want=[4, 6])])
    assert ck.check("99-double", lambda xs: [6] if xs == [3] else [4, 9]).message == ""


def test_raised_shows_the_learners_lines_only():
    source = "def double(xs):\n    scale = 2\n    return xs / scale\n"
    names = {}
    exec(compile(source, "my cell", "exec"), names)
    result = ck.check("99-double", names["double"])
    assert result.outcome == "raised" and result.message == "A list times a number?"
    assert "line 3, in double" in result.traceback and "TypeError" in result.traceback
    assert "coursekit" not in result.traceback


def forever(xs):
    while True:
        pass


def stubborn(xs):
    while True:
        try:
            time.sleep(0.001)
        except:  # noqa: E722
            continue


def yielded(xs):
    yield from doubled(xs)


async def awaited(xs):
    return doubled(xs)


def itself(xs):
    return itself(xs)


@pytest.mark.parametrize("endless", [forever, stubborn])
def test_an_endless_loop_is_stopped_and_named(endless):
    started = time.monotonic()
    result = ck.check("99-double", endless)
    assert result.outcome == "raised" and "did not come to an end" in result.message
    assert time.monotonic() - started < 30


def test_code_that_waits_is_given_longer():
    def patient(xs):
        time.sleep(0.7)  # more than the limit on the clock, and no work
        return doubled(xs)

    assert ck.check("99-double", patient).passed


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda xs: [bytearray(10**8) for _ in range(9)], "more memory"),
        (lambda xs: input("a number: "), "input()"),
        (lambda xs: exec("raise SystemExit"), "exit()"),
        (lambda xs: print([2, 4]), "prints a value but returns None"),
        (lambda xs: None, "returns None"),
        (lambda xs: tuple(doubled(xs)), "in a tuple; a list is asked for"),
        (lambda xs: {2, 4}, "in a set; a list is asked for"),
        (lambda xs: str(doubled(xs)), "is a str, not a list"),
        (lambda xs: [str(2 * x) for x in xs], "a part of it is a str, not a int"),
        (lambda xs: (2 * x for x in xs), "`generator` object, not a list"),
        (lambda xs: map(int, "24"), "`map` object"),
        (yielded, "`yield`"),
        (awaited, "`async def`"),
        (list, "is a class"),
        ([2, 4], "The function itself"),
        (lambda xs: [2, 4], "answer to another question: double([1, 2])"),
        (lambda xs: xs[9], ""),
        (lambda xs: itself(xs), "calls itself again and again"),
        (lambda xs: os._exit(0), "ended Python itself"),
        (lambda xs: sum(itertools.count()), "did not come to an end"),
        (lambda xs: doubled(xs)[::-1], "not in the order"),
        (lambda xs: xs.append(0) or doubled(xs[:-1]), "changed what it was given"),
    ],
)
def test_what_goes_wrong_in_any_exercise_has_a_message(answer, message, capsys):
    assert message in ck.check("99-double", answer).message
    assert capsys.readouterr().out == ""


class Speechless(Exception):
    def __str__(self):
        return None


def speechless(xs):
    raise Speechless


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x: round(x / 3, 2), "is rounded"),
        (lambda x: x // 3, "decimals are lost"),
        (lambda x: str(x / 3), "is a str, not a float"),
        (lambda x: None, "A guess."),
        (lambda x: x / 3 + 1, "A guess."),
    ],
)
def test_a_number_in_another_form_is_named(answer, message):
    declare(examples=[case(8.0, want=8 / 3)], mistakes=[Mistake("A guess.", when=lambda got: True)])
    assert message in ck.check("99-double", answer).message


def test_an_exception_of_another_class_or_none_is_named():
    declare(examples=[case(None, want=ValueError)], mistakes=[])
    assert "raises a TypeError. A ValueError is asked" in ck.check("99-double", doubled).message
    assert "has to raise a ValueError" in ck.check("99-double", lambda xs: []).message


def test_what_looks_the_same_is_shown_exactly():
    declare(examples=[case(0, want=pd.Series([1 / 3]))])
    result = ck.check("99-double", lambda x: pd.Series([0.3333333]))
    assert "0.3333333" in result.got and "0.33333333333333331" in result.expected


def test_a_long_recursion_is_shown_in_few_lines():
    result = ck.check("99-double", itself)
    assert len(result.traceback.splitlines()) <= 12 and "more calls" in result.traceback


def test_an_error_without_words_is_shown():
    assert "Speechless" in ck.check("99-double", speechless).traceback


def test_nothing_of_an_answer_comes_out_and_nothing_stays_replaced(capsys):
    def chatty(xs):
        while True:
            print("out")
            print("err", file=sys.stderr)
            time.sleep(0.001)

    before = sys.stdout, sys.stderr, signal.getsignal(signal.SIGALRM)
    for memory in (200, None):  # in a copy of the process, and in the process itself
        declare(memory=memory)
        assert "did not come to an end" in ck.check("99-double", chatty).message
        assert (sys.stdout, sys.stderr, signal.getsignal(signal.SIGALRM)) == before
    assert capsys.readouterr() == ("", "")


def test_memory_is_watched_where_no_limit_can_be_set(monkeypatch):
    declare(memory=None, seconds=20)
    monkeypatch.setattr(guard, "MOST_GROWTH", 100 << 20)
    fills = lambda xs: [bytearray(b"x") * 10**7 for _ in range(10**4)]  # noqa: E731
    assert "more memory" in ck.check("99-double", fills).message


def test_an_interrupt_says_so_and_is_no_attempt():
    declare(seconds=30)
    stop = threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT))
    stop.start()
    result = ck.check("99-double", forever)
    assert result.outcome == "interrupted" and "nothing about your answer" in repr(result)
    assert progress.attempts("99-double") == 0


def test_what_an_answer_changes_stays_in_its_copy():
    kept = []
    ck.check("99-double", lambda xs: kept.append(xs) or doubled(xs))
    assert kept == []


@pytest.mark.parametrize("error", [RecursionError, KeyError])
def test_every_error_of_the_answer_is_shown(error):
    def raises(xs):
        raise error("out")

    assert error.__name__ in ck.check("99-double", raises).traceback


def test_not_attempted():
    def unfinished(xs):
        raise NotImplementedError

    (starter,) = lessons.answers("99-double", lessons.starter_source("99-double"))
    for answer in (..., unfinished, starter):
        assert ck.check("99-double", answer).outcome == "not attempted"
    assert progress.attempts("99-double") == 0


def test_answers_are_not_changed():
    declare(observe=lambda answer: sorted(answer.sort() or answer), examples=[case(want=[1, 2, 3])])
    mine = [3, 1, 2]
    assert ck.check("99-double", mine).passed
    assert mine == [3, 1, 2]


def named(answer, xs):
    got = answer(xs)
    yield "its length", len(got)
    yield "its end", got[-1]


def test_the_first_wrong_fact_is_told():
    declare(observe=named, examples=[case([1, 2], want={"its length": 2})], mistakes=[
        Mistake("The end.", when=lambda facts: facts["its end"] == 0)])  # fmt: skip
    assert ck.check("99-double", doubled).passed
    result = ck.check("99-double", lambda xs: [2, 0])
    assert (result.tried, result.expected) == ("double([1, 2]): its end", "4")
    assert result.message == "The end."
    assert ck.check("99-double", lambda xs: []).tried == "double([1, 2]): its length"


def test_an_error_that_is_wanted_is_right_and_its_lack_is_told():
    declare(examples=[case(None, want=TypeError)])
    assert ck.check("99-double", doubled).passed
    result = ck.check("99-double", lambda xs: [])
    assert (result.outcome, result.expected, result.got) == ("failed", "a TypeError", "[]")


def test_what_the_machine_lacks_is_not_the_learners_fault():
    author, names = str(places.notebooks() / "exercises" / "ch99.py"), {"error": ck.CourseError}
    code = "def look(answer):\n    raise error('There is no Java.', 'Run coursekit doctor.')"
    exec(compile(code, author, "exec"), names)
    declare(observe=names["look"], examples=[case(want=1)])
    with pytest.raises(ck.CourseError, match="no Java"):
        ck.check("99-double", doubled)

    names = {"error": ck.CourseError("There is no Java.", "Grade me by hand.")}
    exec(compile("def double(*xs):\n    raise error", "my cell", "exec"), names)
    declare(observe=None, examples=[case([1], want=[2])])
    assert ck.check("99-double", names["double"]).outcome == "raised"


def test_an_unknown_id_suggests_the_nearest():
    with pytest.raises(ck.CourseError, match="Did you mean '99-double'"):
        ck.check("99-duoble", None)
    with pytest.raises(ck.CourseError, match="id is text"):
        ck.check(lambda: 1)


def test_a_missing_answer_is_named():
    with pytest.raises(ck.CourseError, match="got 0 answers; it takes: double"):
        ck.check("99-double")


def test_hints_come_one_by_one_then_point_to_the_solution():
    first, second, again = (ck.hint("99-double") for _ in range(3))
    assert "Hint 1 of 2" in repr(first) and "First?" in repr(first)
    assert "Hint 2 of 2" in repr(second) and "Then?" in repr(second)
    assert "last hint" in repr(again)


def test_the_solution_asks_for_an_attempt_first():
    assert "First an attempt" in repr(ck.solution("99-double"))
    ck.check("99-double", ...)
    assert "First an attempt" in repr(ck.solution("99-double"))
    ck.check("99-double", lambda xs: xs)
    assert "return [factor * x for x in xs]" in repr(ck.solution("99-double"))
    assert "return [factor * x for x in xs]" in ck.solution("99-double")._repr_html_()


@pytest.mark.parametrize("variable", ["COURSEKIT_STRICT", "NBGRADER_EXECUTION"])
def test_a_machine_gets_an_exception(monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    with pytest.raises(CheckFailed, match="That squares"):
        ck.check("99-double", lambda xs: [x * x for x in xs])
    with pytest.raises(CheckFailed, match="Not attempted"):
        ck.check("99-double", ...)


def test_a_try_that_does_not_count_is_shown_only(monkeypatch):
    monkeypatch.setenv("COURSEKIT_STRICT", "1")
    result = ck.check("99-double", lambda xs: [x * x for x in xs], record=False)
    assert result.message == "That squares." and progress.attempts("99-double") == 0


def test_html_escapes_what_learners_return():
    assert "<script>" not in ck.check("99-double", lambda xs: "<script>")._repr_html_()


# Facts that leave the process

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner)
    | st.sets(st.integers()),
    max_leaves=10,
)  # fmt: skip


@given(PLAIN)
def test_plain_data_come_back_as_they_were(value):
    assert compare.same(decode(json.loads(json.dumps(encode(value)))), value)


@pytest.mark.parametrize(
    "value",
    [np.arange(6.0).reshape(2, 3), np.array(["a"]), np.float64(2), {1: (2, {3})}, ...,
     pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=[5, 6]), pd.Series([1.5], name="n")],
    ids=str,
)  # fmt: skip
def test_arrays_and_tables_come_back_too(value):
    assert compare.same(decode(json.loads(json.dumps(encode(value)))), value)


def test_what_is_no_plain_data_comes_out_as_its_words():
    assert isinstance(decode(encode(object())), Other)


@pytest.mark.parametrize("data", [{"eval": "1"}, {"dict": 3}, {"a": 1, "b": 2}, {"ndarray": []}])
def test_data_that_no_fact_has_is_refused(data):
    with pytest.raises(ValueError, match="no fact"):
        decode(data)


@pytest.mark.parametrize("data", [3, {}, {"facts": 3, "changed": None, "printed": 0}])
def test_an_observation_of_another_form_is_refused(data):
    with pytest.raises(ValueError, match="no observation"):
        observe.from_data(data)
