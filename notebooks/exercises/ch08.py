"""Exercises and quiz of chapter 08, Spark: small tables with traps in them, on a real Spark."""

import tempfile
from decimal import Decimal
from pathlib import Path

from coursekit.feedback.authoring import Mistake, Option, Question, case, exercise, word, words

ON_SPARK = {"seconds": 60, "memory": None, "slow": True}  # a first job takes seconds


def session():
    from coursekit.spark_session import spark

    return spark(quiet=True, classic=True)


def table(rows, schema):
    """Make a table of a few rows, in one partition, so that a check needs few jobs of Spark."""
    import pyarrow as pa

    # From Arrow, Spark keeps the rows in the driver; from a list, Python workers read them.
    fields = [field.split() for field in schema.split(", ")]
    kinds = {"STRING": pa.string(), "INT": pa.int32()}
    columns = {
        name: pa.array([row[place] for row in rows], kinds[kind])
        for place, (name, kind) in enumerate(fields)
    }
    made = session().createDataFrame(pa.table(columns))
    return made.coalesce(1) if len(rows) < 20 else made


def kind_of(found):
    if type(found).__module__.startswith("pandas."):
        return "pandas " + type(found).__name__
    is_frame = hasattr(found, "collect") and hasattr(found, "columns")
    return "DataFrame" if is_frame else type(found).__name__


def look(frame):
    """Yield what a DataFrame is made of, or what it is instead of one."""
    yield "its type", kind_of(frame)
    if kind_of(frame) == "DataFrame":
        yield "its columns", frame.columns
        yield "its rows", [tuple(row) for row in frame.collect()]


def shown(columns, rows):
    return {"its type": "DataFrame", "its columns": columns, "its rows": rows}


PRINTED = "`show()` prints and returns None. Return the DataFrame itself."
COLLECTED = "`collect()` made a list of it. A DataFrame is asked for."
FETCHED = "`toPandas()` brought it all to the notebook. A DataFrame of Spark is asked for."
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
        yield "its type", kind_of(got)
        if kind_of(got) != "DataFrame":
            return
        columns = lines[0].split(",")[1:]
        missing = [column for column in columns if column not in got.columns]
        yield "number columns without statistics", missing
        if missing:
            yield "its columns", got.columns
            return
        found = {row[0]: row for row in got.collect()}
        for column in columns:
            for name in ("count", "mean", "min", "max"):
                value = found[name][column] if name in found else None
                yield f"{column}'s {name}", None if value is None else float(value)


def draw_file(chance):
    numbers = chance.sample([chance.randint(2, 9), *chance.sample(range(100, 900), 4)], 5)
    shares = [chance.randint(-99, 99) / 8 for _ in range(4)] + [""]
    rows = [f"{word(chance)},{n},{share}" for n, share in zip(numbers, shares, strict=True)]
    return [case([",".join(words(chance, 3)), *rows])]


exercise(
    "08-statistics",
    title="Statistics that are kept, of numbers",
    hints=(
        "Two things are lost: what show() gives back, and the types of the columns.",
        "Which option of the reader looks at the values to find the types?",
        "table = spark.read.csv(file, header=True, ____=True), then return table.____()",
    ),
    examples=[case(["city,height,fee", "Ulm,9,-1.5", "Bonn,30,", "Celle,100,2.25"], want={
        "its type": "DataFrame", "number columns without statistics": [],
        "height's count": 3, "height's mean": 139 / 3, "height's min": 9, "height's max": 100,
        "fee's count": 2, "fee's mean": 0.375, "fee's min": -1.5, "fee's max": 2.25})],
    draw=draw_file,
    observe=described,
    tried="statistics(a file with {0})",
    mistakes=[
        Mistake(PRINTED, ("describe()", "describe().show()"), when=is_a("NoneType")),
        Mistake(COLLECTED, ("describe()", "describe().collect()"), when=is_a("list")),
        Mistake(FETCHED, ("describe()", "describe().toPandas()"), when=is_a("pandas DataFrame")),
        Mistake("The first line of the file has the columns' names. Tell the reader.",
                ("header=True, ", ""),
                when=lambda facts: "_c1" in facts["its columns"]),
        Mistake("Statistics of a column are missing. Other files have other columns: name none.",
                ("describe()", 'describe("height")'),
                when=lambda facts: facts["number columns without statistics"]),
        Mistake("The smallest is 100 and the largest 9: the heights were read as text.",
                (", inferSchema=True", ""),
                when=lambda facts: (facts["height's min"], facts["height's max"]) == (100, 9)),
        Mistake("These are the rows, not their statistics.", (".describe()", ""),
                when=lambda facts: facts["height's count"] is None),
        Mistake("Missing fees are not 0: they do not count.",
                ("table.describe()", "table.fillna(0).describe()"),
                when=lambda facts: facts["fee's count"] == 3),
    ],
    also_right=["def statistics(file):\n    how = {'header': True, 'inferSchema': True}\n"
                "    return spark.read.options(**how).csv(file).summary()",
                "def statistics(file):\n"
                "    table = spark.read.csv(file, header=True, inferSchema=True)\n"
                "    kept = table.describe()\n    kept.show()\n    return kept",
                "def statistics(file):\n"
                "    table = spark.read.csv(file, header=True, inferSchema=True)\n"
                "    numeric = [n for n, kind in table.dtypes if kind != 'string']\n"
                "    return table.select(numeric).summary('count', 'mean', 'min', 'max')"],
    **ON_SPARK,
)

