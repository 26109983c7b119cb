"""Exercises and quiz of chapter 14, Security and privacy: attacks that are toys, keys made here."""

import json
import os
import sqlite3
import tempfile
import time
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd

from coursekit.feedback.authoring import Mistake, Option, Question, case, exercise, word, words

ROWS = [("ana", "lamp", 30), ("ana", "clock", 40), ("ana", "radio", 20), ("o'hara", "pan", 9)]


def ask_orders(answer, customer, sort, rows=ROWS):
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE orders (customer TEXT, item TEXT, price INTEGER)")
    db.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
    return answer(db, customer, sort)


def draw_orders(chance):
    first, second = words(chance, 2)
    names = [first, f"{second[:2]}'{second}", f'{second}"', f"{first}--"]
    prices = chance.sample(range(1, 99), 8)
    rows = [(chance.choice(names), item, prices.pop()) for item in words(chance, 8)]
    asked = [(name, sort) for name in names for sort in ("item", "price")]
    asked += [(f"{first}' UNION SELECT customer, 1 FROM orders --", "price")]
    asked += [(first, sort) for sort in ("price, item", "item ASC", word(chance), "")]
    return [case(*each, chance.sample(rows, 8)) for each in asked]


exercise(
    "14-parameters",
    title="A search that only searches",
    hints=(
        "Which of the two texts is a value, and which is a name in the query?",
        "For the value: a mark in the query, and a tuple beside it.",
        "For the name: compare it with those that you know, before you build the query.",
    ),
    examples=[
        case("ana", "item", want=[("clock", 40), ("lamp", 30), ("radio", 20)]),
        case("ana", "price", want=[("radio", 20), ("lamp", 30), ("clock", 40)]),
        case("x' OR '1'='1", "item", want=[]),
        case("o'hara", "item", want=[("pan", 9)]),
        *(case("ana", sort, want=ValueError) for sort in ("price DESC", "customer", "1; DROP x")),
    ],
    draw=draw_orders,
    observe=ask_orders,
    tried="search(db, {0!r}, {1!r})",
    mistakes=[
        Mistake("Right rows, but not sorted. As a parameter, a column's name is only a text: every"
                " row has the same.",
                ("BY {sort}", "BY ?", "(customer,)", "(customer, sort)")),
        Mistake("The attack works: everybody's orders came out. The customer's text was read as"
                " SQL.", ("= ?", "= '{customer}'", ", (customer,)", ""),
                when=lambda got: len(got) == 4),
        Mistake("Strange names are allowed; nobody has this one.",
                ("if sort", "if \"'\" in customer or sort"), when=ValueError),
        Mistake("A quote in a name broke the query: the name is still part of the SQL.",
                ("= ?", "= '{customer}'", ", (customer,)", "",
                 "query = f", "if ' or ' in customer.lower(): return []\n    query = f"),
                when=sqlite3.OperationalError),
        Mistake("Mr O'Hara's order is lost. His quote belongs to his name.",
                ("(customer,)", "(customer.replace(\"'\", ''),)"), when=[]),
        Mistake("The text for `sort` went into the query. Only item and price are allowed.",
                ('if sort not in ("item", "price")', "if False"),
                ('if sort not in ("item", "price")', "if False", "{sort}\"", "\\\"{sort}\\\"\""),
                when=lambda got: isinstance(got, list) and len(got) == 3),
        Mistake("The text for `sort` reached the database. Refuse it before.",
                ('if sort not in ("item", "price")', 'if sort in ("price DESC", "customer")'),
                when=sqlite3.Error),
    ],
)


