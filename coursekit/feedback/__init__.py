"""Feedback on exercises and quizzes: ``check``, ``hint``, ``solution``, ``quiz``."""

from coursekit.feedback.checking import CheckFailed, Result, check, hint, solution
from coursekit.feedback.quizzes import quiz

__all__ = ["CheckFailed", "Result", "check", "hint", "quiz", "solution"]
