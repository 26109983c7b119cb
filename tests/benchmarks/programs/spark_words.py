"""Word count by PySpark's RDD and reduceByKey on two cores; the session is started before."""

import json
import sys
import time
from operator import add

from coursekit.spark_session import spark

context = spark("word count").sparkContext
began = time.perf_counter()
found = (
    context.textFile(sys.argv[1])
    .flatMap(lambda line: line.split())
    .map(lambda word: (word, 1))
    .reduceByKey(add, 2)
    .collect()
)
print(json.dumps({"seconds": time.perf_counter() - began, "words": sum(n for _, n in found)}))
