"""Every exercise under attack: starter, solution, wrong answers, mutants, hints."""

import re
import sys

import pytest

import coursekit as ck
from classkit.classroom.hidden import WITHOUT_OTHER_DATA
from coursekit.feedback import authoring, exercises, lessons
from coursekit.feedback.result import Result
from tests import attacks, laboratory

OLD = [c for c in lessons.chapters() if not authoring.of_chapter(c.number)]
CHAPTERS = [c.number for c in OLD if c.exercises]
NO_FUNCTIONS = {"03-least-privilege", "08-schema", "08-lazy", "14-policy"}
EXERCISES = [id for c in OLD for id in c.exercises]


@pytest.fixture(scope="module")
def attempts():
    """Try every answer, chapter by chapter, when the first test of the chapter asks."""
    done = {}

    def of(id):
        number = id.partition("-")[0]
        if number not in done:
            wrong = {id: [w.source for w in ws] for id, ws in attacks.of(number).WRONG.items()}
            try:
                done[number] = laboratory.run_chapter(number, wrong)
            except Exception as error:  # told by every test, but the chapter runs once
                done[number] = error
        if isinstance(done[number], Exception):
            raise done[number]
        return done[number][id]

    yield of
    _end_what_the_chapters_started()


@pytest.fixture
def hidden(attempts):
    """Give what the hidden test of an exercise said."""

    def of(id):
        found = attempts(id).hidden
        if isinstance(found, Exception):
            raise found
        return found

    return of


def _end_what_the_chapters_started():
    """Stop the clouds and the Spark that chapters started in this process, for the next tests."""
    if "coursekit.cloud" in sys.modules:
        from coursekit.cloud.kernel_cloud import KernelCloud

        for kind in KernelCloud.__subclasses__():
            if kind._running is not None:
                kind._running.stop()
    if "coursekit.spark_session" in sys.modules:
        ck.spark(quiet=True).stop()


@pytest.mark.parametrize("id", EXERCISES)
def test_the_starter_is_not_attempted(id, attempts):
    assert attempts(id).starter.outcome == "not attempted", attempts(id).starter


@pytest.mark.parametrize("id", EXERCISES)
def test_the_shown_solution_passes(id, attempts):
    assert attempts(id).solution.outcome == "passed", attempts(id).solution


@pytest.mark.parametrize("id", EXERCISES)
def test_wrong_answers_get_the_message_meant_for_them(id, attempts):
    wrong = attacks.of(id.partition("-")[0]).WRONG[id]
    assert len(wrong) >= 2
    assert len({w.tells for w in wrong}) >= 2, "at least two different messages"
    for answer, result in zip(wrong, attempts(id).wrong, strict=True):
        assert result.outcome == answer.outcome, f"{answer.source}\n{result!r}"
        assert answer.tells in result.message, f"{answer.source}\n{result!r}"


@pytest.mark.parametrize("id", EXERCISES)
def test_mutants_of_the_solution_do_not_pass(id, attempts):
    explained = attacks.of(id.partition("-")[0]).SURVIVORS.get(id, {})
    survivors = {
        mutant.label: mutant.source
        for mutant, result in attempts(id).mutants
        if isinstance(result, Result) and result.passed
    }
    unexplained = {k: v for k, v in survivors.items() if k not in explained}
    assert not unexplained, "\n\n".join(f"{k}\n{v}" for k, v in unexplained.items())
    assert set(explained) <= set(survivors), "explained, but no longer a survivor"
    assert attempts(id).mutants, "a solution that cannot be mutated checks nothing"


@pytest.mark.parametrize("id", EXERCISES)
def test_the_check_leaves_the_learners_objects_alone(id, attempts):
    assert attempts(id).changed == []


@pytest.mark.parametrize("id", EXERCISES)
def test_the_hidden_test_knows_right_from_untouched(id, hidden):
    assert hidden(id).solution == dict.fromkeys((1, 2, 3), "")
    # the message is the same for everybody, so it cannot tell the data
    assert hidden(id).starter == f"The answer to exercise {id} does not pass its hidden test."


@pytest.mark.parametrize("id", EXERCISES)
def test_the_seed_alone_makes_the_hidden_data(id, hidden):
    data = hidden(id).data
    assert data["first"] == data["again"]
    if id not in WITHOUT_OTHER_DATA:
        assert data["first"] and data["first"] != data["other"]


@pytest.mark.parametrize("id", EXERCISES)
def test_who_knows_the_checks_inputs_only_fails_the_hidden_test(id, hidden):
    found = hidden(id)
    if found.cheat_checked is None:
        assert id in NO_FUNCTIONS
        return
    assert found.cheat_checked.passed, found.cheat_checked
    assert found.cheat == found.starter


@pytest.mark.parametrize("id", EXERCISES)
def test_hints_lead_and_do_not_tell(id):
    exercise = exercises.find(id)
    assert len(exercise.hints) >= 2
    starter = set(_lines(lessons.starter_source(id)))
    answer = [line for line in _lines(lessons.solution_source(id)) if line not in starter]
    for hint in exercise.hints:
        squeezed = _squeeze(hint)
        leaked = [line for line in answer if len(line) >= 8 and line in squeezed]
        assert not leaked, f"{hint!r} tells {leaked}"


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_chapter_has_five_to_eight_exercises_each_with_a_check(number):
    chapter = lessons.chapter(number)
    assert 5 <= len(chapter.exercises) <= 8
    assert set(chapter.exercises) == {e.id for e in exercises.all_exercises(number)}


def _lines(source):
    """Return the lines of code, without comments and blanks, white space squeezed out."""
    bare = (re.sub(r"#.*", "", line) for line in source.splitlines())
    return [_squeeze(line) for line in bare if line.strip()]


def _squeeze(text):
    return re.sub(r"\s+", "", text)
