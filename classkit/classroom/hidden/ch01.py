"""Hidden tests of chapter 01, Python basics."""

from __future__ import annotations

import functools
import itertools
import json
import math
from random import Random
from typing import Any

from classkit.classroom.hidden import error_of, expect, hidden, must, shuffled, word, words
from coursekit.feedback.checks.ch01 import _no_automatic_collection


@hidden("01-slices")
def slices(answer, chance):
    for length in (chance.randint(7, 30), chance.randint(1, 6), 0):
        values = [chance.randint(-99, 99) for _ in range(length)]
        given = list(values)
        last = [v for i, v in enumerate(values) if i >= length - 6]
        third = [v for i, v in enumerate(values) if i % 3 == 0]
        expect((last, third, list(reversed(values))), answer, given)
        must(given == values)
    text = word(chance, chance.randint(7, 12))
    third = "".join(c for i, c in enumerate(text) if i % 3 == 0)
    expect((text[len(text) - 6 :], third, "".join(reversed(text))), answer, text)


@hidden("01-while")
def months(answer, chance):
    for growth in (chance.randint(2, 60), chance.randint(2, 60), chance.uniform(0.1, 0.9)):
        turns, used = chance.randint(3, 40), chance.randint(1, 500)
        before, after = (used * (1 + growth / 100) ** months for months in (turns - 1, turns))
        expect(turns, answer, used, 1.0001 * before, growth)
        expect(turns, answer, used, 0.9999 * after, growth)
    doublings, used = chance.randint(1, 9), chance.randint(1, 50)
    expect(doublings, answer, used, used * 2**doublings, 100)  # full to the last byte
    expect(0, answer, used, used, chance.choice((0, 5)))
    expect(0, answer, used + chance.randint(1, 9), used, -chance.randint(0, 5))
    for growth in (0, -chance.randint(1, 50)):
        expect("ValueError", error_of, answer, used, used + chance.randint(1, 50), growth)


@hidden("01-shadowed-sum")
def shadowed_sum(answer, chance):
    for length in (chance.randint(2, 20), chance.randint(2, 20), 1):
        numbers = [round(chance.uniform(-50, 50), chance.randint(0, 2)) for _ in range(length)]
        total = math.fsum(numbers)
        expect((total, total / length), answer, numbers)
    must("sum" not in getattr(getattr(answer, "__code__", None), "co_varnames", ()))


@hidden("01-product")
def product(answer, chance):
    for length in (chance.randint(3, 8), chance.randint(2, 5), 1, 0):
        numbers = [chance.choice((-1, 1)) * chance.randint(2, 19) / 2 for _ in range(length)]
        expect(math.prod(numbers), answer, list(numbers))
    expect(0, answer, [chance.randint(1, 9), 0, chance.randint(1, 9)])
    whole = [chance.randint(1, 30) for _ in range(5)]
    expect(math.prod(whole), answer, (n for n in whole))
    must("reduce" in getattr(getattr(answer, "__code__", None), "co_names", ("reduce",)))


@hidden("01-class-average")
def class_average(answer, chance):
    def averages(*courses: Any) -> list:
        made = [answer(title) for title, _ in courses]
        # one grade for each course in turn, so that a shared container shows
        for turn in range(max(len(grades) for _, grades in courses)):
            for course, (_, grades) in zip(made, courses, strict=True):
                for student, grade in grades[turn : turn + 1]:
                    course.add(student, grade)
        return [(course.title, course.average()) for course in made]

    def mean(grades: list) -> float:
        return sum(dict(grades).values()) / len(dict(grades))

    names = words(chance, 6)
    drawn = [
        (word(chance), [(chance.choice(names), chance.randint(0, 100)) for _ in range(count)])
        for count in (chance.randint(2, 5), chance.randint(7, 15))
    ]
    expect([(title, mean(grades)) for title, grades in drawn], averages, *drawn)
    expect("ValueError", error_of, lambda: answer(word(chance)).average())


def _line(chance: Random) -> dict[str, Any]:
    """Draw what a line of a server's log says."""
    numbers = [chance.randint(0, 255) for _ in range(4)]
    host = chance.choice((".".join(map(str, numbers)), f"fe80::{numbers[0]:x}", word(chance)))
    day, hour, minute = chance.randint(1, 28), chance.randint(0, 23), chance.randint(0, 59)
    month = chance.choice(("Feb", "May", "Oct"))
    return {
        "host": host,
        "time": f"{day:02}/{month}/{chance.randint(1999, 2030)} {hour:02}:{minute:02}:07",
        "method": chance.choice(("GET", "PUT", "DELETE", "HEAD")),
        "path": "/" + "/".join(words(chance, chance.randint(1, 3))) + chance.choice(("", "?q=[1]")),
        "status": chance.choice((201, 204, 301, 403, 500)),
    }


@hidden("01-log-line")
def log_line(answer, chance):
    form = '{host} - - [{time}] "{method} {path} HTTP/{version}" {status} {size}'
    for _ in range(4):
        said, version = _line(chance), chance.choice(("1.0", "1.1", "2.0"))
        more = {"version": version, "size": chance.choice(("-", chance.randint(1, 9999)))}
        line = form.format(**said, **more)
        expect(said, answer, line)
        text = said | {"status": word(chance, 3)}
        for broken in (word(chance), f"{word(chance)}: {line}", form.format(**text, **more)):
            expect(None, answer, broken)


@hidden("01-json-round-trip")
def json_round_trip(to_text, from_text, chance):
    def read_again(day: dict) -> Any:
        return json.loads(to_text(day))

    def there_and_back(day: dict) -> Any:
        return from_text(to_text(day))

    for count in (chance.randint(3, 9), 1, 0):
        hours = chance.sample(range(-5, 40), count)
        day = {hour: chance.choice((None, chance.randint(-9, 40), 2.5)) for hour in hours}
        expect({str(hour): degrees for hour, degrees in day.items()}, read_again, dict(day))
        expect(dict(day), there_and_back, dict(day))
        expect(dict(day), from_text, json.dumps(day))


@hidden("01-cycle")
def cycle(answer, chance):
    class Link:
        """Refers to another link, or to none."""

        def __init__(self) -> None:
            self.next: Any = None

    kept = []

    def chain(length: int, closed: bool, known: bool) -> Link:
        links = [Link() for _ in range(length)]
        for one, other in itertools.pairwise(links):
            one.next = other
        links[-1].next = links[0] if closed else None
        kept.extend(links[:1] if known else ())
        return links[0]

    def try_on(length: int, closed: bool, known: bool) -> Any:
        with _no_automatic_collection():
            return answer(functools.partial(chain, length, closed, known))

    third = chance.choice([(False, True), (True, True), (True, False)])
    for closed, known in shuffled(chance, [(True, False), (False, False), third]):
        expect((closed or known, known), try_on, chance.randint(1, 5), closed, known)