# What a schema may say: a wider type, or one that is exact, is right as well.
KINDS = {"string": "text", "int": "whole number", "bigint": "whole number",
         "smallint": "whole number", "double": "number with a fraction"}
FARES = ["carrier", "miles", "fare"]


def read_with(schema, lines):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fares.csv"
        file.write_text("\n".join(["carrier,miles,fare", *lines]) + "\n")
        found = session().read.csv(str(file), header=True, schema=schema)
        yield "its columns", found.columns
        kinds = [kind.partition("(")[0].replace("decimal", "double") for _, kind in found.dtypes]
        yield "their kinds", [KINDS.get(kind, kind) for kind in kinds]
        plain = [[float(v) if isinstance(v, Decimal) else v for v in r] for r in found.collect()]
        yield "the rows of the file", [tuple(row) for row in plain]


def kind_is(column, *kinds):
    return lambda facts: facts["their kinds"][facts["its columns"].index(column)] in kinds


exercise(
    "08-schema",
    title="A schema for fares",
    hints=(
        "Name and type for each column, with a comma between columns.",
        "Which types of the section above hold text, whole numbers, and fractions?",
        'schema = "carrier ____, miles ____, fare ____"',
    ),
    examples=[case(["UA,719,219.5", "B6,187,1234567.89"], want={
        "its columns": FARES, "their kinds": ["text", "whole number", "number with a fraction"],
        "the rows of the file": [("UA", 719, 219.5), ("B6", 187, 1234567.89)]})],
    draw=lambda chance: [case([
        f"{word(chance, 2)},{chance.randint(50, 5000)},{chance.randint(100, 99999999) / 100}",
        "UA,,", "UA,far,low"])],
    observe=read_with,
    tried="a file with {0}",
    mistakes=[
        Mistake("There are three columns: carrier, miles and fare.",
                (", fare DOUBLE", ""), when=lambda facts: len(facts["its columns"]) != 3),
        Mistake("A schema follows the order of the columns in the file.",
                ("carrier STRING, ", "", "fare DOUBLE", "fare DOUBLE, carrier STRING"),
                when=lambda facts: facts["its columns"] != FARES
                and sorted(facts["its columns"]) == sorted(FARES)),
        Mistake("The names are not those of the file's first line.",
                ("fare DOUBLE", "price DOUBLE"), when=lambda facts: facts["its columns"] != FARES),
        Mistake("Every column is text again. Only the carrier is text.",
                ("INT", "STRING", "DOUBLE", "STRING"),
                when=lambda facts: set(facts["their kinds"]) == {"text"}),
        Mistake("A fare such as 219.5 has a fraction, which a whole number cannot hold.",
                ("fare DOUBLE", "fare INT"), when=kind_is("fare", "whole number")),
        Mistake("FLOAT keeps about seven digits, and some fares have nine.",
                ("DOUBLE", "FLOAT"), when=kind_is("fare", "float")),
        Mistake("Miles are whole numbers here.", ("INT", "DOUBLE"),
                when=kind_is("miles", "number with a fraction", "float")),
        Mistake("This DECIMAL has no room for the fraction: give it digits after the point.",
                ("DOUBLE", "DECIMAL(10)"),
                when=lambda facts: facts["the rows of the file"][0][2] in (220, 219, None)),
        Mistake('Spark cannot read this schema. It is one text: "name TYPE, name TYPE".',
                'schema = "carrier: text; miles: number"',
                'schema = ["carrier", "miles", "fare"]', when=Exception),
    ],
    also_right=['schema = "carrier string,miles int,fare double"',
                'schema = "carrier STRING, miles BIGINT, fare DECIMAL(12, 2)"',
                "from pyspark.sql.types import StructType\n"
                "schema = (StructType().add('carrier', 'string').add('miles', 'integer')"
                ".add('fare', 'double'))"],
    **ON_SPARK,
)


