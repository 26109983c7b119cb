"""Checks and quiz of chapter 06, MapReduce: small inputs with traps in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from coursekit.feedback.exercises import Misconception, exercise, require, trial
from coursekit.feedback.quizzes import Option, Question
from coursekit.mapreduce import Job


def _pairs(answer: Callable, *arguments: Any) -> Any:
    """Return what a learner's mapper or reducer yields, as a list; None if it yields nothing."""
    yielded = answer(*arguments)
    return list(yielded) if hasattr(yielded, "__iter__") else yielded


_RETURNED = Misconception(
    lambda got: got is None,
    "Your function yields nothing. `yield key, value` hands out a pair; print does not.",
)

_NOT_YIELDED = Misconception(
    lambda got: isinstance(got, list) and len(got) == 2 and isinstance(got[0], str),
    "This is one pair, returned. Pairs are handed out with `yield`, so that there can be any"
    " number of them.",
)


@exercise(
    "06-mapper",
    title="A mapper that counts words",
    hints=(
        'What does a loop over the text "to be" give you, one after the other?',
        "A text has a method that cuts it at white space.",
    ),
)
def mapper(answer):
    trial(
        'list(words_of("to be or not to be"))',
        lambda: _pairs(answer, "to be or not to be"),
        want=[(word, 1) for word in ("to", "be", "or", "not", "to", "be")],
        misconceptions=[
            _RETURNED,
            Misconception(
                lambda got: ("t", 1) in got,
                "These are characters: a loop over text goes from character to character.",
            ),
            Misconception(
                lambda got: ("to", 2) in got,
                "The counts are added up already. A mapper says 1 for each word; adding up is the"
                " reducer's work.",
            ),
            Misconception(
                lambda got: all(isinstance(pair, str) for pair in got),
                "These are words. A pair is asked for: the word and a 1.",
            ),
            Misconception(
                lambda got: len(got) == 1, "Only one pair came out: a return ends the loop at once."
            ),
        ],
    )
    trial(
        'list(words_of("  a  b\\tA  "))',
        lambda: _pairs(answer, "  a  b\tA  "),
        want=[("a", 1), ("b", 1), ("A", 1)],
        misconceptions=[
            Misconception(
                lambda got: any(word == "" for word, _ in got),
                "An empty text was yielded as a word: cutting at single spaces finds nothing"
                " between two of them.",
            ),
            Misconception(
                lambda got: any("\t" in word for word, _ in got),
                "A tab is white space, too, and ends a word.",
            ),
        ],
    )
    trial('list(words_of(""))', lambda: _pairs(answer, ""), want=[])


class _Number(float):
    """A number that can be watched by a weak reference."""


class _Stream:
    """Different numbers that come one by one; ``most`` of them were held at a time."""

    def __init__(self, values: Iterable[float]) -> None:
        self._values = values
        self.most = 0

    def __iter__(self) -> Iterator[float]:
        alive: weakref.WeakSet = weakref.WeakSet()
        for value in map(_Number, self._values):
            alive.add(value)
            self.most = max(self.most, len(alive))
            yield value


@exercise(
    "06-extremes",
    title="Extremes, in one pass",
    hints=(
        "After `min(values)` the iterator is at its end. What is left for `max(values)`?",
        "Which value is a safe start for both, whatever the numbers are?",
        "Take the first value with `next`, then compare each of the others with both.",
    ),
)
def extremes(answer):
    for values in ([40.0, 12.5, 71.0, 33.0], [-3.0, -8.0, -1.0], [5.0], [2.0, 7.0, 9.0]):
        trial(
            f'list(extremes("JFK", iter({values})))',
            lambda values=values: _pairs(answer, "JFK", iter(values)),
            want=[("JFK", (min(values), max(values)))],
            misconceptions=[
                _RETURNED,
                _NOT_YIELDED,
                Misconception(
                    ValueError,
                    "The values come once: after `min` has read them, none is left for `max`.",
                ),
                Misconception(
                    TypeError, "`values` is an iterator: it has no length and no positions."
                ),
                Misconception(
                    [("JFK", (max(values), min(values)))], "The smallest comes first in the pair."
                ),
                Misconception(
                    lambda got: len(got) > 1,
                    "More than one pair came out: yield once, after the last value.",
                ),
                Misconception(
                    lambda got: 0 in got[0][1],
                    "A 0 came out that is not among the values. It was your start.",
                ),
                Misconception(
                    lambda got: got[0][0] != "JFK", "The pair's first part is the key itself."
                ),
                Misconception(
                    lambda got: not isinstance(got[0][1], tuple),
                    "The value should be a tuple: (smallest, largest).",
                ),
            ],
        )
    stream = _Stream(range(1000))
    trial(
        "extremes on a stream of 1000 values",
        lambda: _pairs(answer, "JFK", iter(stream)),
        want=[("JFK", (0, 999))],
    )
    require(
        stream.most < 10,
        "how many values are in memory at a time",
        expected="a few",
        got=stream.most,
        tell="Your reducer held all the values at once. For a key with a billion values, its memory"
        " would not do.",
    )


