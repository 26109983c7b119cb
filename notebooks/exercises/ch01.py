"""Exercises and quiz of chapter 01, Python basics."""

import contextlib
import gc
import json

from coursekit.feedback.authoring import Mistake, Option, Question, case, exercise, word, words
from coursekit.feedback.facts import Raised

HOURS = [26.7, 26.1, 25.6, 26.7, 32.8, 35.6, 36.7, 36.1, 33.3, 30.6, 28.9, 28.3]
VIEWS = "values[-6:], values[::3], values[::-1]"

exercise(
    "01-slices",
    title="Three views of a day",
    hints=(
        "A slice has three parts, start:stop:step. Which of them may stay empty?",
        "A negative start counts from the end. To go on to the very end, which part is left out?",
        "Three values with commas between them make a tuple:"
        " `return values[____:], values[::____], values[::____]`",
    ),
    examples=[
        case(HOURS, want=(HOURS[6:], [26.7, 26.7, 36.7, 30.6], list(reversed(HOURS)))),
        case([1, 2, 3, 4], want=([1, 2, 3, 4], [1, 4], [4, 3, 2, 1])),
        case([], want=([], [], [])),
        case("Newark", want=("Newark", "Na", "kraweN")),
    ],
    draw=lambda chance: [case([chance.randint(-99, 99) for _ in range(n)]) for n in (4, 7, 21)],
    mistakes=[
        Mistake("`list.reverse()` turns the list itself round and returns None. A slice makes a new"
                " list.", ("values[::-1]", "values.reverse()"), when=lambda got: got[2] is None),
        Mistake("Those are three views in a list. A tuple is asked for: commas, no brackets.",
                (VIEWS, f"[{VIEWS}]"), when=lambda got: isinstance(got, list) and len(got) == 3),
        Mistake("The first view lacks the last value: the stop of a slice is not part of it.",
                ("[-6:]", "[-6:-1]")),
        Mistake("The first view holds the first six values. Negative positions count from the end.",
                ("[-6:]", "[:6]")),
        Mistake("The second view holds three values. Every third value needs a step, not a stop.",
                ("[::3]", "[:3]")),
        Mistake("Your second view begins with the third value. It begins with the first.",
                ("[::3]", "[2::3]")),
        Mistake("A slice never fails on a short list; an index does.",
                ("values[-6:]", "[values[i] for i in range(-6, 0)]"), when=IndexError),
        Mistake("A slice of a string is a string: the type stays. Your code makes lists.",
                ("values[::-1]", "[v for v in reversed(values)]"),
                when=lambda got: any(isinstance(part, list) for part in got)),
        Mistake("Your function changed the caller's list. A slice makes a new one.",
                (f"return {VIEWS}", f"views = {VIEWS}\n    values.sort()\n    return views")),
    ],
)


def draw_disks(chance):
    growth, months, used = chance.randint(2, 60), chance.randint(3, 40), chance.randint(1, 500)
    return [
        case(used, used * (1 + growth / 100) ** months * 0.9999, growth, want=months),
        case(used, used * 2**months, 100, want=months),  # full to the last byte
        case(used, used + chance.randint(1, 50), -chance.randint(0, 50), want=ValueError),
        case(0, chance.randint(1, 50), growth, want=ValueError),
    ]


