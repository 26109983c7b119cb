"""Exercises and quiz of chapter 06, MapReduce: small inputs with traps in them."""

import weakref

from coursekit.feedback.authoring import Mistake, Option, Question, case, exercise, word, words


def pairs(answer, *arguments):
    """Return what a mapper or reducer yields, as a list; what it returns, if it yields nothing."""
    yielded = answer(*arguments)
    return [as_pair(each) for each in yielded] if hasattr(yielded, "__iter__") else yielded


def as_pair(value):
    """Take a list of two for a pair, as an engine does."""
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return tuple(as_pair(part) for part in value)
    return value


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
    said += [f"{said[0]}-{said[1]}", f"{said[2]},", said[3], "10"]
    gaps = [chance.choice((" ", "\t ", "  ")) for _ in said]
    line = "".join(gap + each for gap, each in zip(gaps, said, strict=True))
    return [case(line), case(line + "\t"), case(said[0])]


exercise(
    "06-mapper",
    title="A mapper that counts words",
    hints=(
        'What does a loop over the text "to be" give you, one after the other?',
        "A text has a method that cuts it at white space.",
        "for word in ____: then yield a pair of ____ and ____",
    ),
    examples=[
        case("to be or not to be", want=[(w, 1) for w in ("to", "be", "or", "not", "to", "be")]),
        case("  a  b\tA  ", want=[("a", 1), ("b", 1), ("A", 1)]),
        case("", want=[]),
        case("well-known, isn't it?", want=[("well-known,", 1), ("isn't", 1), ("it?", 1)]),
    ],
    draw=draw_lines,
    observe=pairs,
    tried="list(words_of({0!r}))",
    mistakes=[
        Mistake(NOTHING, ("yield word, 1", "print(word, 1)"), when=is_none),
        Mistake("These are characters: a loop over text goes from character to character.",
                ("line.split()", "line"),
                when=lambda got: len(got) > 9 and all(len(w) == 1 for w, _ in got)),
        Mistake("Your mapper read `lines`, the notebook's list. It gets one `line`, its argument.",
                ("line.split()", '" ".join(lines).split()')),
        Mistake("Each word counts as often as it stands in the line. A set keeps it once.",
                ("line.split()", "dict.fromkeys(line.split())"),
                when=lambda got: sorted(got) == [(w, 1) for w in ("be", "not", "or", "to")]),
        Mistake("The counts are added up already. A mapper says 1 for each word; adding up is the"
                " reducer's work.",
                ("    for word in line.split():\n        yield word, 1",
                 "    from collections import Counter\n"
                 "    yield from Counter(line.split()).items()"),
                when=lambda got: {("to", 2), ("be", 2), ("not", 1)} <= set(got)),
        Mistake("What came out is one value. A mapper yields pairs, one for each word.",
                "def words_of(line):\n    return len(line.split())",
                when=lambda got: not isinstance(got, list)),
        Mistake("The key is a list of words. Yield one pair for each word.",
                "def words_of(line):\n    yield line.split(), 1",
                when=lambda got: isinstance(got[0][0], list)),
        Mistake("The word is the key, so it comes first in the pair.",
                ("yield word, 1", "yield 1, word"),
                when=lambda got: all(pair[0] == 1 for pair in got)),
        Mistake("The value of each pair is the number 1, so that a reducer can add it up. A text"
                " or a truth value is something different.",
                ("yield word, 1", 'yield word, "1"'), ("yield word, 1", "yield word, True"),
                when=lambda got: all(n == "1" or n is True for _, n in got)),
        Mistake("These are words. A pair is asked for: the word and a 1.",
                ("yield word, 1", "yield word"),
                when=lambda got: all(isinstance(pair, str) for pair in got)),
        Mistake("Only one pair came out: a return ends the loop at once.",
                ("yield word, 1", "return [(word, 1)]"),
                when=lambda got: got in ([("to", 1)], [("be", 1)])),
        Mistake("A word has a blank in it. Blanks end a word, too.",
                ("split()", 'split("\\t")'), when=lambda got: any(" " in w for w, _ in got)),
        Mistake("An empty text was yielded as a word: cutting at single spaces finds nothing"
                " between two of them.", ("split()", 'split(" ")'),
                when=lambda got: any(word == "" for word, _ in got)),
        Mistake("Leave words as they stand: `A` is asked for, not `a`.",
                ("line.split()", "line.lower().split()"),
                when=[("a", 1), ("b", 1), ("a", 1)]),
        Mistake("Only white space ends a word here. Your words lost their punctuation, or were cut"
                " at it.", ("line.split()", "__import__('re').findall(r'\\w+', line)"),

                when=lambda got: any(w in ("well", "known", "wellknown", "it") for w, _ in got)),
        Mistake("A tab is white space, too, and ends a word.",
                ("line.split()", '(w for w in line.split(" ") if w)'),
                when=lambda got: any("\t" in word for word, _ in got)),
    ],
    also_right=["def words_of(line):\n    return [(word, 1) for word in line.split()]",
                "def words_of(line):\n    return ([word, 1] for word in line.split())"],
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

    found = pairs(answer, key, stream())
    yield "", found
    yield STRANGE, [n for n in ends_of(found) if n not in values]
    yield "values in memory at a time", "a few" if most < 10 else "nearly all"


STRANGE = "what came out and is not among the values"


def ends_of(found):
    """Return the two numbers of the one pair, if that is what came out."""
    if isinstance(found, list) and len(found) == 1 and isinstance(found[0], tuple):
        ends = found[0][-1]
        return [n for n in ends if isinstance(n, (int, float))] if isinstance(ends, tuple) else []
    return []


def numbers(values, low, high):
    values = [float(each) for each in values]
    want = {"": [("JFK", (low, high))], STRANGE: [], "values in memory at a time": "a few"}
    shown = f'list(extremes("JFK", iter({values})))' if len(values) < 9 else "a stream of values"
    return case("JFK", values, want=want, shown=shown)


exercise(
    "06-extremes",
    title="Extremes, in one pass",
    hints=(
        "After `min(values)` the iterator is at its end. What is left for `max(values)`?",
        "Which value is a safe start for both, whatever the numbers are?",
        "low = high = next(____), then for each of the others: low = ____(low, value) and"
        " high = ____(high, value)",
    ),
    examples=[
        numbers([40.0, 12.5, 71.0, 33.0], 12.5, 71.0),
        numbers([-3.0, -8.0, -1.0], -8.0, -1.0),
        numbers([5.0], 5.0, 5.0),
        numbers([2.0, 7.0, 9.0], 2.0, 9.0),
        numbers([12.25, 0.0, 12.5], 0.0, 12.5),
        numbers([4e9, 3e9], 3e9, 4e9),
        numbers([-4e9, -3e9], -4e9, -3e9),
        numbers(list(range(1000)), 0, 999),
    ],
    draw=lambda chance: [
        case(word(chance, 3), [chance.uniform(*ends) for _ in range(size)])
        for ends in ((1, 99), (-99, -1), (-50, 50), (1e6, 1e12), (-1e12, -1e6))
        for size in (1, 9, 300)
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
        Mistake("A number came out that is not among the values: a start such as 0 or 1000, or a"
                " rounded value. Begin with the first value, whatever it is.",
                ("next(values)", "0.0"),
                ("low = high = next(values)", "low, high = 1000.0, -1000.0"),
                ("(low, high)", "(float(round(low)), float(round(high)))"),
                when=lambda facts: facts[STRANGE]),
        Mistake("0 was taken for no value. A test such as `if value` or `not low` cannot tell 0"
                " from None.", ("for value in values:", "for value in filter(None, values):"),
                ("low, high = min(low, value)", "low, high = min(low or value, value)"),
                when=lambda facts: facts[""][0][1] in [(12.25, 12.5), (12.5, 12.5)]),
        Mistake("One of the two numbers is still the first value. Compare every value with both.",
                ("max(high, value)", "high"), ("min(low, value)", "low"),
                when=lambda facts: facts[""][0][1] in [(12.5, 40.0), (40.0, 71.0)]),
        Mistake("Three things came out together. Yield the key and one value, which is a pair:"
                " key, (smallest, largest).", ("yield key, (low, high)", "yield key, low, high"),
                when=lambda facts: len(facts[""][0]) == 3),
        Mistake("`next` found no value left. A key may have a single value.",
                ("    low = high", "    next(values)\n    low = high"),
                when=lambda got: "StopIteration" in got.text),
        Mistake("The pair's first part is the key itself, whatever it is.",
                ("yield key,", "yield 'key',"), ("yield key,", "yield 'JFK',")),
        Mistake("Your reducer held all the values at once. For a key with a billion values, its"
                " memory would not do.",
                "def extremes(key, values):\n    values = list(values)\n"
                "    yield key, (min(values), max(values))",
                when=lambda facts: facts["values in memory at a time"] != "a few"),
    ],
    also_right=["def extremes(key, values):\n    low = high = None\n    for v in values:\n"
                "        low = v if low is None or v < low else low\n"
                "        high = v if high is None or v > high else high\n"
                "    yield key, (low, high)",
                "def extremes(key, values):\n    low, high = float('inf'), -float('inf')\n"
                "    for v in values:\n        low, high = min(low, v), max(high, v)\n"
                "    return [[key, [low, high]]]"],
)


def over_pairs(answer, key, values):
    return pairs(answer, key, iter(values))


exercise(
    "06-combiner",
    title="A combiner for the mean",
    hints=(
        "Two numbers have to be added up. Which ones?",
        "A combiner may get pairs that a combiner made. What does (30.0, 3) say, then?",
        "Both start at ____. Then for ____ in pairs: total += ____, number += ____. Which shape"
        " comes out in the end?",
    ),
    examples=[
        case("JFK", [(40.0, 1), (50.0, 1), (60.0, 1)], want=[("JFK", (150.0, 3))]),
        case("JFK", [(150.0, 3), (10.0, 1)], want=[("JFK", (160.0, 4))]),
        case("LGA", [(-7.0, 1)], want=[("LGA", (-7.0, 1))]),
        case("EWR", [(39.02, 1), (0.0, 2), (40.5, 1)], want=[("EWR", (79.52, 4))]),
    ],
    draw=lambda chance: [
        case(word(chance, 3), chance.sample(
            [(0.0, chance.randint(1, 9)),
             *((chance.uniform(-90, 90), chance.randint(1, 9)) for _ in range(size))], size + 1))
        for size in (0, 1, 6)
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
                ("(total, number)", "total"), when=[("JFK", 150.0)]),
        Mistake("The key is lost: yield the key first, then the pair.",
                ("yield key, (total, number)", "yield total, number"),
                when=lambda got: not isinstance(got[0][0], str)),
        Mistake("Three things came out together. Yield the key and one value, which is a pair.",
                ("(total, number)", "total, number"), when=lambda got: len(got[0]) == 3),
        Mistake("The first number of a pair is a sum already. Do not multiply it by n.",
                ("total += part", "total += part * n"), when=[("JFK", (460.0, 4))]),
        Mistake("`pairs` comes once. After the first sum had read it, nothing was left for the"
                " second.", "def add_up(key, pairs):\n"
                "    yield key, (sum(part for part, n in pairs), sum(n for part, n in pairs))",
                when=[("JFK", (150.0, 0))]),
        Mistake("A negative sum was left out. It is a sum like any other.",
                ("for part, n in pairs:", "for part, n in filter(lambda p: p[0] > 0, pairs):"),
                when=[("LGA", (0, 0))]),
        Mistake("The second number stands for all values of the key. Add up every n.",
                ("number += n", "number = n"), when=[("JFK", (150.0, 1))]),
        Mistake("`pairs` is an iterator: it has no length, and comes once.",
                ("yield key, (total, number)", "yield key, (total, len(pairs))"), when=TypeError),
        Mistake("A pair with the sum 0 was left out. (0.0, 2) stands for two values.",
                ("for part, n in pairs:\n",
                 "for part, n in pairs:\n        n = n if part else 0\n"),
                when=[("EWR", (79.52, 2))]),
        Mistake("The parts of degrees are lost. Sums need not be whole numbers.",
                ("total += part", "total += int(part)"),
                ("(total, number)", "(round(total), number)"),
                when=lambda got: got in ([("EWR", (79, 4))], [("EWR", (80, 4))])),
        Mistake("You counted pairs. But (150.0, 3) stands for three values: a combiner may run"
                " again on what it made.", ("number += n", "number += 1")),
    ],
    also_right=["def add_up(key, pairs):\n    sums, counts = zip(*pairs)\n"
                "    yield key, (sum(sums), sum(counts))"],
)