@exercise(
    "06-combiner",
    title="A combiner for the mean",
    hints=(
        "Two numbers have to be added up. Which ones?",
        "A combiner may get pairs that a combiner made. What does (30.0, 3) say, then?",
        "Yield the same shape that came in: the key, and one pair.",
    ),
)
def combiner(answer):
    trial(
        'list(add_up("JFK", iter([(40.0, 1), (50.0, 1), (60.0, 1)])))',
        lambda: _pairs(answer, "JFK", iter([(40.0, 1), (50.0, 1), (60.0, 1)])),
        want=[("JFK", (150.0, 3))],
        misconceptions=[
            _RETURNED,
            _NOT_YIELDED,
            Misconception(
                lambda got: got == [("JFK", 50.0)] or got == [("JFK", (50.0, 3))],
                "That is a mean, and means cannot be put together again: a mean of means counts a"
                " small part as much as a large one.",
            ),
            Misconception(
                [("JFK", (50.0, 1))],
                "That is a mean with n = 1: as if a single value stood behind it.",
            ),
            Misconception(
                lambda got: len(got) > 1, "One pair for the key is asked for, after the last value."
            ),
            Misconception(
                lambda got: got[0][1] == (3, 150.0), "The sum comes first in the pair, then n."
            ),
            Misconception(
                lambda got: not isinstance(got[0][1], tuple),
                "The sum alone is not enough. Which number does a mean need besides?",
            ),
            Misconception(TypeError, "`pairs` is an iterator: it has no length, and comes once."),
        ],
    )
    trial(
        'list(add_up("JFK", iter([(150.0, 3), (10.0, 1)]))), as after an earlier combiner',
        lambda: _pairs(answer, "JFK", iter([(150.0, 3), (10.0, 1)])),
        want=[("JFK", (160.0, 4))],
        misconceptions=[
            Misconception(
                [("JFK", (160.0, 2))],
                "You counted pairs. But (150.0, 3) stands for three values: a combiner may run"
                " again on what it made.",
            )
        ],
    )
    trial(
        'list(add_up("LGA", iter([(-7.0, 1)])))',
        lambda: _pairs(answer, "LGA", iter([(-7.0, 1)])),
        want=[("LGA", (-7.0, 1))],
    )


_WORDS = [f"word{number}" for number in range(1000)]
_NEW = [f"new{number}" for number in range(1000)]  # none that the function could remember
_IN_NEW_PROCESS = """
import json, pickle, sys
partition, words = pickle.load(sys.stdin.buffer)
print(json.dumps([partition(word, 4) for word in words]))
"""


