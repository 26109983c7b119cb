"""Exercises and quiz of chapter 06, MapReduce: small inputs with traps in them."""

import json
import os
import subprocess
import sys
import weakref

from coursekit.feedback.authoring import Mistake, Option, Question, case, exercise, word, words


def pairs(answer, *arguments):
    """Return what a mapper or reducer yields, as a list; what it returns, if it yields nothing."""
    yielded = answer(*arguments)
    return list(yielded) if hasattr(yielded, "__iter__") else yielded


NOTHING = "Your function yields nothing. `yield key, value` hands out a pair; print does not."
ONE_PAIR = ("This is one pair, returned. Pairs are handed out with `yield`, so that there can be"
            " any number of them.")


def is_one_pair(got):
    return isinstance(got, list) and len(got) == 2 and isinstance(got[0], str)


def is_none(got):
    return got is None


def draw_lines(chance):
    said = [word(chance, chance.randint(1, 3)) for _ in range(9)]
    said += [each.title() for each in said[:4]]
    gaps = [chance.choice((" ", "\t ", "  ")) for _ in said]
    line = "".join(gap + each for gap, each in zip(gaps, said, strict=True))
    return [case(line), case(line + "\t"), case(said[0])]


exercise(
    "06-mapper",
    title="A mapper that counts words",
    hints=(
        'What does a loop over the text "to be" give you, one after the other?',
        "A text has a method that cuts it at white space.",
    ),
    examples=[
        case("to be or not to be", want=[(w, 1) for w in ("to", "be", "or", "not", "to", "be")]),
        case("  a  b\tA  ", want=[("a", 1), ("b", 1), ("A", 1)]),
        case("", want=[]),
    ],
    draw=draw_lines,
    observe=pairs,
    tried="list(words_of({0!r}))",
    mistakes=[
        Mistake(NOTHING, ("yield word, 1", "print(word, 1)"), when=is_none),
        Mistake("These are characters: a loop over text goes from character to character.",
                ("line.split()", "line"), when=lambda got: ("t", 1) in got),
        Mistake("The counts are added up already. A mapper says 1 for each word; adding up is the"
                " reducer's work.",
                ("    for word in line.split():\n        yield word, 1",
                 "    from collections import Counter\n"
                 "    yield from Counter(line.split()).items()"),
                when=lambda got: ("to", 2) in got),
        Mistake("These are words. A pair is asked for: the word and a 1.",
                ("yield word, 1", "yield word"),
                when=lambda got: all(isinstance(pair, str) for pair in got)),
        Mistake("Only one pair came out: a return ends the loop at once.",
                ("yield word, 1", "return [(word, 1)]"), when=lambda got: len(got) == 1),
        Mistake("An empty text was yielded as a word: cutting at single spaces finds nothing"
                " between two of them.", ("split()", 'split(" ")'),
                when=lambda got: any(word == "" for word, _ in got)),
        Mistake("A tab is white space, too, and ends a word.",
                ("line.split()", '(w for w in line.split(" ") if w)'),
                when=lambda got: any("\t" in word for word, _ in got)),
    ],
)


class Number(float):
    """A number that can be watched by a weak reference."""


def of_stream(answer, key, values):
    """Hand the values over one by one; tell how many were held at a time."""
    most = 0

    def stream():
        nonlocal most
        alive = weakref.WeakSet()
        for value in map(Number, values):
            alive.add(value)
            most = max(most, len(alive))
            yield value

    yield "", pairs(answer, key, stream())
    yield "values in memory at a time", "a few" if most < 10 else "nearly all"


def numbers(values, low, high):
    want = {"": [("JFK", (low, high))], "values in memory at a time": "a few"}
    shown = f'list(extremes("JFK", iter({values})))' if len(values) < 9 else "a stream of values"
    return case("JFK", values, want=want, shown=shown)


