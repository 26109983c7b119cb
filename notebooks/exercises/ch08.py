"""Exercises and quiz of chapter 08, Spark: small tables with traps in them, on a real Spark."""

import contextlib
import io
import re
import tempfile
from pathlib import Path

from coursekit.feedback.authoring import Mistake, Option, Question, case, exercise, word, words

ON_SPARK = {"seconds": 60, "memory": None, "slow": True}  # a first job takes seconds


def table(rows, schema):
    from coursekit.spark_session import spark

    return spark(quiet=True, classic=True).createDataFrame(rows, schema)


def look(frame):
    """Yield what a DataFrame is made of, or what it is instead of one."""
    if not hasattr(frame, "collect") or not hasattr(frame, "columns"):
        yield "its type", type(frame).__name__
        return
    yield "its type", "DataFrame"
    yield "its columns", frame.columns
    yield "its rows", [tuple(row) for row in frame.collect()]


def shown(columns, rows):
    return {"its type": "DataFrame", "its columns": columns, "its rows": rows}


PRINTED = "`show()` prints and returns None. Return the DataFrame itself."
COLLECTED = "`collect()` made a list of it. A DataFrame is asked for."
NAMED_COUNT = "The number's column has the name count, not flights."


def is_a(kind):
    return lambda facts: facts["its type"] == kind


def has_columns(*columns):
    return lambda facts: facts["its columns"] == list(columns)


def rows_are(check):
    return lambda facts: check(facts["its rows"])


def described(answer, lines):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.csv"
        file.write_text("\n".join(lines) + "\n")
        got = answer(str(file))
        column = lines[0].partition(",")[2]
        yield "its type", type(got).__name__.replace("ClassicDataFrame", "DataFrame")
        if column not in getattr(got, "columns", ()):
            yield "its columns", list(getattr(got, "columns", ()))
            return
        yield "its columns", "as expected"
        found = {row[0]: row[column] for row in got.collect()}
        for name in ("count", "mean", "min", "max"):
            yield f"{column}'s {name}", found.get(name)


def draw_file(chance):
    numbers = chance.sample([chance.randint(2, 9), *chance.sample(range(100, 900), 4)], 5)
    return [case([",".join(words(chance, 2)), *(f"{word(chance)},{n}" for n in numbers)])]


exercise(
    "08-statistics",
    title="Statistics that are kept, of numbers",
    hints=(
        "Two things are lost: what show() gives back, and the types of the columns.",
        "Which option of the reader looks at the values to find the types?",
        "Return what describe() returns, before anything prints it.",
    ),
    examples=[case(["city,height", "Ulm,9", "Bonn,30", "Celle,100"], want={
        "its type": "DataFrame", "its columns": "as expected", "height's count": "3",
        "height's mean": "46.333333333333336", "height's min": "9", "height's max": "100"})],
    draw=draw_file,
    observe=described,
    tried="statistics(a file with {0})",
    mistakes=[
        Mistake(PRINTED, ("describe()", "describe().show()"), when=is_a("NoneType")),
        Mistake(COLLECTED, ("describe()", "describe().collect()"), when=is_a("list")),
        Mistake("The first line of the file has the columns' names. Tell the reader.",
                ("header=True, ", ""), when=lambda facts: facts["its columns"] != "as expected"),
        Mistake("The smallest is 100 and the largest 9: the heights were read as text.",
                (", inferSchema=True", ""), when=lambda facts: facts["height's min"] == "100"),
        Mistake("These are the rows, not their statistics.", (".describe()", ""),
                when=lambda facts: facts["height's count"] is None),
    ],
    also_right=["def statistics(file):\n    how = {'header': True, 'inferSchema': True}\n"
                "    return spark.read.options(**how).csv(file).summary()"],
    **ON_SPARK,
)


def read_with(schema, lines):
    yield "its type", type(schema).__name__
    empty = table([], schema)
    yield "spark.read.csv(file, schema=schema).dtypes", empty.dtypes
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fares.csv"
        file.write_text("\n".join(["carrier,miles,fare", *lines]) + "\n")
        found = empty.sparkSession.read.csv(str(file), header=True, schema=schema).collect()
    yield "the rows of the file", [tuple(row) for row in found]