GOT, REACHED = "the combiner got", "the reducer got"


def split_words(line):
    for each in line.split():
        yield each, 1


def partly(answer, records, options):
    """Run an engine without and with a combiner; tell what the two functions were given."""

    def watched(seen):
        def added_up(key, values):
            values = list(values)
            seen.append((key, sorted(values)))
            yield key, sum(values)

        return added_up

    def parts(found):
        return [list(part) for part in found] if isinstance(found, (list, tuple)) else found

    yield "without a combiner", parts(answer(split_words, watched([]), records, **options))
    got, reached = [], []
    found = answer(split_words, watched(reached), records, combiner=watched(got), **options)
    yield "with a combiner", parts(found)
    yield GOT, sorted(got)
    yield REACHED, sorted(reached)


LINES = ["a b a", "b", "b d"]  # the checksum of d is even, those of a and b are odd
ANSWER = [[("d", 1)], [("a", 2), ("b", 3)]]
ONE_BY_ONE = {GOT: [("a", [1, 1]), ("b", [1]), ("b", [1]), ("b", [1]), ("d", [1])],
              REACHED: [("a", [2]), ("b", [1, 1, 1]), ("d", [1])]}


def draw_records(chance):
    cases = []
    for number in (1, 5, 12):
        known = words(chance, 5, 3)
        records = [" ".join(chance.choices(known, k=chance.randint(0, 4))) for _ in range(number)]
        options = {"partitions": chance.randint(1, 4), "split": chance.randint(1, 5)}
        cases.append(case(records, options))
    return cases


