"""Checks and quiz of chapter 08, Spark: small tables with traps in them, on a real Spark."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from coursekit.feedback.exercises import Misconception, exercise, require, trial
from coursekit.feedback.quizzes import Option, Question
from coursekit.spark_session import spark

_SECONDS = 60  # a first job on a busy machine takes seconds; a hung one must still end


def _table(rows: list[tuple], schema: str) -> Any:
    return spark(quiet=True, classic=True).createDataFrame(rows, schema)


def _rows(frame: Any) -> Any:
    """Return a DataFrame's rows as tuples; anything else as it is, to be compared and shown."""
    return [tuple(row) for row in frame.collect()] if _is_frame(frame) else frame


def _is_frame(value: Any) -> bool:
    return hasattr(value, "collect") and hasattr(value, "columns")


def _columns(frame: Any) -> Any:
    return frame.columns if _is_frame(frame) else type(frame).__name__


_NOT_A_FRAME = [
    Misconception("NoneType", "`show()` prints and returns None. Return the DataFrame itself."),
    Misconception("list", "`collect()` made a list of it. A DataFrame is asked for."),
]


@exercise(
    "08-statistics",
    title="Statistics that are kept, of numbers",
    hints=(
        "Two things are lost: what show() gives back, and the types of the columns.",
        "Which option of the reader looks at the values to find the types?",
        "Return what describe() returns, before anything prints it.",
    ),
    seconds=_SECONDS,
)
def statistics(answer):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "three.csv"
        file.write_text("city,height\nUlm,9\nBonn,30\nCelle,100\n")

        def heights() -> Any:
            table = answer(str(file))
            if not _is_frame(table):
                return type(table).__name__
            if "height" not in table.columns:
                return table.columns
            return {row["summary"]: row["height"] for row in table.collect()}

        want = {"count": "3", "mean": "46.333333333333336", "min": "9", "max": "100"}
        trial(
            'statistics("three.csv"), with the heights 9, 30 and 100',
            heights,
            want=want,
            expected=f"a DataFrame; for height {want} (and the standard deviation)",
            compare_with=lambda got, want: isinstance(got, dict) and want.items() <= got.items(),
            misconceptions=[
                *_NOT_A_FRAME,
                Misconception(
                    lambda got: isinstance(got, list),
                    "The first line of the file has the columns' names. Tell the reader.",
                ),
                Misconception(
                    lambda got: got["min"] == "100",
                    "The smallest is 100 and the largest 9: the heights were read as text.",
                ),
                Misconception(
                    lambda got: "min" not in got, "These are the rows, not their statistics."
                ),
            ],
        )


@exercise(
    "08-schema",
    title="A schema for fares",
    hints=(
        "Name and type for each column, with a comma between columns.",
        "The three types are called STRING, INT and DOUBLE.",
    ),
    seconds=_SECONDS,
)
def schema(answer):
    def types() -> Any:
        return spark(quiet=True, classic=True).createDataFrame([], answer).dtypes

    want = [("carrier", "string"), ("miles", "int"), ("fare", "double")]
    require(
        isinstance(answer, str),
        "the schema",
        expected="a text",
        got=answer,
        tell='A schema is one text here: "name TYPE, name TYPE".',
    )
    trial(
        "spark.read.csv(file, header=True, schema=schema).dtypes",
        types,
        want=want,
        misconceptions=[
            Misconception(
                lambda got: dict(got).get("fare") in ("int", "bigint"),
                "A fare such as 219.5 has a fraction, which a whole number cannot hold.",
            ),
            Misconception(
                lambda got: all(kind == "string" for _, kind in got),
                "Every column is text again. Only the carrier is text.",
            ),
            Misconception(
                lambda got: dict(got).get("fare") == "float",
                "FLOAT keeps about seven digits. DOUBLE is the usual choice for fractions.",
            ),
            Misconception(
                lambda got: sorted(got) == sorted(want),
                "Right types, but a schema follows the order of the columns in the file.",
            ),
            Misconception(
                lambda got: [kind for _, kind in got] == [kind for _, kind in want],
                "Right types, but the names are not those of the file's first line.",
            ),
            Misconception(
                Exception, "Spark cannot read this schema. It looks like: name TYPE, name TYPE"
            ),
        ],
    )


