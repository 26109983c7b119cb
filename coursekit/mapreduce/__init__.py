"""MapReduce for learners: one job, many engines.

>>> from coursekit import mapreduce
>>> def words(line):
...     for word in line.split():
...         yield word, 1
>>> def total(word, counts):
...     yield word, sum(counts)
>>> job = mapreduce.Job(words, total, combiner=total, name="word count")
>>> dict(job.run(["to be or", "not to be"]))
{'be': 2, 'not': 1, 'or': 1, 'to': 2}

All pairs are held in memory. For data that outgrow it, give the same job to Spark
(`Job.run_on_spark`) or to Hadoop (`Job.write_streaming`).
"""

from .context import TaskFailed, attempt, count
from .job import Job, Result
from .streaming import read_streaming
from .trace import Step, Trace, trace

__all__ = [
    "Job",
    "Result",
    "Step",
    "TaskFailed",
    "Trace",
    "attempt",
    "count",
    "read_streaming",
    "trace",
]