exercise(
    "06-engine",
    title="The engine gets a combiner",
    hints=(
        "Where in the engine are the pairs of one map task together?",
        "`by_key(pairs, function)` already calls a function for each key with its values."
        " What does it yield, and in place of what could it be sent?",
        "After the line that makes `pairs`: if combiner is not ____: pairs = ____(pairs, ____)",
    ),
    examples=[
        case(LINES, {}, want={
            "without a combiner": ANSWER, "with a combiner": ANSWER,
            GOT: [("a", [1, 1]), ("b", [1]), ("b", [1, 1]), ("d", [1])],
            REACHED: [("a", [2]), ("b", [1, 2]), ("d", [1])]}),
        case(LINES, {"split": 1}, want={
            "without a combiner": ANSWER, "with a combiner": ANSWER, **ONE_BY_ONE}),
        case(LINES, {"partitions": 1, "split": 9}, want={
            "without a combiner": [[("a", 2), ("b", 3), ("d", 1)]],
            GOT: [("a", [1, 1]), ("b", [1, 1, 1]), ("d", [1])],
            REACHED: [("a", [2]), ("b", [3]), ("d", [1])]}),
        case([], {}, want={"without a combiner": [[], []], GOT: [], REACHED: []}),
    ],
    draw=draw_records,
    observe=partly,
    tried="run_combined(words, total, {0!r}, combiner=total, **{1!r})",
    mistakes=[
        Mistake("Your engine returns None. It returns the list of partitions, as before.",
                ("    return [list", "    _ = [list"),
                when=lambda facts: facts["without a combiner"] is None),
        Mistake("Without a combiner the engine has to work as before. Then `combiner` is None,"
                " which cannot be called.", ("if combiner is not None:", "if True:"),
                when=lambda got: "'NoneType' object is not callable" in got.text),
        Mistake("The reducer was never called: the combiner does not take its place. Both run.",
                ("pairs = by_key(pairs, combiner)", "reducer = combiner"),
                when=lambda facts: facts[GOT] and not facts[REACHED]),
        Mistake("`combiner`, the argument, was never called. (A generator such as `by_key(…)`"
                " does nothing until somebody reads it.)",
                ("pairs = by_key(pairs, combiner)", "by_key(pairs, combiner)"),
                ("pairs = by_key(pairs, combiner)", "pass"),
                when=lambda facts: not facts[GOT] and facts[REACHED]),
        Mistake("The combiner ran, but the pairs that it yielded were not sent. The old ones were.",
                ("pairs = by_key(pairs, combiner)", "list(by_key(pairs, combiner))")),
        Mistake("The number of partitions is an argument. Use it, and not 2.",
                ("range(partitions)", "range(2)", "partition(key, partitions)",
                 "partition(key, 2)")),
        Mistake("The combiner ran too late, on the pairs of all map tasks together. On a cluster"
                " they would have been sent by then. Combine inside the loop over the splits.",
                ("            pairs = by_key(pairs, combiner)\n", "            pass\n",
                 "    return [", "    if combiner is not None:\n        parts = [list(by_key(part,"
                 " combiner)) for part in parts]\n    return ["),
                when=lambda facts: facts["without a combiner"] == ANSWER
                and facts[GOT] == [("a", [1, 1]), ("b", [1, 1, 1]), ("d", [1])]
                and facts[REACHED] == [("a", [2]), ("b", [3]), ("d", [1])]),
        Mistake("The combiner got numbers that it had made before, from other map tasks. Give it"
                " the new pairs of one task only.",
                ("            pairs = by_key(pairs, combiner)\n", "            pass\n",
                 ".append((key, value))\n", ".append((key, value))\n        if combiner:\n"
                 "            parts = [list(by_key(part, combiner)) for part in parts]\n"),
                when=lambda facts: facts["without a combiner"] == ANSWER
                and any(n > 1 for _, numbers in facts[GOT] for n in numbers)),
        Mistake("Both the old pairs and the combined ones were sent. What the combiner yields takes"
                " their place.", ("pairs = by_key(pairs, combiner)",
                                  "pairs = pairs + list(by_key(pairs, combiner))"),
                when=lambda facts: facts["with a combiner"] == [[("d", 2)], [("a", 4), ("b", 6)]]),
        Mistake("The combiner ran once for each record. It is to get the pairs of the whole split,"
                " in which more keys are equal.",
                ("pairs = by_key(pairs, combiner)",
                 "pairs = [pair for record in records[start : start + split]\n"
                 "                     for pair in by_key(mapper(record), combiner)]"),
                when=lambda facts: {GOT: facts[GOT], REACHED: facts[REACHED]} == ONE_BY_ONE),
        Mistake("One key of one map task was given to the combiner in several parts. Bring the"
                " equal keys of the task together first, by sorting as by_key does.",
                ("pairs = by_key(pairs, combiner)",
                 "pairs = [pair for key, group in groupby(pairs, key=first)\n"
                 "                     for pair in combiner(key, (value for _, value in group))]"),
                when=lambda facts: facts[GOT] == [("a", [1]), ("a", [1]), ("b", [1]), ("b", [1, 1]),
                                                  ("d", [1])]
                or facts[GOT].count(("a", [1])) == 2),
    ],
    also_right=[
        "def combine(pairs, combiner):\n    groups = {}\n    for key, value in pairs:\n"
        "        groups.setdefault(key, []).append(value)\n"
        "    for key, values in groups.items():\n        yield from combiner(key, iter(values))\n\n"
        "def run_combined(mapper, reducer, records, combiner=None, partitions=2, split=2):\n"
        "    parts = [[] for _ in range(partitions)]\n"
        "    for start in range(0, len(records), split):\n        pairs = []\n"
        "        for record in records[start:start + split]:\n"
        "            pairs.extend(mapper(record))\n"
        "        for pair in combine(pairs, combiner) if combiner else pairs:\n"
        "            parts[partition(pair[0], partitions)].append(pair)\n"
        "    return [list(by_key(part, reducer)) for part in parts]",
    ],
)