def routed(answer, pairs, n):
    yield from look(answer(table(pairs, "origin STRING, dest STRING"), n))


def draw_routes(chance):
    codes = [code.upper() for code in words(chance, 4, 3)]
    flown = [tuple(chance.choices(codes, k=2)) for _ in range(30)]
    n = chance.choice((2, 3, 5, 99))
    return [case(flown, n, shown=f"busiest(other flights, {n})")]


FLOWN = [tuple(pair.split("-")) for pair in ["EWR-ORD"] * 3 + ["JFK-LAX"] * 4 + ["LGA-ATL"] * 3
         + ["JFK-ATL"] + ["EWR-LAX"] * 3 + ["EWR-BOS"] * 3]
WHICH = "with JFK-LAX 4 times, EWR-BOS, EWR-LAX, EWR-ORD, LGA-ATL 3 times, JFK-ATL once"
ROUTES = ["origin", "dest", "flights"]
THREE = [("JFK", "LAX", 4), ("EWR", "BOS", 3), ("EWR", "LAX", 3)]

exercise(
    "08-routes",
    title="The busiest routes",
    hints=(
        "What makes a route: one column, or two?",
        "Count each group and give the count its name with alias. Order by the number first,"
        " downwards, then by the two names; the limit comes last.",
        'flights.groupBy(____, ____).agg(____.alias("flights")).orderBy(____).limit(____)',
    ),
    examples=[
        case(FLOWN, 3, shown=f"busiest(flights, 3), {WHICH}", want=shown(ROUTES, THREE)),
        case(FLOWN[2:5], 1, want=shown(ROUTES, [("JFK", "LAX", 2)]),
             shown="busiest(flights, 1), with JFK-LAX twice, EWR-ORD once"),
    ],
    draw=draw_routes,
    observe=routed,
    mistakes=[
        Mistake(PRINTED, (".limit(n)", ".show(n)"), when=is_a("NoneType")),
        Mistake(COLLECTED, (".limit(n)", ".take(n)"), when=is_a("list")),
        Mistake(FETCHED, (".limit(n)", ".limit(n).toPandas()"), when=is_a("pandas DataFrame")),
        Mistake(NAMED_COUNT, ('"flights"', '"count"'), when=has_columns("origin", "dest", "count")),
        Mistake("The columns are right, but not in the order origin, dest, flights.",
                ('groupBy("origin", "dest")', 'groupBy("dest", "origin")'),
                when=lambda facts: facts["its columns"] != ROUTES
                and sorted(facts["its columns"]) == sorted(ROUTES)),
        Mistake("A route has two ends: group by origin and dest.",
                ('"origin", "dest"', '"dest"'), when=lambda facts: len(facts["its columns"]) == 2),
        Mistake("Only the first n routes are asked for.", (".limit(n)", ""),
                when=rows_are(lambda got: len(got) == 6)),
        Mistake("`n` says how many routes are asked for; it differs from call to call.",
                (".limit(n)", ".limit(3)"), when=rows_are(lambda got: len(got) == 2)),
        Mistake("The busiest route comes first: downwards.", ('F.desc("flights")', '"flights"'),
                when=rows_are(lambda got: got[0][2] < got[-1][2])),
        Mistake("Order all routes first, then take n. A limit before takes any n routes.",
                ('.orderBy(F.desc("flights"), "origin", "dest").limit(n)',
                 '.limit(n).orderBy(F.desc("flights"), "origin", "dest")')),
        Mistake("Several routes have 3 flights. Equal ones are ordered by origin, then dest;"
                " without that rule, chance decides which are shown.",
                ('"origin", "dest").limit', 'F.desc("origin"), "dest").limit'),
                ('"origin", "dest").limit', '"dest", "origin").limit'),
                ('"origin", "dest").limit', '"origin").limit'),
                when=rows_are(lambda got: [row[2] for row in got] == [4, 3, 3])),
    ],
    also_right=["def busiest(flights, n):\n    found = flights.groupBy('origin', 'dest').count()\n"
                "    counted = found.withColumnRenamed('count', 'flights')\n"
                "    return counted.sort(F.col('flights').desc(), 'origin', 'dest').limit(n)",
                "def busiest(flights, n):\n    flights.createOrReplaceTempView('asked')\n"
                "    return spark.sql('SELECT origin, dest, COUNT(*) AS flights FROM asked '\n"
                "        'GROUP BY origin, dest ORDER BY flights DESC, origin, dest '\n"
                "        f'LIMIT {n}')",
                "def counted(flights):\n"
                "    return flights.groupBy('origin', 'dest').agg(F.count('dest').alias('flights'))"
                "\n\ndef busiest(flights, n):\n"
                "    order = [F.col('flights').desc(), F.asc('origin'), F.asc('dest')]\n"
                "    return counted(flights).orderBy(*order).limit(n)"],
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
                "letters = {'b', 'e', 'f'}", when=lambda facts: facts["the letters"] != "str"),
        Mistake("The lines have the letters a to g; write these only.", 'letters = "b; e; f"',
                'letters = "b and e and f"', when=chose(lambda got: got - set("abcdefg"))),
        Mistake("g is the trap: after groupBy, count() describes a new table with a column of"
                " counts. Nothing runs.", 'letters = "befg"', 'letters = "abcdefg"',
                when=chose(lambda got: "g" in got)),
        Mistake("filter and select only describe a new DataFrame.", 'letters = "abef"',
                when=chose(lambda got: got & set("ac"))),
        Mistake("distinct needs a shuffle, but it, too, only describes; nobody asked for rows yet.",
                'letters = "bdef"', when=chose(lambda got: "d" in got)),
        Mistake("A file can only be written when its rows are known.", 'letters = "be"',
                when=chose(lambda got: "f" not in got)),
        Mistake("At least one more line asks for a number or for a row.", 'letters = "f"',
                'letters = "bf"', when=chose(lambda got: got < set("bef"))),
    ],
    also_right=['letters = "f, E, b"'],
)