exercise(
    "01-while",
    title="Months until the disk is full",
    hints=(
        "What has to be true for one more month to pass? That is the condition of the loop.",
        "Two names change in each turn: the space used, and the number of months.",
        "Could it run for ever? `while ____ < ____:`, and in it: if next month is no more than this"
        " one, `raise ____`.",
    ),
    examples=[
        case(100, 200, 10, want=8),
        case(100, 200, 100, want=1),
        case(250, 200, 10, want=0),
        case(200, 200, 0, want=0),
        case(100, 200, 0, want=ValueError),
        case(100, 200, -1, want=ValueError),
        case(1, 2, 0.5, want=139),
        case(0, 200, 10, want=ValueError),
    ],
    draw=draw_disks,
    seconds=2,
    mistakes=[
        Mistake("You add the same amount each month. Ten per cent of a growing number grows, too.",
                ("months = 0", "months, step = 0, used * growth / 100",
                 "used * (1 + growth / 100)", "used + step")),
        Mistake("After 7 months 195 GB are used: the disk is not yet full.",
                ("return months", "return months - 1")),
        Mistake("One month too many: it is full as soon as `used` reaches `capacity`.",
                ("return months", "return months + 1")),
        Mistake("After one month exactly 200 of 200 GB are used. That is full already.",
                ("while used < capacity", "while used <= capacity")),
        Mistake("One month only: is `growth` a percentage in your code? 10 means 10 %.",
                ("growth / 100", "growth")),
        Mistake("This disk is full at the start: no month has to pass. Test first.",
                ("while used < capacity", "while months == 0 or used < capacity")),
        Mistake("This disk never fills, so there is no number to return: raise a ValueError.",
                ('raise ValueError(f"{used} GB that grow by {growth} % never fill the disk")',
                 "return None"), when=lambda got: not isinstance(got, Raised)),
        Mistake("Nothing is used, and ten per cent of nothing is nothing. This disk never fills,"
                " and your loop does not end.", ("if more <= used", "if growth <= 0")),
        Mistake("Your code did not come to an end. Is there a loop whose condition never becomes"
                " false?", ("if more <= used", "if False"), when=TimeoutError),
    ],
    also_right=[
        "def months_until_full(used, capacity, growth):\n"
        "    if used >= capacity:\n        return 0\n"
        "    if growth <= 0 or used <= 0:\n        raise ValueError('it never fills')\n"
        "    return 1 + months_until_full(used + used * growth / 100, capacity, growth)",
    ],
)


def sums(answer, numbers):
    yield "", answer(numbers)
    code = getattr(answer, "__code__", None)
    yield "its local names", "sum" if code and "sum" in code.co_varnames else "no sum"


exercise(
    "01-shadowed-sum",
    title="Repair a shadowed sum",
    hints=(
        "Read the error from its last line: what does Python say is not callable?",
        "Which line gives the name of a built-in function to a number?",
        "Give your number another name: `total = ____(numbers)`, and go on with that name.",
    ),
    examples=[
        case([2, 4, 9], want={"": (15, 5.0), "its local names": "no sum"}),
        case([-3], want={"": (-3, -3.0), "its local names": "no sum"}),
    ],
    draw=lambda chance: [case([chance.randint(-50, 50) for _ in range(n)]) for n in (1, 7, 20)],
    observe=sums,
    tried="total_and_mean({0!r})",
    mistakes=[
        Mistake("A name that is assigned anywhere in a function is local in all of it, also on the"
                " right of `=`. Then the built-in `sum` cannot be seen.",
                ("total = ", "sum = ", "return total, total", "return sum, sum"),
                when=UnboundLocalError),
        Mistake("The name `sum` still belongs to a number when your code calls it.",
                ("total = sum", "sum = 0\n    total = sum"), when=TypeError),
        Mistake("That is the total alone. The mean is asked for, too.",
                ("return total, total / len(numbers)", "return total")),
        Mistake("Both values are right. The total comes first.",
                ("return total, total / len(numbers)", "return total / len(numbers), total")),
        Mistake("The numbers are right, but `sum` still hides the built-in function. The next"
                " person who calls it here falls into the same hole.",
                ("total = sum(numbers)", "sum = 0\n    for n in numbers:\n        sum += n",
                 "total, total", "sum, sum"),
                when=lambda facts: facts["its local names"] == "sum"),
    ],
)


def names_in(function, depth=3):
    """Return the names that a function uses, also in the functions that it calls or wraps."""
    code = getattr(function, "__code__", None)
    if code is None or not depth:
        return set()
    found, inside = set(code.co_names), [c for c in code.co_consts if hasattr(c, "co_names")]
    found |= {name for each in inside for name in each.co_names}
    called = [function.__globals__.get(name) for name in found]
    called += [cell.cell_contents for cell in function.__closure__ or ()]
    return found.union(*(names_in(each, depth - 1) for each in called))


