"""Word count by DuckDB on two threads."""

import json
import sys
import time

import duckdb

began = time.perf_counter()
duckdb.sql("SET threads = 2")
found = duckdb.sql(
    """
    SELECT word, count(*) AS n
    FROM (
        SELECT unnest(string_split_regex(line, '\\s+')) AS word
        FROM read_csv(?, columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '',
                      escape = '', header = false, auto_detect = false)
    )
    WHERE word <> '' GROUP BY word
    """,
    params=[sys.argv[1]],
).fetchall()
print(json.dumps({"seconds": time.perf_counter() - began, "words": sum(n for _, n in found)}))
