"""Word count by mrjob's local runner (several processes), the same mapper and combiner."""

import json
import sys
import time

from mrjob.job import MRJob


class Words(MRJob):
    def mapper(self, _, line):
        for word in line.split():
            yield word, 1

    def combiner(self, word, counts):
        yield word, sum(counts)

    def reducer(self, word, counts):
        yield word, sum(counts)


def main():
    began = time.perf_counter()
    job = Words(["-r", "local", "--no-conf", "--quiet", sys.argv[1]])
    with job.make_runner() as runner:
        runner.run()
        words = sum(count for _, count in job.parse_output(runner.cat_output()))
    print(json.dumps({"seconds": time.perf_counter() - began, "words": words}))


if __name__ == "__main__":
    # mrjob starts this very file again for each task, with arguments of its own
    Words.run() if any(argument.startswith("--") for argument in sys.argv[1:]) else main()
