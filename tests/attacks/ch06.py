"""Wrong answers to the exercises of chapter 06."""

from tests.attacks import Wrong

WRONG = {
    "06-mapper": [
        Wrong(
            "def words_of(line):\n    for item in list(line):\n        yield item, 1", "characters"
        ),
        Wrong(
            "def words_of(line):\n    for word in line.split():\n        return [(word, 1)]",
            "Only one pair",
        ),
        Wrong(
            """
def words_of(line):
    for word in line.split(" "):
        yield word, 1
""",
            "An empty text was yielded as a word",
        ),
        Wrong(
            """
def words_of(line):
    yield from Counter(line.split()).items()
""",
            "added up already",
        ),
        Wrong("def words_of(line):\n    yield from line.split()", "These are words"),
        Wrong(
            "def words_of(line):\n    for word in line.split():\n        print(word, 1)",
            "yields nothing",
        ),
    ],
    "06-extremes": [
        Wrong(
            "def extremes(key, values):\n    yield key, (min(values), max(values))",
            "The values come once",
            "raised",
        ),
        Wrong(
            """
def extremes(key, values):
    values = list(values)
    yield key, (min(values), max(values))
""",
            "held all the values at once",
        ),
        Wrong(
            """
def extremes(key, values):
    low = high = 0
    for value in values:
        low, high = min(low, value), max(high, value)
    yield key, (low, high)
""",
            "It was your start",
        ),
        Wrong(
            """
def extremes(key, values):
    low = high = values[0]
    for value in values:
        low, high = min(low, value), max(high, value)
    yield key, (low, high)
""",
            "no length and no positions",
            "raised",
        ),
        Wrong(
            """
def extremes(key, values):
    low = high = next(values)
    for value in values:
        low, high = min(low, value), max(high, value)
        yield key, (low, high)
""",
            "yield once, after the last value",
        ),
    ],
    "06-combiner": [
        Wrong(
            """
def add_up(key, pairs):
    sums, numbers = zip(*pairs)
    yield key, sum(sums) / sum(numbers)
""",
            "That is a mean",
        ),
        Wrong(
            """
def add_up(key, pairs):
    total = number = 0
    for part, n in pairs:
        total += part
        number += 1
    yield key, (total, number)
""",
            "You counted pairs",
        ),
        Wrong(
            "def add_up(key, pairs):\n    yield key, sum(part for part, n in pairs)",
            "Which number does a mean need besides",
        ),
        Wrong(
            """
def add_up(key, pairs):
    sums, numbers = zip(*pairs)
    yield key, (sum(sums) / sum(numbers), 1)
""",
            "as if a single value",
        ),
        Wrong(
            """
def add_up(key, pairs):
    yield key, (sum(part for part, n in pairs), len(pairs))
""",
            "it has no length",
            "raised",
        ),
        Wrong(
            """
def add_up(key, pairs):
    sums, numbers = zip(*pairs)
    return key, (sum(sums), sum(numbers))
""",
            "one pair, returned",
        ),
    ],
    "06-partitioner": [
        Wrong(
            "def partition(word, reducers):\n    return hash(word) % reducers",
            "Two processes gave different numbers",
        ),
        Wrong(
            """
import random

def partition(word, reducers):
    return random.randrange(reducers)
""",
            "equal keys would not meet",
        ),
        Wrong(
            "def partition(word, reducers):\n    return ord(word[0]) % reducers", "every character"
        ),
        Wrong("def partition(word, reducers):\n    return 0", "every character"),
        Wrong(
            "import zlib\n\ndef partition(word, reducers):\n    return zlib.crc32(word.encode())",
            "only 0, 1 and 2",
        ),
        Wrong(
            "import zlib\n\ndef partition(word, reducers):\n    return zlib.crc32(word) % reducers",
            "crc32 takes bytes",
            "raised",
        ),
        Wrong(
            """
seen = {}

def partition(word, reducers):
    return seen.setdefault(word, len(seen)) % reducers
""",
            "what a function remembers",
        ),
        Wrong(
            "import zlib\n\ndef partition(word, reducers):\n"
            "    return zlib.crc32(word.encode()) / 2**32 * reducers",
            "a whole number",
        ),
    ],
    "06-index": [
        Wrong("index = mapreduce.Job(places, as_they_come)", "The and the are two entries"),
        Wrong(
            """
def lower_places(record):
    number, line = record
    for word in line.lower().split():
        yield word, number

index = mapreduce.Job(lower_places, as_they_come)
""",
            "Nothing promises that order",
        ),
        Wrong(
            """
def lower_places(record):
    number, line = record
    for word in line.lower().split():
        yield word, number

def in_order(word, numbers):
    yield word, sorted(numbers)

index = mapreduce.Job(lower_places, in_order)
""",
            "listed twice",
        ),
        Wrong(
            """
def lower_places(record):
    number, line = record
    for word in line.lower().split():
        yield word, number

def once(word, numbers):
    yield word, set(numbers)

index = mapreduce.Job(lower_places, once)
""",
            "A set has no order",
        ),
        Wrong(
            """
def by_number(record):
    number, line = record
    for word in line.lower().split():
        yield number, word

index = mapreduce.Job(by_number, as_they_come)
""",
            "what should meet",
        ),
        Wrong(
            """
def lower_places(record):
    number, line = record
    for word in line.lower().split():
        yield word, str(number)

def in_order(word, numbers):
    yield word, sorted(set(numbers))

index = mapreduce.Job(lower_places, in_order)
""",
            "These numbers are text",
        ),
        Wrong("index = {'me': [1, 2]}", "Build the job itself"),
    ],
    "06-top": [
        Wrong(
            """
def best_three(key, pairs):
    for pair in sorted(pairs, key=lambda pair: pair[1], reverse=True)[:3]:
        yield key, pair
""",
            "The alphabet should decide",
        ),
        Wrong(
            """
def best_three(key, pairs):
    for pair in sorted(pairs, key=lambda pair: (pair[1], pair[0]), reverse=True)[:3]:
        yield key, pair
""",
            "The alphabet should decide",
        ),
        Wrong(
            """
def best_three(key, pairs):
    yield key, sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:3]
""",
            "This is one list",
        ),
        Wrong(
            """
def best_three(key, pairs):
    yield from sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:3]
""",
            "The key is lost",
        ),
        Wrong(
            """
def best_three(key, pairs):
    for pair in heapq.nsmallest(3, pairs, key=lambda pair: (pair[1], pair[0])):
        yield key, pair
""",
            "highest counts",
        ),
        Wrong(
            """
def best_three(key, pairs):
    ranked = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    for place in range(3):
        yield key, ranked[place]
""",
            "fewer than three",
            "raised",
        ),
    ],
    "06-join": [
        Wrong(
            """
def with_names(carrier, values):
    for table, value in values:
        if table == "airline":
            name = value
        else:
            yield name, value
""",
            "A flight came before the name",
            "raised",
        ),
        Wrong(
            """
def with_names(carrier, values):
    name = "unknown"
    for table, value in values:
        if table == "airline":
            name = value
        else:
            yield name, value
""",
            "yielded too soon",
        ),
        Wrong(
            """
def with_names(carrier, values):
    name, delays = None, []
    for table, value in values:
        if table == "airline":
            name = value
        else:
            delays.append(value)
    if name:
        for delay in delays:
            yield name, delay
""",
            "lost without a word",
        ),
        Wrong(
            """
def with_names(carrier, values):
    delays = []
    for table, value in values:
        if table == "airline":
            name = value
        else:
            delays.append(value)
    for delay in delays:
        yield carrier, delay
""",
            "Its name is asked for",
        ),
        Wrong(
            """
def with_names(carrier, values):
    name = None
    for table, value in values:
        if table == "airline":
            name = value
        elif name:
            yield name, value
""",
            "A flight is lost",
        ),
        Wrong(
            """
def with_names(carrier, values):
    name, delays = None, []
    for table, value in values:
        if table == "airline":
            name = value
        else:
            delays.append(value)
    for delay in delays:
        yield name, delay
""",
            "that is not in the table",
        ),
    ],
    "06-streaming": [
        Wrong(
            """
def reduce_lines(lines):
    current, total = None, 0
    for line in lines:
        word, count = line.rstrip("\\n").split("\\t")
        if current is not None and word != current:
            yield f"{current}\\t{total}"
            total = 0
        current = word
        total += int(count)
    yield f"{current}\\t{total}"
""",
            "Without any line there is no word",
        ),
        Wrong(
            """
def reduce_lines(lines):
    current, total = None, 0
    for line in lines:
        word, count = line.rstrip("\\n").split("\\t")
        if current and word != current:
            yield f"{current}\\t{total}"
            total = 0
        current = word
        total += int(count)
    if current:
        yield f"{current}\\t{total}"
""",
            "An empty text is a key",
        ),
        Wrong(
            """
def reduce_lines(lines):
    current, total = None, 0
    for line in lines:
        word, count = line.rstrip("\\n").split("\\t")
        if current is not None and word != current:
            yield f"{current}\\t{total}"
        current = word
        total += int(count)
    if current is not None:
        yield f"{current}\\t{total}"
""",
            "Each group begins at 0",
        ),
        Wrong(
            """
def reduce_lines(lines):
    current, total = None, 0
    for line in lines:
        word, count = line.rstrip("\\n").split("\\t")
        if word != current:
            total = 0
        current = word
        total += int(count)
        yield f"{current}\\t{total}"
""",
            "before its group had ended",
        ),
        Wrong(
            """
def reduce_lines(lines):
    counts = Counter(line.split("\\t")[0] for line in lines)
    for word, count in counts.items():
        yield f"{word}\\t{count}"
""",
            "You counted lines",
        ),
        Wrong(
            """
def reduce_lines(lines):
    current, total = None, 0
    for line in lines:
        word, count = line.rstrip("\\n").split("\\t")
        if current is not None and word != current:
            print(f"{current}\\t{total}")
            total = 0
        current = word
        total += int(count)
    print(f"{current}\\t{total}")
""",
            "yields nothing",
        ),
    ],
}

SURVIVORS = {}
