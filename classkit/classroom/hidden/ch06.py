"""Hidden tests of chapter 06, MapReduce."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import groupby

from classkit.classroom.hidden import expect, hidden, must, shuffled, word, words
from coursekit.feedback.checks.ch06 import _elsewhere, _pairs, _Stream, _together
from coursekit.mapreduce import Job


@hidden("06-mapper")
def mapper(answer, chance):
    for count in (chance.randint(5, 12), 1, 0):
        said = [word(chance, chance.randint(1, 3)) for _ in range(count)]
        said = [each.title() if chance.random() < 0.3 else each for each in said] * 2
        line = "".join(
            chance.choice(("", " ", "\t ")) + each + chance.choice(" \t") for each in said
        )
        expect([(each, 1) for each in said], _pairs, answer, line)


@hidden("06-extremes")
def extremes(answer, chance):
    for low, high in ((1, 99), (-99, -1), (-50, 50)):
        key, values = word(chance, 3), [chance.uniform(low, high) for _ in range(9)]
        found = sorted(values)
        expect([(key, (found[0], found[-1]))], _pairs, answer, key, iter(values))
        expect([(key, (values[0], values[0]))], _pairs, answer, key, iter(values[:1]))
    numbers = chance.sample(range(10_000), 500)
    stream = _Stream(numbers)
    expect([("x", (min(numbers), max(numbers)))], _pairs, answer, "x", iter(stream))
    must(stream.most < 10)


@hidden("06-combiner")
def combiner(answer, chance):
    for count in (chance.randint(3, 9), 2, 1):
        key = word(chance, 3)
        parts = [(float(chance.randint(-90, 90)), chance.randint(1, 9)) for _ in range(count)]
        totals = tuple(map(sum, zip(*parts, strict=True)))
        expect([(key, totals)], _pairs, answer, key, iter(parts))


@hidden("06-partitioner")
def partitioner(answer, chance):
    keys = [*words(chance, 900, 7), "", "größe", word(chance) + "鯨"]
    reducers = chance.randint(3, 7)

    def places() -> list:
        return [answer(key, reducers) for key in keys]

    found = expect(
        None,
        places,
        compare_with=lambda got, _: all(type(p) is int and 0 <= p < reducers for p in got),
    )
    must(max(Counter(found).values()) <= 1.4 * len(keys) / reducers)
    expect(found, places)
    few, seeds = (
        words(chance, 200, 8),
        (str(chance.randint(1, 999)), str(chance.randint(1000, 9999))),
    )
    first = _elsewhere(answer, seeds[0], few)
    must(first == _elsewhere(answer, seeds[1], few[::-1])[::-1])


@hidden("06-index")
def index(answer, chance):
    must(isinstance(answer, Job))
    vocabulary = words(chance, 6, 4)
    book = []
    for number in chance.sample(range(1, 300), 9):
        line = chance.choices(vocabulary, k=chance.randint(1, 6))
        book.append((number, " ".join(chance.choice((w, w.title(), w.upper())) for w in line)))
    places = sorted({(w, number) for number, line in book for w in line.lower().split()})
    want = {w: [number for _, number in each] for w, each in groupby(places, lambda p: p[0])}
    expect(want, lambda: dict(answer.run(book, split_bytes=1)))


@hidden("06-top")
def top(answer, chance):
    for count in (chance.randint(6, 12), 2):
        # few different counts, so that many are equal
        counts = [(each, chance.randint(1, 4)) for each in words(chance, count)]
        best = sorted(sorted(counts), key=lambda pair: pair[1], reverse=True)[:3]
        key, counts = word(chance), shuffled(chance, counts)
        expect([(key, pair) for pair in best], _pairs, answer, key, iter(counts))
        expect([("top", pair) for pair in best], _best_by_job, answer, counts)


def _best_by_job(answer: Callable, counts: list) -> list:
    job = Job(_together, answer, combiner=answer)
    return job.run(counts, split_bytes=1).pairs


@hidden("06-join")
def join(answer, chance):
    for _ in range(4):
        carrier, name = word(chance, 2).upper(), word(chance)
        delays = [float(chance.randint(-20, 90)) for _ in range(chance.randint(0, 5))]
        values = [("flight", delay) for delay in delays]
        known = chance.random() < 0.7
        if known:
            values.insert(chance.randint(0, len(values)), ("airline", name))
        want = [(name if known else "unknown", delay) for delay in delays]
        expect(want, _pairs, answer, carrier, iter(values))


@hidden("06-streaming")
def streaming(answer, chance):
    for count in (chance.randint(3, 8), 1, 0):
        keys = words(chance, count, 3) + ["", "zz"][: chance.randint(0, 2)]
        counts = {
            key: chance.choices(range(1, 120), k=chance.randint(1, 4)) for key in sorted(keys)
        }
        lines = [f"{key}\t{one}\n" for key, ones in counts.items() for one in ones]
        expect([f"{k}\t{sum(v)}" for k, v in counts.items()], _pairs, answer, iter(lines))
