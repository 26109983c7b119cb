"""What the chapters do with Spark, in small: run once so that the archive holds its classes.

Run as ``python -m coursekit.spark_session.warm_up FILE``; Java writes the classes into FILE.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.spark_session import session
from coursekit.spark_session.gateway import Gateway
from coursekit.views import stages

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def main() -> None:
    """Start Spark, work with it, and have Java write down the classes it loaded."""
    spark = session.start("warm-up", Gateway("local[*]", class_list=Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as folder:
        tables(spark, Path(folder))
        records(spark, Path(folder))
    spark.stop()


def tables(spark: SparkSession, folder: Path) -> None:
    """DataFrames, SQL, files and user-defined functions."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    rows = "".join(f"{i % 7},{i * 0.5},name{i % 13}\n" for i in range(2000))
    (folder / "table.csv").write_text("key,value,name\n" + rows)
    spark.read.csv(str(folder / "table.csv"), header=True).count()
    table = spark.read.csv(str(folder / "table.csv"), header=True, inferSchema=True)

    # Summaries, aggregates, joins, windows, caching.
    table.describe().toPandas()
    table.summary().collect()
    groups = table.groupBy("key").agg(
        F.avg("value"), F.stddev("value"), F.countDistinct("name"), F.median("value")
    )
    groups.orderBy("key").collect()
    names = table.groupBy("name").count()
    table.join(names, "name").explain(mode="formatted")
    table.join(names.hint("merge"), "name").count()
    table.join(F.broadcast(names), "name", "left").filter("count > 3").show(3)
    table.repartition(8, "key").cache().count()
    first = Window.partitionBy("key").orderBy("value")
    table.withColumn("row", F.row_number().over(first)).filter("row < 3").collect()

    # A query over a view, and what a learner does to look at it.
    table.createOrReplaceTempView("numbers")
    query = """SELECT name, avg(value) AS mean, count(*) AS n FROM numbers
               WHERE value > 10 GROUP BY name HAVING n > 1 ORDER BY mean DESC LIMIT 5"""
    spark.sql(query).toPandas()
    spark.sql("SELECT * FROM numbers LIMIT 2").show()

    # Parquet and JSON, written and read; a table that comes from pandas.
    table.write.partitionBy("key").parquet(str(folder / "parquet"))
    spark.read.parquet(str(folder / "parquet")).filter("key = 3").show(3)
    table.limit(20).coalesce(1).write.json(str(folder / "json"))
    spark.read.json(str(folder / "json")).count()
    spark.createDataFrame(table.limit(10).toPandas()).show()

    # Functions in Python: plain and Arrow.
    plain = F.udf(lambda value: value + 1.0, "double")
    arrow = F.pandas_udf(lambda values: values + 1, "double")  # type: ignore[call-overload]
    table.select(F.sum(plain("value"))).collect()
    table.select(F.sum(arrow("value"))).collect()


def records(spark: SparkSession, folder: Path) -> None:
    """RDDs: Python workers, shuffles, text files; and the status that the views read."""
    context = spark.sparkContext
    context.parallelize(range(1000), 4).map(lambda n: (n % 5, n)).groupByKey().count()
    words = context.textFile(str(folder / "table.csv")).flatMap(lambda line: line.split(","))
    counts = words.map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b)
    counts.sortBy(lambda pair: -pair[1]).take(3)
    context.statusTracker().getActiveJobsIds()
    stages.jobs(spark)


if __name__ == "__main__":
    main()
