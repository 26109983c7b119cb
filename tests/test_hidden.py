"""Hidden tests: every exercise has one; how it ends for answers of all kinds; what it tells.

What they say of the solution, the starter and a cheat of each exercise is in test_exercises.py,
where the chapters run.
"""

import subprocess
import sys
import traceback

import pytest

from classkit.classroom import hidden
from classkit.classroom.hidden import HiddenTestFailed, verify
from coursekit.feedback import authoring, exercises, guard, lessons
from coursekit.feedback import checking as feedback
from coursekit.ground.errors import CourseError

SECRET = 20_261_121
MESSAGE = "The answer to exercise 06-mapper does not pass its hidden test."


def right(line):
    for word in line.split():
        yield word, 1


def not_implemented(line):
    raise NotImplementedError


def raises(line):
    raise RuntimeError(line)


def exits(line):
    sys.exit(line)


def loops(line):
    while True:
        pass


def shows(line):
    print("stdout:", line)
    print("stderr:", line, file=sys.stderr)
    return line


def outcome(answer, id="06-mapper", seed=SECRET):
    with pytest.raises(HiddenTestFailed) as caught:
        verify(id, answer, seed=seed)
    return caught.value


@pytest.mark.parametrize(
    "id",
    [id for c in lessons.chapters() if not authoring.of_chapter(c.number) for id in c.exercises],
)
def test_every_exercise_has_a_hidden_test_and_the_same_answers(id):
    import inspect

    takes = list(inspect.signature(hidden._find(id)).parameters)
    assert takes == [*inspect.signature(exercises.find(id).grade).parameters, "chance"]


def test_exercises_without_other_data_say_why():
    known = {exercise.id for exercise in exercises.all_exercises()}
    assert set(hidden.WITHOUT_OTHER_DATA) <= known
    assert all(reason.endswith(".") for reason in hidden.WITHOUT_OTHER_DATA.values())


@pytest.mark.parametrize(
    "answer",
    [not_implemented, raises, exits, loops, shows, list, None, ..., "text"],
    ids=lambda answer: getattr(answer, "__name__", str(answer)),
)
def test_every_kind_of_failure_ends_with_the_same_words(answer, monkeypatch, capfd):
    monkeypatch.setattr(guard, "WAITING", 1)
    exercise = exercises.find("06-mapper")
    monkeypatch.setitem(exercises._registry, "06-mapper", short(exercise))
    error = outcome(answer)
    assert str(error) == MESSAGE
    # no error hangs on it that a traceback would show
    assert error.__context__ is None and error.__cause__ is None
    assert capfd.readouterr() == ("", "")


def short(exercise):
    import dataclasses

    return dataclasses.replace(exercise, seconds=0.2)


def test_a_right_answer_passes_in_silence(capfd):
    assert verify("06-mapper", right, seed=SECRET) is None
    assert capfd.readouterr() == ("", "")


def test_the_traceback_shows_no_data():
    lines = []

    def noting(line):
        lines.append(line)
        raise RuntimeError(line)

    shown = "".join(traceback.format_exception(outcome(noting)))
    (line,) = lines
    assert len(line) > 10
    assert not any(word in shown for word in line.split() if len(word) > 2)


def test_the_data_of_a_seed_are_the_same_in_every_process():
    code = (
        "from classkit.classroom.hidden import verify\n"
        "def answer(line):\n"
        "    global seen\n"
        "    seen = line\n"
        "try:\n"
        f"    verify('06-mapper', answer, seed={SECRET})\n"
        "except AssertionError:\n"
        "    print(repr(seen))\n"
    )
    seen = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert seen[0] == seen[1] != ""


def test_a_notebook_shows_nothing_of_it_either(tmp_path):
    code = (
        "from classkit.classroom.hidden import verify\n"
        "def answer(line):\n"
        "    print('printed', line)\n"
        "    display('displayed ' + line)\n"
        "    return []\n"
        "try:\n"
        "    verify('06-mapper', answer, seed=1)\n"
        "except AssertionError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", code],
        env={"IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == MESSAGE
    assert done.stderr == ""


def test_a_check_that_was_passed_by_its_own_inputs_is_not_passed_here():
    known = {"to be or not to be": right, "  a  b\tA  ": right, "": right}

    def cheat(line):
        return known[line](line) if line in known else []

    assert feedback.check("06-mapper", cheat).passed
    assert str(outcome(cheat)) == MESSAGE


def test_what_the_machine_lacks_is_not_the_learners_fault(monkeypatch):
    def lacking(answer, chance):
        raise CourseError("There is no Java.", "Run coursekit doctor.")

    hidden._find("06-mapper")
    monkeypatch.setitem(hidden._registry, "06-mapper", lacking)
    with pytest.raises(CourseError, match="no Java"):
        verify("06-mapper", right, seed=SECRET)


def test_a_learners_own_course_error_is_a_failure():
    def pretends(line):
        raise CourseError("There is no Java.", "Grade me by hand.")

    assert str(outcome(pretends)) == MESSAGE


def test_an_unknown_exercise_is_named():
    with pytest.raises(CourseError, match="06-maper"):
        verify("06-maper", right, seed=SECRET)
