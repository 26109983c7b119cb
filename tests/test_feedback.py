"""check, hint and solution: outcomes, messages, time limits, and what they leave alone."""

import time

import pytest

import coursekit as ck
from coursekit.feedback import checking as feedback
from coursekit.feedback import exercises, lessons, progress
from coursekit.feedback.exercises import Misconception, exercise, require, trial


@pytest.fixture(autouse=True)
def double(monkeypatch):
    """Register an exercise for the tests: double a list's numbers."""
    exercises.all_exercises()  # loaded now, or they would be gone after the first of these tests
    monkeypatch.setattr(exercises, "_registry", dict(exercises._registry))

    @exercise("99-double", title="Double", hints=("First?", "Then?"), seconds=0.5)
    def double(answer, extra=None):
        trial(
            "double([1, 2])",
            lambda: answer([1, 2]),
            want=[2, 4],
            misconceptions=[
                Misconception([1, 4], "That squares."),
                Misconception(TypeError, "A list times a number?"),
            ],
        )
        got = trial("double([])", lambda: answer([]), want=[])
        require(got is not None, "double([])", expected="a list", got=got, tell="Never None.")


def test_passed():
    result = ck.check("99-double", lambda xs: [2 * x for x in xs])
    assert result.passed and result.outcome == "passed"
    assert repr(result) == "✔ Passed: Double"


def test_failed_names_what_was_tried_and_the_misconception():
    result = ck.check("99-double", lambda xs: [x * x for x in xs])
    assert (result.outcome, result.tried) == ("failed", "double([1, 2])")
    assert (result.expected, result.got, result.message) == ("[2, 4]", "[1, 4]", "That squares.")
    for text in ("double([1, 2])", "[2, 4]", "[1, 4]", "That squares.", 'hint("99-double")'):
        assert text in repr(result)
    assert "That squares." in result._repr_html_()


def test_only_the_first_failing_case_is_shown():
    result = ck.check("99-double", lambda xs: [2 * x for x in xs] if xs else None)
    assert result.tried == "double([])"


def test_raised_shows_the_learners_lines_only(tmp_path):
    source = "def double(xs):\n    scale = 2\n    return xs / scale\n"
    names = {}
    exec(compile(source, "my cell", "exec"), names)
    result = ck.check("99-double", names["double"])
    assert result.outcome == "raised"
    assert "line 3, in double" in result.traceback
    assert "TypeError" in result.traceback
    assert "coursekit" not in result.traceback
    assert result.message == "A list times a number?"


def test_an_endless_loop_is_stopped_and_named():
    def forever(xs):
        while True:
            pass

    started = time.monotonic()
    result = ck.check("99-double", forever)
    assert result.outcome == "raised"
    assert "the limit is 0.5 s" in result.traceback
    assert "did not come to an end" in result.message
    assert time.monotonic() - started < 30


def test_an_endless_loop_that_catches_everything_is_stopped_too():
    def stubborn(xs):
        while True:
            try:
                time.sleep(0.001)
            except:  # noqa: E722
                continue

    assert "the limit is" in ck.check("99-double", stubborn).traceback


def test_code_that_waits_is_given_longer():
    def patient(xs):
        time.sleep(0.7)  # More than the limit on the clock, and no work.
        return [2 * x for x in xs]

    assert ck.check("99-double", patient).outcome == "passed"


@pytest.mark.parametrize("leave", [SystemExit, RecursionError, KeyError])
def test_leaving_the_interpreter_is_an_error_like_any_other(leave):
    def exits(xs):
        raise leave("out")

    assert leave.__name__ in ck.check("99-double", exits).traceback


def test_printing_instead_of_returning_is_recognised(capsys):
    result = ck.check("99-double", lambda xs: print([2, 4]))
    assert "prints a value but returns None" in result.message
    assert capsys.readouterr().out == ""


def test_not_attempted():
    def unfinished(xs):
        raise NotImplementedError

    assert ck.check("99-double", ...).outcome == "not attempted"
    assert ck.check("99-double", unfinished).outcome == "not attempted"
    assert progress.attempts("99-double") == 0


def test_answers_are_not_changed(monkeypatch):
    @exercise("99-sorts", title="Sorts", hints=("a", "b"))
    def sorts(numbers):
        numbers.sort()

    mine = [3, 1, 2]
    assert ck.check("99-sorts", mine).passed
    assert mine == [3, 1, 2]


def test_an_unknown_id_suggests_the_nearest():
    with pytest.raises(ck.CourseError, match="Did you mean '99-double'"):
        ck.check("99-duoble", None)
    with pytest.raises(ck.CourseError, match="id is text"):
        ck.check(lambda: 1)


def test_a_missing_answer_is_named():
    with pytest.raises(ck.CourseError, match="got 0 answers; it takes: answer"):
        ck.check("99-double")


def test_a_mistake_in_a_check_itself_is_not_blamed_on_the_learner():
    @exercise("99-broken", title="Broken", hints=("a", "b"))
    def broken(answer):
        raise RuntimeError("the author's own mistake")

    with pytest.raises(RuntimeError):
        ck.check("99-broken", 1)


def test_hints_come_one_by_one_then_point_to_the_solution():
    first, second, again = (ck.hint("99-double") for _ in range(3))
    assert "Hint 1 of 2" in repr(first) and "First?" in repr(first)
    assert "Hint 2 of 2" in repr(second) and "Then?" in repr(second)
    assert "last hint" in repr(again)


def test_the_solution_asks_for_an_attempt_first(monkeypatch):
    monkeypatch.setattr(lessons, "solution_source", lambda id: "return [2 * x for x in xs]")
    assert "First an attempt" in repr(ck.solution("99-double"))
    ck.check("99-double", ...)
    assert "First an attempt" in repr(ck.solution("99-double"))
    ck.check("99-double", lambda xs: xs)
    assert "return [2 * x for x in xs]" in repr(ck.solution("99-double"))
    assert "return [2 * x for x in xs]" in ck.solution("99-double")._repr_html_()


@pytest.mark.parametrize("variable", ["COURSEKIT_STRICT", "NBGRADER_EXECUTION"])
def test_a_machine_gets_an_exception(monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    with pytest.raises(feedback.CheckFailed, match="That squares"):
        ck.check("99-double", lambda xs: [x * x for x in xs])
    with pytest.raises(feedback.CheckFailed, match="Not attempted"):
        ck.check("99-double", ...)


def test_html_escapes_what_learners_return():
    result = ck.check("99-double", lambda xs: "<script>alert(1)</script>")
    assert "<script>" not in result._repr_html_()
