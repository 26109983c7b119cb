"""The checks and the quiz of chapter 1, Python basics."""

import contextlib
import gc
import json
import math

from coursekit.feedback.exercises import Misconception, exercise, require, trial
from coursekit.feedback.quizzes import Option, Question

HOURS = [26.7, 26.1, 25.6, 26.7, 32.8, 35.6, 36.7, 36.1, 33.3, 30.6, 28.9, 28.3]


@exercise(
    "01-slices",
    title="Three views of a day",
    hints=(
        "A slice has three parts, start:stop:step. Which of them may stay empty?",
        "A negative start counts from the end. To go on to the very end, which part is left out?",
        "Three values with commas between them, after `return`, make a tuple.",
    ),
)
def slices(answer):
    """Check slices of a list, and that a slice keeps the type."""
    trial(
        "three_views([26.7, 26.1, 25.6, 26.7, 32.8, 35.6, 36.7, …])",
        lambda: answer(list(HOURS)),
        want=(HOURS[-6:], HOURS[::3], HOURS[::-1]),
        misconceptions=[
            Misconception(
                lambda got: got[2] is None,
                "`list.reverse()` turns the list itself round and returns None. A slice makes a new"
                " list.",
            ),
            Misconception(
                lambda got: isinstance(got, list) and len(got) == 3,
                "Those are three views in a list. A tuple is asked for: commas, no brackets.",
            ),
            Misconception(
                lambda got: got[0] == HOURS[-6:-1],
                "The first view lacks the last value: the stop of a slice is not part of it.",
            ),
            Misconception(
                lambda got: got[0] == HOURS[:6],
                "The first view holds the first six values. Negative positions count from the end.",
            ),
            Misconception(
                lambda got: got[1] == HOURS[:3],
                "The second view holds three values. Every third value needs a step, not a stop.",
            ),
            Misconception(
                lambda got: got[1] == HOURS[2::3],
                "Your second view begins with the third value. It begins with the first.",
            ),
        ],
    )
    values = [1, 2, 3, 4]
    trial(
        "three_views([1, 2, 3, 4])",
        lambda: answer(values),
        want=([1, 2, 3, 4], [1, 4], [4, 3, 2, 1]),
        misconceptions=[
            Misconception(IndexError, "A slice never fails on a short list; an index does."),
        ],
    )
    require(
        values == [1, 2, 3, 4],
        "the list that was handed over, afterwards",
        expected="[1, 2, 3, 4]",
        got=values,
        tell="Your function changed the caller's list. A slice makes a new one.",
    )
    trial("three_views([])", lambda: answer([]), want=([], [], []))
    trial(
        'three_views("Newark")',
        lambda: answer("Newark"),
        want=("Newark", "Na", "kraweN"),
        misconceptions=[
            Misconception(
                lambda got: any(isinstance(part, list) for part in got),
                "A slice of a string is a string: the type stays. Your code makes lists.",
            ),
        ],
    )


@exercise(
    "01-while",
    title="Months until the disk is full",
    hints=(
        "What has to be true for one more month to pass? That is the condition of the loop.",
        "Two names change in each turn: the space used, and the number of months.",
        "Before the loop, ask: could it run for ever? A growth of 0 never fills a disk.",
    ),
    seconds=2,
)
def months(answer):
    """Check a while loop: its condition, its count, and that it ends."""
    trial(
        "months_until_full(100, 200, 10)",
        lambda: answer(100, 200, 10),
        want=8,
        misconceptions=[
            Misconception(
                10,
                "You add the same amount each month. Ten per cent of a growing number grows, too.",
            ),
            Misconception(7, "After 7 months 195 GB are used: the disk is not yet full."),
            Misconception(
                9, "One month too many: it is full as soon as `used` reaches `capacity`."
            ),
            Misconception(
                1, "One month only: is `growth` a percentage in your code? 10 means 10 %."
            ),
        ],
    )
    trial(
        "months_until_full(100, 200, 100)",
        lambda: answer(100, 200, 100),
        want=1,
        misconceptions=[
            Misconception(
                2, "After one month exactly 200 of 200 GB are used. That is full already."
            )
        ],
    )
    trial(
        "months_until_full(250, 200, 10)",
        lambda: answer(250, 200, 10),
        want=0,
        misconceptions=[
            Misconception(1, "This disk is full at the start: no month has to pass. Test first.")
        ],
    )
    trial("months_until_full(200, 200, 0)", lambda: answer(200, 200, 0), want=0)
    for growth in (0, -1):
        trial(
            f"months_until_full(100, 200, {growth})",
            lambda growth=growth: _error(lambda: answer(100, 200, growth)),
            want="ValueError",
            expected="a ValueError",
            misconceptions=[
                Misconception(
                    lambda got: got == "no error",
                    "This disk never fills, so there is no number to return: raise a ValueError.",
                )
            ],
        )
    trial("months_until_full(1, 2, 0.5)", lambda: answer(1, 2, 0.5), want=139)