class Page(HTMLParser):
    """What a browser finds on a page, in order: tags with attributes, texts, ends of tags."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.found = []
        self.feed(page)
        self.close()
        self.found = [each for each in self.found if each != "text: "]

    def handle_starttag(self, tag, attrs):
        self.found += [(tag, dict(attrs)), "text: "]

    def handle_endtag(self, tag):
        self.found += [f"/{tag}", "text: "]

    def handle_data(self, data):
        self.found[-1] += data


def browser_sees(answer, name, text):
    page = answer(name, text)
    return Page(str(page)).found if isinstance(page, str) else page


def comment(name, text):
    return case(name, text, want=[("p", {"title": name}), f"text: {text}", "/p"])


def draw_comments(chance):
    parts = ["<b>", "</p>", "&amp;", "&lt;", '"', "'", " onclick='x()' ", f"<{word(chance)}>"]
    strange = [word(chance) + "".join(chance.sample(parts, 4)) + word(chance, 3) for _ in range(4)]
    return [comment(word(chance), strange[0]), comment(strange[1], strange[2]),
            comment(f"{word(chance)} {strange[3]}", "x")]


exercise(
    "14-escape",
    title="A comment that stays a text",
    hints=(
        "Two texts come from strangers. Which of them did you make harmless?",
        "Can the name close the quotes of its attribute? escape() knows quotes, too.",
        "Nothing must get lost: a reader may well write about <b> and &.",
    ),
    examples=[
        comment("Ana", "Hello"),
        comment("Ana", "<script>alert(1)</script>"),
        comment("Ana B", "Hello"),
        comment("x' onmouseover='alert(1)", "Hello"),
        comment('x" onmouseover="alert(1)', "Hello"),
        comment("<b>&amp;", "Hello"),
    ],
    draw=draw_comments,
    observe=browser_sees,
    tried="what a browser sees in comment_html({0!r}, {1!r})",
    mistakes=[
        Mistake("The browser sees a script. The text was not escaped.",
                ("{escape(text)}", "{text}"),
                when=lambda got: any(part[0] == "script" for part in got)),
        Mistake("The reader sees &lt; instead of <. It was escaped twice.",
                ("{escape(text)}", "{escape(str(escape(text)))}"),
                when=lambda got: "&lt;" in got[1]),
        Mistake("Part of the comment is gone. Escape it; do not cut it.",
                ("return", "text = text.replace('<script>', '')\n    return",
                 "{escape(text)}", "{text}"),
                when=lambda got: got[0] == ("p", {"title": "Ana"})),
        Mistake("The name left its quotes and added an attribute that runs a script.",
                ("{escape(name)}", "{name}"), when=lambda got: "onmouseover" in got[0][1]),
        Mistake("The name ends at its first space: an attribute needs quotes around it.",
                ('"{escape(name)}"', "{escape(name)}"), when=lambda got: len(got[0][1]) > 1),
        Mistake("The title is not the author's name. Was it escaped, once?",
                ("return", "name = name.replace('\"', '')\n    return", "{escape(name)}", "{name}"),
                when=lambda got: "title" in got[0][1]),
    ],
)


def lead(answer, own, name, alias=False):
    """Ask where a name leads, in a folder called ``own`` with a link out of it."""
    with tempfile.TemporaryDirectory() as home:
        top = Path(home).resolve()
        for file in (f"{own}/may.txt", f"{own}/old/april.txt", "keys.txt", f"{own}-2/x.txt"):
            (top / file).parent.mkdir(parents=True, exist_ok=True)
            (top / file).write_text("x")
        (top / own / "link.txt").symlink_to(top / "keys.txt")
        (top / own / "here").symlink_to(top / own / "old")
        (top / "alias").symlink_to(top / own)
        found = answer(top / ("alias" if alias else own), name.replace("/data", str(top)))
        if isinstance(found, (str, Path)):
            return str(Path(found).resolve().relative_to(top))
        return found


def draw_paths(chance):
    own = word(chance)
    names = ("may.txt", "here/april.txt", "old/../may.txt", "../keys.txt", f"../{own}-2/x.txt",
             "old/../../keys.txt", "/data/keys.txt", "link.txt")
    return [case(own, name, alias) for name in names for alias in (False, True)]


exercise(
    "14-path",
    title="Stay inside the folder",
    hints=(
        "Where does the path really lead? Ask for it before you compare.",
        "The folder itself may be reached by a link: treat both sides alike.",
        "Compare paths as paths. As texts, /data/reports-old begins with /data/reports.",
    ),
    examples=[
        case("reports", "may.txt", want="reports/may.txt"),
        case("reports", "old/april.txt", want="reports/old/april.txt"),
        case("reports", "old/../may.txt", want="reports/may.txt"),
        case("reports", "../keys.txt", want=None),
        case("reports", "../reports-2/x.txt", want=None),
        case("reports", "/data/keys.txt", want=None),
        case("reports", "link.txt", want=None),
        case("reports", "may.txt", True, want="reports/may.txt",
             shown='inside(alias, "may.txt"), where alias is a link to reports'),
    ],
    draw=draw_paths,
    observe=lead,
    tried="inside({0}, {1!r})",
    mistakes=[
        Mistake("That says whether it is inside. The path itself is asked for.",
                ("found if found.is_relative_to(folder) else None", "found.is_relative_to(folder)"),
                when=lambda got: isinstance(got, bool)),
        Mistake("The folder was reached by a link: one side was resolved, one was not.",
                ("folder = folder.resolve()", "pass")),
        Mistake("This file is in the folder, and yet it was refused.",
                "def inside(folder, name):\n    return None if '..' in name else folder / name",
                when=lambda got: got is None),
        Mistake("It was refused with an error. None is asked for.",
                ("found if found.is_relative_to(folder) else None",
                 "found.relative_to(folder) and found"), when=Exception),
        Mistake("`..` climbed out of the folder.",
                ("found if found.is_relative_to(folder) else None", "found")),
        Mistake("reports-2 begins like reports, but it is another folder. Compare paths, not"
                " texts.",
                ("found.is_relative_to(folder)", "str(found).startswith(str(folder))"),
                when="reports-2/x.txt"),
        Mistake("An absolute name replaces the folder, and was let through.",
                ("found if found.is_relative_to(folder)", "found if not name.startswith('..')")),
        Mistake("The link is in the folder, but what it leads to is not.",
                "def inside(folder, name):\n    from werkzeug.security import safe_join\n"
                "    found = safe_join(str(folder), name)\n    return found and Path(found)"),
    ],
)

BUCKET = "arn:aws:s3:::course-people"
GET, PUT, DELETE = "s3:GetObject", "s3:PutObject", "s3:DeleteObject"
REQUESTS = {
    "read team-a/x.csv": (GET, f"{BUCKET}/team-a/x.csv"),
    "write team-a/deep/y.csv": (PUT, f"{BUCKET}/team-a/deep/y.csv"),
    "read shared/z.csv": (GET, f"{BUCKET}/shared/z.csv"),
    "write shared/z.csv": (PUT, f"{BUCKET}/shared/z.csv"),
    "delete team-a/x.csv": (DELETE, f"{BUCKET}/team-a/x.csv"),
    "read team-b/x.csv": (GET, f"{BUCKET}/team-b/x.csv"),
    "read team-a-old/x.csv": (GET, f"{BUCKET}/team-a-old/x.csv"),
    "read another bucket": (GET, "arn:aws:s3:::other/team-a/x.csv"),
    "list the bucket": ("s3:ListBucket", BUCKET),
    "make a user": ("iam:CreateUser", "*"),
}
ALLOWED = dict.fromkeys(REQUESTS, "no") | dict.fromkeys(list(REQUESTS)[:3], "yes")


def permitted(policy, requests):
    """Ask moto, the engine of the embedded AWS, about every request."""
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.iam.policy_validation import IAMPolicyDocumentValidator

    yield "its type", type(policy).__name__
    yield "its Version", policy.get("Version")
    IAMPolicyDocumentValidator(json.dumps(policy)).validate()
    asked = IAMPolicy(json.dumps(policy))
    for words_, request in requests.items():
        allowed = asked.is_action_permitted(*request) is PermissionResult.PERMITTED
        yield words_, "yes" if allowed else "no"


def draw_requests(chance):
    deep, other = "/".join(words(chance, 2)), chance.choice((DELETE, "s3:PutObjectAcl"))
    asked = [(action, f"{BUCKET}/{folder}/{deep}") for action in (GET, PUT, other)
             for folder in ("team-a", "shared", word(chance), f"team-a{word(chance)}")]
    asked += [(GET, f"{BUCKET}-{word(chance)}/team-a/{deep}"), ("s3:PutBucketPolicy", BUCKET)]
    return [case({f"{action} {resource}": (action, resource) for action, resource in asked})]


def over(*names):
    return lambda facts: any(facts.get(name) == "yes" for name in names)


STATEMENT = '"Action": ["s3:GetObject", "s3:PutObject"],\n'
exercise(
    "14-policy",
    title="No more than needed",
    hints=(
        "Begin with nothing. Which action on which folder do you have to add?",
        "The two folders have different actions. Can one statement say both?",
        "A resource ends with /* for all objects below a folder.",
    ),
    examples=[case(REQUESTS, want={"its type": "dict", "its Version": "2012-10-17", **ALLOWED})],
    draw=draw_requests,
    observe=permitted,
    tried="what the policy allows",
    seconds=20,
    memory=None,
    mistakes=[
        Mistake("A policy is a dict here: it becomes JSON when it is sent.",
                'policy = "read team-a, write team-a"',
                when=lambda facts: facts["its type"] != "dict"),
        Mistake('Say which version of the policy language this is: "Version": "2012-10-17".',
                'policy = {"Statement": []}',
                when=lambda facts: facts["its Version"] != "2012-10-17"),
        Mistake("IAM does not accept this policy. It has a list of statements, each with Effect,"
                " Action and Resource.",
                ('"Resource"', '"Resources"'), when=Exception),
        Mistake("It allows nothing. For objects, the resource is the bucket, a slash, and a pattern"
                " of names.", ("/team-a/*", "", "/shared/*", ""), ('"Allow"', '"Deny"'),
                when=lambda facts: not over(*ALLOWED)(facts) and len(facts) >= 12),
        Mistake("It allows every service, even making users.",
                ('"s3:GetObject",\n            "Resource": "arn:aws:s3:::course-people/shared/*"',
                 '"*", "Resource": "*"'), when=over("make a user")),
        Mistake("It reaches into other buckets as well.",
                ("arn:aws:s3:::course-people/shared/*", "*"), when=over("read another bucket")),
        Mistake("It allows more actions than asked for. `s3:*` includes deleting and listing.",
                (STATEMENT, '"Action": "s3:*",\n'),
                when=over("delete team-a/x.csv", "list the bucket")),
        Mistake("Members may write to shared/. Read only.",
                ('"Action": "s3:GetObject"', '"Action": ["s3:GetObject", "s3:PutObject"]'),
                when=over("write shared/z.csv")),
        Mistake("It allows objects outside team-a/ and shared/. Where does the resource end?",
                ("team-a/*", "team-a*"), when=over("read team-b/x.csv", "read team-a-old/x.csv")),
        Mistake("Members cannot read below shared/.", ("people/shared/*", "people/share/*"),
                when=lambda facts: facts["read shared/z.csv"] == "no"),
        Mistake("Members cannot write below team-a/, in folders of it, too.",
                (STATEMENT, '"Action": "s3:GetObject",\n'),
                when=lambda facts: facts["write team-a/deep/y.csv"] == "no"),
    ],
)


def sealed(answer, bits, id, text, spoil="", place=0):
    """Seal a record, change one thing in it if asked, and have it opened."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key, nonce = AESGCM.generate_key(bit_length=bits), os.urandom(12)
    secret = AESGCM(key).encrypt(nonce, text.encode(), id.encode())
    record = {"id": id, "nonce": nonce, "sealed": secret}
    if spoil == "id":
        record["id"] += "8"
    elif spoil == "key":
        key = key[:5]
    elif spoil:
        changed = bytearray(record[spoil])
        changed[place % len(changed)] ^= 1
        record[spoil] = bytes(changed)
    return answer(key, record)


