"""Growing and shrinking the corpus, as bytes, without holding a grown one in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from coursekit.data.chance import generator

RUN = 8  # lines that stay together: a passage keeps its topic
PART_BYTES = 8_000_000  # about the size of one grown file
RUNS_PER_PART = 20_000  # more than one part can hold


def parts(folder: Path, scale: float) -> Iterator[tuple[str, bytes]]:
    """Yield (file name, its bytes) of the corpus at `scale`.

    Below 1: runs of eight neighbouring lines, drawn from each file in its order. Above 1: the
    shipped files, then ``more-0001.txt`` and so on, made of runs drawn from all of them. The
    whole has ``scale`` times the bytes, to within one line.
    """
    texts = {file.name: file.read_bytes() for file in sorted(folder.glob("*.txt"))}
    if scale < 1:
        for name, text in texts.items():
            yield name, _sample(name, text, max(1, round(len(text) * scale)))
        return
    for name, text in texts.items():
        yield name, text
    size = sum(map(len, texts.values()))
    yield from _grown(list(texts.values()), round(size * scale) - size)


def _sample(name: str, text: bytes, wanted: int) -> bytes:
    runs = _runs(text)
    kept, size = [], 0
    for run in generator(name, 0).permutation(len(runs)):
        if size >= wanted:
            break
        kept.append(run)
        size += len(runs[run])
    return _cut(b"".join(runs[run] for run in sorted(kept)), wanted)


def _grown(texts: list[bytes], missing: int) -> Iterator[tuple[str, bytes]]:
    runs = [run for text in texts for run in _runs(text)]
    sizes = np.array([len(run) for run in runs])
    block = 0
    while missing > 0:
        block += 1
        wanted = min(PART_BYTES, missing)
        drawn = generator("corpus", block).integers(0, len(runs), RUNS_PER_PART)
        enough = int(np.searchsorted(np.cumsum(sizes[drawn]), wanted)) + 1
        text = _cut(b"".join(runs[run] for run in drawn[:enough]), wanted)
        missing -= len(text)
        yield f"more-{block:04}.txt", text


def _runs(text: bytes) -> list[bytes]:
    lines = text.splitlines(keepends=True)
    return [b"".join(lines[at : at + RUN]) for at in range(0, len(lines), RUN)]


def _cut(text: bytes, wanted: int) -> bytes:
    """Cut after the line that reaches `wanted` bytes."""
    end = text.find(b"\n", max(0, wanted - 1))
    return text if end < 0 else text[: end + 1]