exercise(
    "06-extremes",
    title="Extremes, in one pass",
    hints=(
        "After `min(values)` the iterator is at its end. What is left for `max(values)`?",
        "Which value is a safe start for both, whatever the numbers are?",
        "Take the first value with `next`, then compare each of the others with both.",
    ),
    examples=[
        numbers([40.0, 12.5, 71.0, 33.0], 12.5, 71.0),
        numbers([-3.0, -8.0, -1.0], -8.0, -1.0),
        numbers([5.0], 5.0, 5.0),
        numbers([2.0, 7.0, 9.0], 2.0, 9.0),
        numbers(list(range(1000)), 0, 999),
    ],
    draw=lambda chance: [
        case(word(chance, 3), [chance.uniform(*ends) for _ in range(size)])
        for ends in ((1, 99), (-99, -1), (-50, 50)) for size in (1, 9, 300)
    ],
    observe=of_stream,
    tried="extremes({0!r}, other values)",
    mistakes=[
        Mistake(NOTHING, ("yield key, (low, high)", "print(key, low, high)"),
                when=lambda facts: facts[""] is None),
        Mistake(ONE_PAIR, ("yield key", "return key"), when=lambda facts: is_one_pair(facts[""])),
        Mistake("The values come once: after `min` has read them, none is left for `max`.",
                "def extremes(key, values):\n    yield key, (min(values), max(values))",
                when=ValueError),
        Mistake("`values` is an iterator: it has no length and no positions.",
                ("next(values)", "values[0]"), when=TypeError),
        Mistake("The smallest comes first in the pair.", ("(low, high)", "(high, low)")),
        Mistake("More than one pair came out: yield once, after the last value.",
                ("    yield key", "        yield key"), when=lambda facts: len(facts[""]) > 1),
        Mistake("A 0 came out that is not among the values. It was your start.",
                ("next(values)", "0"),
                when=lambda facts: facts[""][0][1] in [(0, 71.0), (-8.0, 0)]),
        Mistake("The pair's first part is the key itself.", ("yield key,", "yield 'key',"),
                when=lambda facts: facts[""][0][0] != "JFK"),
        Mistake("The value should be a tuple: (smallest, largest).", ("(low, high)", "[low, high]"),
                when=lambda facts: not isinstance(facts[""][0][1], tuple)),
        Mistake("Your reducer held all the values at once. For a key with a billion values, its"
                " memory would not do.",
                "def extremes(key, values):\n    values = list(values)\n"
                "    yield key, (min(values), max(values))",
                when=lambda facts: facts["values in memory at a time"] != "a few"),
    ],
    also_right=["def extremes(key, values):\n    low = high = None\n    for v in values:\n"
                "        low = v if low is None or v < low else low\n"
                "        high = v if high is None or v > high else high\n"
                "    yield key, (low, high)"],
)


def over_pairs(answer, key, values):
    return pairs(answer, key, iter(values))


exercise(
    "06-combiner",
    title="A combiner for the mean",
    hints=(
        "Two numbers have to be added up. Which ones?",
        "A combiner may get pairs that a combiner made. What does (30.0, 3) say, then?",
        "Yield the same shape that came in: the key, and one pair.",
    ),
    examples=[
        case("JFK", [(40.0, 1), (50.0, 1), (60.0, 1)], want=[("JFK", (150.0, 3))]),
        case("JFK", [(150.0, 3), (10.0, 1)], want=[("JFK", (160.0, 4))]),
        case("LGA", [(-7.0, 1)], want=[("LGA", (-7.0, 1))]),
    ],
    draw=lambda chance: [
        case(word(chance, 3),
             [(float(chance.randint(-90, 90)), chance.randint(1, 9)) for _ in range(size)])
        for size in (1, 2, 7)
    ],
    observe=over_pairs,
    tried="list(add_up({0!r}, iter({1!r})))",
    mistakes=[
        Mistake(NOTHING, ("yield key", "print(key)\n    key"), when=is_none),
        Mistake(ONE_PAIR, ("yield key", "return key"), when=is_one_pair),
        Mistake("That is a mean, and means cannot be put together again: a mean of means counts a"
                " small part as much as a large one.",
                ("(total, number)", "total / number"),
                ("(total, number)", "(total / number, number)"),
                when=lambda got: got in ([("JFK", 50.0)], [("JFK", (50.0, 3))])),
        Mistake("That is a mean with n = 1: as if a single value stood behind it.",
                ("(total, number)", "(total / number, 1)")),
        Mistake("One pair for the key is asked for, after the last value.",
                ("    yield key", "        yield key"), when=lambda got: len(got) > 1),
        Mistake("The sum comes first in the pair, then n.", ("(total, number)", "(number, total)")),
        Mistake("The sum alone is not enough. Which number does a mean need besides?",
                ("(total, number)", "total"), when=lambda got: not isinstance(got[0][1], tuple)),
        Mistake("`pairs` is an iterator: it has no length, and comes once.",
                ("yield key, (total, number)", "yield key, (total, len(pairs))"), when=TypeError),
        Mistake("You counted pairs. But (150.0, 3) stands for three values: a combiner may run"
                " again on what it made.", ("number += n", "number += 1")),
    ],
    also_right=["def add_up(key, pairs):\n    sums, counts = zip(*pairs)\n"
                "    yield key, (sum(sums), sum(counts))"],
)