@exercise(
    "08-lazy",
    title="Which lines start a job?",
    hints=(
        "Which of the lines hand you something that is not a DataFrame?",
        "A file that is written has to be full of rows, too.",
        "Look at g twice: what does count() give after groupBy, a number or a table?",
    ),
)
def lazy(answer):
    require(
        isinstance(answer, str),
        "the letters",
        expected='a text such as "ac"',
        got=answer,
        tell="Write the letters as one text, in quotes.",
    )
    trial(
        "the letters, in alphabetical order",
        lambda: "".join(sorted(set(answer.lower()) - set(" ,"))),
        want="bef",
        expected="the letters of all actions, and no other",
        misconceptions=[
            Misconception(
                lambda got: "g" in got,
                "g is the trap: after groupBy, count() describes a new table with a column of"
                " counts. Nothing runs.",
            ),
            Misconception(
                lambda got: set("ac") & set(got),
                "filter and select only describe a new DataFrame.",
            ),
            Misconception(
                lambda got: "d" in got,
                "distinct needs a shuffle, but it, too, only describes; nobody asked for rows yet.",
            ),
            Misconception(
                lambda got: "f" not in got, "A file can only be written when its rows are known."
            ),
            Misconception(
                lambda got: set(got) < set("bef"), "One more line asks for a number or for a row."
            ),
        ],
    )


@exercise(
    "08-routes",
    title="The busiest routes",
    hints=(
        "What makes a route: one column, or two?",
        "Give the count its name with alias, or AS in SQL.",
        "Order by the number first, downwards, then by the two names; the limit comes last.",
    ),
    seconds=_SECONDS,
)
def routes(answer):
    def flights() -> Any:
        pairs = ["EWR-ORD"] * 3 + ["JFK-LAX"] * 4 + ["LGA-ATL"] * 3 + ["JFK-ATL"] + ["EWR-LAX"] * 3
        return _table([tuple(pair.split("-")) for pair in pairs], "origin STRING, dest STRING")

    tried = "busiest(flights, 3), with the routes JFK-LAX 4 times, EWR-LAX, EWR-ORD, LGA-ATL 3"
    wanted = ["origin", "dest", "flights"]
    trial(
        f"{tried}: its columns",
        lambda: _columns(answer(flights(), 3)),
        want=wanted,
        misconceptions=[
            *_NOT_A_FRAME,
            Misconception(
                ["origin", "dest", "count"], "The number's column has the name count, not flights."
            ),
            Misconception(
                lambda got: len(got) == 2, "A route has two ends: group by origin and dest."
            ),
        ],
    )
    trial(
        tried,
        lambda: _rows(answer(flights(), 3)),
        want=[("JFK", "LAX", 4), ("EWR", "LAX", 3), ("EWR", "ORD", 3)],
        misconceptions=[
            Misconception(lambda got: len(got) > 3, "Only the first n routes are asked for."),
            Misconception(
                lambda got: got and got[0][2] < 4, "The busiest route comes first: downwards."
            ),
            Misconception(
                lambda got: len(got) == 3,
                "Several routes have 3 flights. Without a rule for ties, chance decides which are"
                " shown.",
            ),
        ],
    )
    trial("len(busiest(flights, 1))", lambda: len(_rows(answer(flights(), 1))), want=1)