def types_are(check):
    return lambda facts: check(facts["spark.read.csv(file, schema=schema).dtypes"])


exercise(
    "08-schema",
    title="A schema for fares",
    hints=(
        "Name and type for each column, with a comma between columns.",
        "The three types are called STRING, INT and DOUBLE.",
    ),
    examples=[case(["UA,719,219.5"], want={
        "its type": "str",
        "spark.read.csv(file, schema=schema).dtypes":
            [("carrier", "string"), ("miles", "int"), ("fare", "double")],
        "the rows of the file": [("UA", 719, 219.5)]})],
    draw=lambda chance: [case([
        f"{word(chance, 2)},{chance.randint(50, 5000)},{chance.randint(100, 9999) / 8}", "UA,,",
        "UA,far,low"])],
    observe=read_with,
    tried="a file with {0}",
    mistakes=[
        Mistake('A schema is one text here: "name TYPE, name TYPE".',
                'schema = ["carrier", "miles", "fare"]',
                when=lambda facts: facts["its type"] != "str"),
        Mistake("A fare such as 219.5 has a fraction, which a whole number cannot hold.",
                ("fare DOUBLE", "fare INT"),
                when=types_are(lambda got: dict(got)["fare"] in ("int", "bigint"))),
        Mistake("Every column is text again. Only the carrier is text.",
                ("INT", "STRING", "DOUBLE", "STRING"),
                when=types_are(lambda got: {kind for _, kind in got} == {"string"})),
        Mistake("FLOAT keeps about seven digits. DOUBLE is the usual choice for fractions.",
                ("DOUBLE", "FLOAT"), when=types_are(lambda got: dict(got)["fare"] == "float")),
        Mistake("Right types, but a schema follows the order of the columns in the file.",
                ("carrier STRING, ", "", "fare DOUBLE", "fare DOUBLE, carrier STRING"),
                when=types_are(lambda got: {n for n, _ in got} == {"carrier", "miles", "fare"}
                               and got[0][0] != "carrier")),
        Mistake("Right types, but the names are not those of the file's first line.",
                ("fare DOUBLE", "price DOUBLE"), when=types_are(lambda got: len(got) == 3)),
        Mistake("Spark cannot read this schema. It looks like: name TYPE, name TYPE",
                'schema = "carrier: text; miles: number"', when=Exception),
    ],
    also_right=['schema = "carrier string,miles int,fare double"'],
    **ON_SPARK,
)


def chosen(letters):
    yield "the letters", type(letters).__name__
    yield "the letters, in alphabetical order", "".join(sorted(set(letters.lower()) - set(" ,")))


def chose(check):
    return lambda facts: check(set(facts["the letters, in alphabetical order"]))


exercise(
    "08-lazy",
    title="Which lines start a job?",
    hints=(
        "Which of the lines hand you something that is not a DataFrame?",
        "A file that is written has to be full of rows, too.",
        "Look at g twice: what does count() give after groupBy, a number or a table?",
    ),
    examples=[case(want={"the letters": "str", "the letters, in alphabetical order": "bef"},
                   shown="letters")],
    observe=chosen,
    mistakes=[
        Mistake("Write the letters as one text, in quotes.", "letters = ['b', 'e', 'f']",
                when=lambda facts: facts["the letters"] != "str"),
        Mistake("g is the trap: after groupBy, count() describes a new table with a column of"
                " counts. Nothing runs.", 'letters = "befg"', 'letters = "abcdefg"',
                when=chose(lambda got: "g" in got)),
        Mistake("filter and select only describe a new DataFrame.", 'letters = "abef"',
                when=chose(lambda got: got & set("ac"))),
        Mistake("distinct needs a shuffle, but it, too, only describes; nobody asked for rows yet.",
                'letters = "bdef"', when=chose(lambda got: "d" in got)),
        Mistake("A file can only be written when its rows are known.", 'letters = "be"',
                when=chose(lambda got: "f" not in got)),
        Mistake("One more line asks for a number or for a row.", 'letters = "f"',
                when=chose(lambda got: got < set("bef"))),
    ],
    also_right=['letters = "f, E, b"'],
)