def products(answer, numbers):
    yield "", answer(iter(numbers) if len(numbers) == 2 else numbers)
    plain = hasattr(answer, "__code__")
    yield "calls", "reduce" if not plain or "reduce" in names_in(answer) else "not reduce"


exercise(
    "01-product",
    title="Reduce to a product",
    hints=(
        "`reduce` calls a function of two arguments: the result so far, and the next value.",
        "What is the product of no numbers at all? Multiplying by it must change nothing.",
        "`reduce` takes that value as its third argument:"
        " `functools.reduce(lambda so_far, number: ____, numbers, ____)`",
    ),
    examples=[
        case([2, 3, 4], want={"": 24, "calls": "reduce"}),
        case([-1.5, 4], want={"": -6.0, "calls": "reduce"}),
        case([7, 0, 5], want={"": 0, "calls": "reduce"}),
        case([], want={"": 1, "calls": "reduce"}),
    ],
    draw=lambda chance: [case([chance.randint(-9, 9) / 2 for _ in range(n)]) for n in (0, 1, 2, 6)],
    observe=products,
    tried="product({0!r})",
    mistakes=[
        Mistake("That is the sum of the numbers. A product multiplies.",
                "def product(numbers):\n    return sum(numbers)"),
        Mistake("You start with 1, which is right for a product, but then add.",
                ("so_far * number", "so_far + number")),
        Mistake("You start with 0, and zero times anything stays zero.",
                ("numbers, 1)", "numbers, 0)")),
        Mistake("`reduce` is not built in: it is imported from functools.",
                ("functools.reduce", "reduce"), when=NameError),
        Mistake("Without a start value, `reduce` has nothing to return for an empty list.",
                (", numbers, 1)", ", numbers)"), when=TypeError),
        Mistake("The product of no numbers is the number that changes no product.",
                ("functools.reduce", "sum(numbers) and functools.reduce"),
                ("return functools", "if not numbers: return 0\n    return functools")),
        Mistake("The result is right, but by another way. This exercise is about `reduce`, because"
                " it is half of MapReduce.",
                "def product(numbers):\n    result = 1\n    for n in numbers:\n"
                "        result *= n\n    return result",
                when=lambda facts: facts["calls"] == "not reduce"),
    ],
    also_right=[
        "from functools import reduce\nfrom operator import mul\n\n"
        "def product(numbers):\n    return reduce(mul, numbers, 1)",
        "def times(values):\n    return functools.reduce(lambda a, b: a * b, values, 1)\n\n"
        "def product(numbers):\n    return times(numbers)",
    ],
)


def averages(answer, *courses):
    made = [answer(title) for title, _ in courses]
    for turn in range(9):  # one grade for each course in turn, so that a shared container shows
        for course, (_, grades) in zip(made, courses, strict=True):
            for student, grade in grades[turn : turn + 1]:
                course.add(student, grade)
    yield "titles", [course.title for course in made]
    yield "averages", [course.average() for course in made]


def draw_courses(chance):
    names = words(chance, 6)
    grades = [[(chance.choice(names), chance.randint(0, 100)) for _ in range(n)] for n in (3, 9)]
    return [case(*((word(chance), each) for each in grades))]


