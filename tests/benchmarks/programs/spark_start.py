"""From nothing to the first job done: course|plain. Imports are part of it."""

import json
import os
import shutil
import sys
import time

began = time.perf_counter()
if sys.argv[1] == "course":
    from coursekit.spark_session import spark

    session = spark("start")
else:
    # Java and the log apart, just what a learner would type. Java is the one that the machine has.
    if not os.environ.get("JAVA_HOME") and not shutil.which("java"):
        sys.exit("a plain SparkSession needs a Java: set JAVA_HOME or put java on the PATH")
    from pyspark.sql import SparkSession

    session = SparkSession.builder.getOrCreate()
counted = session.range(1_000_000).selectExpr("id % 10 AS k").groupBy("k").count().collect()
took = time.perf_counter() - began
assert sum(row["count"] for row in counted) == 1_000_000
session.stop()
print(json.dumps({"seconds": took}))
