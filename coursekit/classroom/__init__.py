"""A class that takes the course: assignments, grades, and what an instructor sees."""