exercise(
    "01-class-average",
    title="A class, and its average",
    hints=(
        "Each course has grades of its own. In which method is something made for each object?",
        "A second grade for the same student takes the place of the first. Which container has"
        " exactly one value for each key?",
        "The average of a dict's numbers: `sum(____.values()) / len(____)`. What if there are"
        " none?",
    ),
    examples=[
        case(("Go", [("Ada", 90), ("Ken", 80), ("Łukasz", 100)]),
             want={"titles": ["Go"], "averages": [90.0]}),
        case(("Go", [("Ada", 90)]), ("C", [("Ken", 60)]),
             want={"titles": ["Go", "C"], "averages": [90.0, 60.0]}),
        case(("Go", [("Ada", 60), ("Ken", 70), ("Ada", 90)]),
             want={"titles": ["Go"], "averages": [80.0]}),
        case(("Go", [("Ada", 0), ("Ken", 50)]), want={"titles": ["Go"], "averages": [25.0]}),
        case(("Go", []), want=ValueError, shown="Course('Go').average(), without a grade"),
    ],
    draw=draw_courses,
    observe=averages,
    tried="courses with these titles and grades, {0!r}",
    mistakes=[
        Mistake("That is the total of the grades. Divide it by their number.",
                (" / len(self.grades)", "")),
        Mistake("Every method's first parameter is the object itself: `self`.",
                ("add(self, student", "add(student"), when=TypeError),
        Mistake("Both courses share one container: it belongs to the class. Make a new one for each"
                " object.",
                ("self.grades = {}", "pass", "def __init__", "grades = {}\n    def __init__"),
                when=lambda facts: len(set(facts["averages"])) < len(facts["averages"])),
        Mistake("Ada's two grades both count. Her second one is to take the place of the first.",
                ("self.grades = {}", "self.grades = []",
                 "self.grades[student] = grade", "self.grades.append(grade)", ".values()", "")),
        Mistake("A grade of 0 is a grade, too. Only None, or nothing at all, is no grade.",
                ("self.grades[student] = grade",
                 "if grade:\n            self.grades[student] = grade")),
        Mistake("Ada's first grade is kept. Her second one is to take its place.",
                ("self.grades[student] = grade", "self.grades.setdefault(student, grade)")),
        Mistake("No grades, no average: say so with a ValueError, before you divide by zero.",
                ("if not self.grades", "if False"), when=ZeroDivisionError),
        Mistake("An average of nothing is no number. Raise a ValueError instead.",
                ('raise ValueError("no grades yet, so there is no average")', "return 0"),
                ('raise ValueError("no grades yet, so there is no average")', "return None")),
    ],
)

LINE = '127.0.0.1 - - [18/Jul/2013 13:05:44] "GET /stations/JFK HTTP/1.1" 200 -'
NAMES = ("host", "time", "method", "path", "status")
BODY = "if found is None:\n        return None"


def draw_lines(chance):
    said = (chance.choice(("10.0.0.7", "fe80::7", word(chance))), "28/May/2030 04:05:07",
            chance.choice(("PUT", "HEAD")), "/" + "/".join(words(chance, 2)) + "?q=[1]",
            chance.choice((201, 204, 301, 500)))
    line = '{} - - [{}] "{} {} HTTP/1.0" {} -'
    return [
        case(line.format(*said), want=dict(zip(NAMES, said, strict=True))),
        case(line.format(*said[:-1], word(chance, 3)), want=None),
        case(f"{word(chance)}: {line.format(*said)}", want=None),
    ]


exercise(
    "01-log-line",
    title="Parse a log line",
    hints=(
        "Which characters in the line never change? They hold the pattern together. Round brackets"
        " make a group; those of the line itself, such as [ and ], need a backslash.",
        r"`\S+` is a run of anything but white space, `\d{3}` is three digits, `[^]]+` is anything"
        " up to a closing square bracket.",
        "A match object is None when the pattern does not fit. Ask before you take its groups."
        r" A beginning: `(?P<host>\S+) - - \[(?P<time>____)\] \"(?P<method>____) ____`",
    ),
    examples=[
        case(LINE, want=dict(zip(NAMES, ("127.0.0.1", "18/Jul/2013 13:05:44", "GET",
                                         "/stations/JFK", 200), strict=True))),
        case('::1 - - [01/Jan/2013 00:00:00] "POST /café?q=a-b HTTP/2.0" 404 512',
             want=dict(zip(NAMES, ("::1", "01/Jan/2013 00:00:00", "POST", "/café?q=a-b", 404),
                           strict=True))),
        case("", want=None),
        case("the disk is full", want=None),
        case(LINE.replace("200", "OK"), want=None),
        case(f"note: {LINE}", want=None),
    ],
    draw=draw_lines,
    mistakes=[
        Mistake("The status is text. A pattern only ever finds text: turn it into a number.",
                (' | {"status": int(found["status"])}', ""),
                when=lambda got: isinstance(got["status"], str)),
        Mistake("The path runs on too far: `.*` takes as much as it can. What ends a path?",
                (r'(?P<path>\S+) \S+" ', '(?P<path>.*)" '), when=lambda got: "HTTP" in got["path"]),
        Mistake("The square brackets stand around the time; they are no part of it.",
                (r"\[(?P<time>[^]]+)\]", r"(?P<time>\[[^]]+\])"),
                when=lambda got: "[" in got["time"] or "]" in got["time"]),
        Mistake("Those are the groups in a tuple. A dict with a name for each is asked for.",
                ('groupdict() | {"status": int(found["status"])}', "groups()"),
                when=lambda got: isinstance(got, tuple)),
        Mistake("The pattern does not fit this line, so there is no match object: None has no"
                " groups. Ask first whether there is one.",
                (BODY, "pass"), (BODY, "pass", r"\[(?P<time>[^]]+)\]", "[(?P<time>.+)]"),
                when=AttributeError),
        Mistake("This line has the same form with other values. Which part of your pattern is"
                " fixed, though it may vary: the host, the method, the version?",
                (r"(?P<method>\S+)", "(?P<method>GET)"), (r"(?P<host>\S+)", r"(?P<host>[\d.]+)"),
                when=lambda got: got is None),
        Mistake("This line is not in the server's form. The whole line has to fit, from its first"
                " character.", ("re.match", "re.search"), when=lambda got: isinstance(got, dict)),
    ],
)