def partitioned(answer, counts):
    context = session().sparkContext
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
        "frame.rdd.glom().____(____).____()",
    ),
    examples=[case([3, 0, 2], want=[3, 0, 2]), case([4], want=[4])],
    draw=lambda chance: [case([0, *(chance.randint(0, 9) for _ in range(chance.randint(2, 5)))])],
    observe=partitioned,
    tried="sizes of a DataFrame with {0} rows in its partitions",
    mistakes=[
        Mistake("The empty partition is missing; it is one all the same.",
                (".collect()", ".filter(lambda n: n > 0).collect()"),
                "def sizes(frame):\n    from pyspark.sql.functions import spark_partition_id\n"
                "    found = frame.groupBy(spark_partition_id().alias('p')).count()\n"
                "    return [row['count'] for row in found.orderBy('p').collect()]",
                when=[3, 2]),
        Mistake("That is the number of partitions. How many rows are in each?",
                (".glom().map(len).collect()", ".getNumPartitions()"), when=3),
        Mistake("That is the number of all rows. How many are in each partition?",
                ("frame.rdd.glom().map(len).collect()", "frame.count()"), when=5),
        Mistake("This is still a plan: an action brings the numbers to the notebook.",
                (".collect()", ""), when="still a plan"),
        Mistake("These are the rows themselves. For large data they would not fit into the"
                " notebook; let Spark count them.", (".map(len)", ""), when="lists of rows"),
        Mistake("Partitions keep their order: the first number belongs to the first partition.",
                ("frame.rdd.glom().map(len).collect()",
                 "sorted(frame.rdd.glom().map(len).collect())"),
                ("frame.rdd.glom().map(len).collect()",
                 "sorted(frame.rdd.glom().map(len).collect(), reverse=True)"),
                when=lambda got: sorted(got) == [0, 2, 3]),
    ],
    also_right=["def sizes(frame):\n    count = lambda rows: [sum(1 for _ in rows)]\n"
                "    return frame.rdd.mapPartitions(count).collect()",
                "def sizes(frame):\n    from pyspark.sql.functions import spark_partition_id\n"
                "    found = dict(frame.groupBy(spark_partition_id()).count().collect())\n"
                "    return [found.get(p, 0) for p in range(frame.rdd.getNumPartitions())]"],
    **ON_SPARK,
)


