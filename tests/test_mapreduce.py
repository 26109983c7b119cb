"""The MapReduce engine: the answer, the counters, the input, the failures, the trace."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections import Counter, defaultdict
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursekit import mapreduce
from coursekit.ground.errors import CourseError
from coursekit.mapreduce import inputs, tasks

TEXT = ["to be or not to be", "", "that is the question", "be that as it may"]


def words(line):
    for word in line.split():
        yield word, 1


def total(word, counts):
    yield word, sum(counts)


def collected(key, values):
    yield key, sorted(values, key=repr)


class CountWords:
    def setup(self):
        self.counts = Counter()

    def map(self, line):
        self.counts.update(line.split())

    def cleanup(self):
        yield from self.counts.items()


WORD_COUNT = mapreduce.Job(words, total, combiner=total, name="word count")
EXPECTED = Counter(word for line in TEXT for word in line.split())


@pytest.fixture(autouse=True)
def before():
    """Note the processes that other tests of this worker left running, such as a cloud."""
    _BEFORE[:] = psutil.Process().children(recursive=True)


_BEFORE: list[psutil.Process] = []


def children() -> list[psutil.Process]:
    """Return the processes that were started since the test began."""
    return [p for p in psutil.Process().children(recursive=True) if p not in _BEFORE]


# The answer


@pytest.mark.parametrize("mapper", [words, CountWords])
@pytest.mark.parametrize("runner", ["inline", "processes"])
def test_word_count(runner, mapper):
    result = mapreduce.Job(mapper, total).run(TEXT, runner=runner, workers=2, split_bytes=100)
    assert dict(result) == EXPECTED
    assert all(part == sorted(part) for part in result.partitions)
    assert len(result.partitions) == 2


def test_counters_of_a_small_job():
    result = WORD_COUNT.run(TEXT)
    assert result.counters == {
        "map input records": 4,
        "map output records": 15,
        "combine input records": 15,
        "combine output records": 11,
        "shuffle bytes": result.counters["shuffle bytes"],
        "reduce input groups": 11,
        "reduce input records": 11,
        "reduce output records": 11,
        "launched map tasks": 1,
        "launched reduce tasks": 2,
        "failed tasks": 0,
    }
    without = mapreduce.Job(words, total).run(TEXT * 50)
    assert without.counters["shuffle bytes"] > WORD_COUNT.run(TEXT * 50).counters["shuffle bytes"]


def test_without_a_reducer_all_pairs_are_handed_on_sorted():
    result = mapreduce.Job(words).run(["b a", "a"], reducers=1)
    assert result.pairs == [("a", 1), ("a", 1), ("b", 1)]


def test_reducer_class_gives_the_top_two():
    class Top:
        def setup(self):
            self.found = []

        def reduce(self, key, values):
            self.found.append((sum(values), key))

        def cleanup(self):
            for number, key in sorted(self.found, reverse=True)[:2]:
                yield key, number

    assert mapreduce.Job(words, Top).run(TEXT, reducers=1).pairs == [("be", 3), ("to", 2)]


@pytest.mark.parametrize("runner", ["inline", "processes"])
def test_own_counters_and_attempt(runner, tmp_path):
    mark = tmp_path / "failed-once"

    def flaky(line):
        mapreduce.count("lines seen")
        if mapreduce.attempt() == 1 and not mark.exists():
            mark.touch()
            raise OSError("the disk went away")
        yield line, mapreduce.attempt()

    result = mapreduce.Job(flaky).run(["a", "b"], runner=runner, workers=1)
    assert sorted(result) == [("a", 2), ("b", 2)]
    assert result.counters["lines seen"] == 2  # the failed attempt does not count
    assert result.counters["failed tasks"] == 1


def test_a_mapper_can_be_tried_by_hand():
    def mapper(line):
        mapreduce.count("bad lines")
        yield line, 1

    assert list(mapper("x")) == [("x", 1)]
    with pytest.raises(CourseError, match="kept by the engine"):
        mapreduce.count("failed tasks")


def test_result_shows_itself():
    result = mapreduce.Job(words, total, name="<b>").run(["<i> & x"])
    assert "<b>: 3 pairs in 2 partitions" in repr(result)
    page = result._repr_html_()
    assert "&lt;i&gt;" in page and "&lt;b&gt;" in page and "map input records" in page
    assert len(result) == 3


NUMBERS = st.one_of(
    st.booleans(), st.integers(-3, 3), st.sampled_from([0.0, -0.0, 1.0, 0.5, 2.0, float("inf")])
)
PAIRS = st.one_of(
    *(
        st.lists(st.lists(st.tuples(kind, st.integers()), max_size=6), max_size=6)
        for kind in (st.text(max_size=3), NUMBERS, st.tuples(st.text(max_size=2), NUMBERS))
    )
)


def yield_all(record):
    yield from record


def reference(records):
    groups = defaultdict(list)
    for record in records:
        for key, value in record:
            groups[key].append(value)
    return {key: sum(values) for key, values in groups.items()}


@given(PAIRS, st.integers(1, 4), st.booleans(), st.sampled_from([1, 200, 100_000]))
@settings(max_examples=150, deadline=None)
def test_any_job_agrees_with_a_dict(records, reducers, combine, split_bytes):
    job = mapreduce.Job(yield_all, total, combiner=total if combine else None)
    result = job.run(records, reducers=reducers, split_bytes=split_bytes)
    assert dict(result) == reference(records)
    assert len(result) == len(reference(records))
    for number, part in enumerate(result.partitions):
        assert part == sorted(part)
        assert all(tasks.partition(key, reducers) == number for key, _ in part)


@given(PAIRS)
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_processes_and_inline_agree(records):
    job = mapreduce.Job(yield_all, collected)
    inline, processes = (
        job.run(records, runner=runner, workers=2, split_bytes=200)
        for runner in ("inline", "processes")
    )
    assert inline == processes


# Keys


def test_partitions_are_the_same_in_every_python_run():
    code = (
        "from coursekit.mapreduce.tasks import partition as p;"
        "print([p(k, 97) for k in ('a', 'é', b'a', 7, 2.5, None, ('a', 1), 10**30)])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_equal_keys_meet():
    assert len({tasks.partition(key, 1000) for key in (1, 1.0, True)}) == 1
    assert len({tasks.partition((key, "x"), 1000) for key in (0, -0.0, False)}) == 1
    result = mapreduce.Job(lambda key: [(key, 1)], total).run([1, 1.0, True], split_bytes=1)
    assert result.pairs == [(1, 3)]


@pytest.mark.parametrize(
    ("given_keys", "said"),
    [
        (["a", 1], "different types cannot be sorted: (int and str|str and int)"),
        ([None, "a"], "different types cannot be sorted: .*NoneType"),
        ([("a", 1), (1, "a")], "different types"),
        ([float("nan")], "nan cannot be a key"),
        ([1j], "cannot be sorted"),
    ],
)
@pytest.mark.parametrize("split_bytes", [1, 10_000])
def test_keys_that_cannot_be_sorted(given_keys, said, split_bytes):
    job = mapreduce.Job(lambda key: [(key, 1)])
    with pytest.raises(CourseError, match=said):
        job.run(given_keys, split_bytes=split_bytes, reducers=5)


def test_partitioner_of_ones_own():
    def by_length(key, reducers):
        return min(len(key), reducers) - 1

    result = mapreduce.Job(words, total, partitioner=by_length).run(TEXT, reducers=3)
    assert [{min(len(k), 3) for k, _ in part} for part in result.partitions] == [set(), {2}, {3}]
    with pytest.raises(CourseError, match=r"partitioner answered 9.*\n.*0 to 1"):
        mapreduce.Job(words, partitioner=lambda key, n: 9).run(TEXT)
    with pytest.raises(
        mapreduce.TaskFailed, match=r"the partitioner of 'job' failed.*ZeroDivision"
    ):
        mapreduce.Job(words, partitioner=lambda key, n: 1 // 0).run(TEXT)


# Input

LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=12)


@given(
    st.lists(st.tuples(LINE, st.sampled_from(["\n", "\r\n", "\r"])), max_size=12),
    LINE,
    st.integers(1, 60),
)
@settings(max_examples=300, deadline=None)
def test_a_line_is_never_cut(lines, last, split_bytes):
    data = ("".join(line + end for line, end in lines) + last).encode()
    if data.startswith(b"\xef\xbb\xbf") or data.startswith(b"\x1f\x8b"):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "text")
        path.write_bytes(data)
        splits = list(inputs.plan(path, split_bytes))
    found = [line for split in splits for line in split.records()]
    assert found == [raw.decode() for raw in data.splitlines()]
    assert [split.first for split in splits] == [
        1 + sum(len(before.records()) for before in splits[:number])
        for number in range(len(splits))
    ]


def count_lines(path, **options):
    job = mapreduce.Job(lambda line: [("lines", 1)], total, combiner=total)
    return dict(job.run(path, **options)).get("lines", 0)


def test_files_folders_and_patterns(tmp_path):
    for name in ("a.txt", "b.txt", "c.log", "_SUCCESS", ".hidden"):
        (tmp_path / name).write_text("one\ntwo")
    (tmp_path / "folder").mkdir()
    assert count_lines(tmp_path) == 6
    assert count_lines(str(tmp_path / "*.txt")) == 4
    assert count_lines([tmp_path / "a.txt", tmp_path / "c.log"]) == 4
    assert count_lines(open(tmp_path / "a.txt")) == 2  # noqa: SIM115 - lines of an open file
    with pytest.raises(CourseError, match="each one names a file"):
        count_lines([str(tmp_path / "a.txt")])


def test_an_odd_file_or_none(tmp_path):
    empty = tmp_path / "empty"
    empty.touch()
    assert count_lines(empty) == 0
    assert count_lines([]) == 0
    (tmp_path / "long").write_text("x" * 3_000_000 + "\nshort")
    assert count_lines(tmp_path / "long", split_bytes=1000) == 2
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbfword")
    assert mapreduce.Job(words).run(tmp_path / "bom").pairs == [("word", 1)]
    feed = tmp_path / "feed"
    feed.write_bytes("a\x0cb\u2028c\x85d".encode())  # no line ends, whatever splitlines() says
    assert count_lines(feed) == 1


def test_gzip_is_read_whole_by_one_task(tmp_path):
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress(("word \n" * 10_000).encode()))
    result = WORD_COUNT.run(path, split_bytes=10)
    assert result.pairs == [("word", 10_000)]
    assert result.counters["launched map tasks"] == 1
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CourseError, match=r"text.gz is damaged or cut short"):
        WORD_COUNT.run(path)


@pytest.mark.parametrize("runner", ["inline", "processes"])
def test_bad_utf8_is_named_by_file_and_offset(tmp_path, runner):
    path = tmp_path / "latin.txt"
    path.write_bytes(b"good\n" * 100 + "caf\xe9\n".encode("latin-1"))
    with pytest.raises(
        CourseError, match=r"latin.txt is not UTF-8 text: byte 503 \(on line 101\) is 0xe9"
    ):
        WORD_COUNT.run(path, runner=runner, workers=1, split_bytes=64)


def test_input_that_is_not_there(tmp_path):
    for path in (tmp_path / "missing.txt", "no such text\nat all"):
        with pytest.raises(CourseError, match="there is no file"):
            WORD_COUNT.run(path)
    with pytest.raises(CourseError, match="holds no files"):
        WORD_COUNT.run(tmp_path)
    with pytest.raises(CourseError, match="holds no files"):
        WORD_COUNT.run(str(tmp_path / "*.txt"))
    with pytest.raises(CourseError, match="of type int"):
        WORD_COUNT.run(7)


def test_input_that_may_not_be_read(tmp_path, monkeypatch):
    # The tests may run as root, who may read everything: the refusal comes from a broken link.
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(CourseError, match=r"cannot read .*gone: No such file"):
        WORD_COUNT.run(tmp_path / "gone")
    if os.geteuid():
        path = tmp_path / "secret"
        path.write_text("x")
        path.chmod(0)
        with pytest.raises(CourseError, match="Permission denied"):
            WORD_COUNT.run(path)


# Failures


def parse(line):
    value = int(line)
    yield "sum", value


@pytest.mark.parametrize("runner", ["inline", "processes"])
def test_a_failing_mapper_is_reported_with_its_record(tmp_path, runner):
    path = tmp_path / "numbers.txt"
    path.write_text("".join(f"{n}\n" for n in range(200)) + "twelve" + "!" * 500 + "\n7\n")
    job = mapreduce.Job(parse, total, name="sums", max_attempts=2)
    with pytest.raises(mapreduce.TaskFailed) as caught:
        job.run(path, runner=runner, workers=2, split_bytes=100)
    assert f"the mapper of 'sums' failed in 2 attempts on line 201 of {path}" in caught.value.what
    assert ": ValueError: invalid literal" in caught.value.what
    assert "in parse, line" in caught.value.what and "`value = int(line)`" in caught.value.what
    assert "twelve!!" in caught.value.mend and len(caught.value.mend) < 400
    assert "\n" not in caught.value.what + caught.value.mend
    assert not children()


def bad_total(word, counts):
    yield word, sum(counts) // 0


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (mapreduce.Job(words, bad_total), "the reducer of 'job' failed in 4 attempts for the key"),
        (mapreduce.Job(words, combiner=bad_total), "the combiner of 'job' failed"),
        (mapreduce.Job(words, combiner=lambda k, v: [("x", 1)]), "the combiner got the key 'to'"),
        (mapreduce.Job(lambda line: line.split()), "has to yield pairs"),
        (mapreduce.Job(lambda line: [([line], 1)]), "unhashable type: 'list'"),
        (mapreduce.Job(lambda line: 7), "'int' object is not iterable"),
        (mapreduce.Job(words, lambda k, v: 7), "'int' object is not iterable"),
        (mapreduce.Job(words, lambda k, v: [k]), "The reducer has to yield pairs"),
        (mapreduce.Job(lambda line: sys.exit(3)), "SystemExit: 3"),
        (
            mapreduce.Job(lambda line: [(1, (x for x in line))]),
            "sent to a reducer: cannot pickle 'generator'",
        ),
    ],
)
def test_other_failures(job, said):
    with pytest.raises(CourseError) as caught:
        job.run(TEXT)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"mapper": 7},
        {"mapper": int},
        {"mapper": words, "reducer": "x"},
        {"mapper": words, "combiner": CountWords},
        {"mapper": words, "max_attempts": 0},
    ],
)
def test_a_job_is_checked_when_made(arguments):
    with pytest.raises(CourseError):
        mapreduce.Job(**arguments)


@pytest.mark.parametrize(
    "options", [{"reducers": 0}, {"workers": -1}, {"runner": "cloud"}, {"split_bytes": 0}]
)
def test_options_are_checked(options):
    with pytest.raises(CourseError):
        WORD_COUNT.run(TEXT, **options)


def test_a_killed_worker_is_retried(tmp_path):
    mark = tmp_path / "killed-once"

    def deadly(line):
        if line == "die" and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield line, 1

    lines = ["live", "die", "survive"]
    result = mapreduce.Job(deadly).run(lines, runner="processes", workers=2, split_bytes=1)
    assert sorted(result) == [("die", 1), ("live", 1), ("survive", 1)]
    assert result.counters["failed tasks"] == 1
    assert not children()


def test_a_worker_that_is_always_killed_is_reported():
    def deadly(line):
        if line == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        yield line, 1

    job = mapreduce.Job(deadly, name="doomed", max_attempts=2)
    with pytest.raises(mapreduce.TaskFailed) as caught:
        job.run(["live", "die"], runner="processes", workers=2, split_bytes=1)
    assert "worker process of 'doomed' failed in 2 attempts on records 2 to 2" in caught.value.what
    assert "SIGKILL" in caught.value.what
    assert not children()


def test_a_worker_that_exits_is_reported_with_its_code():
    def leaves(line):
        os._exit(7)
        yield

    with pytest.raises(mapreduce.TaskFailed, match="exit code 7"):
        mapreduce.Job(leaves, max_attempts=1).run(["a"], runner="processes", workers=1)
    assert not children()


def test_what_cannot_travel_between_processes_is_named():
    lock = threading.Lock()

    def locked(line):
        with lock:
            yield line, 1

    def answers_a_lock(key, values):
        yield key, threading.Lock()

    for job, what in (
        (mapreduce.Job(locked), "the job cannot be sent to a worker process"),
        (mapreduce.Job(words, answers_a_lock), "its answer cannot be sent back"),
    ):
        with pytest.raises(CourseError, match=what) as caught:
            job.run(TEXT, runner="processes", workers=2)
        assert "lock" in caught.value.what
        assert not children()


def test_a_program_that_outlives_its_worker_does_not_hold_up_the_job(tmp_path):

    def starts(line):
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
        Path(line).write_text(str(sleeper.pid))
        os.kill(os.getpid(), signal.SIGKILL)
        yield

    note = tmp_path / "pid"
    with pytest.raises(mapreduce.TaskFailed, match="SIGKILL"):
        mapreduce.Job(starts, max_attempts=1).run([str(note)], runner="processes", workers=1)
    sleeper = psutil.Process(int(note.read_text()))
    assert sleeper.is_running()
    sleeper.kill()


SLOW = """
import os, sys, time
from coursekit import mapreduce