def round_trip(to_text, from_text, day):
    text = to_text(dict(day))
    yield "the type of the text", type(text).__name__
    yield "json.loads(text)", json.loads(text)
    yield "from_text(text)", from_text(text)


exercise(
    "01-json-round-trip",
    title="A JSON round trip",
    hints=(
        "Print what `json.dumps({1: 2})` makes. What has become of the key?",
        "In JSON every key is text. Who knows that they were whole numbers: the text, or you?",
        "A dict comprehension builds each pair again:"
        " `{____: degrees for hour, degrees in json.loads(text).items()}`",
    ),
    examples=[
        case({0: 26.7, 12: 36.7, 23: None},
             want={"the type of the text": "str",
                   "json.loads(text)": {"0": 26.7, "12": 36.7, "23": None},
                   "from_text(text)": {0: 26.7, 12: 36.7, 23: None}}),
        case({}, want={"from_text(text)": {}}),
        case({7: -1.5, -1: 0}, want={"from_text(text)": {7: -1.5, -1: 0}}),
    ],
    draw=lambda chance: [
        case({hour: chance.choice((None, chance.randint(-9, 40), 2.5)) for hour in hours})
        for hours in (chance.sample(range(-5, 40), 6), [chance.randint(0, 9)])
    ],
    observe=round_trip,
    tried="text = to_text({0!r})",
    mistakes=[
        Mistake("This text is not JSON. `str` writes Python's own form: single quotes, None. JSON"
                " has double quotes and null.",
                ("json.dumps(by_hour)", "str(by_hour)"), when=json.JSONDecodeError),
        Mistake("This is JSON inside JSON: it was dumped twice.",
                ("json.dumps(by_hour)", "json.dumps(json.dumps(by_hour))"),
                when=lambda facts: isinstance(facts["json.loads(text)"], str)),
        Mistake("Your code prints a value but returns None. A function hands back with `return`.",
                ("return json.dumps(by_hour)", "print(json.dumps(by_hour))")),
        Mistake("The hours came back as text, because JSON's keys are always text.",
                ("int(hour)", "hour")),
        Mistake("An hour without a value is lost on the way. A gap is information, too.",
                ("json.loads(text).items()", "json.loads(text).items() if degrees is not None")),
        Mistake("0 °C is a measurement, not a gap. Ask `is None`, not whether it counts as false.",
                ("int(hour): degrees", "int(hour): degrees or None")),
        Mistake("Something was made a number that is none: a missing value is None in Python and"
                " null in JSON.",
                ("int(hour): degrees", "int(hour): float(degrees)"), when=TypeError),
    ],
)


class Thing:
    """Stands alone, or refers to another one."""