@exercise(
    "08-words",
    title="Words that are none",
    hints=(
        'Run it on one line, " a b ", and look at every row that comes out.',
        "What stands between the beginning of the line and its first space?",
        "Keep only rows whose word is not that, before you count.",
    ),
    seconds=_SECONDS,
)
def words(answer):
    def count(*lines: str) -> Any:
        return _rows(answer(_table([(line,) for line in lines], "value STRING")))

    trial(
        'word_counts of the lines " to be ", "or not  to be", ""',
        lambda: count(" to be ", "or not  to be", ""),
        want=[("be", 2), ("to", 2), ("not", 1), ("or", 1)],
        misconceptions=[
            Misconception(
                lambda got: any(word == "" for word, _ in got),
                "An empty text was counted as a word. Where does split find it?",
            ),
            Misconception(
                lambda got: any(" " in word for word, _ in got),
                "A space is left in a word: lines are split at any run of white space.",
            ),
            Misconception(
                lambda got: (
                    got == [("to", 2), ("be", 2), ("not", 1), ("or", 1)]
                    or sorted(got) == [("be", 2), ("not", 1), ("or", 1), ("to", 2)]
                ),
                "The words are right, the order is not: most frequent first, then by the alphabet.",
            ),
            Misconception(
                lambda got: len(got) < 4, "A word is lost. Only the empty ones should go."
            ),
        ],
    )
    trial('word_counts of the line "a\\tB b"', lambda: count("a\tB b"), want=_ONE_EACH)


_ONE_EACH = [("B", 1), ("a", 1), ("b", 1)]


@exercise(
    "08-sizes",
    title="Rows in each partition",
    hints=(
        "What does glom() make of a partition that holds five rows?",
        "How do you get the length of each of those lists without collecting the rows?",
    ),
    seconds=_SECONDS,
)
def sizes(answer):
    def frame(*counts: int) -> Any:
        context = spark(quiet=True, classic=True).sparkContext
        filled = context.parallelize(range(len(counts)), len(counts))
        return filled.flatMap(lambda p: [(p,)] * counts[p]).toDF("p INT")

    trial(
        "sizes of a DataFrame with 3, 0 and 2 rows in its partitions",
        lambda: answer(frame(3, 0, 2)),
        want=[3, 0, 2],
        misconceptions=[
            Misconception([3, 2], "The empty partition is missing; it is one all the same."),
            Misconception(3, "That is the number of partitions. How many rows are in each?"),
            Misconception(5, "That is the number of all rows. How many are in each partition?"),
            Misconception(
                lambda got: hasattr(got, "collect"),
                "This is still a plan: an action brings the numbers to the notebook.",
            ),
            Misconception(
                lambda got: got and all(isinstance(part, list) for part in got),
                "These are the rows themselves. For large data they would not fit into the"
                " notebook; let Spark count them.",
            ),
        ],
    )
    trial("sizes of a DataFrame with 4 rows in one", lambda: answer(frame(4)), want=[4])


@exercise(
    "08-unknown",
    title="Flights to nowhere",
    hints=(
        "Which kind of join keeps the rows that find no partner?",
        "Its name begins with left; the table of airports only decides, and adds no column.",
        "Then group, count, name the count, and order.",
    ),
    seconds=_SECONDS,
)
def unknown(answer):
    def ask(destinations: list[str | None]) -> Any:
        flights = _table([(dest,) for dest in destinations], "dest STRING")
        airports = _table([("ATL", "Atlanta"), ("LAX", "Los Angeles")], "faa STRING, name STRING")
        return answer(flights, airports)

    there = ["SJU", "ATL", "BQN", "SJU", "LAX", "ATL", "SJU"]
    tried = "unknown(flights, airports), with airports ATL and LAX and flights to " + ", ".join(
        there
    )
    trial(
        f"{tried}: its columns",
        lambda: _columns(ask(there)),
        want=["dest", "flights"],
        misconceptions=[
            *_NOT_A_FRAME,
            Misconception(
                ["dest", "count"], "The number's column has the name count, not flights."
            ),
        ],
    )
    trial(
        tried,
        lambda: _rows(ask(there)),
        want=[("BQN", 1), ("SJU", 3)],
        misconceptions=[
            Misconception(
                [("ATL", 2), ("LAX", 1)],
                "These are the flights whose destination is known. The others are asked for.",
            ),
            Misconception(
                lambda got: len(got) == 4, "These are all destinations, known and unknown."
            ),
            Misconception([("SJU", 3), ("BQN", 1)], "Right rows; order them by dest."),
        ],
    )
    trial("unknown, with every airport known", lambda: _rows(ask(["ATL"])), want=[])


