"""Wrong answers to the exercises of chapter 08."""

from tests.attacks import Wrong

WRONG = {
    "08-statistics": [
        Wrong(
            """
def statistics(file):
    table = spark.read.csv(file, header=True, inferSchema=True)
    return table.describe().show()
""",
            "`show()` prints and returns None",
        ),
        Wrong(
            """
def statistics(file):
    table = spark.read.csv(file, header=True)
    return table.describe()
""",
            "the heights were read as text",
        ),
        Wrong(
            """
def statistics(file):
    return spark.read.csv(file, inferSchema=True).describe()
""",
            "has the columns' names",
        ),
        Wrong(
            """
def statistics(file):
    return spark.read.csv(file, header=True, inferSchema=True).describe().collect()
""",
            "A DataFrame is asked for",
        ),
    ],
    "08-schema": [
        Wrong('schema = "carrier STRING, miles INT, fare INT"', "has a fraction"),
        Wrong('schema = "carrier STRING, miles STRING, fare STRING"', "Only the carrier is text"),
        Wrong('schema = "miles INT, fare DOUBLE, carrier STRING"', "order of the columns"),
        Wrong('schema = "carrier: text; miles: number"', "cannot read this schema", "raised"),
        Wrong('schema = ["carrier", "miles", "fare"]', "one text"),
    ],
    "08-lazy": [
        Wrong('letters = "befg"', "g is the trap"),
        Wrong('letters = "abcdefg"', "g is the trap"),
        Wrong('letters = "abef"', "only describe a new DataFrame"),
        Wrong('letters = "bdef"', "distinct needs a shuffle"),
        Wrong('letters = "be"', "can only be written when its rows are known"),
        Wrong('letters = "f"', "a number or for a row"),
    ],
    "08-routes": [
        Wrong(
            """
def busiest(flights, n):
    return flights.groupBy("origin", "dest").count().orderBy(F.desc("count")).limit(n)
""",
            "has the name count",
        ),
        Wrong(
            """
def busiest(flights, n):
    routes = flights.groupBy("origin", "dest").agg(F.count("*").alias("flights"))
    return routes.orderBy("flights", "origin", "dest").limit(n)
""",
            "downwards",
        ),
        Wrong(
            """
def busiest(flights, n):
    routes = flights.groupBy("origin", "dest").agg(F.count("*").alias("flights"))
    return routes.orderBy(F.desc("flights"), F.desc("origin"), "dest").limit(n)
""",
            "rule for ties",
        ),
        Wrong(
            """
def busiest(flights, n):
    routes = flights.groupBy("origin", "dest").agg(F.count("*").alias("flights"))
    return routes.orderBy(F.desc("flights"), "origin", "dest")
""",
            "first n routes",
        ),
        Wrong(
            """
def busiest(flights, n):
    routes = flights.groupBy("origin", "dest").agg(F.count("*").alias("flights"))
    routes.orderBy(F.desc("flights"), "origin", "dest").show(n)
""",
            "`show()` prints and returns None",
        ),
        Wrong(
            """
def busiest(flights, n):
    return flights.groupBy("dest").agg(F.count("*").alias("flights")).limit(n)
""",
            "two ends",
        ),
    ],
    "08-words": [
        Wrong(
            """
def word_counts(lines):
    words = lines.select(F.explode(F.split("value", " ")).alias("word"))
    words = words.filter("word != 'be'")
    return words.groupBy("word").count().orderBy(F.desc("count"), "word")
""",
            "An empty text was counted",
        ),
        Wrong(
            """
def word_counts(lines):
    words = lines.select(F.explode(F.split(F.trim("value"), r"\\s+")).alias("word"))
    return words.groupBy("word").count().orderBy(F.desc("count"), "word")
""",
            "An empty text was counted",
        ),
        Wrong(
            """
def word_counts(lines):
    words = lines.select(F.explode(F.split("value", r"\\s+")).alias("word"))
    words = words.filter("word != ''")
    return words.groupBy("word").count().orderBy("word")
""",
            "the order is not",
        ),
        Wrong(
            """
def word_counts(lines):
    words = lines.select(F.explode(F.split("value", r"\\s+")).alias("word"))
    words = words.filter("word != ''").distinct().filter("word > 'c'")
    return words.groupBy("word").count().orderBy(F.desc("count"), "word")
""",
            "A word is lost",
        ),
    ],
    "08-sizes": [
        Wrong(
            """
def sizes(frame):
    return frame.rdd.getNumPartitions()
""",
            "number of partitions",
        ),
        Wrong(
            """
def sizes(frame):
    return frame.rdd.glom().collect()
""",
            "the rows themselves",
        ),
        Wrong(
            """
def sizes(frame):
    return frame.rdd.glom().map(len)
""",
            "an action brings the numbers",
        ),
        Wrong(
            """
def sizes(frame):
    rows = frame.groupBy(F.spark_partition_id().alias("p")).count().orderBy("p")
    return [row["count"] for row in rows.collect()]
""",
            "empty partition is missing",
        ),
        Wrong(
            """
def sizes(frame):
    return frame.count()
""",
            "number of all rows",
        ),
    ],
    "08-unknown": [
        Wrong(
            """
def unknown(flights, airports):
    lost = flights.join(airports, flights.dest == airports.faa)
    return lost.groupBy("dest").agg(F.count("*").alias("flights")).orderBy("dest")
""",
            "whose destination is known",
        ),
        Wrong(
            """
def unknown(flights, airports):
    lost = flights.join(airports, flights.dest == airports.faa, "left")
    return lost.groupBy("dest").agg(F.count("*").alias("flights")).orderBy("dest")
""",
            "known and unknown",
        ),
        Wrong(
            """
def unknown(flights, airports):
    lost = flights.join(airports, flights.dest == airports.faa, "left_anti")
    return lost.groupBy("dest").count().orderBy("dest")
""",
            "has the name count",
        ),
        Wrong(
            """
def unknown(flights, airports):
    lost = flights.join(airports, flights.dest == airports.faa, "left_anti")
    counts = lost.groupBy("dest").agg(F.count("*").alias("flights"))
    return counts.orderBy(F.desc("flights"))
""",
            "order them by dest",
        ),
    ],
    "08-speed": [
        Wrong(
            """
def with_speed(flights):
    return flights.withColumn("mph", F.col("distance") / F.col("air_time") * 60)
""",
            "dividing by zero is an error",
            "raised",
        ),
        Wrong(
            """
def with_speed(flights):
    return flights.withColumn("mph", F.try_divide("distance", "air_time") / 60)
""",
            "air_time is in minutes",
        ),
        Wrong(
            """
def with_speed(flights):
    speed = F.try_divide(F.col("distance") * 60, F.col("air_time"))
    return flights.withColumn("mph", F.coalesce(speed, F.lit(0.0)))
""",
            "Missing is not 0",
        ),
        Wrong(
            """
@F.pandas_udf("double")
def fast(distance: pd.Series, air_time: pd.Series) -> pd.Series:
    return (distance * 60 / air_time).replace([np.inf, -np.inf], np.nan)

def with_speed(flights):
    return flights.withColumn("mph", fast("distance", "air_time"))
""",
            "still travels to Python",
        ),
    ],
}
SURVIVORS = {
    "08-unknown": {
        "line 3: 'left_anti' changed": "Spark drops underscores from the name of a join.",
    },
}