def lost(answer, there, known):
    flights = table([(dest,) for dest in there], "dest STRING")
    yield from look(answer(flights, table(known, "faa STRING, name STRING")))


def draw_airports(chance):
    codes = [code.upper() for code in words(chance, 7, 3)]
    there = chance.choices(codes, k=chance.randint(18, 26)) + codes[3:5]
    known = chance.sample(codes, 4)
    return [case(there, [(code, chance.choice((None, word(chance)))) for code in known])]


# Codes that are unknown in the real table, such as SJU, are known here, and the other way round.
THERE = ["XYZ", "ATL", "QQA", "XYZ", "SJU", "ATL", "XYZ"]
AIRPORTS = [("ATL", "Atlanta"), ("SJU", None)]
exercise(
    "08-unknown",
    title="Flights to nowhere",
    hints=(
        "Which kind of join keeps the rows that find no partner?",
        "Its name begins with left; the table of airports only decides, and adds no column.",
        'flights.join(airports, ____ == ____, "left____"), then group, count, name, and order',
    ),
    examples=[
        case(THERE, AIRPORTS, want=shown(["dest", "flights"], [("QQA", 1), ("XYZ", 3)])),
        case(["ATL"], AIRPORTS, want=shown(["dest", "flights"], [])),
    ],
    draw=draw_airports,
    observe=lost,
    tried="unknown(flights to {0}, airports {1})",
    mistakes=[
        Mistake(PRINTED, ('.orderBy("dest")', ".show()"), when=is_a("NoneType")),
        Mistake(COLLECTED, ('.orderBy("dest")', ".collect()"), when=is_a("list")),
        Mistake(FETCHED, ('.orderBy("dest")', ".toPandas()"), when=is_a("pandas DataFrame")),
        Mistake(NAMED_COUNT, ('.agg(F.count("*").alias("flights"))', ".count()"),
                when=has_columns("dest", "count")),
        Mistake("These are the flights whose destination is known. The others are asked for.",
                (', "left_anti"', ""), (', "left_anti"', ', "left_semi"'),
                when=rows_are(lambda got: set(got) == {("ATL", 2), ("SJU", 1)})),
        Mistake("These are all destinations, known and unknown.", ("left_anti", "left"),
                when=rows_are(lambda got: len(got) == 4)),
        Mistake("SJU is a known airport that has no name. Ask whether the code found a partner.",
                ('"left_anti")', '"left").filter("name IS NULL")'),
                when=rows_are(lambda got: set(got) == {("QQA", 1), ("SJU", 1), ("XYZ", 3)})),
        Mistake("SJU is in `airports` here. Compare with the table; its rows may be others.",
                "def unknown(flights, airports):\n"
                "    found = flights.filter(F.col('dest').isin('BQN', 'PSE', 'SJU', 'STT'))\n"
                "    return found.groupBy('dest').agg(F.count('*').alias('flights'))"
                ".orderBy('dest')", when=rows_are(lambda got: got == [("SJU", 1)])),
        Mistake("Three flights go to XYZ. Something has dropped repeated rows.",
                "def unknown(flights, airports):\n"
                "    lost = flights.select('dest').subtract(airports.select('faa'))\n"
                "    counts = lost.groupBy('dest').agg(F.count('*').alias('flights'))\n"
                "    return counts.orderBy('dest')",
                when=rows_are(lambda got: set(got) == {("QQA", 1), ("XYZ", 1)})),
        Mistake("Right rows; order them by dest.",
                ('orderBy("dest")', 'orderBy(F.desc("flights"))'),
                when=rows_are(lambda got: got == [("XYZ", 3), ("QQA", 1)])),
    ],
    also_right=["def unknown(flights, airports):\n"
                "    both = flights.join(airports, flights['dest'] == airports['faa'], 'left')\n"
                "    lost = both.filter(F.col('faa').isNull())\n"
                "    counted = lost.groupBy('dest').count().orderBy('dest')\n"
                "    return counted.withColumnRenamed('count', 'flights')",
                "def unknown(flights, airports):\n"
                "    known = [row['faa'] for row in airports.collect()]\n"
                "    lost = flights.filter(~F.col('dest').isin(known))\n"
                "    return lost.groupBy('dest').agg(F.count('*').alias('flights'))"
                ".orderBy('dest')"],
    equivalent_mutants={
        "line 3: 'left_anti' changed": "Spark drops underscores from the name of a join.",
    },
    **ON_SPARK,
)