@exercise(
    "06-partitioner",
    title="A stable partitioner",
    hints=(
        "Which of the two, `hash` or a checksum, gives the same number in every process?",
        "A checksum may be huge. Which operator brings it into the range from 0 to reducers - 1?",
        "crc32 wants bytes, so turn the word into bytes first.",
    ),
    seconds=20,
)
def partitioner(answer):
    def places(reducers: int) -> list:
        return [answer(word, reducers) for word in _WORDS]

    misconceptions = [
        Misconception(lambda got: got[0] is None, "Your function returns nothing."),
        Misconception(
            TypeError, "crc32 takes bytes. A text becomes bytes with its method encode()."
        ),
        Misconception(
            lambda got: any(isinstance(place, float) for place in got),
            "A partition is a whole number; `/` gives a fraction.",
        ),
        Misconception(
            lambda got: min(got) < 0 or max(got) >= 3,
            "There are 3 reducers, so only 0, 1 and 2 are partitions.",
        ),
    ]
    trial(
        'partition(word, 3) for "word0" to "word999"',
        lambda: places(3),
        want=None,
        compare_with=lambda got, _: all(type(p) is int and 0 <= p < 3 for p in got),
        expected="whole numbers from 0 to 2",
        misconceptions=misconceptions,
    )
    trial(
        "partition(word, 4) for 1000 words, twice",
        lambda: places(4) == places(4),
        want=True,
        misconceptions=[
            Misconception(
                False, "The same word got two numbers: equal keys would not meet. No chance here."
            )
        ],
    )
    trial(
        "partition(word, 4) for 1000 words, in two new Python processes",
        lambda: _elsewhere(answer, "1", _NEW) == _elsewhere(answer, "2", _NEW[::-1])[::-1],
        want=True,
        expected="the same numbers in both, in whatever order the words come",
        misconceptions=[
            Misconception(
                False,
                "Two processes gave different numbers: `hash` of text, and what a function"
                " remembers, changes from process to process. Use a checksum of the bytes.",
            )
        ],
    )
    shares = [places(4).count(number) for number in range(4)]
    require(
        max(shares) <= 350,
        "how many of 1000 words each of 4 reducers gets",
        expected="about 250 each",
        got=shares,
        tell="One reducer gets most of the words, and the others wait for it. Let every character"
        " of the word count.",
    )
    trial(
        'partition("é", 1), partition("", 1)',
        lambda: (answer("é", 1), answer("", 1)),
        want=(0, 0),
        misconceptions=[
            Misconception(IndexError, "A key may be an empty text: it has no first character.")
        ],
    )