SOON = "when the first total came"


def over_lines(answer, lines):
    """Hand the lines over one by one; tell how many had been read when the first total came."""
    read = at_first = 0

    def stream():
        nonlocal read
        for line in lines:
            read += 1
            yield line

    found = answer(stream())
    if hasattr(found, "__iter__"):
        totals = []
        for total in found:
            at_first = at_first or read
            totals.append(total)
        found = totals
    yield "", found
    if len({line.partition("\t")[0] for line in lines}) > 2:
        soon = at_first < len(lines)
        yield SOON, "some lines had been read" if soon else "all lines had been read"


def draw_sorted(chance):
    cases = []
    for size in (1, 3, 8):
        known = words(chance, size, 3)
        keys = sorted([*known, known[0] + "s", "10", *chance.choice((["", "zz"], [""]))])
        cases.append(case([f"{key}\t{chance.choice((0, chance.randint(1, 120)))}\n" for key in keys
                           for _ in range(chance.randint(1, 4))]))
    return cases


exercise(
    "06-streaming",
    title="The last word",
    hints=(
        "When is a total yielded? What has to happen first, and does it happen for the last word?",
        "What comes after the last line? And what if there was no line at all?",
        "After the loop: if last ____ None: yield ____. Why is `if last:` not enough?",
    ),
    examples=[
        case(["be\t1\n", "be\t1\n", "to\t1\n"], want={"": ["be\t2", "to\t1"]}),
        case([], want={"": []}),
        case(["a\t2\n", "b\t10\n", "b\t5\n", "c\t1\n"],
             want={"": ["a\t2", "b\t15", "c\t1"], SOON: "some lines had been read"}),
        case(["be\t1\n", "bee\t1\n"], want={"": ["be\t1", "bee\t1"]}),
        case(["be\t0\n", "to\t3\n"], want={"": ["be\t0", "to\t3"]}),
        case(["\t3\n", "a\t1\n"], want={"": ["\t3", "a\t1"]}),
    ],
    draw=draw_sorted,
    observe=over_lines,
    tried="list(reduce_lines({0!r}))",
    mistakes=[
        Mistake(NOTHING, ("yield f", "print(f", 'total}"', 'total}")'),
                when=lambda facts: facts[""] is None),
        Mistake("The last word is missing: no other word comes after it to end it.",
                ("    if last is not None:\n", "    if total < 0:\n"),
                when=lambda facts: facts[""] == ["be\t2"]),
        Mistake("A total was yielded before its group had ended. Equal words lie side by side: wait"
                " for another word, or for the end.",
                ("            total = 0\n        last, total = word, total + int(count)",
                 "            total = 0\n        last, total = word, total + int(count)\n"
                 "        yield f'{last}\\t{total}'"), when=lambda facts: "be\t1" in facts[""]
                and "be\t2" in facts[""]),
        Mistake("The total of one word went on into the next. Each group begins at 0.",
                ("            total = 0\n        last, total = word, total + int(count)\n    #",
                 "            pass\n        last, total = word, total + int(count)\n    #"),
                when=lambda facts: "to\t3" in facts[""] and "be\t2" in facts[""]),
        Mistake("Yield the line without its end.", ('total}"', 'total}\\n"'),
                when=lambda facts: any(line.endswith("\n") for line in facts[""])),
        Mistake("A streaming reducer writes lines: key, tab, value, in one text.",
                ('f"{last}\\t{total}"', "(last, total)"),
                when=lambda facts: any(isinstance(line, tuple) for line in facts[""])),
        Mistake("Between word and total stands a tab, `\\t` in Python.",
                ('{last}\\t{total}', '{last} {total}'),
                when=lambda facts: all("\t" not in line for line in facts[""])),
        Mistake("A line could not be cut in two. Cut it at the tab, and do not strip it before: if"
                " the word is empty, the line begins with the tab.",
                ("line.split(", "line.strip().split("), ("line.split(\"\\t\")", "line.split()"),
                when=lambda got: "not enough values to unpack" in got.text),
        Mistake("Counts are whole numbers, and so are totals. `float` makes 2.0 of 2.",
                ("int(count)", "float(count)"), when=lambda facts: "be\t2.0" in facts[""]),
        Mistake("Without any line there is no word, and nothing to say.",
                ("    if last is not None:\n", "    if True:\n"),
                when=lambda facts: facts[""] == ["None\t0"]),
        Mistake("Without any line the names in your loop were never set.",
                ("    if last is not None:\n        yield", "    if word == last:\n        yield"),
                when=UnboundLocalError),
        Mistake("You counted lines. A combiner may have made one line of ten: add up the numbers.",
                ("int(count)", "1"), when=lambda facts: "b\t2" in facts[""]),
        Mistake("`bee` begins with `be`, but it is a different key. Compare whole words.",
                ("word != last", "not word.startswith(last)"), ("word != last", "last not in word"),
                when=lambda facts: facts[""] == ["bee\t2"]),
        Mistake("A word whose total is 0 is lost. Ask whether there was a word, not whether its"
                " total is true.", ("last is not None", "total"),
                ("    if last is not None:\n", "    if total:\n",
                 "            yield", "            if total: yield"),
                when=lambda facts: facts[""] == ["to\t3"]),
        Mistake("An empty text is a key, too: ask whether the key `is not None`.",
                ("last is not None", "last"),
                when=lambda facts: facts[""] in (["a\t4"], ["a\t1"])),
        Mistake("All lines had been read before the first total came. With a billion words, the"
                " totals would not fit into memory. Yield each one when its group ends.",
                "def reduce_lines(lines):\n    totals = {}\n    for line in lines:\n"
                "        word, count = line.split('\\t')\n"
                "        totals[word] = totals.get(word, 0) + int(count)\n"
                "    for word, total in totals.items():\n        yield f'{word}\\t{total}'",
                when=lambda facts: facts[SOON].startswith("all")),
    ],
    also_right=["import itertools\n\ndef reduce_lines(lines):\n"
                "    split = (line.split('\\t') for line in lines)\n"
                "    for word, group in itertools.groupby(split, key=lambda pair: pair[0]):\n"
                "        yield f'{word}\\t{sum(int(n) for _, n in group)}'"],
)