def counted(answer, lines):
    yield from look(answer(table([(line,) for line in lines], "value STRING")))


def draw_text(chance):
    known = [*words(chance, 4, 3), word(chance, 2).upper()]
    said = [["", *chance.choices(known, k=chance.randint(1, 6)), ""] for _ in range(20)]
    return [case([*(chance.choice((" ", "\t", "  ")).join(line) for line in said), "", " "])]


TO_BE = [("be", 2), ("to", 2), ("not", 1), ("or", 1)]
SMALL = [("B", 1), ("a", 1), ("b", 1)]
exercise(
    "08-words",
    title="Not a word",
    hints=(
        'Run it on one line, " a b ", and look at every row that comes out.',
        "What stands between the beginning of the line and its first space?",
        "words = words.filter(____), after the words are made and before they are counted",
    ),
    examples=[
        case([" to be ", "or not  to be", ""], want=shown(["word", "count"], TO_BE)),
        case(["a\tB b"], want=shown(["word", "count"], SMALL)),
    ],
    draw=draw_text,
    observe=counted,
    tried="word_counts of the lines {0}",
    mistakes=[
        Mistake(PRINTED, ('F.desc("count"), "word")', 'F.desc("count"), "word").show()'),
                when=is_a("NoneType")),
        Mistake(COLLECTED, ('F.desc("count"), "word")', 'F.desc("count"), "word").collect()'),
                when=is_a("list")),
        Mistake("An empty text was counted as a word. Where does split find it?",
                ("    words = words.filter", "    _ = words.filter"),
                ("    words = words.filter", "    _ = words.filter", '"value"', "F.trim('value')"),
                when=rows_are(lambda got: any(word == "" for word, _ in got))),
        Mistake("White space is left in a word: lines are split at any run of it, tabs, too.",
                (r'r"\s+"', '"  "'), (r'r"\s+"', '" +"'),
                when=rows_are(lambda got: any(word.split() != [word] for word, _ in got))),
        Mistake("B and b are two words here: count words as they are written.",
                ('"value"', "F.lower('value')"), when=rows_are(lambda got: ("b", 2) in got)),
        Mistake("The words are right, the order is not: most frequent first, then by the alphabet.",
                ('F.desc("count"), "word"', '"word"'), ('F.desc("count")', '"count"'),
                ('F.desc("count"), "word"', 'F.desc("count"), F.desc("word")'),
                when=rows_are(lambda got: sorted(got) in (sorted(TO_BE), sorted(SMALL)))),
        Mistake("A word is lost. Only the empty ones should go.",
                ('F.col("word") != ""', "F.col('word') > 'c'"),
                ('F.col("word") != ""', "F.length('word') > 1"),
                when=rows_are(lambda got: set(got) < set(TO_BE) or set(got) < set(SMALL))),
    ],
    also_right=["def word_counts(lines):\n    trimmed = lines.filter(F.trim('value') != '')\n"
                "    parts = F.split(F.regexp_replace('value', r'^\\s+|\\s+$', ''), r'\\s+')\n"
                "    words = trimmed.select(F.explode(parts).alias('word')).where(\"word <> ''\")\n"
                "    return words.groupBy('word').count().sort(F.desc('count'), F.asc('word'))",
                "def word_counts(lines):\n"
                "    found = F.explode(F.regexp_extract_all('value', F.lit(r'\\S+'), 0))\n"
                "    words = lines.select(found.alias('word'))\n"
                "    counts = words.groupBy('word').agg(F.count('*').alias('count'))\n"
                "    return counts.orderBy(F.col('count').desc(), F.col('word'))"],
    **ON_SPARK,
)


def sped(answer, rows):
    got = answer(table(rows, "distance INT, air_time INT"))
    yield "its type", kind_of(got)
    if kind_of(got) != "DataFrame":
        return
    yield "its columns", got.columns
    found = got.collect()
    yield "its mph", [row["mph"] if "mph" in got.columns else None for row in found]
    plan = got._jdf.queryExecution().optimizedPlan().toString()
    left = any(sign in plan for sign in ("Python", "InPandas", "InArrow"))
    yield "its plan", "leaves Java" if left else "stays in Java"


