"""Wrong answers to the exercises of chapter 1, Python basics."""

from tests.attacks import Wrong

MESSAGE = "only the words of the error's message change"
WRONG = {
    "01-slices": [
        Wrong(
            "def three_views(values):\n    return values[-6:-1], values[::3], values[::-1]",
            "lacks the last value",
        ),
        Wrong(
            "def three_views(values):\n    return [values[-6:], values[::3], values[::-1]]",
            "A tuple is asked for",
        ),
        Wrong(
            "def three_views(values):\n    return values[-6:], values[::3], values.reverse()",
            "turns the list itself round",
        ),
        Wrong(
            "def three_views(values):\n"
            "    views = values[-6:], values[::3]\n"
            "    values.reverse()\n"
            "    return *views, values",
            "changed the caller's list",
        ),
        Wrong(
            "def three_views(values):\n    return values[-6:], values[:3], values[::-1]",
            "needs a step",
        ),
        Wrong(
            "def three_views(values):\n    return values[:6], values[::3], values[::-1]",
            "first six values",
        ),
        Wrong(
            "def three_views(values):\n    return values[-6:], values[2::3], values[::-1]",
            "begins with the third value",
        ),
        Wrong(
            "def three_views(values):\n"
            "    last = [values[i] for i in range(-6, 0)]\n"
            "    return last, values[::3], values[::-1]",
            "never fails on a short list",
            "raised",
        ),
        Wrong(
            "def three_views(values):\n"
            "    return values[-6:], values[::3], [v for v in reversed(values)]",
            "a string is a string",
        ),
    ],
    "01-while": [
        Wrong(
            "def months_until_full(used, capacity, growth):\n"
            "    step = used * growth / 100\n"
            "    months = 0\n"
            "    while used < capacity:\n"
            "        used = used + step\n"
            "        months += 1\n"
            "    return months",
            "Ten per cent of a growing number",
        ),
        Wrong(
            "def months_until_full(used, capacity, growth):\n"
            "    months = 0\n"
            "    while used < capacity:\n"
            "        used *= 1 + growth / 100\n"
            "        months += 1\n"
            "    return months",
            "Is there a loop",
            "raised",
        ),
        Wrong(
            "def months_until_full(used, capacity, growth):\n"
            "    months = 0\n"
            "    while used <= capacity:\n"
            "        used *= 1 + growth / 100\n"
            "        months += 1\n"
            "    return months",
            "That is full already",
        ),
        Wrong(
            "def months_until_full(used, capacity, growth):\n"
            "    months = 0\n"
            "    while True:\n"
            "        used *= 1 + growth / 100\n"
            "        months += 1\n"
            "        if used >= capacity:\n"
            "            return months",
            "Test first",
        ),
        Wrong(
            "def months_until_full(used, capacity, growth):\n"
            "    months = 0\n"
            "    while used < capacity:\n"
            "        used *= 1 + growth\n"
            "        months += 1\n"
            "    return months",
            "a percentage",
        ),
        Wrong(
            "def months_until_full(used, capacity, growth):\n"
            "    months = 0\n"
            "    if growth <= 0 and used < capacity:\n"
            "        return None\n"
            "    while used < capacity:\n"
            "        used *= 1 + growth / 100\n"
            "        months += 1\n"
            "    return months",
            "raise a ValueError",
        ),
    ],
    "01-shadowed-sum": [
        Wrong(
            "def total_and_mean(numbers):\n"
            "    sum = sum(numbers)\n"
            "    return sum, sum / len(numbers)",
            "is local in all of it",
            "raised",
        ),
        Wrong(
            "def total_and_mean(numbers):\n"
            "    sum = 0\n"
            "    for n in numbers:\n"
            "        sum += n\n"
            "    return sum, sum / len(numbers)",
            "still hides the built-in",
        ),
        Wrong(
            "def total_and_mean(numbers):\n"
            "    sum = 0\n"
            "    for n in numbers:\n"
            "        sum = sum + n\n"
            "    mean = sum(numbers) / len(numbers)\n"
            "    return sum, mean",
            "still belongs to a number",
            "raised",
        ),
        Wrong("def total_and_mean(numbers):\n    return sum(numbers)", "the total alone"),
        Wrong(
            "def total_and_mean(numbers):\n"
            "    total = sum(numbers)\n"
            "    return total / len(numbers), total",
            "total comes first",
        ),
    ],
    "01-product": [
        Wrong(
            "def product(numbers):\n    return functools.reduce(lambda a, b: a * b, numbers)",
            "Without a start value",
            "raised",
        ),
        Wrong(
            "def product(numbers):\n    return functools.reduce(lambda a, b: a * b, numbers, 0)",
            "zero times anything",
        ),
        Wrong(
            "def product(numbers):\n"
            "    result = 1\n"
            "    for n in numbers:\n"
            "        result *= n\n"
            "    return result",
            "by another way",
        ),
        Wrong("def product(numbers):\n    return sum(numbers)", "sum of the numbers"),
        Wrong(
            "def product(numbers):\n    return functools.reduce(lambda a, b: a + b, numbers, 1)",
            "but then add",
        ),
        Wrong(
            "def product(numbers):\n    return reduce(lambda a, b: a * b, numbers, 1)",
            "imported from functools",
            "raised",
        ),
        Wrong(
            "def product(numbers):\n"
            "    if not numbers:\n"
            "        return 0\n"
            "    return functools.reduce(lambda a, b: a * b, numbers, 1)",
            "changes no product",
        ),
    ],
    "01-class-average": [
        Wrong(
            "class Course:\n"
            "    grades = {}\n"
            "    def __init__(self, title):\n"
            "        self.title = title\n"
            "    def add(self, student, grade):\n"
            "        self.grades[student] = grade\n"
            "    def average(self):\n"
            "        return sum(self.grades.values()) / len(self.grades)",
            "belongs to the class",
        ),
        Wrong(
            "class Course:\n"
            "    def __init__(self, title):\n"
            "        self.title = title\n"
            "        self.grades = []\n"
            "    def add(self, student, grade):\n"
            "        self.grades.append(grade)\n"
            "    def average(self):\n"
            "        return sum(self.grades) / len(self.grades)",
            "both count",
        ),
        Wrong(
            "class Course:\n"
            "    def __init__(self, title):\n"
            "        self.title, self.grades = title, {}\n"
            "    def add(self, student, grade):\n"
            "        self.grades[student] = grade\n"
            "    def average(self):\n"
            "        return sum(self.grades.values()) / len(self.grades)",
            "before you divide by zero",
        ),
        Wrong(
            "class Course:\n"
            "    def __init__(self, title):\n"
            "        self.title, self.grades = title, {}\n"
            "    def add(student, grade):\n"
            "        self.grades[student] = grade\n"
            "    def average(self):\n"
            "        return sum(self.grades.values()) / len(self.grades)",
            "the object itself",
            "raised",
        ),
        Wrong(
            "class Course:\n"
            "    def __init__(self, title):\n"
            "        self.title, self.grades = title, {}\n"
            "    def add(self, student, grade):\n"
            "        self.grades[student] = grade\n"
            "    def average(self):\n"
            "        return sum(self.grades.values())",
            "Divide it",
        ),
        Wrong(
            "class Course:\n"
            "    def __init__(self, title):\n"
            "        self.title, self.grades = title, {}\n"
            "    def add(self, student, grade):\n"
            "        self.grades.setdefault(student, grade)\n"
            "    def average(self):\n"
            "        return sum(self.grades.values()) / len(self.grades)",
            "first grade is kept",
        ),
        Wrong(
            "class Course:\n"
            "    def __init__(self, title):\n"
            "        self.title, self.grades = title, {}\n"
            "    def add(self, student, grade):\n"
            "        self.grades[student] = grade\n"
            "    def average(self):\n"
            "        return sum(self.grades.values()) / max(1, len(self.grades))",
            "no number",
        ),
    ],
    "01-log-line": [
        Wrong(
            "def parse_line(line):\n"
            "    form = r'(?P<host>\\S+) - - \\[(?P<time>.+)\\] "
            "\"(?P<method>\\S+) (?P<path>\\S+) '\n"
            "    found = re.match(form + r'\\S+\" (?P<status>\\d{3})', line)\n"
            "    return found.groupdict()",
            "The status is text",
        ),
        Wrong(
            "def parse_line(line):\n"
            "    form = r'(?P<host>\\S+) - - \\[(?P<time>.+)\\] "
            '"(?P<method>\\S+) (?P<path>.*)" \'\n'
            "    found = re.match(form + r'(?P<status>\\d{3})', line)\n"
            "    return found.groupdict() | {'status': int(found['status'])}",
            "runs on too far",
        ),
        Wrong(
            "def parse_line(line):\n"
            "    form = r'(?P<host>\\S+) - - \\[(?P<time>.+)\\] "
            "\"(?P<method>\\S+) (?P<path>\\S+) '\n"
            "    found = re.match(form + r'\\S+\" (?P<status>\\d{3})', line)\n"
            "    return found.groupdict() | {'status': int(found['status'])}",
            "None has no groups",
            "raised",
        ),
        Wrong(
            "def parse_line(line):\n"
            "    form = r'(?P<host>[\\d.]+) - - \\[(?P<time>.+)\\] "
            "\"(?P<method>GET) (?P<path>\\S+) '\n"
            "    found = re.match(form + r'\\S+\" (?P<status>\\d{3})', line)\n"
            "    return found and found.groupdict() | {'status': int(found['status'])}",
            "Which part of your pattern is fixed",
        ),
        Wrong(
            "def parse_line(line):\n"
            "    form = r'(?P<host>\\S+) - - \\[(?P<time>.+)\\] "
            "\"(?P<method>\\S+) (?P<path>\\S+) '\n"
            "    found = re.search(form + r'\\S+\" (?P<status>\\d{3})', line)\n"
            "    return found and found.groupdict() | {'status': int(found['status'])}",
            "from its first character",
        ),
        Wrong(
            "def parse_line(line):\n"
            "    form = r'(\\S+) - - \\[(.+)\\] \"(\\S+) (\\S+) \\S+\" (\\d{3})'\n"
            "    return re.match(form, line).groups()",
            "the groups in a tuple",
        ),
        Wrong(
            "def parse_line(line):\n"
            "    form = r'(?P<host>\\S+) - - (?P<time>\\[.+\\]) "
            "\"(?P<method>\\S+) (?P<path>\\S+) '\n"
            "    found = re.match(form + r'\\S+\" (?P<status>\\d{3})', line)\n"
            "    return found and found.groupdict() | {'status': int(found['status'])}",
            "no part of it",
        ),
        Wrong(
            "def parse_line(line):\n"
            "    found = re.match(r'(?P<host>\\S+) - - [(?P<time>.+)]', line)\n"
            "    return found.groupdict()",
            "does not fit this line",
            "raised",
        ),
    ],
    "01-json-round-trip": [
        Wrong(
            "def to_text(by_hour):\n    return str(by_hour)\n"
            "def from_text(text):\n    return eval(text)",
            "This text is not JSON",
            "raised",
        ),
        Wrong(
            "def to_text(by_hour):\n    return json.dumps(by_hour)\n"
            "def from_text(text):\n    return json.loads(text)",
            "came back as text",
        ),
        Wrong(
            "def to_text(by_hour):\n    return json.dumps(by_hour)\n"
            "def from_text(text):\n"
            "    return {int(h): d for h, d in json.loads(text).items() if d is not None}",
            "A gap is information",
        ),
        Wrong(
            "def to_text(by_hour):\n    return json.dumps(by_hour)\n"
            "def from_text(text):\n"
            "    return {int(h): float(d) for h, d in json.loads(text).items()}",
            "a missing value is None",
            "raised",
        ),
        Wrong(
            "def to_text(by_hour):\n    return json.dumps(json.dumps(by_hour))\n"
            "def from_text(text):\n"
            "    return {int(h): d for h, d in json.loads(json.loads(text)).items()}",
            "dumped twice",
        ),
        Wrong(
            "def to_text(by_hour):\n    print(json.dumps(by_hour))\n"
            "def from_text(text):\n    return {int(h): d for h, d in json.loads(text).items()}",
            "prints a value",
        ),
    ],
    "01-cycle": [
        Wrong(
            "def before_and_after(make):\n"
            "    thing = make()\n"
            "    watch = weakref.ref(thing)\n"
            "    before = watch() is not None\n"
            "    gc.collect()\n"
            "    return before, watch() is not None",
            "alive to the end",
        ),
        Wrong(
            "def before_and_after(make):\n"
            "    watch = weakref.ref(make())\n"
            "    gc.collect()\n"
            "    before = watch() is not None\n"
            "    return before, watch() is not None",
            "gone before the collection",
        ),
        Wrong(
            "def before_and_after(make):\n"
            "    watch = weakref.ref(make())\n"
            "    before = watch()\n"
            "    gc.collect()\n"
            "    return before, watch()",
            "keep it alive",
        ),
        Wrong(
            "def before_and_after(make):\n"
            "    watch = weakref.ref(make())\n"
            "    before = watch() is None\n"
            "    gc.collect()\n"
            "    return before, watch() is None",
            "is it gone?",
        ),
        Wrong(
            "def before_and_after(make):\n"
            "    thing = make()\n"
            "    watch = weakref.ref(thing)\n"
            "    before = watch() is not None\n"
            "    del thing\n"
            "    gc.collect()\n"
            "    return before, watch() is not None",
            "Yours still is",
        ),
    ],
}

SURVIVORS = {
    "01-while": {
        "line 5: 'a growth of ' changed": MESSAGE,
        "line 5: ' % never fills the disk' changed": MESSAGE,
    },
    "01-class-average": {"line 13: 'no grades yet, so there is no average' changed": MESSAGE},
}
