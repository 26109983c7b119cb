"""A job on Spark gives the engine's answer, partition by partition."""

from __future__ import annotations

from collections import Counter

import pytest

from coursekit import mapreduce
from coursekit.ground.errors import CourseError
from coursekit.spark_session import spark as start


@pytest.fixture(scope="module")
def spark():
    session = start("mapreduce tests")
    yield session
    session.stop()


def jobs():
    # made inside a function, so that they travel to Spark's workers by value, as from a notebook
    def words(line):
        for word in line.split():
            mapreduce.count("words")
            yield word, mapreduce.attempt()

    def total(word, counts):
        yield word, sum(counts)

    class InMapper:
        def setup(self):
            self.counts = Counter()

        def map(self, line):
            self.counts.update(line.split())

        def cleanup(self):
            yield from self.counts.items()

    class Largest:
        def setup(self):
            self.found = []

        def reduce(self, key, values):
            self.found.append((sum(values), key))

        def cleanup(self):
            yield from sorted(self.found)[-2:]

    def numbers(line):
        yield len(line) % 2 == 0, 1
        yield float(len(line) % 2), 1

    def by_first(key, reducers):
        return ord(key[0]) % reducers

    return [
        mapreduce.Job(words, total, combiner=total),
        mapreduce.Job(words, total),
        mapreduce.Job(words),
        mapreduce.Job(InMapper, Largest),
        mapreduce.Job(numbers, total),
        mapreduce.Job(words, total, partitioner=by_first),
    ]


@pytest.mark.parametrize("number", range(len(jobs())))
def test_same_answer_on_spark(spark, tmp_path, number):
    job = jobs()[number]
    path = tmp_path / "text"
    path.write_bytes("to be or\r\nnot to\x0cbe\n\nété 1 2".encode())
    lines = path.read_text().splitlines()
    for source in (path, lines, tmp_path):
        here, there = job.run(source, reducers=3), job.run_on_spark(spark, source, reducers=3)
        assert there.partitions == here.partitions
        for name in ("map input records", "map output records", "reduce output records"):
            assert there.counters[name] == here.counters[name]
        assert there.counters.get("words") == here.counters.get("words")


def test_spark_reads_addresses_itself(spark, tmp_path):
    path = tmp_path / "text"
    path.write_text("a b\nb\n")
    assert dict(jobs()[0].run_on_spark(spark, path.as_uri())) == {"a": 1, "b": 2}


def test_no_input(spark):
    assert jobs()[0].run_on_spark(spark, []).pairs == []


def test_errors_on_spark_say_the_same(spark, tmp_path):
    def third(line):
        yield line.split()[2], 1

    def mixed(line):
        yield (line if line == "a" else 1), 1

    def listed(line):
        yield [line], 1

    bad = tmp_path / "bad"
    bad.write_bytes(b"caf\xe9")
    for mapper, source, said in (
        (third, ["a b c", "a b"], "on record 2 of the input in memory: IndexError"),
        (mixed, ["a", "b"], "keys of different types cannot be sorted: int and str"),
        (listed, ["a"], "unhashable type: 'list'"),
        (third, bad, "is not UTF-8 text: byte 3"),
    ):
        with pytest.raises(CourseError) as caught:
            mapreduce.Job(mapper).run_on_spark(spark, source)
        assert said in caught.value.what
        assert "\n" not in caught.value.mend
