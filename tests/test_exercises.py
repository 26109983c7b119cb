"""Every exercise under attack: starter, solution, mistakes, mutants, hints; no chapter runs."""

import re
import sys

import pytest

from coursekit.feedback import authoring, compare, judge, lessons
from coursekit.feedback.checking import check
from coursekit.feedback.observe import from_data, observe, to_data
from tests import mutants

CHAPTERS = [c for c in lessons.chapters() if authoring.of_chapter(c.number)]
EXERCISES = [
    pytest.param(id, marks=pytest.mark.xdist_group(f"exercises of {c.number}"))
    for c in CHAPTERS
    for id in c.exercises
]
each = pytest.mark.parametrize("id", EXERCISES)


@pytest.fixture(scope="module", autouse=True)
def no_cloud_of_the_checks_stays():
    """Stop the Azure that chapter 03's checks keep: tests of the clouds begin without one."""
    yield
    module = sys.modules.get("exercises_ch03")
    if module is not None and module.azure.cache_info().currsize:
        module.azure()[0]._end()  # `stop` is for the one of the kernel
        module.azure.cache_clear()


def graded(exercise, answers, seed=None):
    """Judge as a class does: from facts that have left the process as data."""
    cases = exercise.cases(seed)
    seen = (from_data(to_data(observe(exercise, answers, case))) for case in cases)
    return judge.judge(exercise, zip(cases, seen, strict=True))


@each
def test_the_shown_solution_passes_on_twenty_seeds(id):
    exercise = authoring.find(id)
    solution = judge.solution(exercise)
    assert check(id, *solution).passed, check(id, *solution)
    for seed in (None, *range(3 if exercise.slow else 20)):
        result = graded(exercise, solution, seed)
        assert result.passed, f"seed {seed}\n{result}"


@each
def test_the_examples_prove_the_solution(id):
    examples = authoring.find(id).examples
    assert examples and all(case.want is not authoring.UNKNOWN for case in examples)


@each
def test_the_starter_is_not_attempted(id):
    answers = lessons.answers(id, lessons.starter_source(id))
    assert check(id, *answers).outcome == "not attempted"


@each
def test_right_answers_in_another_style_pass(id):
    for source in authoring.find(id).also_right:
        result = check(id, *lessons.answers(id, source))
        assert result.passed, f"{source}\n{result}"


@each
def test_each_mistake_gets_its_message(id):
    exercise = authoring.find(id)
    assert len({mistake.tell for mistake in exercise.mistakes}) >= 2
    for mistake in exercise.mistakes:
        wrong = judge.wrong_answers(exercise, mistake)
        assert wrong, f"no answer makes this mistake: {mistake.tell}"
        for number, answers in enumerate(wrong):
            result = graded(exercise, answers)
            about = f"{mistake.answers[number]}\n{result!r}"
            assert result.outcome in ("failed", "raised"), about
            assert result.message == mistake.tell, about


@each
def test_mutants_of_the_solution_do_not_pass(id):
    exercise = authoring.find(id)
    survivors, tried = {}, 0
    for mutant in mutants.of(lessons.solution_source(id)):
        tried += 1
        try:
            answers = lessons.answers(id, mutant.source)
        except (Exception, SystemExit):  # it does not even run: a learner sees the cell's own error
            continue
        if graded(exercise, answers).passed:
            survivors[mutant.label] = mutant.source
    new = {k: v for k, v in survivors.items() if k not in exercise.equivalent_mutants}
    assert not new, "\n\n".join(f"{k}\n{v}" for k, v in new.items())
    assert set(exercise.equivalent_mutants) <= set(survivors), "explained, but no survivor"
    assert tried, "a solution that cannot be mutated checks nothing"


@each
def test_the_seed_alone_draws_the_inputs(id):
    exercise = authoring.find(id)
    if exercise.draw is None:
        assert id in WITHOUT_OTHER_DATA
        return

    def inputs(seed):
        exercise._drawn.clear()
        return [compare.brief(case.inputs, 10_000) for case in exercise.cases(seed)]

    assert inputs(5) == inputs(5)
    assert inputs(5) != inputs(6) or any("0x" in each for each in inputs(5))


# The answer is a fixed word or text: there is no other data to try it on.
WITHOUT_OTHER_DATA = {"08-lazy"}


@each
def test_hints_lead_and_do_not_tell(id):
    hints = authoring.find(id).hints
    assert len(hints) >= 2
    starter = set(code_lines(lessons.starter_source(id)))
    answer = [line for line in code_lines(lessons.solution_source(id)) if line not in starter]
    for hint in hints:
        leaked = [line for line in answer if len(line) >= 8 and line in squeezed(hint)]
        assert not leaked, f"{hint!r} tells {leaked}"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)
def test_a_chapter_and_its_exercise_file_agree(chapter):
    assert 5 <= len(chapter.exercises) <= 8
    assert sorted(chapter.exercises) == sorted(e.id for e in authoring.of_chapter(chapter.number))
    assert 3 <= len(authoring.module_of(chapter.number).QUIZ) <= 5


def code_lines(source):
    """Return the lines of code, without comments and blanks, white space squeezed out."""
    bare = (re.sub(r"#.*", "", line) for line in source.splitlines())
    return [squeezed(line) for line in bare if line.strip()]


def squeezed(text):
    return re.sub(r"\s+", "", text)
