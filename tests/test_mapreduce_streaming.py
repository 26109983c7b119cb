"""Hadoop Streaming: two scripts that stand alone and give the engine's answer."""

from __future__ import annotations

import functools
import math
import os
import re
import subprocess
import sys
import textwrap
from collections import Counter

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit import mapreduce
from coursekit import mapreduce as mr
from coursekit.ground.errors import CourseError
from coursekit.mapreduce import count as tally
from coursekit.mapreduce import streaming_runtime as runtime

WORD = re.compile(r"[\w']+")
STOP = frozenset({"the", "a"})
SCALE = {"short": 1, "long": 10}
TEXT = 'The cat\tsat on 12 mats\r\n\nthe "cat" true\nété null {"tuple": 1}'


def clean(line):
    return WORD.findall(line.lower())


def words(line):
    if not line:
        mapreduce.count("empty lines")
        tally("empty lines", 2)
    for word in clean(line):
        if word not in STOP:
            yield word, SCALE["long" if len(word) > 3 else "short"]


def total(word, counts):
    yield word, sum(counts)


class Statistics:
    """Yields keys and values of many types."""

    def setup(self):
        self.counts = Counter()

    def map(self, line):
        self.counts.update(len(word) for word in clean(line))
        yield (float(len(line)), "x", None), {"line": line, 1: (2.5, math.inf)}

    def cleanup(self):
        for size, number in self.counts.items():
            yield (size, "size", None), [number, {1, 2}, b"\xff"]


def gathered(key, values):
    yield key, sorted(values, key=repr)


class Largest:
    def reduce(self, key, values):
        self.last = (key, max(values))
        return None

    def cleanup(self):
        yield self.last


def run(folder, text):
    """Run the two scripts as a learner does, in a bare Python with nothing but its library."""
    pipe = (
        f"cat input | {sys.executable} -I -S mapper.py | LC_ALL=C sort"
        f" | {sys.executable} -I -S reducer.py"
    )
    (folder / "input").write_bytes(text.encode())
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", pipe],
        cwd=folder,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize(
    "job",
    [
        mapreduce.Job(words, total, combiner=total, name='"word" count'),
        mapreduce.Job(words, total),
        mapreduce.Job(words),
        mapreduce.Job(Statistics, gathered),
        mapreduce.Job(words, Largest),
    ],
)
def test_the_scripts_give_the_engines_answer(job, tmp_path):
    (tmp_path / "text").write_bytes(TEXT.encode())
    job.write_streaming(tmp_path)
    code, output, errors = run(tmp_path, TEXT)
    assert code == 0, errors
    expected = job.run(tmp_path / "text", reducers=1)
    ordered = functools.partial(sorted, key=repr)
    if job.reducer is not Largest:  # Hadoop's last key is the last as text
        answer = mapreduce.read_streaming(output)
        assert len(answer) == len(expected)
        assert ordered((repr(dict([pair]))) for pair in answer) == ordered(
            repr(dict([pair])).replace("(10.0,", "(10,") for pair in normal(expected)
        )
    assert ("reporter:counter:job,empty lines,2" in errors) == (job.mapper is words)


def normal(pairs):
    """Write whole floats in keys as ints, which is how the scripts write them."""
    for key, value in pairs:
        yield (runtime.canonical(key), value)


KEY = st.recursive(
    st.one_of(st.text(), st.binary(max_size=3), st.none(), st.booleans(), st.integers())
    | st.floats(allow_nan=False),
    lambda inner: st.tuples(inner, inner),
    max_leaves=3,
)
VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.binary())
    | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=2)
        | st.sets(st.integers(), max_size=2)
        | st.just({"tuple": [1]})
    ),
    max_leaves=4,
)


@given(KEY, VALUE)
@settings(max_examples=400, deadline=None)
def test_a_line_holds_any_pair(key, value):
    line = f"{runtime.encode(runtime.canonical(key))}\t{runtime.encode(value)}"
    assert line.count("\t") == 1 and len(line.splitlines()) == 1
    line.encode()
    [(there, back)] = mapreduce.read_streaming(line + "\n")
    assert there == key
    assert back == value
    if "{" not in repr(value):  # a set has no order
        assert repr(back) == repr(value)


def test_equal_keys_are_one_text_and_plain_words_stay_plain():
    assert {runtime.encode(runtime.canonical(key)) for key in (1, 1.0, True)} == {"1"}
    assert runtime.encode("1") == "'1'"
    assert runtime.encode("été") == "été"
    assert runtime.encode("None") == "None" and runtime.encode(None) == "(None)"