def speeds(*mph):
    return {"its type": "DataFrame", "its columns": ["distance", "air_time", "mph"],
            "its mph": list(mph), "its plan": "stays in Java"}


def mph_is(check):
    return lambda facts: check(facts["its mph"])


exercise(
    "08-speed",
    title="Without leaving Java",
    hints=(
        "Columns can be divided and multiplied like numbers: F.col(...) and an operator.",
        "What should happen when air_time is 0, and which function does that?",
        'flights.withColumn("mph", F.try_divide(____, ____)), with the time in hours',
    ),
    examples=[
        case([(719, 97), (500, 60), (0, 30)], want=speeds(43140 / 97, 500.0, 0.0)),
        case([(500, 0), (500, None), (None, 60)], want=speeds(None, None, None)),
    ],
    draw=lambda chance: [case([
        *((chance.randint(50, 3000), chance.randint(20, 400)) for _ in range(5)),
        (9, 0), (9, None), (0, 9)])],
    observe=sped,
    tried="with_speed(flights), whose distance and air_time are {0}",
    mistakes=[
        Mistake(PRINTED, ("hours))", "hours)).show()"), when=is_a("NoneType")),
        Mistake("Miles per hour: air_time is in minutes.", ("/ 60", "* 60"), ("/ 60", "* 1"),
                when=mph_is(lambda mph: mph[1] in (500 / 3600, 500 / 60))),
        Mistake("Distance by time, not time by distance.",
                ('F.try_divide(F.col("distance"), hours)',
                 'F.try_divide(hours, F.col("distance")) * 3600'),
                when=mph_is(lambda mph: mph[1] in (7.2, 60 / 500, 1 / 500))),
        Mistake("The speed was rounded or cut. Keep its fraction.",
                ('F.try_divide(F.col("distance"), hours)',
                 'F.round(F.try_divide(F.col("distance"), hours), 1)'),
                ('F.try_divide(F.col("distance"), hours)',
                 'F.floor(F.try_divide(F.col("distance"), hours))'),
                when=mph_is(lambda mph: 1e-6 < abs(mph[0] - 43140 / 97) < 1)),
        Mistake("A distance of 0 in a known time is 0 miles per hour, not a missing value.",
                ('F.try_divide(F.col("distance"), hours)',
                 'F.when(F.col("distance") > 0, F.try_divide(F.col("distance"), hours))'),
                when=mph_is(lambda mph: mph[1:] == [500, None])),
        Mistake("Spark 4 follows the SQL standard: dividing by zero is an error, until you say what"
                " to do.", ('F.try_divide(F.col("distance"), hours)', 'F.col("distance") / hours'),
                when=lambda got: "DIVIDE_BY_ZERO" in got.text),
        Mistake("A row is lost. Every row stays, those without a speed, too.",
                ("return flights.with", 'return flights.filter("air_time > 0").with'),
                ("return flights.with", "return flights.dropna().with"),
                when=mph_is(lambda mph: len(mph) < 3)),
        Mistake("Missing is not 0: nobody flew at 0 miles per hour.",
                ('F.try_divide(F.col("distance"), hours)',
                 'F.coalesce(F.try_divide(F.col("distance"), hours), F.lit(0.0))'),
                when=mph_is(lambda mph: mph == [0.0, 0.0, 0.0])),
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
                "    return flights.withColumn('mph', mph)",
                "def with_speed(flights):\n"
                "    return flights.selectExpr('*', 'distance * 60 / nullif(air_time, 0) AS mph')",
                "def with_speed(flights):\n"
                "    mph = F.try_divide(F.col('distance') * 60, F.col('air_time'))\n"
                "    return flights.select('*', mph.alias('mph'))"],
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
            Option("A small table was copied to all executors.", "Then no rows wait for one task."),
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
    Question(
        "`table.cache()` is followed by three times `table.count()`. What do you expect?",
        (
            Option("All three are fast.", "`cache()` runs nothing, so the first one has to read."),
            Option(
                "The first one is slow, the two others are fast.",
                "It reads and fills the cache; the others find the partitions there.",
                right=True,
            ),
            Option(
                "All three are slow: a cache serves one action.",
                "It stays until `unpersist()`, or until the session ends.",
            ),
        ),
    ),
)