exercise(
    "14-open",
    title="Open it, or refuse it",
    hints=(
        "Three things went into the tag: the nonce is one, the message another. And the third?",
        "Which error does the library raise when the tag does not fit?",
        "What comes out are bytes. What is asked for?",
    ),
    examples=[
        case(256, "17", "ana: 52,000 USD", want="ana: 52,000 USD", shown="an honest record"),
        case(256, "Zoë", "größer", want="größer", shown='a record with the id "Zoë"'),
        *(case(256, "17", "ana", field, want=None, shown=f'a record whose "{field}" was changed')
          for field in ("sealed", "nonce", "id")),
        case(256, "17", "x", "key", want=ValueError, shown="a key of 5 bytes, and a record"),
    ],
    draw=lambda chance: [
        case(chance.choice((128, 192, 256)), f"{word(chance)}-ñ", f"{word(chance)} ü", spoil,
             chance.randrange(99), shown=f'another record, "{spoil}" changed')
        for spoil in ("", "id", "nonce", "sealed", "key")
    ],
    observe=sealed,
    mistakes=[
        Mistake("These are bytes. Decode them to a text.", ("plain.decode()", "plain"),
                when=lambda got: isinstance(got, bytes)),
        Mistake("The change was noticed. Now refuse it: return None.",
                ("return None", "raise")),
        Mistake("The tag does not fit. The id was part of it: hand it over, too.",
                ('record["sealed"], about', 'record["sealed"], None', "return None", "raise"),
                when=lambda got: "InvalidTag" in got.names),
        Mistake("An honest record was refused. Was the id handed over, as bytes?",
                ('record["sealed"], about', 'record["sealed"], b""')),
        Mistake("A changed record gave something that looks like an answer.",
                ("return None", 'return "tampered"'), when=lambda got: isinstance(got, str)),
        Mistake("A key of a wrong size is a mistake of the program, not tampering. Catch only the"
                " error that means tampering.", ("except InvalidTag", "except Exception")),
    ],
)