def routed(answer, pairs, n):
    yield from look(answer(table(pairs, "origin STRING, dest STRING"), n))


def draw_routes(chance):
    codes = [code.upper() for code in words(chance, 3, 3)]
    flown = [tuple(chance.choices(codes, k=2)) for _ in range(20)]
    return [case(flown, chance.randint(2, 5), shown="busiest(other flights, n)")]


FLOWN = [tuple(pair.split("-")) for pair in ["EWR-ORD"] * 3 + ["JFK-LAX"] * 4 + ["LGA-ATL"] * 3
         + ["JFK-ATL"] + ["EWR-LAX"] * 3]
WHICH = "with the routes JFK-LAX 4 times, EWR-LAX, EWR-ORD, LGA-ATL 3"
ROUTES = ["origin", "dest", "flights"]

exercise(
    "08-routes",
    title="The busiest routes",
    hints=(
        "What makes a route: one column, or two?",
        "Give the count its name with alias, or AS in SQL.",
        "Order by the number first, downwards, then by the two names; the limit comes last.",
    ),
    examples=[
        case(FLOWN, 3, shown=f"busiest(flights, 3), {WHICH}", want=shown(
            ROUTES, [("JFK", "LAX", 4), ("EWR", "LAX", 3), ("EWR", "ORD", 3)])),
        case(FLOWN, 1, shown=f"busiest(flights, 1), {WHICH}",
             want=shown(ROUTES, [("JFK", "LAX", 4)])),
    ],
    draw=draw_routes,
    observe=routed,
    mistakes=[
        Mistake(PRINTED, (".limit(n)", ".show(n)"), when=is_a("NoneType")),
        Mistake(COLLECTED, (".limit(n)", ".take(n)"), when=is_a("list")),
        Mistake(NAMED_COUNT, ('"flights"', '"count"'), when=has_columns("origin", "dest", "count")),
        Mistake("A route has two ends: group by origin and dest.",
                ('"origin", "dest"', '"dest"'), when=lambda facts: len(facts["its columns"]) == 2),
        Mistake("Only the first n routes are asked for.", (".limit(n)", ""),
                when=rows_are(lambda got: len(got) > 3)),
        Mistake("The busiest route comes first: downwards.", ('F.desc("flights")', '"flights"'),
                when=rows_are(lambda got: got[0][2] < 4)),
        Mistake("Several routes have 3 flights. Without a rule for ties, chance decides which are"
                " shown.", ('"origin", "dest").limit', 'F.desc("origin"), "dest").limit'),
                when=rows_are(lambda got: len(got) == 3)),
    ],
    also_right=["def busiest(flights, n):\n    found = flights.groupBy('origin', 'dest').count()\n"
                "    counted = found.withColumnRenamed('count', 'flights')\n"
                "    return counted.sort(F.col('flights').desc(), 'origin', 'dest').limit(n)"],
    **ON_SPARK,
)


def counted(answer, lines):
    yield from look(answer(table([(line,) for line in lines], "value STRING")))


def draw_text(chance):
    known = [*words(chance, 4, 3), word(chance, 2).upper()]
    said = [["", *chance.choices(known, k=chance.randint(1, 6)), ""] for _ in range(4)]
    return [case([*(chance.choice((" ", "\t", "  ")).join(line) for line in said), "", " "])]


TO_BE = [("be", 2), ("to", 2), ("not", 1), ("or", 1)]
exercise(
    "08-words",
    title="Words that are none",
    hints=(
        'Run it on one line, " a b ", and look at every row that comes out.',
        "What stands between the beginning of the line and its first space?",
        "Keep only rows whose word is not that, before you count.",
    ),
    examples=[
        case([" to be ", "or not  to be", ""], want=shown(
            ["word", "count"], TO_BE)),
        case(["a\tB b"], want=shown(["word", "count"], [("B", 1), ("a", 1), ("b", 1)])),
    ],
    draw=draw_text,
    observe=counted,
    tried="word_counts of the lines {0}",
    mistakes=[
        Mistake(PRINTED, ('F.desc("count"), "word")', 'F.desc("count"), "word").show()'),
                when=is_a("NoneType")),
        Mistake("An empty text was counted as a word. Where does split find it?",
                ("    words = words.filter", "    _ = words.filter"),
                ("    words = words.filter", "    _ = words.filter", '"value"', "F.trim('value')"),
                when=rows_are(lambda got: any(word == "" for word, _ in got))),
        Mistake("A space is left in a word: lines are split at any run of white space.",
                (r'r"\s+"', '"  "'),
                when=rows_are(lambda got: any(" " in word for word, _ in got))),
        Mistake("The words are right, the order is not: most frequent first, then by the alphabet.",
                ('F.desc("count"), "word"', '"word"'), ('F.desc("count")', '"count"'),
                when=rows_are(lambda got: set(got) == {*TO_BE})),
        Mistake("A word is lost. Only the empty ones should go.",
                ('F.col("word") != ""', "F.col('word') > 'c'"),
                when=rows_are(lambda got: len(got) < 4)),
    ],
    **ON_SPARK,
)


