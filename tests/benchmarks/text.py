"""A text of any size from the course's corpus, with the same bytes on every machine."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from coursekit.ground import places
from coursekit.ground.errors import CourseError


@cache
def text(megabytes: int) -> Path:
    """Return a file of so many MB: the corpus's lines, shuffled anew for each repetition."""
    path = places.cache_dir() / f"benchmark-{megabytes}mb.txt"
    if path.exists() and path.stat().st_size == megabytes * 10**6:
        return path
    lines = _corpus()
    shuffle = random.Random(megabytes).shuffle
    left = megabytes * 10**6
    with path.open("wb") as file:
        while left:
            shuffle(lines)
            block = b"".join(lines)
            if len(block) > left:  # end with a whole line
                block = block[: block.rindex(b"\n", 0, left - 1) + 1]
                block += b"x" * (left - len(block) - 1) + b"\n"
            file.write(block)
            left -= len(block)
    return path


def _corpus() -> list[bytes]:
    files = sorted((places.datasets() / "corpus").glob("*.txt"))
    if not files:
        raise CourseError("datasets/corpus holds no text", "Run `coursekit data --restore`.")
    lines = b"\n".join(file.read_bytes() for file in files).splitlines()
    return [line + b"\n" for line in lines if line.strip()]