def rotated(answer, made, number):
    """Make tokens under the keys 0, 1, … and a foreign one (None), and read the rotated ones."""
    from cryptography.fernet import Fernet, InvalidToken

    keys, foreign = [Fernet.generate_key() for _ in range(number)], Fernet.generate_key()
    tokens = [
        Fernet(foreign if key is None else keys[key]).encrypt_at_time(text.encode(), when)
        for key, text, when in made
    ]

    def read(token):
        for name, key in enumerate([*keys, foreign]):
            try:
                text = Fernet(key).decrypt(token).decode()
                return text, f"key {name}", Fernet(key).extract_timestamp(token)
            except InvalidToken:
                continue
            except TypeError:
                return token
        return "no token"

    fresh = answer(tokens, keys)
    return [read(token) for token in fresh] if isinstance(fresh, list) else fresh


FOUR = [(1, "one", 1_000), (None, "two", 2_000), (2, "three", 3_000), (0, "four", 4_000)]


def draw_tokens(chance):
    number, now = chance.randint(2, 5), int(time.time())
    made = [(chance.choice([*range(number), None]), word(chance), now - chance.randint(1, 10**8))
            for _ in range(6)]
    return [case([*made, (None, "x", now), (number - 1, "", 1)], number,
                 shown="other tokens, read as (text, key, time)")]