@contextlib.contextmanager
def only_our_own_objects():
    """Keep Python from collecting by itself, and from looking at what was there before."""
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def watched(answer, length, closed, known):
    kept = []

    def make():
        things = [Thing() for _ in range(length)]
        for one, other in zip(things, things[1:] + things[:1] * closed, strict=False):
            one.next = other
        kept.extend(things[:1] * known)
        return things[0]

    with only_our_own_objects():
        return answer(make)


exercise(
    "01-cycle",
    title="A cycle, collected",
    hints=(
        "What can look at an object without keeping it alive?",
        "Your own name for the object is a reference as well. How does a name go away?",
        "Make it and watch it: `____ = weakref.ref(____)`. Let it go: `del ____`. Ask; collect; ask"
        " again.",
    ),
    examples=[
        case(1, True, False, want=(True, False), shown="an object that refers to itself"),
        case(1, False, False, want=(False, False), shown="an object without a cycle"),
        case(1, False, True, want=(True, True), shown="an object that somebody else keeps, too"),
    ],
    draw=lambda chance: [
        case(chance.randint(2, 5), closed, known, shown=f"a chain, closed: {closed}, kept: {known}")
        for closed, known in ((True, False), (False, False), (True, True))
    ],
    observe=watched,
    mistakes=[
        Mistake("It is alive to the end. Is there still a name of yours for it, or was nothing"
                " collected?", ("del thing", "pass")),
        Mistake("It was gone before the collection that you wanted to watch. Ask once before it,"
                " once after.", ("del thing", "del thing\n    gc.collect()")),
        Mistake("You return the object itself, and so keep it alive. Return True or False.",
                ("watch() is not None", "watch()"),
                when=lambda got: any(each not in (True, False) for each in got)),
        Mistake("Those are the answers to 'is it gone?'. The question is: alive?",
                ("watch() is not None", "watch() is None")),
        Mistake("Reference counting frees this one at once, if no name is left. Yours still is.",
                ("del thing\n    before = watch() is not None",
                 "before = watch() is not None\n    del thing")),
    ],
)

QUIZ = (
    Question(
        "After `a = [1, 2]`, `b = a` and `b.append(3)`, what is `a`?",
        (
            Option("[1, 2]", "That would need a copy. `b = a` copies nothing: it adds a name."),
            Option("[1, 2, 3]", "One list with two names; a change is seen by both.", right=True),
            Option("[3]", "`append` adds to the list; it does not replace what is there."),
        ),
    ),
    Question(
        "Two objects refer to each other and no name leads to them. What becomes of them?",
        (
            Option(
                "They stay until the program ends",
                "Reference counting alone would keep them, but CPython has more than that.",
            ),
            Option(
                "They go at once",
                "At once go objects whose count falls to 0. Each of these still counts 1.",
            ),
            Option(
                "The cyclic garbage collector frees them, later",
                "It looks for groups that only refer to themselves; `gc.collect()` starts it now.",
                right=True,
            ),
        ),
    ),
    Question(
        "Five threads each wait 0.3 seconds for a server. How long does it take in CPython?",
        (
            Option("About 1.5 s: one after the other", "The lock is let go while a thread waits."),
            Option("About 0.3 s", "Waiting threads do not hold the GIL.", right=True),
            Option(
                "About 0.06 s", "Five threads do not make one wait shorter; they wait side by side."
            ),
        ),
    ),
    Question(
        "What is a virtual environment (venv)?",
        (
            Option(
                "A small copy of the operating system", "That is closer to a container or a VM."
            ),
            Option(
                "A folder with packages of its own, on top of an installed Python",
                "Its `sys.prefix` is that folder; `sys.base_prefix` is the Python below.",
                right=True,
            ),
            Option(
                "A distribution such as Anaconda",
                "A distribution brings Python and packages; environments are then made from it.",
            ),
        ),
    ),
    Question(
        "`json.loads(json.dumps({7: (1, 2)}))` gives:",
        (
            Option("{7: (1, 2)}", "JSON knows neither whole-number keys nor tuples."),
            Option('{"7": [1, 2]}', "Keys become text, tuples become lists.", right=True),
            Option("a TypeError", "These two it converts without a word: that is the trap."),
        ),
    ),
)
