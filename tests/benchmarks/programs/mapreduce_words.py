"""Word count by coursekit on two processes: FILE plain|inmapper."""

import json
import sys
from collections import Counter

from coursekit import mapreduce


def words(line):
    for word in line.split():
        yield word, 1


def total(word, counts):
    yield word, sum(counts)


class Words:
    def setup(self):
        self.counts = Counter()

    def map(self, line):
        self.counts.update(line.split())

    def cleanup(self):
        yield from self.counts.items()


path, kind = sys.argv[1:]
if kind == "plain":
    job = mapreduce.Job(words, total, combiner=total)
else:
    job = mapreduce.Job(Words, total)
result = job.run(path, runner="processes", workers=2)
print(json.dumps({"seconds": result.seconds, "words": sum(dict(result).values())}))