exercise(
    "14-rotate",
    title="Every token under the new key",
    hints=(
        "One object can open tokens of all keys and write with the first.",
        "It also has a method that keeps the time of a token.",
        "Where is the error for a token that no key opens, and what goes into the list then?",
    ),
    examples=[
        case(FOUR, 3, shown="four tokens, one of a foreign key, read as (text, key, time)",
             want=[("one", "key 0", 1_000), None, ("three", "key 0", 3_000),
                   ("four", "key 0", 4_000)]),
        case([], 1, want=[], shown="rotate_all([], [new])"),
    ],
    draw=draw_tokens,
    observe=rotated,
    mistakes=[
        Mistake("One token opens with none of the keys. It must not stop the others.",
                ("fresh.append(None)", "raise"), when=lambda got: "InvalidToken" in got.names),
        Mistake("A token that nobody can read was dropped. Its place gets None.",
                ("fresh.append(None)", "pass"), when=lambda got: len(got) == 3),
        Mistake("These are no tokens. The plain text must not lie around: encrypt it again.",
                ("fernets.rotate(token)", "fernets.decrypt(token)"),
                when=lambda got: "no token" in got),
        Mistake("Some tokens are still under an old key. The first key is the newest.",
                ("in keys]", "in reversed(keys)]"),
                when=lambda got: any(part and part[1] != "key 0" for part in got)),
        Mistake("The tokens are new, and look as if they were made today. Keep their time.",
                ("fernets.rotate(token)", "fernets.encrypt(fernets.decrypt(token))"),
                when=lambda got: got[0][2] != 1_000),
        Mistake("A token of an older key was given up. All keys may open, not only the first.",
                ("in keys]", "in keys[:1]]"), when=lambda got: None in (got[0], got[2])),
    ],
)