@exercise(
    "01-shadowed-sum",
    title="Repair a shadowed sum",
    hints=(
        "Read the error from its last line: what does Python say is not callable?",
        "Which line gives the name of a built-in function to a number?",
        "Choose another name for your number, and let the built-in function do the adding.",
    ),
)
def shadowed_sum(answer):
    """Check that the built-in `sum` is free again."""
    trial(
        "total_and_mean([2, 4, 9])",
        lambda: answer([2, 4, 9]),
        want=(15, 5.0),
        misconceptions=[
            Misconception(
                UnboundLocalError,
                "A name that is assigned anywhere in a function is local in all of it, also on the"
                " right of `=`. Then the built-in `sum` cannot be seen.",
            ),
            Misconception(
                TypeError, "The name `sum` still belongs to a number when your code calls it."
            ),
            Misconception(15, "That is the total alone. The mean is asked for, too."),
            Misconception((5.0, 15), "Both values are right. The total comes first."),
        ],
    )
    trial("total_and_mean([26.7, 25.6])", lambda: answer([26.7, 25.6]), want=(52.3, 26.15))
    trial("total_and_mean([-3])", lambda: answer([-3]), want=(-3, -3.0))
    code = getattr(answer, "__code__", None)
    require(
        code is None or "sum" not in code.co_varnames,
        "the local names of total_and_mean",
        expected="no `sum` among them",
        got=", ".join(code.co_varnames) if code else "",
        tell="The numbers are right, but `sum` still hides the built-in function. The next person"
        " who calls it here falls into the same hole.",
    )


@exercise(
    "01-product",
    title="Reduce to a product",
    hints=(
        "`reduce` calls a function of two arguments: the result so far, and the next value.",
        "What is the product of no numbers at all? Multiplying by it must change nothing.",
        "`reduce` takes that value as its third argument: where to start.",
    ),
)
def product(answer):
    """Check a product by `reduce`, the empty one included."""
    trial(
        "product([2, 3, 4])",
        lambda: answer([2, 3, 4]),
        want=24,
        misconceptions=[
            Misconception(9, "That is the sum of the numbers. A product multiplies."),
            Misconception(10, "You start with 1, which is right for a product, but then add."),
            Misconception(0, "You start with 0, and zero times anything stays zero."),
            Misconception(NameError, "`reduce` is not built in: it is imported from functools."),
        ],
    )
    trial("product([-1.5, 4])", lambda: answer([-1.5, 4]), want=-6.0)
    trial("product([7, 0, 5])", lambda: answer([7, 0, 5]), want=0)
    trial(
        "product([])",
        lambda: answer([]),
        want=1,
        misconceptions=[
            Misconception(
                TypeError,
                "Without a start value, `reduce` has nothing to return for an empty list.",
            ),
            Misconception(0, "The product of no numbers is the number that changes no product."),
        ],
    )
    trial("product(n for n in (5, 6))", lambda: answer(n for n in (5, 6)), want=30)
    names = getattr(getattr(answer, "__code__", None), "co_names", ("reduce",))
    require(
        "reduce" in names,
        "the functions that product calls",
        expected="reduce among them",
        got=", ".join(names) or "none",
        tell="The result is right, but by another way. This exercise is about `reduce`, because it"
        " is half of MapReduce.",
    )


