"""Makes the feedback: a page per learner and chapter, without any of the class's own data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from classkit.classroom import nbgrader_steps
from classkit.classroom.folder import Classroom
from classkit.classroom.release import checked_exercise, graded
from coursekit.feedback import authoring, lessons
from coursekit.ground.errors import CourseError


def feedback(
    room: Classroom, chapter: str, *, on_done: Callable[[str, int, int], None] | None = None
) -> list[str]:
    """Make and release the feedback on every graded submission; return the learners.

    Parameters
    ----------
    room : Classroom
        The class.
    chapter : str
        Number or name.
    on_done : callable, optional
        ``on_done(learner, done, total)`` after each page.

    Raises
    ------
    CourseError
        When nothing was graded.
    """
    found = lessons.chapter(chapter)
    learners = room.learners("autograded", found.name)
    if not learners:
        raise CourseError(
            f"No submission of {found.name} was graded.",
            f"Grade first: coursekit class grade {found.number}",
        )
    for number, learner in enumerate(learners, 1):
        _page(room, found.name, learner)
        if on_done:
            on_done(learner, number, len(learners))
    nbgrader_steps.publish_feedback(room, found.name)
    return learners


def _page(room: Classroom, chapter: str, learner: str) -> None:
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
    from nbgrader.converters import GenerateFeedback
    from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor

    class OnlyTheLearners(NbGraderPreprocessor):
        def preprocess(self, nb: Any, resources: Any) -> Any:
            return only_the_learners(nb), resources

    config = room.config()
    config.HTMLExporter.mathjax_url = ""
    place = nbgrader_steps.directory(config, chapter, learner)
    converter = GenerateFeedback(coursedir=place, config=config)
    converter.force = True
    converter.preprocessors = [GetGrades, OnlyTheLearners, CSSHTMLHeaderPreprocessor]
    with nbgrader_steps.quiet(f"make the feedback for {learner}"):
        converter.start()


def only_the_learners(notebook: Any) -> Any:
    """Leave what feedback is about: each answer, its check and the verdict, under a title.

    Outputs of other cells go: a learner's code can note the data that it was tried on, and print
    them later.
    """
    from nbformat.v4 import new_markdown_cell

    checks = {checked_exercise(cell): cell for cell in graded(notebook).values()}
    answers = {lessons.grade_id(c): c for c in notebook.cells if lessons.is_solution(c)}
    kept = []
    for exercise, check in checks.items():
        kept.append(new_markdown_cell(f"### {authoring.find(exercise).title}"))
        if exercise in answers:
            answers[exercise].outputs = []
            kept.append(answers[exercise])
        answer = ", ".join(lessons.answer_names(exercise))
        check.source = f'check("{exercise}", {answer})'
        check.outputs = [o for o in check.outputs if o.output_type != "error"]
        kept.append(check)
    notebook.cells = kept
    return notebook
