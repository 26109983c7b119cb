"""Feedback on exercises and quizzes: ``check``, ``hint``, ``solution``, ``quiz``."""

from coursekit.feedback.checking import CheckFailed, check, hint, solution
from coursekit.feedback.quizzes import quiz
from coursekit.feedback.result import Result

__all__ = ["CheckFailed", "Result", "check", "hint", "quiz", "solution"]
