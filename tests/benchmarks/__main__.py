"""``python -m tests.benchmarks [NAME …]``."""

from __future__ import annotations

import sys

from . import (
    chapters,
    classroom,
    cluster,
    feedback,
    grading,
    login,
    startup,
    storage,
    wordcount,
)
from .harness import main

BENCHMARKS = [
    *wordcount.BENCHMARKS,
    *startup.BENCHMARKS,
    *cluster.BENCHMARKS,
    *classroom.BENCHMARKS,
    *grading.BENCHMARKS,
    *login.BENCHMARKS,
    *storage.BENCHMARKS,
    *feedback.BENCHMARKS,
    *chapters.BENCHMARKS,
]

if __name__ == "__main__":
    sys.exit(main(BENCHMARKS, sys.argv[1:]))
