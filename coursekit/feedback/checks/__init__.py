"""The checks of the exercises and the questions of the quizzes, one module per chapter."""