@exercise(
    "01-class-average",
    title="A class, and its average",
    hints=(
        "Each course has grades of its own. In which method is something made for each object?",
        "A second grade for the same student takes the place of the first. Which container has"
        " exactly one value for each key?",
        "The average of a dict's numbers: what do its `.values()` give you?",
    ),
)
def class_average(answer):
    """Check a class whose objects have grades of their own."""

    def course(*grades):
        made = answer("Python basics")
        for student, grade in grades:
            made.add(student, grade)
        return made

    trial("Course('Python basics').title", lambda: course().title, want="Python basics")
    trial(
        "average after add('Ada', 90), add('Guido', 80), add('Łukasz', 100)",
        lambda: course(("Ada", 90), ("Guido", 80), ("Łukasz", 100)).average(),
        want=90.0,
        misconceptions=[
            Misconception(270, "That is the total of the grades. Divide it by their number."),
            Misconception(
                TypeError, "Every method's first parameter is the object itself: `self`."
            ),
        ],
    )

    def two_courses():
        first, second = course(("Ada", 90)), course(("Guido", 60))
        return [first.average(), second.average()]

    trial(
        "two courses: Ada has 90 in one, Guido 60 in the other",
        two_courses,
        want=[90.0, 60.0],
        misconceptions=[
            Misconception(
                lambda got: got[0] == got[1],
                "Both courses share one container: it belongs to the class. Make a new one for each"
                " object.",
            ),
        ],
    )
    trial(
        "average after add('Ada', 60), add('Guido', 70), add('Ada', 90)",
        lambda: course(("Ada", 60), ("Guido", 70), ("Ada", 90)).average(),
        want=80.0,
        misconceptions=[
            Misconception(
                lambda got: math.isclose(got, 220 / 3),
                "Ada's two grades both count. Her second one is to take the place of the first.",
            ),
            Misconception(65.0, "Ada's first grade is kept. Her second one is to take its place."),
        ],
    )
    trial(
        "Course('Python basics').average(), without a grade",
        lambda: _error(lambda: course().average()),
        want="ValueError",
        expected="a ValueError",
        misconceptions=[
            Misconception(
                "ZeroDivisionError",
                "No grades, no average: say so with a ValueError, before you divide by zero.",
            ),
            Misconception(
                "no error", "An average of nothing is no number. Raise a ValueError instead."
            ),
        ],
    )


@exercise(
    "01-log-line",
    title="Parse a log line",
    hints=(
        "Which characters in the line never change? They hold the pattern together.",
        "A pair of round brackets makes a group; those of the line itself, such as [ and ], need a"
        " backslash.",
        r"`\S+` is a run of anything but white space, `\d{3}` is three digits, `[^]]+` is anything"
        " up to a closing square bracket.",
        "A match object is None when the pattern does not fit. Ask before you take its groups.",
    ),
)
def log_line(answer):
    """Check a pattern with groups, and lines that it must refuse."""
    line = '127.0.0.1 - - [18/Jul/2013 13:05:44] "GET /stations/JFK HTTP/1.1" 200 -'
    want = {
        "host": "127.0.0.1",
        "time": "18/Jul/2013 13:05:44",
        "method": "GET",
        "path": "/stations/JFK",
        "status": 200,
    }
    trial(
        f"parse_line({line!r})",
        lambda: answer(line),
        want=want,
        misconceptions=[
            Misconception(
                lambda got: got["status"] == "200",
                "The status is text. A pattern only ever finds text: turn it into a number.",
            ),
            Misconception(
                lambda got: "HTTP" in got["path"],
                "The path runs on too far: `.*` takes as much as it can. What ends a path?",
            ),
            Misconception(
                lambda got: "[" in got["time"] or "]" in got["time"],
                "The square brackets stand around the time; they are no part of it.",
            ),
            Misconception(
                lambda got: isinstance(got, tuple),
                "Those are the groups in a tuple. A dict with a name for each is asked for.",
            ),
            Misconception(
                AttributeError, "The pattern does not fit this line, so there is no match object."
            ),
        ],
    )
    other = '::1 - - [01/Jan/2013 00:00:00] "POST /café?q=a-b HTTP/2.0" 404 512'
    trial(
        f"parse_line({other!r})",
        lambda: answer(other),
        want={
            "host": "::1",
            "time": "01/Jan/2013 00:00:00",
            "method": "POST",
            "path": "/café?q=a-b",
            "status": 404,
        },
        misconceptions=[
            Misconception(
                lambda got: got is None,
                "This line has the same form with other values. Which part of your pattern is"
                " fixed, though it may vary: the host, the method, the version?",
            )
        ],
    )
    for broken in ("", "the disk is full", line.replace("200", "OK"), f"note: {line}"):
        trial(
            f"parse_line({broken!r})",
            lambda broken=broken: answer(broken),
            want=None,
            misconceptions=[
                Misconception(
                    AttributeError,
                    "No match gives None, and None has no groups. Ask first whether there is one.",
                ),
                Misconception(
                    lambda got: isinstance(got, dict),
                    "This line is not in the server's form. The whole line has to fit, from its"
                    " first character.",
                ),
            ],
        )