IN_NEW_PROCESS = """
import json, pickle, sys
partition, keys, reducers = pickle.load(sys.stdin.buffer)
print(json.dumps([partition(key, reducers) for key in keys]))
"""


def placed(answer, keys, reducers):
    """Place keys here, and in two new processes with other seeds of hash() and another order."""
    import cloudpickle

    def elsewhere(seed, some):
        done = subprocess.run(
            [sys.executable, "-c", IN_NEW_PROCESS], check=True, capture_output=True,
            input=cloudpickle.dumps((answer, some, reducers)),
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        return json.loads(done.stdout)

    places = [answer(key, reducers) for key in keys]
    yield "", "whole numbers" if all(type(p) is int for p in places) else str(places[0])
    if None in places:
        return
    yield "the range", "in it" if 0 <= min(places) <= max(places) < reducers else "left"
    again = [answer(key, reducers) for key in keys]
    yield "the same words again", "same" if places == again else "other"
    fullest = max(places.count(number) for number in range(reducers))
    even = len(keys) < 9 or fullest < 1.4 * len(keys) / reducers
    yield "the share of the fullest partition", "fair" if even else f"{fullest} of {len(keys)}"
    if len(keys) > 9:
        new = [f"new{number}" for number in range(200)]  # none that the function could remember
        there, back = elsewhere("1", new), elsewhere("2", new[::-1])[::-1]
        yield "two new Python processes", "agree" if there == back else "disagree"


GOOD = {"": "whole numbers", "the range": "in it", "the same words again": "same",
        "the share of the fullest partition": "fair"}

exercise(
    "06-partitioner",
    title="A stable partitioner",
    hints=(
        "Which of the two, `hash` or a checksum, gives the same number in every process?",
        "A checksum may be huge. Which operator brings it into the range from 0 to reducers - 1?",
        "crc32 wants bytes, so turn the word into bytes first.",
    ),
    examples=[
        case([f"word{number}" for number in range(1000)], 3,
             want=GOOD | {"two new Python processes": "agree"},
             shown='partition(word, 3) for "word0" to "word999"'),
        case(["é", ""], 1, want=GOOD),
    ],
    draw=lambda chance: [case([*words(chance, 900, 7), "größe", word(chance) + "鯨"],
                              chance.randint(3, 7), shown="partition for 902 other words")],
    observe=placed,
    tried="partition of {0!r}",
    seconds=20,
    memory=None,
    slow=True,
    mistakes=[
        Mistake("Your function returns nothing.", ("return", "_ ="),
                when=lambda facts: facts[""] == "None"),
        Mistake("crc32 takes bytes. A text becomes bytes with its method encode().",
                (".encode()", ""), when=TypeError),
        Mistake("A partition is a whole number; `/` gives a fraction.",
                ("% reducers", "/ 2**32 * reducers"), when=lambda facts: "." in facts[""]),
        Mistake("There are 3 reducers, so only 0, 1 and 2 are partitions.", (" % reducers", ""),
                when=lambda facts: facts["the range"] == "left"),
        Mistake("The same word got two numbers: equal keys would not meet. No chance here.",
                "import random\n\ndef partition(word, reducers):\n"
                "    return random.randrange(reducers)",
                when=lambda facts: facts["the same words again"] == "other"),
        Mistake("One reducer gets most of the words, and the others wait for it. Let every"
                " character of the word count.", ("zlib.crc32(word.encode())", "ord(word[0])"),
                ("zlib.crc32(word.encode()) % reducers", "0"),
                when=lambda facts: "of" in facts["the share of the fullest partition"]),
        Mistake("Two processes gave different numbers: `hash` of text, and what a function"
                " remembers, changes from process to process. Use a checksum of the bytes.",
                ("zlib.crc32(word.encode())", "hash(word)"),
                "seen = {}\n\ndef partition(word, reducers):\n"
                "    return seen.setdefault(word, len(seen)) % reducers",
                when=lambda facts: facts["two new Python processes"] == "disagree"),
        Mistake("A key may be an empty text: it has no first character.",
                ("return", "return 0 * ord(word[0]) +"), when=IndexError),
    ],
    also_right=["import hashlib\n\ndef partition(word, reducers):\n"
                "    return int(hashlib.sha256(word.encode()).hexdigest(), 16) % reducers"],
)

BOOK = [(1, "Call me Ishmael"), (10, "The whale"), (2, "me and the whale and me"), (3, "the end")]


def indexed(answer, book):
    from coursekit.mapreduce import Job

    yield "its type", "a mapreduce.Job" if isinstance(answer, Job) else type(answer).__name__
    yield "", dict(answer.run(book, split_bytes=1))


def draw_book(chance):
    known = words(chance, 6, 4)
    return [case([
        (number, " ".join(chance.choice((w, w.title())) for w in chance.choices(known, k=4)))
        for number in chance.sample(range(1, 300), 9)
    ])]


exercise(
    "06-index",
    title="An inverted index",
    hints=(
        "Which of the two functions can make The and the one key?",
        "How do you get each number once? How do you get them in order?",
        "Two functions, then one line: the job, made of both.",
    ),
    examples=[
        case(BOOK, want={"its type": "a mapreduce.Job", "": {
            "and": [2], "call": [1], "end": [3], "ishmael": [1], "me": [1, 2], "the": [2, 3, 10],
            "whale": [2, 10]}}),
        case([], want={"": {}}),
    ],
    draw=draw_book,
    observe=indexed,
    tried="dict(index.run({0}))",
    memory=None,
    mistakes=[
        Mistake("Build the job itself, from a mapper and a reducer. The check runs it.",
                "index = {'me': [1, 2]}",
                when=lambda facts: facts["its type"] != "a mapreduce.Job"),
        Mistake("The and the are two entries. Keys are made in the mapper, so make them alike"
                " there.", (".lower()", ""), when=lambda facts: "The" in facts[""]),
        Mistake("Your keys are the numbers. The key is what should meet: the word.",
                ("yield word, number", "yield number, word"), when=lambda facts: 1 in facts[""]),
        Mistake("The numbers are in the order in which they came. Nothing promises that order.",
                ("sorted(set(numbers))", "list(dict.fromkeys(numbers))"),
                ("sorted(set(numbers))", "list(numbers)"),
                when=lambda facts: facts[""]["whale"] == [10, 2]),
        Mistake("A line that has a word twice is listed twice.",
                ("set(numbers)", "numbers"), when=lambda facts: facts[""]["and"] == [2, 2]),
        Mistake("A set has no order, and cannot be read like an index. A list is asked for.",
                ("sorted(set(numbers))", "set(numbers)"),
                when=lambda facts: isinstance(facts[""]["me"], set)),
        Mistake("These numbers are text, which is ordered character by character.",
                ("yield word, number\n", "yield word, str(number)\n"),
                when=lambda facts: facts[""]["the"] == ["10", "2", "3"]),
        Mistake("Each word has one list of all its numbers, made in the reducer.",
                ("sorted(set(numbers))", "tuple(sorted(set(numbers)))"),
                when=lambda facts: not isinstance(facts[""]["me"], list)),
    ],
)

COUNTS = [("be", 2), ("whale", 9), ("and", 4), ("sea", 4), ("ash", 4), ("oar", 1)]
BEST = [("top", ("whale", 9)), ("top", ("and", 4)), ("top", ("ash", 4))]


def together(pair):
    yield "top", pair


def best(answer, counts):
    from coursekit.mapreduce import Job

    yield "", pairs(answer, "top", iter(counts))
    job = Job(together, answer, combiner=answer)
    yield "as combiner and reducer, a map task each", job.run(counts, split_bytes=1).pairs


def draw_counts(chance):  # few different counts, so that many are equal
    drawn = [[(each, chance.randint(1, 4)) for each in words(chance, size)] for size in (2, 6, 12)]
    return [case(chance.sample(counts, len(counts))) for counts in drawn]


exercise(
    "06-top",
    title="The best three",
    hints=(
        "Sort by two things: the count, downwards, and the word, upwards. What can a sort key be?",
        "A tuple as sort key compares its first parts, then its second ones. What does a minus do?",
        "The module heapq has a function that finds the few smallest without sorting all.",
    ),
    examples=[
        case(COUNTS, want={"": BEST, "as combiner and reducer, a map task each": BEST}),
        case(COUNTS[::-1], want={"": BEST, "as combiner and reducer, a map task each": BEST}),
        case([("be", 2)], want={"": [("top", ("be", 2))]}),
    ],
    draw=draw_counts,
    observe=best,
    tried='list(best_three("top", iter({0})))',
    memory=None,
    mistakes=[
        Mistake(NOTHING, ("yield key, pair", "print(key, pair)"),
                when=lambda facts: facts[""] is None),
        Mistake("This is one list. As a combiner, the function must yield pairs of the same shape"
                " as those it takes: one after the other.",
                "def best_three(key, pairs):\n"
                "    yield key, sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:3]",
                when=lambda facts: len(facts[""]) == 1 and isinstance(facts[""][0][1], list)),
        Mistake("The key is lost: yield the key with each pair, key first.",
                ("yield key, pair", "yield pair"),
                when=lambda facts: all(pair in COUNTS for pair in facts[""])),
        Mistake("More than three came out.", ("nsmallest(3", "nsmallest(4"),
                when=lambda facts: len(facts[""]) > 3),
        Mistake("The highest counts are asked for, the best first.", ("-pair[1]", "pair[1]"),
                when=lambda facts: facts[""][0][1][1] < 9 or facts[""][-1][1][1] == 1),
        Mistake("Three words have the count 4. The alphabet should decide which of them come first,"
                " or the answer depends on the order in which records arrive.",
                ("(-pair[1], pair[0])", "-pair[1]"),
                "def best_three(key, pairs):\n    ranked = sorted(pairs, key=lambda p: p[::-1])\n"
                "    for pair in ranked[:-4:-1]:\n        yield key, pair",
                when=lambda facts: [n for _, (_, n) in facts[""]] == [9, 4, 4]),
        Mistake("There may be fewer than three pairs.",
                ("for pair in heapq", "ranked = heapq", "pair[0])):\n        yield key, pair",
                 "pair[0]))\n    yield from ((key, ranked[place]) for place in range(3))"),
                when=lambda got: "IndexError" in got.text),
    ],
    also_right=["def best_three(key, pairs):\n    ranked = sorted(pairs)\n"
                "    ranked.sort(key=lambda pair: pair[1], reverse=True)\n"
                "    yield from ((key, pair) for pair in ranked[:3])"],
)

UNITED, FIRST, SECOND = ("airline", "United Air Lines Inc."), ("flight", 11.0), ("flight", -4.0)
BOTH = [("United Air Lines Inc.", 11.0), ("United Air Lines Inc.", -4.0)]


def draw_carriers(chance):
    cases = []
    for flights in (0, 1, 4, 5):
        values = [("flight", float(chance.randint(-20, 90))) for _ in range(flights)]
        cases.append(case("B6", values))
        place = chance.randint(0, flights)
        cases.append(case("B6", [*values[:place], ("airline", word(chance)), *values[place:]]))
    return cases


exercise(
    "06-join",
    title="Delays with names",
    hints=(
        "The name may come after the flights. Where do the flights wait until then?",
        "What is the name as long as none has come?",
        "One loop sorts the values into a name and a list; a second one yields.",
    ),
    examples=[
        case("UA", [UNITED, FIRST, SECOND], want=BOTH),
        case("UA", [FIRST, UNITED, SECOND], want=BOTH),
        case("UA", [FIRST, SECOND, UNITED], want=BOTH),
        case("UA", [FIRST, ("flight", 0.0)], want=[("unknown", 11.0), ("unknown", 0.0)]),
        case("UA", [UNITED], want=[]),
    ],
    draw=draw_carriers,
    observe=over_pairs,
    tried="list(with_names({0!r}, iter({1!r})))",
    mistakes=[
        Mistake(NOTHING, ("yield name, delay", "print(name, delay)"), when=is_none),
        Mistake("A flight came before the name. Values come in any order, and the name may not come"
                " at all.", ('name, delays = "unknown", []', "delays = []",
                             "delays.append(value)", "delays.append((name, value))",
                             "for delay in delays", "for name, delay in delays"),
                when=UnboundLocalError),
        Mistake("The pairs still have the carrier's code. Its name is asked for.",
                ("yield name, delay", "yield carrier, delay"),
                when=lambda got: any(pair[0] == "UA" for pair in got)),
        Mistake("A flight came before its name and was yielded too soon.",
                ("delays.append(value)", "yield name, value"),
                when=lambda got: ("unknown", 11.0) in got and len(got) == 2 and got[1][1] == -4),
        Mistake("A carrier without flights yields nothing.",
                ("for delay in delays:", "for delay in delays or [0.0]:"),
                when=[(UNITED[1], 0.0)]),
        Mistake("A flight is lost: those that come before the name have to wait for it.",
                ("delays.append(value)", "delays.extend([value] * (name != 'unknown'))"),
                when=lambda got: len(got) == 1 and got[0][0] == UNITED[1]),
        Mistake('Flights without a partner are lost without a word. They belong under "unknown".',
                ("for delay in delays:", "for delay in delays * (name != 'unknown'):"), when=[]),
        Mistake("A flight that was exactly on time is lost: a delay of 0 is a delay.",
                ("for delay in delays:", "for delay in filter(None, delays):"),
                when=[("unknown", 11.0)]),
        Mistake('A carrier that is not in the table gets the name "unknown".',
                ('name, delays = "unknown", []', "name, delays = None, []"),
                when=lambda got: any(name is None for name, _ in got)),
    ],
)


def over_lines(answer, lines):
    return pairs(answer, iter(lines))


def draw_sorted(chance):
    cases = []
    for size in (1, 3, 8):
        keys = sorted([*words(chance, size, 3), *chance.choice((["", "zz"], [""]))])
        cases.append(case([f"{key}\t{chance.randint(1, 120)}\n" for key in keys
                           for _ in range(chance.randint(1, 4))]))
    return cases


exercise(
    "06-streaming",
    title="The last word",
    hints=(
        "When is a total yielded? What has to happen first, and does it happen for the last word?",
        "What comes after the last line? And what if there was no line at all?",
        "After the loop, one more total is waiting, unless no word ever came.",
    ),
    examples=[
        case(["be\t1\n", "be\t1\n", "to\t1\n"], want=["be\t2", "to\t1"]),
        case([], want=[]),
        case(["a\t2\n", "b\t10\n", "b\t5\n", "c\t1\n"], want=["a\t2", "b\t15", "c\t1"]),
        case(["\t3\n", "a\t1\n"], want=["\t3", "a\t1"]),
    ],
    draw=draw_sorted,
    observe=over_lines,
    tried="list(reduce_lines({0!r}))",
    mistakes=[
        Mistake(NOTHING, ("yield f", "print(f", 'total}"', 'total}")'), when=is_none),
        Mistake("The last word is missing: no other word comes after it to end it.",
                ("    if last is not None:\n", "    if total < 0:\n"), when=["be\t2"]),
        Mistake("A total was yielded before its group had ended. Equal words lie side by side: wait"
                " for another word, or for the end.",
                ("            total = 0\n        last, total = word, total + int(count)",
                 "            total = 0\n        last, total = word, total + int(count)\n"
                 "        yield f'{last}\\t{total}'"), when=lambda got: "be\t1" in got),
        Mistake("The total of one word went on into the next. Each group begins at 0.",
                ("            total = 0\n        last, total = word, total + int(count)\n    #",
                 "            pass\n        last, total = word, total + int(count)\n    #"),
                when=lambda got: "to\t3" in got),
        Mistake("Yield the line without its end.", ('total}"', 'total}\\n"'),
                when=lambda got: any(line.endswith("\n") for line in got)),
        Mistake("A streaming reducer writes lines: key, tab, value, in one text.",
                ('f"{last}\\t{total}"', "(last, total)"),
                when=lambda got: any(isinstance(line, tuple) for line in got)),
        Mistake("Without any line there is no word, and nothing to say.",
                ("    if last is not None:\n", "    if True:\n"), when=["None\t0"]),
        Mistake("Without any line the names in your loop were never set.",
                ("    if last is not None:\n        yield", "    if word == last:\n        yield"),
                when=UnboundLocalError),
        Mistake("You counted lines. A combiner may have made one line of ten: add up the numbers.",
                ("int(count)", "1"), when=lambda got: "b\t2" in got),
        Mistake("An empty text is a key, too: ask whether the key `is not None`.",
                ("last is not None", "last"), when=lambda got: "\t3" not in got),
    ],
    also_right=["import itertools\n\ndef reduce_lines(lines):\n"
                "    split = (line.split('\\t') for line in lines)\n"
                "    for word, group in itertools.groupby(split, key=lambda pair: pair[0]):\n"
                "        yield f'{word}\\t{sum(int(n) for _, n in group)}'"],
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
