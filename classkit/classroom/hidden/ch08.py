"""Hidden tests of chapter 08, Spark: other rows, on the session that is there."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from classkit.classroom.hidden import expect, hidden, must, shuffled, word, words
from coursekit.feedback import exercises
from coursekit.feedback.checks.ch08 import _columns, _python_steps, _rows, _table
from coursekit.spark_session import spark


@hidden("08-statistics")
def statistics(answer, chance):
    name, column = words(chance, 2)
    # as texts, 9 is larger than 100
    numbers = shuffled(chance, [chance.randint(2, 9), *chance.sample(range(100, 900), 4)])

    def summary(file: Path) -> Any:
        found = {row["summary"]: row[column] for row in answer(str(file)).collect()}
        return {key: float(found[key]) for key in ("count", "mean", "min", "max")}

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.csv"
        file.write_text(f"{name},{column}\n" + "".join(f"{word(chance)},{n}\n" for n in numbers))
        count, total = len(numbers), sum(numbers)
        ends = {"min": min(numbers), "max": max(numbers)}
        expect({"count": count, "mean": total / count, **ends}, summary, file)


@hidden("08-schema")
def schema(answer, chance):
    rows = [
        (word(chance, 2).upper(), chance.randint(50, 5000), chance.randint(100, 9999) / 8)
        for _ in range(4)
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fares.csv"
        lines = ["carrier,miles,fare", *(f"{c},{m},{f}" for c, m, f in rows), "UA,,", "UA,far,low"]
        file.write_text("\n".join(lines) + "\n")

        def read() -> Any:
            table = spark(quiet=True).read.csv(str(file), header=True, schema=answer)
            return _rows(table.select("carrier", "miles", "fare"))

        nothing = ("UA", None, None)
        expect([*rows, nothing, nothing], read)


@hidden("08-lazy")
def lazy(answer, chance):
    exercises.find("08-lazy").grade(answer)


@hidden("08-routes")
def routes(answer, chance):
    airports = [code.upper() for code in words(chance, 3, 3)]
    flown = [tuple(chance.choices(airports, k=2)) for _ in range(chance.randint(15, 25))]
    ranked = sorted(Counter(flown).items(), key=lambda each: (-each[1], each[0]))
    n = chance.randint(2, 5)

    def busiest() -> Any:
        found = answer(_table(flown, "origin STRING, dest STRING"), n)
        return _columns(found), _rows(found)

    rows = [(*route, count) for route, count in ranked[:n]]
    expect((["origin", "dest", "flights"], rows), busiest)


@hidden("08-words")
def words_(answer, chance):
    known = [*words(chance, 4, 3), word(chance, 2).upper()]
    said = [chance.choices(known, k=chance.randint(1, 6)) for _ in range(4)]
    lines = [chance.choice((" ", "\t", "  ")).join(["", *line, ""]) for line in said] + ["", " "]
    counted = Counter(each for line in said for each in line)
    want = sorted(sorted(counted.items()), key=lambda each: each[1], reverse=True)
    expect(want, lambda: _rows(answer(_table([(line,) for line in lines], "value STRING"))))


@hidden("08-sizes")
def sizes(answer, chance):
    counts = shuffled(chance, [0, *(chance.randint(0, 9) for _ in range(chance.randint(2, 5)))])
    context = spark(quiet=True).sparkContext
    filled = context.parallelize(range(len(counts)), len(counts))
    frame = filled.flatMap(lambda part: [(part,)] * counts[part]).toDF("part INT")
    expect(counts, answer, frame)


@hidden("08-unknown")
def unknown(answer, chance):
    codes = shuffled(chance, [code.upper() for code in words(chance, 7, 3)])
    airports = [(code, word(chance)) for code in codes[:4]]
    there = chance.choices(codes, k=chance.randint(8, 20)) + codes[3:5]
    lost = sorted(Counter(code for code in there if code not in codes[:4]).items())

    def ask() -> Any:
        flights = _table([(code,) for code in there], "dest STRING")
        found = answer(flights, _table(airports, "faa STRING, name STRING"))
        return _columns(found), _rows(found)

    expect((["dest", "flights"], lost), ask)


@hidden("08-speed")
def speed(answer, chance):
    rows = [(chance.randint(50, 3000), chance.randint(20, 400)) for _ in range(5)]
    rows = shuffled(chance, [*rows, (chance.randint(50, 3000), 0), (chance.randint(9, 99), None)])
    want = [(*row, row[0] / row[1] * 60 if row[1] else None) for row in rows]
    found = expect(
        None,
        lambda: answer(_table(rows, "distance INT, air_time INT")),
        compare_with=lambda got, _: _columns(got) == ["distance", "air_time", "mph"],
    )
    expect(want, _rows, found)
    must(not _python_steps(found))