def slow(line):
    os.write(1, b"started\\n")  # in one piece: two processes write here
    time.sleep(60)
    yield line, 1

print("ready", flush=True)
mapreduce.Job(slow).run(["a", "b"], runner=sys.argv[1], workers=2, split_bytes=1)
"""


@pytest.mark.parametrize("runner", ["inline", "processes"])
def test_ctrl_c_leaves_nothing_behind(tmp_path, runner):
    (tmp_path / "tmp").mkdir()
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    with subprocess.Popen(
        [sys.executable, str(script), runner],
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        assert process.stdout.readline() == "started\n"
        family = psutil.Process(process.pid).children(recursive=True)
        assert bool(family) == (runner == "processes")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
        _, errors = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in errors.strip().splitlines()[-1]
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    assert list((tmp_path / "tmp").glob("coursekit-*")) == []


def test_functions_of_a_notebook_run_in_processes(tmp_path):
    """A cell's functions live in __main__ and in no file: they travel by value."""
    code = textwrap.dedent(
        """
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        for cell in (
            "from coursekit import mapreduce\\nSTOP = {'the'}\\ndef keep(w): return w not in STOP",
            "def words(line):\\n    for w in line.split():\\n"
            "        if keep(w):\\n            mapreduce.count('kept')\\n            yield w, 1",
            "def total(word, counts):\\n    yield word, sum(counts)",
            "r = mapreduce.Job(words, total).run(['the a', 'a b'], runner='processes', workers=2)",
            "print(sorted(r), r.counters['kept'])",
        ):
            shell.run_cell(cell).raise_error()
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "IPYTHONDIR": str(tmp_path)},
        timeout=60,
    )
    assert done.stdout.strip().endswith("[('a', 2), ('b', 1)] 3"), done.stderr


# The trace


def test_trace_tells_every_records_way():
    traced = mapreduce.trace(WORD_COUNT, ["a b a", "b"], map_tasks=2, reducers=2)
    assert traced.stages() == ["input", "map", "combine", "shuffle", "reduce"]
    assert [len(traced.at(stage)) for stage in traced.stages()] == [2, 4, 3, 3, 2]
    for step in traced.steps:
        assert traced.steps[step.id] is step
        assert all(parent < step.id for parent in step.parents)
    answer = {step.key: step for step in traced.at("reduce")}
    assert (answer["a"].value, answer["b"].value) == (2, 2)

    def lines_behind(step):
        if step.stage == "input":
            return {step.value}
        return set().union(*(lines_behind(traced.steps[parent]) for parent in step.parents))

    assert lines_behind(answer["a"]) == {"a b a"}
    assert lines_behind(answer["b"]) == {"a b a", "b"}


@given(st.lists(LINE, max_size=8), st.integers(1, 3), st.integers(1, 3), st.booleans())
@settings(max_examples=60, deadline=None)
def test_trace_and_run_agree(lines, map_tasks, reducers, in_mapper):
    job = mapreduce.Job(CountWords if in_mapper else words, total, combiner=total)
    traced = mapreduce.trace(job, lines, map_tasks, reducers)
    assert traced.pairs() == job.run(lines, reducers=reducers).pairs


def test_trace_refuses_too_much_and_names_a_failing_record():
    with pytest.raises(CourseError, match="too much to look at"):
        mapreduce.trace(WORD_COUNT, ["x"] * 1001)
    with pytest.raises(mapreduce.TaskFailed, match="record 2 of the input"):
        mapreduce.trace(mapreduce.Job(parse), ["1", "x"], map_tasks=1)


def test_import_is_light():
    code = (
        "import sys, coursekit.mapreduce;"
        "print({'cloudpickle', 'pyspark', 'numpy', 'pandas', 'IPython'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