def _elsewhere(partition: Callable, seed: str, words: list[str]) -> list[int]:
    """Return the partitions that a new process computes, with its own seed for hash()."""
    import cloudpickle

    done = subprocess.run(
        [sys.executable, "-c", _IN_NEW_PROCESS],
        input=cloudpickle.dumps((partition, words)),
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


_BOOK = [
    (1, "Call me Ishmael"),
    (10, "The whale"),
    (2, "me and the whale and me"),
    (3, "the end"),
]


@exercise(
    "06-index",
    title="An inverted index",
    hints=(
        "Which of the two functions can make The and the one key?",
        "How do you get each number once? How do you get them in order?",
        "Two functions, then one line: the job, made of both.",
    ),
)
def index(answer):
    require(
        isinstance(answer, Job),
        "index",
        expected="a mapreduce.Job",
        got=answer,
        tell="Build the job itself, from a mapper and a reducer. The check runs it.",
    )
    want = {
        "and": [2],
        "call": [1],
        "end": [3],
        "ishmael": [1],
        "me": [1, 2],
        "the": [2, 3, 10],
        "whale": [2, 10],
    }
    trial(
        f"dict(index.run({_BOOK}))",
        lambda: dict(answer.run(_BOOK, split_bytes=1)),
        want=want,
        misconceptions=[
            Misconception(
                lambda got: "The" in got,
                "The and the are two entries. Keys are made in the mapper, so make them alike"
                " there.",
            ),
            Misconception(
                lambda got: 1 in got,
                "Your keys are the numbers. The key is what should meet: the word.",
            ),
            Misconception(
                lambda got: got["whale"] == [10, 2] or got["the"] == [10, 2, 3],
                "The numbers are in the order in which they came. Nothing promises that order.",
            ),
            Misconception(
                lambda got: got["and"] == [2, 2], "A line that has a word twice is listed twice."
            ),
            Misconception(
                lambda got: isinstance(got["me"], set),
                "A set has no order, and cannot be read like an index. A list is asked for.",
            ),
            Misconception(
                lambda got: got["the"] == ["10", "2", "3"],
                "These numbers are text, which is ordered character by character.",
            ),
            Misconception(
                lambda got: not isinstance(got["me"], list),
                "Each word has one list of all its numbers, made in the reducer.",
            ),
        ],
    )
    trial("dict(index.run([]))", lambda: dict(answer.run([])), want={})


_COUNTS = [("be", 2), ("whale", 9), ("and", 4), ("sea", 4), ("ash", 4), ("oar", 1)]


@exercise(
    "06-top",
    title="The best three",
    hints=(
        "Sort by two things: the count, downwards, and the word, upwards. What can a sort key be?",
        "A tuple as sort key compares its first parts, then its second ones. What does a minus do?",
        "The module heapq has a function that finds the few smallest without sorting all.",
    ),
)
def top(answer):
    misconceptions = [
        _RETURNED,
        Misconception(
            lambda got: len(got) == 1 and isinstance(got[0][1], list),
            "This is one list. As a combiner, the function must yield pairs of the same shape as"
            " those it takes: one after the other.",
        ),
        Misconception(
            lambda got: all(pair in _COUNTS for pair in got),
            "The key is lost: yield the key with each pair, key first.",
        ),
        Misconception(lambda got: len(got) > 3, "More than three came out."),
        Misconception(
            lambda got: min(n for _, (_, n) in got) == 1 or got[0][1][1] < 9,
            "The highest counts are asked for, the best first.",
        ),
        Misconception(
            lambda got: (
                [n for _, (_, n) in got] == [9, 4, 4]
                and [word for _, (word, _) in got] != ["whale", "and", "ash"]
            ),
            "Three words have the count 4. The alphabet should decide which of them come first, or"
            " the answer depends on the order in which records arrive.",
        ),
    ]
    want = [("top", ("whale", 9)), ("top", ("and", 4)), ("top", ("ash", 4))]
    for counts in (_COUNTS, _COUNTS[::-1]):
        trial(
            f'list(best_three("top", iter({counts})))',
            lambda counts=counts: _pairs(answer, "top", iter(counts)),
            want=want,
            misconceptions=misconceptions,
        )
    trial(
        'list(best_three("top", iter([("be", 2)])))',
        lambda: _pairs(answer, "top", iter([("be", 2)])),
        want=[("top", ("be", 2))],
        misconceptions=[
            Misconception(IndexError, "There may be fewer than three pairs."),
        ],
    )
    trial(
        "the second job, with best_three as combiner and as reducer, six map tasks",
        lambda: Job(_together, answer, combiner=answer).run(_COUNTS, split_bytes=1).pairs,
        want=want,
    )


def _together(pair: tuple[str, int]) -> Iterator[tuple[str, tuple[str, int]]]:
    yield "top", pair


@exercise(
    "06-join",
    title="Delays with names",
    hints=(
        "The name may come after the flights. Where do the flights wait until then?",
        "What is the name as long as none has come?",
        "One loop sorts the values into a name and a list; a second one yields.",
    ),
)
def join(answer):
    united, first, second = ("airline", "United Air Lines Inc."), ("flight", 11.0), ("flight", -4.0)
    both = [("United Air Lines Inc.", 11.0), ("United Air Lines Inc.", -4.0)]
    cases = (
        ([united, first, second], both),
        ([first, united, second], both),
        ([first, second, united], both),
        ([first, ("flight", 0.0)], [("unknown", 11.0), ("unknown", 0.0)]),
        ([united], []),
    )
    for values, want in cases:
        trial(
            f'list(with_names("UA", iter({values})))',
            lambda values=values: _pairs(answer, "UA", iter(values)),
            want=want,
            misconceptions=[
                Misconception(
                    lambda got, values=values: got is None and len(values) > 1, _RETURNED.tell
                ),
                Misconception(
                    UnboundLocalError,
                    "A flight came before the name. Values come in any order, and the name may not"
                    " come at all.",
                ),
                Misconception(
                    lambda got, want=want: want == both and ("unknown", 11.0) in got,
                    "A flight came before its name and was yielded too soon.",
                ),
                Misconception(
                    lambda got, want=want: want == both and len(got) < 2,
                    "A flight is lost: those that come before the name have to wait for it.",
                ),
                Misconception(
                    lambda got: any(pair[0] == "UA" for pair in got),
                    "The pairs still have the carrier's code. Its name is asked for.",
                ),
                Misconception(
                    lambda got, values=values: values == [united] and len(got) > 0,
                    "A carrier without flights yields nothing.",
                ),
                Misconception(
                    lambda got, want=want: want[0][0] == "unknown" and got == [],
                    "Flights without a partner are lost without a word. They belong under"
                    ' "unknown".',
                ),
                Misconception(
                    lambda got, want=want: want[0][0] == "unknown" and len(got) < len(want),
                    "A flight that was exactly on time is lost: a delay of 0 is a delay.",
                ),
                Misconception(
                    lambda got: any(name is None for name, _ in got),
                    'A carrier that is not in the table gets the name "unknown".',
                ),
            ],
        )


@exercise(
    "06-streaming",
    title="The last word",
    hints=(
        "When is a total yielded? What has to happen first, and does it happen for the last word?",
        "What comes after the last line? And what if there was no line at all?",
        "After the loop, one more total is waiting, unless no word ever came.",
    ),
)
def streaming(answer):
    def reduced(*lines: str) -> Any:
        return _pairs(answer, iter(lines))

    trial(
        'list(reduce_lines(["be\\t1\\n", "be\\t1\\n", "to\\t1\\n"]))',
        lambda: reduced("be\t1\n", "be\t1\n", "to\t1\n"),
        want=["be\t2", "to\t1"],
        misconceptions=[
            _RETURNED,
            Misconception(
                ["be\t2"], "The last word is missing: no other word comes after it to end it."
            ),
            Misconception(
                lambda got: "be\t1" in got,
                "A total was yielded before its group had ended. Equal words lie side by side: wait"
                " for another word, or for the end.",
            ),
            Misconception(
                lambda got: "to\t3" in got,
                "The total of one word went on into the next. Each group begins at 0.",
            ),
            Misconception(
                lambda got: any(line.endswith("\n") for line in got),
                "Yield the line without its end.",
            ),
            Misconception(
                lambda got: any(isinstance(line, tuple) for line in got),
                "A streaming reducer writes lines: key, tab, value, in one text.",
            ),
        ],
    )
    trial(
        "list(reduce_lines([])), no line at all",
        lambda: reduced(),
        want=[],
        misconceptions=[
            Misconception(
                lambda got: len(got) == 1, "Without any line there is no word, and nothing to say."
            ),
            Misconception(
                UnboundLocalError,
                "Without any line the names in your loop were never set.",
            ),
        ],
    )
    trial(
        'list(reduce_lines(["a\\t2\\n", "b\\t10\\n", "b\\t5\\n", "c\\t1\\n"]))',
        lambda: reduced("a\t2\n", "b\t10\n", "b\t5\n", "c\t1\n"),
        want=["a\t2", "b\t15", "c\t1"],
        misconceptions=[
            Misconception(
                lambda got: "b\t2" in got,
                "You counted lines. A combiner may have made one line of ten: add up the numbers.",
            ),
        ],
    )
    trial(
        'list(reduce_lines(["\\t3\\n", "a\\t1\\n"])), whose first key is an empty text',
        lambda: reduced("\t3\n", "a\t1\n"),
        want=["\t3", "a\t1"],
        misconceptions=[
            Misconception(
                lambda got: "\t3" not in got,
                "An empty text is a key, too: ask whether the key `is not None`.",
            )
        ],
    )


QUIZ = (
    Question(
        "Why can a map task run on any machine, and again after a failure?",
        (
            Option(
                "It looks at its own split only, and what a failed attempt made is thrown away.",
                "It needs nothing from other tasks, so it gives the same pairs wherever it runs.",
                right=True,
            ),
            Option(
                "The engine saves its variables every second.",
                "Nothing of a failed attempt is kept. The task begins anew.",
            ),
            Option(
                "Map tasks send their pairs to each other.",
                "They never talk to each other. That is what makes them free to move.",
            ),
        ),
    ),
    Question(
        "Which of these reducers may also serve as the combiner?",
        (
            Option("The mean of the values.", "A mean of means counts small parts too much."),
            Option("The largest value.", "The largest of the largest is the largest.", right=True),
            Option(
                "The number of values, `len(list(values))`.",
                "Run a second time, it counts the counts. Adding up ones would do.",
            ),
        ),
    ),
    Question(
        "A word count has 100 reducers. One of them works for an hour, the others for a minute."
        " What helps most?",
        (
            Option(
                "More reducers.",
                "One heavy key goes to one reducer, however many others there are.",
            ),
            Option(
                "A combiner.",
                "Each map task then sends one record for the heavy key instead of thousands.",
                right=True,
            ),
            Option(
                "A partitioner that uses `hash`.",
                "Then equal words would not even meet, and the answer would be wrong.",
            ),
        ),
    ),
    Question(
        "When can the first reducer begin to reduce?",
        (
            Option(
                "As soon as the first map task has ended.",
                "Another map task might still send a value for its first key.",
            ),
            Option(
                "When all map tasks have ended.",
                "Only then is it certain that a key has all its values.",
                right=True,
            ),
            Option(
                "At once: reducers do not need mappers.", "What they reduce comes from mappers."
            ),
        ),
    ),
)