def people(*rows):
    return pd.DataFrame(rows, columns=["age", "sex", "city", "income"])


def of_ages(ages):
    return people(*((age, "F", "Ulm", 10 * age) for age in ages))


def banded(ages, k, want, why):
    return case(of_ages(ages), k, want=of_ages(ages).assign(age=want), shown=why)


def draw_people(chance):
    wide = [chance.randint(*ages) for ages in ((0, 9), (60, 70), (99, 99))]
    cases = [banded(wide, 3, 0, "k = 3")]
    for k in (2, 2, 2, 3, 4):
        rows = []
        for _ in range(chance.randint(1, 3)):
            start, width = chance.randint(0, 90), chance.choice((2, 8, 18, 35))
            sex, city = chance.choice("FM"), chance.choice(("Ulm", "Quito"))
            ages = [start + chance.randrange(width) for _ in range(chance.randint(2, 6))]
            rows += [(age, sex, city, chance.randint(1, 9)) for age in ages]
        cases.append(case(people(*chance.sample(rows, len(rows))), k))
    return cases


exercise(
    "14-anonymise",
    title="As fine as k allows",
    hints=(
        "Try the widths from the finest to the coarsest. When may you stop?",
        "k-anonymous is decided by one group. Which?",
        "37 // 10 is 3. What gives 30?",
    ),
    examples=[
        banded((31, 34, 31, 36, 39, 38), 3, [30, 30, 30, 35, 35, 35], "k = 3, bands of 5 years do"),
        banded((30, 36, 42, 44), 2, [30, 30, 40, 40], "k = 2, bands of 10 years do"),
        banded((20, 35, 42, 55), 2, [20, 20, 40, 40], "k = 2, bands of 20 years do"),
        banded((5, 30, 45, 79), 2, [0, 0, 40, 40], "k = 2, bands of 40 years do"),
        banded((10, 60, 99, 3), 4, [0, 0, 0, 0], "k = 4, one band of 100 years does"),
        banded((101, 120, 199, 150), 4, [100] * 4, "k = 4, people from 101 to 199"),
        case(people((31, "F", "Ulm", 1), (32, "F", "Ulm", 2), (33, "M", "Ulm", 3),
                    (34, "M", "Ulm", 4)),
             3, want=None, shown="two women and two men aged 31 to 34, k = 3"),
        case(people(*[(31, "F", "Ulm", 1)] * 5, (31, "F", "Bonn", 1), (33, "F", "Bonn", 1)), 3,
             want=None, shown="five people in Ulm, two in Bonn, k = 3"),
    ],
    draw=draw_people,
    mistakes=[
        Mistake("A table is there: one of the five widths is enough.",
                ("(5, 10, 20, 40, 100)", "(5,)"), when=lambda got: got is None),
        Mistake("Rows are lost. Every person stays in the table.",
                ("return coarse", "return coarse.drop_duplicates(['age'])"),
                when=lambda got: len(got) < 4),
        Mistake("An age is asked for as a number: the lower end of the band.",
                ("return coarse", "return coarse.assign(age=coarse['age'].astype(str))"),
                when=lambda got: not pd.api.types.is_numeric_dtype(got["age"])),
        Mistake("These are the numbers of the bands. Their lower ends are asked for.",
                ("// width * width", "// width"), when=lambda got: 0 < got["age"].max() < 10),
        Mistake("Age is not the only thing a neighbour knows: group by sex and city as well.",
                ('["age", "sex", "city"]', '"age"'),
                when=lambda got: len(got) == 4 and got["sex"].nunique() == 2),
        Mistake("On average the groups are large, but one is not. Its people are not hidden.",
                (".min()", ".mean()"), (".min()", ".median()"),
                when=lambda got: len(got) == 7 and got["city"].nunique() == 2),
        Mistake("The bands are wider than they have to be. Take the smallest width that is enough.",
                ("(5, 10, 20, 40, 100)", "(100, 40, 20, 10, 5)"),
                when=lambda got: got["age"].nunique() < 2),
        Mistake("Somebody is still in a group of fewer than k. The smallest group decides.",
                "def anonymise(people, k):\n    return people.copy()",
                when=lambda got: got["age"].nunique() > 2),
        Mistake("Your function changed the table that it got. Work on a new one.",
                ('coarse = people.assign(age=people["age"] // width * width)',
                 'coarse = people\n        people["age"] = people["age"] // width * width')),
    ],
    equivalent_mutants={
        "line 1: statement 2 of the FunctionDef dropped": "Without a return, None comes as well.",
    },
)