def partitioned(answer, counts):
    from coursekit.spark_session import spark

    context = spark(quiet=True, classic=True).sparkContext
    filled = context.parallelize(range(len(counts)), len(counts))
    got = answer(filled.flatMap(lambda part: [(part,)] * counts[part]).toDF("part INT"))
    if isinstance(got, list) and got and isinstance(got[0], list):
        return "lists of rows"
    return "still a plan" if hasattr(got, "collect") else got


exercise(
    "08-sizes",
    title="Rows in each partition",
    hints=(
        "What does glom() make of a partition that holds five rows?",
        "How do you get the length of each of those lists without collecting the rows?",
    ),
    examples=[case([3, 0, 2], want=[3, 0, 2]), case([4], want=[4])],
    draw=lambda chance: [case([0, *(chance.randint(0, 9) for _ in range(chance.randint(2, 5)))])],
    observe=partitioned,
    tried="sizes of a DataFrame with {0} rows in its partitions",
    mistakes=[
        Mistake("The empty partition is missing; it is one all the same.",
                (".collect()", ".filter(lambda n: n > 0).collect()"), when=[3, 2]),
        Mistake("That is the number of partitions. How many rows are in each?",
                (".glom().map(len).collect()", ".getNumPartitions()"), when=3),
        Mistake("That is the number of all rows. How many are in each partition?",
                ("frame.rdd.glom().map(len).collect()", "frame.count()"), when=5),
        Mistake("This is still a plan: an action brings the numbers to the notebook.",
                (".collect()", ""), when="still a plan"),
        Mistake("These are the rows themselves. For large data they would not fit into the"
                " notebook; let Spark count them.", (".map(len)", ""), when="lists of rows"),
    ],
    also_right=["def sizes(frame):\n    count = lambda rows: [sum(1 for _ in rows)]\n"
                "    return frame.rdd.mapPartitions(count).collect()"],
    **ON_SPARK,
)


def lost(answer, there, known):
    flights = table([(dest,) for dest in there], "dest STRING")
    yield from look(answer(flights, table(known, "faa STRING, name STRING")))


def draw_airports(chance):
    codes = [code.upper() for code in words(chance, 7, 3)]
    there = chance.choices(codes, k=chance.randint(8, 20)) + codes[3:5]
    return [case(there, [(code, word(chance)) for code in chance.sample(codes, 4)])]


AIRPORTS = [("ATL", "Atlanta"), ("LAX", "Los Angeles")]
exercise(
    "08-unknown",
    title="Flights to nowhere",
    hints=(
        "Which kind of join keeps the rows that find no partner?",
        "Its name begins with left; the table of airports only decides, and adds no column.",
        "Then group, count, name the count, and order.",
    ),
    examples=[
        case(["SJU", "ATL", "BQN", "SJU", "LAX", "ATL", "SJU"], AIRPORTS,
             want=shown(["dest", "flights"], [("BQN", 1), ("SJU", 3)])),
        case(["ATL"], AIRPORTS, want=shown(["dest", "flights"], [])),
    ],
    draw=draw_airports,
    observe=lost,
    tried="unknown(flights to {0}, airports {1})",
    mistakes=[
        Mistake(PRINTED, ('.orderBy("dest")', ".show()"), when=is_a("NoneType")),
        Mistake(COLLECTED, ('.orderBy("dest")', ".collect()"), when=is_a("list")),
        Mistake(NAMED_COUNT, ('.agg(F.count("*").alias("flights"))', ".count()"),
                when=has_columns("dest", "count")),
        Mistake("These are the flights whose destination is known. The others are asked for.",
                (', "left_anti"', ""), when=rows_are(lambda got: got == [("ATL", 2), ("LAX", 1)])),
        Mistake("These are all destinations, known and unknown.", ("left_anti", "left"),
                when=rows_are(lambda got: len(got) == 4)),
        Mistake("Right rows; order them by dest.",
                ('orderBy("dest")', 'orderBy(F.desc("flights"))'),
                when=rows_are(lambda got: got == [("SJU", 3), ("BQN", 1)])),
    ],
    equivalent_mutants={
        "line 3: 'left_anti' changed": "Spark drops underscores from the name of a join.",
    },
    **ON_SPARK,
)