@exercise(
    "01-json-round-trip",
    title="A JSON round trip",
    hints=(
        "Print what `json.dumps({1: 2})` makes. What has become of the key?",
        "In JSON every key is text. Who knows that they were whole numbers: the text, or you?",
        "After `json.loads`, a dict comprehension can build each pair again.",
    ),
)
def json_round_trip(to_text, from_text):
    """Check that what is written as JSON comes back as it was."""
    day = {0: 26.7, 12: 36.7, 23: None}
    text = trial(
        "type(to_text({0: 26.7, 12: 36.7, 23: None}))",
        lambda: to_text(dict(day)),
        want=str,
        compare_with=lambda got, want: isinstance(got, want),
        expected="text (a str)",
    )
    trial(
        "json.loads(to_text({0: 26.7, 12: 36.7, 23: None}))",
        lambda: json.loads(text),
        want={str(hour): value for hour, value in day.items()},
        misconceptions=[
            Misconception(
                json.JSONDecodeError,
                "This text is not JSON. `str` writes Python's own form: single quotes, None."
                " JSON has double quotes and null.",
            ),
            Misconception(
                lambda got: isinstance(got, str), "This is JSON inside JSON: it was dumped twice."
            ),
        ],
    )
    trial(
        "from_text(to_text({0: 26.7, 12: 36.7, 23: None}))",
        lambda: from_text(to_text(dict(day))),
        want=day,
        misconceptions=[
            Misconception(
                {str(hour): value for hour, value in day.items()},
                "The hours came back as text, because JSON's keys are always text.",
            ),
            Misconception(
                lambda got: isinstance(got, dict) and 23 not in got and "23" not in got,
                "An hour without a value is lost on the way. A gap is information, too.",
            ),
            Misconception(
                TypeError,
                "Something was made a number that is none: a missing value is None in Python and"
                " null in JSON.",
            ),
        ],
    )
    trial("from_text(to_text({}))", lambda: from_text(to_text({})), want={})
    trial(
        'from_text(\'{"7": -1.5, "-1": 0}\')',
        lambda: from_text('{"7": -1.5, "-1": 0}'),
        want={7: -1.5, -1: 0},
    )


@exercise(
    "01-cycle",
    title="A cycle, collected",
    hints=(
        "What can look at an object without keeping it alive?",
        "Your own name for the object is a reference as well. How does a name go away?",
        "Look three times: make it and watch it, let it go, collect. Where do the two questions"
        " belong?",
    ),
)
def cycle(answer):
    """Check that a weak reference watches a cycle come and go."""

    class Thing:
        """Stands alone, or refers to itself."""

    kept = []

    def alone():
        return Thing()

    def in_cycle():
        thing = Thing()
        thing.itself = thing
        return thing

    def known_elsewhere():
        kept.append(Thing())
        return kept[-1]

    def try_on(make):
        with _no_automatic_collection():
            return answer(make)

    trial(
        "before_and_after(make), where make() returns an object that refers to itself",
        lambda: try_on(in_cycle),
        want=(True, False),
        misconceptions=[
            Misconception(
                (True, True),
                "It is alive to the end. Is there still a name of yours for it, or was nothing"
                " collected?",
            ),
            Misconception(
                (False, False),
                "It was gone before the collection that you wanted to watch. Ask once before it,"
                " once after.",
            ),
            Misconception(
                lambda got: isinstance(got, tuple) and any(isinstance(x, Thing) for x in got),
                "You return the object itself, and so keep it alive. Return True or False.",
            ),
            Misconception(
                (False, True), "Those are the answers to 'is it gone?'. The question is: alive?"
            ),
        ],
    )
    trial(
        "before_and_after(make), where make() returns an object without a cycle",
        lambda: try_on(alone),
        want=(False, False),
        misconceptions=[
            Misconception(
                (True, False),
                "Reference counting frees this one at once, if no name is left. Yours still is.",
            )
        ],
    )
    trial(
        "before_and_after(make), where somebody else also keeps the object",
        lambda: try_on(known_elsewhere),
        want=(True, True),
    )


def _error(code):
    """Return the name of the exception that a learner's code raises."""
    try:
        code()
    except Exception as error:
        return type(error).__name__
    return "no error"


@contextlib.contextmanager
def _no_automatic_collection():
    """Keep Python from collecting by itself in the middle of a trial."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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