SALES = [(1, "Quito", 30), (2, "Osaka", 25), (1, "Quito", 60), (3, "Quito", 40), (1, "Ulm", 5)]


def erased(answer, orders, person, names=("customers", "export_for_partner_7", "cities")):
    def tables():
        made = {"orders": pd.DataFrame(orders, columns=["person_id", "city", "amount"])}
        known = {"person_id": sorted({order[0] for order in orders})}
        made[names[0]] = pd.DataFrame(known).assign(name="a name")
        made[names[1]] = pd.DataFrame(known).assign(x=7)[["x", "person_id"]]
        made[names[2]] = made["orders"][["city"]].drop_duplicates().reset_index(drop=True)
        made["sales_by_city"] = made["orders"].groupby("city", as_index=False)["amount"].sum()
        return made

    given = tables()
    found = answer(given, person)
    yield "its tables", sorted(found) if isinstance(found, dict) else type(found).__name__
    same = given.keys() == tables().keys() and all(given[n].equals(t) for n, t in tables().items())
    yield "the tables that erase was given", "as they were" if same else "changed"
    yield f"the tables in which person {person} still is", [
        name for name in sorted(found) if person in found[name].get("person_id", pd.Series()).values
    ]
    for name in sorted(found):
        yield f'erase(tables, {person})["{name}"]', found[name].reset_index(drop=True)


def draw_sales(chance):
    persons, cities = chance.sample(range(1, 99), 4), words(chance, 3)
    orders = [(chance.choice(persons), city, chance.randint(1, 50)) for city in cities * 3]
    orders += [(persons[0], word(chance), 5), *((p, cities[0], 7) for p in persons)]
    return [case(chance.sample(orders, len(orders)), persons[0], tuple(words(chance, 3)))]


def sums(facts):
    (name,) = (name for name in facts if "sales_by_city" in name)
    return facts[name]


