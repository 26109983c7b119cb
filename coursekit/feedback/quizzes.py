"""Shows the quiz of a chapter: buttons in JupyterLab, folded answers on a page, text elsewhere."""

from __future__ import annotations

import html

from coursekit.feedback import authoring, display, lessons, progress
from coursekit.feedback.authoring import Option, Question

# Answers are sentences: they read from the left and may take several lines.
_OPTION_STYLE = (
    "<style>.ck-option{text-align:left!important;height:auto!important;white-space:normal!important;"
    "line-height:1.4!important;padding:.4em .8em!important}</style>"
)


class Quiz:
    """The questions of a chapter.

    Parameters
    ----------
    chapter : lessons.Chapter
        The chapter.
    questions : sequence of Question
        Three to five.
    """

    def __init__(self, chapter: lessons.Chapter, questions: tuple[Question, ...]) -> None:
        self.chapter = chapter
        self.questions = questions

    def answer(self, question: int, letter: str) -> display.Card:
        """Answer a question by its number and an option's letter, where there are no buttons."""
        options = self.questions[question - 1].options
        chosen = options["abcdefgh".index(letter.lower())]
        progress.record_quiz(self.chapter.number, question, chosen.right)
        return display.Card(*_verdict(chosen), chosen.why)

    def __repr__(self) -> str:
        lines = [f"{display.SIGNS['quiz']} Quiz: {self.chapter.title}"]
        for number, question in enumerate(self.questions, 1):
            lines.append(f"{number}. {display.plain_line(question.prompt)}")
            lines += [
                f"   {letter}) {display.plain_line(option.text)}"
                for letter, option in zip("abcdefgh", question.options, strict=False)
            ]
        lines.append(f'Without buttons: quiz("{self.chapter.number}").answer(1, "a")')
        return "\n".join(lines)

    def _html(self) -> str:
        parts = []
        for number, question in enumerate(self.questions, 1):
            parts.append(f"<p><b>{number}. {display.rich_line(question.prompt)}</b></p>")
            parts += [
                f"<details><summary>{display.rich_line(option.text)}</summary>"
                f"<p>{_verdict(option)[1]}. {display.rich_line(option.why)}</p></details>"
                for option in question.options
            ]
        return display.card("quiz", f"Quiz: {self.chapter.title}", "".join(parts))

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/plain": repr(self), "text/html": self._html()}
        return bundle | self._widget()._repr_mimebundle_() | {"text/plain": repr(self)}

    def _widget(self):
        import ipywidgets as widgets

        rows = [widgets.HTML(_OPTION_STYLE + f"<b>Quiz: {html.escape(self.chapter.title)}</b>")]
        for number, question in enumerate(self.questions, 1):
            rows.append(self._question_widget(number, question))
        return widgets.VBox(rows).add_class("ck-quiz")

    def _question_widget(self, number: int, question: Question):
        import ipywidgets as widgets

        verdict = widgets.HTML()
        buttons = [
            widgets.Button(
                description=display.plain_line(option.text),
                tooltip="Choose this answer",
                layout=widgets.Layout(width="auto", max_width="50em"),
            ).add_class("ck-option")
            for option in question.options
        ]

        def choose(button) -> None:
            option = question.options[buttons.index(button)]
            progress.record_quiz(self.chapter.number, number, option.right)
            kind, heading = _verdict(option)
            verdict.value = display.card(kind, heading, f"<p>{display.rich_line(option.why)}</p>")
            for each in buttons:
                each.button_style = ""
            button.button_style = "success" if option.right else "warning"

        for button in buttons:
            button.on_click(choose)
        prompt = widgets.HTML(f"<p>{number}. {display.rich_line(question.prompt)}</p>")
        return widgets.VBox([prompt, *buttons, verdict])


def quiz(chapter: str) -> Quiz:
    """Return the quiz of a chapter, to be shown as the last expression of a cell.

    Parameters
    ----------
    chapter : str
        The chapter's number: ``"06"``.

    Raises
    ------
    CourseError
        For an unknown chapter.
    """
    found = lessons.chapter(chapter)
    return Quiz(found, authoring.module_of(found.number).QUIZ)


def _verdict(option: Option) -> tuple[str, str]:
    return ("passed", "Right") if option.right else ("failed", "Not quite")