def sped(answer, rows):
    got = answer(table(rows, "distance INT, air_time INT"))
    yield "its columns", got.columns
    yield "its mph", [row["mph"] for row in got.collect()]
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        got.explain()
    python = re.findall(r"\w*Python\w*|MapInArrow|ArrowEval\w+", text.getvalue())
    yield "its plan", "leaves Java" if python else "stays in Java"


SPEED = ["distance", "air_time", "mph"]
exercise(
    "08-speed",
    title="Without leaving Java",
    hints=(
        "Columns can be divided and multiplied like numbers: F.col(...) and an operator.",
        "What should happen when air_time is 0, and which function does that?",
        "Miles by hours: turn minutes into hours first, or multiply by 60 at the end.",
    ),
    examples=[
        case([(500, 60), (100, 40)], want={
            "its columns": SPEED, "its mph": [500.0, 150.0], "its plan": "stays in Java"}),
        case([(500, 0), (500, None)], want={
            "its columns": SPEED, "its mph": [None, None], "its plan": "stays in Java"}),
    ],
    draw=lambda chance: [case([
        *((chance.randint(50, 3000), chance.randint(20, 400)) for _ in range(5)),
        (9, 0), (9, None)])],
    observe=sped,
    tried="with_speed(flights), whose distance and air_time are {0}",
    mistakes=[
        Mistake("Miles per hour: air_time is in minutes.", ("/ 60", "* 60"), ("/ 60", "* 1"),
                when=lambda facts: facts["its mph"][0] in (500 / 3600, 500 / 60)),
        Mistake("Distance by time, not time by distance.",
                ('F.try_divide(F.col("distance"), hours)',
                 'F.try_divide(hours, F.col("distance")) * 3600'),
                when=lambda facts: facts["its mph"][0] in (7.2, 60 / 500, 1 / 500)),
        Mistake("Spark 4 follows the SQL standard: dividing by zero is an error, until you say what"
                " to do.", ('F.try_divide(F.col("distance"), hours)', 'F.col("distance") / hours'),
                when=lambda got: "DIVIDE_BY_ZERO" in got.text),
        Mistake("Missing is not 0: nobody flew at 0 miles per hour.",
                ('F.try_divide(F.col("distance"), hours)',
                 'F.coalesce(F.try_divide(F.col("distance"), hours), F.lit(0.0))'),
                when=lambda facts: facts["its mph"] == [0.0, 0.0]),
        Mistake("The numbers are right, but each row still travels to Python and back.",
                "import numpy as np\nimport pandas as pd\n\n@F.pandas_udf('double')\n"
                "def fast(distance: pd.Series, air_time: pd.Series) -> pd.Series:\n"
                "    return (distance * 60 / air_time).replace([np.inf, -np.inf], np.nan)\n\n"
                "def with_speed(flights):\n"
                "    return flights.withColumn('mph', fast('distance', 'air_time'))",
                when=lambda facts: facts["its plan"] == "leaves Java"),
    ],
    also_right=["def with_speed(flights):\n    zero = F.col('air_time') == 0\n"
                "    mph = F.col('distance') / F.when(~zero, F.col('air_time')) * 60\n"
                "    return flights.withColumn('mph', mph)"],
    **ON_SPARK,
)

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