exercise(
    "14-erase",
    title="Erased, everywhere",
    hints=(
        "Do not name the tables: look at each one, and at its columns.",
        "A table without that column goes through as it is, except the sums.",
        "Compute the sums from the orders of the new dict, not from the old ones.",
    ),
    examples=[
        case(SALES, 2, want={'erase(tables, 2)["sales_by_city"]': pd.DataFrame(
            {"city": ["Quito", "Ulm"], "amount": [130, 5]})}),
        case(SALES, 1, want={'erase(tables, 1)["sales_by_city"]': pd.DataFrame(
            {"city": ["Osaka", "Quito"], "amount": [25, 40]})}),
    ],
    draw=draw_sales,
    observe=erased,
    tried="erase(tables, {1})",
    mistakes=[
        Mistake("Return the new dict of tables.", ("return kept", "return None"),
                when=lambda facts: facts["its tables"] == "NoneType"),
        Mistake("A table is missing, or one is too many.",
                ("    # a sum", "    kept.pop('cities', None)\n    # a sum"),
                when=lambda facts: len(facts["its tables"]) != 5),
        Mistake("Your function changed what it got. Make a new dict with new tables.",
                ("kept = {}", "kept = tables"),
                when=lambda facts: facts["the tables that erase was given"] == "changed"),
        Mistake("A copy was forgotten. Look at the columns of every table; names say nothing.",
                ('if "person_id" in table', 'if name in ("customers", "orders")'),
                when=lambda facts: list(facts.values())[2] != []),
        Mistake("Rows of other people are gone as well.",
                ("!= person_id", "> person_id"),
                when=lambda facts: len(list(facts.values())[4]) < 2),
        Mistake("The sums still contain the person's orders: 160 in all, where 135 are left.",
                ('kept["orders"].groupby', 'tables["orders"].groupby'),
                when=lambda facts: sums(facts)["amount"].sum() == 160),
        Mistake("The sums are there, but not in the form of before: columns city and amount.",
                (', as_index=False)["amount"].sum()', ')["amount"].sum().to_frame()'),
                when=lambda facts: sums(facts).shape[1] == 1),
    ],
)

QUIZ = (
    Question(
        "A search form builds SQL with an f-string. Which repair holds?",
        (
            Option(
                "Remove quotes from what the user types.",
                "O'Hara cannot search any more, and numbers need no quotes for an attack.",
            ),
            Option(
                "Hand the text over as a parameter.",
                "The database never reads a parameter as SQL, whatever is in it.",
                right=True,
            ),
            Option("Hide the error messages.", "The hole stays; attackers can do without them."),
        ),
    ),
    Question(
        "Two records were encrypted with AES-GCM, the same key and the same nonce. What is lost?",
        (
            Option("Nothing: the key is secret.", "The nonce must be new for each message."),
            Option(
                "The key: it can be computed.",
                "The key stays unknown, but the attacker does not need it for these two.",
            ),
            Option(
                "Who knows one text can read the other.",
                "Both used the same key stream; the XOR of the two ciphertexts removes it.",
                right=True,
            ),
        ),
    ),
    Question(
        "A table has the SHA-256 of telephone numbers in place of names. What is it?",
        (
            Option(
                "Anonymous: a hash cannot be reversed.", "All numbers can be hashed and looked up."
            ),
            Option(
                "As good as named.",
                "There are few telephone numbers. Hash them all once, and look up each row.",
                right=True,
            ),
            Option("Encrypted.", "There is no key, so nobody is kept out."),
        ),
    ),
    Question(
        "You halve epsilon. What happens to the answer?",
        (
            Option("Its error is halved.", "The other way round: more privacy, more noise."),
            Option(
                "Its error doubles.", "The noise's scale is the sensitivity by epsilon.", right=True
            ),
            Option("Nothing; only the proof changes.", "Privacy is made of noise."),
        ),
    ),
    Question(
        "You become aware of a breach on Friday at 15:45. Until when does the GDPR ask for notice?",
        (
            Option("Monday, 15:45", "72 hours run through the weekend.", right=True),
            Option("Wednesday, 15:45", "Hours count, not working days."),
            Option("When the case is understood.", "What you do not know yet may follow later."),
        ),
    ),
)