BOOK = [(1, "Call me Ishmael"), (10, "The whale"), (2, "me and the whale and me"), (3, "the end")]


def indexed(answer, book):
    from coursekit.mapreduce import Job

    yield "its type", "a mapreduce.Job" if isinstance(answer, Job) else type(answer).__name__
    yield "", dict(answer.run(book, split_bytes=1))


def draw_book(chance):
    known = words(chance, 6, 4)
    return [case([
        (number, chance.choice((" ", "  ", "\t")).join(
            chance.choice((w, w.title(), w.upper())) for w in chance.choices(known, k=4)))
        for number in [0, *chance.sample(range(1, 300), 9)]
    ])]


exercise(
    "06-index",
    title="An inverted index",
    hints=(
        "Which of the two functions can make The and the one key?",
        "How do you get each number once? How do you get them in order?",
        "One function as `places` above, but with line.____().split(). One as `as_they_come`, with"
        " ____(set(numbers)). Then index = mapreduce.Job(____, ____)",
    ),
    examples=[
        case(BOOK, want={"its type": "a mapreduce.Job", "": {
            "and": [2], "call": [1], "end": [3], "ishmael": [1], "me": [1, 2], "the": [2, 3, 10],
            "whale": [2, 10]}}),
        case([], want={"": {}}),
        case([(7, "A\tb  a"), (0, "b"), (3, "")], want={"": {"a": [7], "b": [0, 7]}}),
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
        Mistake("The and the came to the reducer as two groups. There it is too late: make keys"
                " alike in the mapper.",
                ("line.lower()", "line", "yield word, sorted", "yield word.lower(), sorted"),
                when=lambda facts: facts[""]["the"] in ([2, 3], [10])),
        Mistake("Your keys are the numbers. The key is what should meet: the word.",
                ("yield word, number", "yield number, word"), when=lambda facts: 1 in facts[""]),
        Mistake("The numbers are in the order in which they came. Nothing promises that order.",
                ("sorted(set(numbers))", "list(dict.fromkeys(numbers))"),
                ("sorted(set(numbers))", "list(numbers)"),
                when=lambda facts: facts[""]["whale"] == [10, 2]
                and facts[""]["the"] == [10, 2, 3]),
        Mistake("The keys are asked for in lower case.", (".lower()", ".upper()"),
                when=lambda facts: "THE" in facts[""]),
        Mistake("The smallest number comes first.",
                ("sorted(set(numbers))", "sorted(set(numbers), reverse=True)"),
                when=lambda facts: facts[""]["the"] == [10, 3, 2]),
        Mistake("An empty text became a key, or a tab a part of one. `split()` without an argument"
                " cuts at any white space.", (".split()", '.split(" ")'),
                when=lambda facts: any(not key or "\t" in key for key in facts[""])),
        Mistake("Line 0 is lost. It is a number like any other, but false in an `if`.",
                ("set(numbers)", "filter(None, set(numbers))"),
                when=lambda facts: facts[""]["b"] == [7]),
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
    drawn = [[(each, chance.choice((0, 1, 2, 9, 10, 100))) for each in words(chance, size)]
             for size in (1, 2, 6, 12)]
    return [case(chance.sample(counts, len(counts))) for counts in drawn]


exercise(
    "06-top",
    title="The best three",
    hints=(
        "Sort by two things: the count, downwards, and the word, upwards. What can a sort key be?",
        "A tuple as sort key compares its first parts, then its second ones. What does a minus do?",
        "for pair in sorted(pairs, key=lambda pair: (____, ____))[:____]: then yield ____, ____."
        " (heapq.nsmallest finds the same without sorting all.)",
    ),
    examples=[
        case(COUNTS, want={"": BEST, "as combiner and reducer, a map task each": BEST}),
        case(COUNTS[::-1], want={"": BEST, "as combiner and reducer, a map task each": BEST}),
        case([("be", 2)], want={"": [("top", ("be", 2))]}),
        case([("be", 2), ("whale", 12), ("ash", 9), ("oar", 1)],
             want={"": [("top", ("whale", 12)), ("top", ("ash", 9)), ("top", ("be", 2))]}),
        case([("be", 0)], want={"": [("top", ("be", 0))]}),
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
                when=lambda facts: facts[""] and all(pair in COUNTS for pair in facts[""])),
        Mistake("The value is the whole pair, the word with its count.",
                ("yield key, pair", "yield key, pair[0]"),
                when=lambda facts: facts[""] and all(isinstance(v, str) for _, v in facts[""])),
        Mistake("More than three came out.", ("nsmallest(3", "nsmallest(4"),
                when=lambda facts: len(facts[""]) > 3),
        Mistake("The highest counts are asked for, the best first.", ("-pair[1]", "pair[1]"),
                when=lambda facts: facts[""][0][1][1] < 9),
        Mistake("Three words have the count 4. The alphabet should decide which of them come first,"
                " or the answer depends on the order in which records arrive.",
                ("(-pair[1], pair[0])", "-pair[1]"),
                "def best_three(key, pairs):\n    ranked = sorted(pairs, key=lambda p: p[::-1])\n"
                "    for pair in ranked[:-4:-1]:\n        yield key, pair",
                when=lambda facts: [n for _, (_, n) in facts[""]] == [9, 4, 4]),
        Mistake("12 is more than 9. As text, or by its first digit, it would come after it.",
                ("-pair[1]", "[-ord(c) for c in str(pair[1])]"),
                when=lambda facts: facts[""][0] == ("top", ("ash", 9))),
        Mistake("A word with the count 0 is a pair, too.",
                ("pairs, key=", "filter(lambda pair: pair[1], pairs), key="),
                when=lambda facts: facts[""] == []),
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
        values = [("flight", round(chance.uniform(-20, 90), 1)) for _ in range(flights)]
        values += values[:1]  # the same delay twice
        flights = len(values)
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
        'Start with the name "unknown" and an empty list. One loop: if table == ____: name = ____,'
        " else append ____. A second loop yields ____",
    ),
    examples=[
        case("UA", [UNITED, FIRST, SECOND], want=BOTH),
        case("UA", [FIRST, UNITED, SECOND], want=BOTH),
        case("UA", [FIRST, SECOND, UNITED], want=BOTH),
        case("UA", [FIRST, ("flight", 0.0)], want=[("unknown", 11.0), ("unknown", 0.0)]),
        case("UA", [UNITED], want=[]),
        case("UA", [FIRST, SECOND, UNITED, FIRST], want=[*BOTH, BOTH[0]]),
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
                when=[(UNITED[1], -4.0)]),
        Mistake("The flight with a negative delay is missing. Flights that are early count, too.",
                ("for delay in delays:", "for delay in (d for d in delays if d >= 0):"),
                when=[(UNITED[1], 11.0)]),
        Mistake("Yield one pair for each flight, not one list for all.",
                ("    for delay in delays:\n        yield name, delay", "    yield name, delays"),
                when=lambda got: any(isinstance(delay, (list, tuple)) for _, delay in got)),
        Mistake("Delays are not whole minutes only. Yield them as they come.",
                ("delays.append(value)", "delays.append(int(value))")),
        Mistake("The name comes with the values. Do not write one into the function.",
                ("name = value", 'name = "United Air Lines Inc."')),
        Mistake('Flights without a partner are lost without a word. They belong under "unknown".',
                ("for delay in delays:", "for delay in delays * (name != 'unknown'):"), when=[]),
        Mistake("A flight that was exactly on time is lost: a delay of 0 is a delay.",
                ("for delay in delays:", "for delay in filter(None, delays):"),
                when=[("unknown", 11.0)]),
        Mistake("Yield the flights in the order in which they come.",
                ("for delay in delays:", "for delay in sorted(delays):"),
                when=[BOTH[1], BOTH[0]]),
        Mistake("Two flights with the same delay are two flights. A set, or a dict, keeps one.",
                ("for delay in delays:", "for delay in dict.fromkeys(delays):"), when=BOTH),
        Mistake('A carrier that is not in the table gets the name "unknown".',
                ('name, delays = "unknown", []', "name, delays = None, []"),
                when=lambda got: any(name is None for name, _ in got)),
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
                "The number of values, counted with `n += 1`.",
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
        "A corpus becomes ten times as large. The splits keep their 128 MB. What happens to the"
        " share of records that the combiner saves?",
        (
            Option(
                "It grows tenfold, because ten times as many words repeat.",
                "They repeat in different splits. A combiner sees one split.",
            ),
            Option(
                "It stays about the same, because a combiner saves what repeats within one split.",
                "Only larger splits, or more repetition inside them, would change it.",
                right=True,
            ),
            Option(
                "It falls, because there are more map tasks.",
                "Each of them saves the same share as before.",
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