@pytest.mark.parametrize("key", [math.nan, [1], Counter()])
def test_a_key_or_value_that_cannot_be_written(key):
    with pytest.raises(TypeError):
        runtime.canonical(key)
    with pytest.raises(TypeError, match="type Counter cannot be written"):
        runtime.encode([Counter()])


def test_output_of_hadoop_is_read_from_a_file(tmp_path):
    path = tmp_path / "part-00000"
    path.write_text("a\t1\nb\t2\n")
    assert mapreduce.read_streaming(path) == [("a", 1), ("b", 2)]


def test_bad_utf8_stops_the_mapper(tmp_path):
    mapreduce.Job(words, total).write_streaming(tmp_path)
    done = subprocess.run([sys.executable, "mapper.py"], cwd=tmp_path, input=b"\xff\n",
                          capture_output=True)  # fmt: skip
    assert done.returncode != 0 and b"UnicodeDecodeError" in done.stderr


def make_closure():
    factor = 3

    def scaled(line):
        yield line, factor

    return scaled


def even(number):
    return number == 0 or odd(number - 1)


def odd(number):
    return number != 0 and even(number - 1)


def parity(line, default="empty"):
    yield "even" if even(len(line)) else "odd", len(line) or default


def test_functions_that_call_each_other_travel(tmp_path):
    mapreduce.Job(parity).write_streaming(tmp_path)
    assert run(tmp_path, "ab\nc\n\n")[:2] == (0, "even\t2\neven\tempty\nodd\t1\n")


def test_a_closure_and_aliases_travel(tmp_path):
    def aliased(line):
        mr.count("seen")
        yield line, mr.attempt()

    mapreduce.Job(make_closure(), total).write_streaming(tmp_path)
    assert run(tmp_path, "x\nx")[1] == "x\t6\n"
    mapreduce.Job(aliased, total).write_streaming(tmp_path)
    assert run(tmp_path, "x\nx")[1] == "x\t2\n"


def test_functions_of_a_notebook_become_scripts(tmp_path):
    cells = textwrap.dedent(
        f"""
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        for cell in (
            "import coursekit as ck\\nfrom math import sqrt as root\\nimport os.path as p",
            "class Words:\\n    def setup(self):\\n        self.n = 0\\n"
            "    def map(self, line):\\n        ck.mapreduce.count('lines')\\n"
            "        yield p.basename(line), root(16)\\n",
            "def total(word, counts):\\n    yield word, sum(counts)",
            "ck.mapreduce.Job(Words, total).write_streaming({str(tmp_path)!r})",
        ):
            shell.run_cell(cell).raise_error()
        """
    )
    subprocess.run([sys.executable, "-c", cells], check=True, capture_output=True,
                   env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")})  # fmt: skip
    code, output, errors = run(tmp_path, "a/b\nc/b")
    assert (code, output) == (0, "b\t8.0\n"), errors
    assert errors.count("reporter:counter:job,lines,1") == 2


def uses_numpy(line):
    yield line, float(numpy.sqrt(4))


def imports_inside(line):
    import pandas

    yield line, len(pandas.DataFrame())


OBJECT = object()


def uses_object(line):
    yield line, OBJECT


def decode(line):
    yield line, 1


@pytest.mark.parametrize(
    ("mapper", "said"),
    [
        (lambda line: [(line, 1)], "the mapper is a lambda"),
        (functools.partial(words), "the mapper is a partial"),
        (str.split, "the mapper is a method_descriptor"),
        (uses_numpy, "the mapper uses numpy, which plain Python does not have"),
        (imports_inside, "the mapper uses pandas"),
        (uses_object, "the mapper uses OBJECT, a object that cannot be written as text"),
        (decode, "the name 'decode' means two things"),
    ],
)
def test_what_cannot_become_a_script(mapper, said, tmp_path):
    with pytest.raises(CourseError) as caught:
        mapreduce.Job(mapper, total).write_streaming(tmp_path)
    assert said in caught.value.what
    assert list(tmp_path.iterdir()) == []


def test_a_source_out_of_reach(tmp_path):
    there = {}
    exec("def made(line):\n    yield line, 1", there)
    with pytest.raises(CourseError, match=r"the source of 'made' .* is out of reach"):
        mapreduce.Job(there["made"], total).write_streaming(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CourseError, match="cannot write the scripts"):
        mapreduce.Job(words, total).write_streaming(tmp_path / "file" / "inside")
    with pytest.raises(CourseError, match="partitioner"):
        mapreduce.Job(words, partitioner=lambda key, n: 0).write_streaming(tmp_path)
