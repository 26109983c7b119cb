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
"""

from .context import attempt, count
from .failure import InputError, TaskFailed
from .job import Job
from .result import Result
from .streaming import read_streaming
from .trace import Step, Trace, trace

__all__ = [
    "InputError",
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