@exercise(
    "08-speed",
    title="Without leaving Java",
    hints=(
        "Columns can be divided and multiplied like numbers: F.col(...) and an operator.",
        "What should happen when air_time is 0, and which function does that?",
        "Miles by hours: turn minutes into hours first, or multiply by 60 at the end.",
    ),
    seconds=_SECONDS,
)
def speed(answer):
    schema = "distance INT, air_time INT"

    def speeds(*rows: tuple) -> Any:
        table = answer(_table(list(rows), schema))
        return [row["mph"] for row in table.collect()] if _is_frame(table) else table

    trial(
        "mph for 500 miles in 60 minutes, 100 miles in 40",
        lambda: speeds((500, 60), (100, 40)),
        want=[500.0, 150.0],
        misconceptions=[
            Misconception(
                lambda got: got[0] in (500 / 3600, 500 / 60),
                "Miles per hour: air_time is in minutes.",
            ),
            Misconception(
                lambda got: got[0] == 60 / 500 * 60, "Distance by time, not time by distance."
            ),
        ],
    )
    trial(
        "mph for 500 miles in 0 minutes, and where air_time is missing",
        lambda: speeds((500, 0), (500, None)),
        want=[None, None],
        misconceptions=[
            Misconception(
                _is_zero_division,
                "Spark 4 follows the SQL standard: dividing by zero is an error, until you say"
                " what to do.",
            ),
            Misconception([0.0, 0.0], "Missing is not 0: nobody flew at 0 miles per hour."),
        ],
    )
    trial(
        "the plan of with_speed(flights)",
        lambda: _python_steps(answer(_table([(500, 60)], schema))),
        want=[],
        expected="no step in Python",
        misconceptions=[
            Misconception(
                lambda got: len(got) > 0,
                "The numbers are right, but each row still travels to Python and back.",
            )
        ],
    )
    trial(
        "the columns of with_speed(flights)",
        lambda: answer(_table([(500, 60)], schema)).columns,
        want=["distance", "air_time", "mph"],
    )


def _is_zero_division(got: Any) -> bool:
    return isinstance(got, Exception) and "DIVIDE_BY_ZERO" in str(got)


def _python_steps(frame: Any) -> list[str]:
    """Return the steps of a plan that call Python."""
    import contextlib
    import io
    import re

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        frame.explain()
    return re.findall(r"\w*Python\w*|MapInArrow|ArrowEval\w+", text.getvalue())


QUIZ = (
    Question(
        "A colleague's cell with `filter`, `groupBy` and `orderBy` on 50 GB runs in 0.1 s. Why?",
        (
            Option(
                "Spark worked on all cores at the same time.",
                "No number of cores reads 50 GB in a tenth of a second.",
            ),
            Option(
                "Nothing was computed yet.",
                "These are transformations. The first action, perhaps a `show()`, does the work.",
                right=True,
            ),
            Option("Spark keeps files in memory.", "Only what was cached, after a first action."),
        ),
    ),
    Question(
        "Which of these moves rows between partitions?",
        (
            Option("`filter`", "Each partition is filtered where it is."),
            Option("`coalesce(2)`", "It puts neighbouring partitions together, without a shuffle."),
            Option(
                "`groupBy(...).count()`",
                "Equal keys must meet: a shuffle. What moves are partial counts.",
                right=True,
            ),
            Option("`withColumn`", "A new column is computed row by row, in place."),
        ),
    ),
    Question(
        "One task of 200 runs for ten minutes, the others for two seconds. What is most likely?",
        (
            Option(
                "Skew: one key has most of the rows.",
                "All rows of one key go to one partition, so to one task.",
                right=True,
            ),
            Option("Too few partitions.", "Then all tasks would be slow."),
            Option("The plan has a broadcast join.", "A broadcast would avoid the shuffle."),
        ),
    ),
    Question(
        "A formula can be written with built-in functions or as a Python UDF. Which is faster?",
        (
            Option(
                "The built-in functions.",
                "They run inside Java. A UDF packs every row, sends it to Python, and back.",
                right=True,
            ),
            Option("The UDF: it is compiled.", "It is ordinary Python, in another process."),
            Option("Both the same: Spark optimises.", "Spark cannot look into a Python function."),
        ),
    ),
)
