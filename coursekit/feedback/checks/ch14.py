"""Checks and quiz of chapter 14, Security and privacy: attacks that are toys, keys made here."""

from __future__ import annotations

import json
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from coursekit.feedback.exercises import Misconception, exercise, require, trial
from coursekit.feedback.quizzes import Option, Question


@exercise(
    "14-parameters",
    title="A search that only searches",
    hints=(
        "Which of the two texts is a value, and which is a name in the query?",
        "For the value: a mark in the query, and a tuple beside it.",
        "For the name: compare it with those that you know, before you build the query.",
    ),
)
def parameters(answer):
    import sqlite3

    def ask(customer: str, sort: str) -> Any:
        db = sqlite3.connect(":memory:")
        db.execute("CREATE TABLE orders (customer TEXT, item TEXT, price INTEGER)")
        rows = [
            ("ana", "lamp", 30),
            ("ana", "clock", 40),
            ("ana", "radio", 20),
            ("o'hara", "pan", 9),
        ]
        db.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
        return answer(db, customer, sort)

    by_item = [("clock", 40), ("lamp", 30), ("radio", 20)]
    trial(
        'search(db, "ana", "item"), with a lamp for 30, a clock for 40, a radio for 20',
        lambda: ask("ana", "item"),
        want=by_item,
        misconceptions=[
            Misconception(
                lambda got: sorted(got) == by_item,
                "Right rows, but not sorted. As a parameter, a column's name is only a text: every"
                " row has the same.",
            ),
        ],
    )
    trial(
        'search(db, "ana", "price")',
        lambda: ask("ana", "price"),
        want=[("radio", 20), ("lamp", 30), ("clock", 40)],
    )
    trial(
        "search(db, \"x' OR '1'='1\", \"item\")",
        lambda: ask("x' OR '1'='1", "item"),
        want=[],
        misconceptions=[
            Misconception(
                lambda got: len(got) == 4,
                "The attack works: everybody's orders came out. The customer's text was read as"
                " SQL.",
            ),
            Misconception(ValueError, "Strange names are allowed; nobody has this one."),
        ],
    )
    trial(
        'search(db, "o\'hara", "item")',
        lambda: ask("o'hara", "item"),
        want=[("pan", 9)],
        misconceptions=[
            Misconception(
                sqlite3.OperationalError,
                "A quote in a name broke the query: the name is still part of the SQL.",
            ),
            Misconception([], "Mr O'Hara's order is lost. His quote belongs to his name."),
        ],
    )
    for sort in ("price DESC", "customer", "1; DROP TABLE orders"):
        trial(
            f'search(db, "ana", "{sort}")',
            lambda sort=sort: _or_error(lambda: ask("ana", sort)),
            want="ValueError",
            expected="a ValueError",
            misconceptions=[
                Misconception(
                    lambda got: isinstance(got, list),
                    "The text for `sort` went into the query. Only item and price are allowed.",
                ),
                Misconception(
                    sqlite3.Error,
                    "The text for `sort` reached the database. Refuse it before.",
                ),
            ],
        )


def _or_error(code: Any) -> Any:
    """Return what code returns, or the name of the ValueError that it raises."""
    try:
        return code()
    except ValueError:
        return "ValueError"


class _Seen(HTMLParser):
    """What a browser finds on a page, in order: tags with attributes, texts, ends of tags."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Any] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.found and isinstance(self.found[-1], str) and self.found[-1].startswith("text: "):
            self.found[-1] += data
        else:
            self.found.append(f"text: {data}")


@exercise(
    "14-escape",
    title="A comment that stays a text",
    hints=(
        "Two texts come from strangers. Which of them did you make harmless?",
        "Can the name close the quotes of its attribute? escape() knows quotes, too.",
        "Nothing must get lost: a reader may well write about <b> and &.",
    ),
)
def escaped(answer):
    def seen(name: str, text: str) -> Any:
        page = answer(name, text)
        return _Seen(str(page)).found if isinstance(page, str) else page

    def want(name: str, text: str) -> list[Any]:
        return [("p", {"title": name}), f"text: {text}", "/p"]

    trial(
        'what a browser sees in comment_html("Ana", "Hello")',
        lambda: seen("Ana", "Hello"),
        want=want("Ana", "Hello"),
    )
    script = "<script>alert(1)</script>"
    trial(
        f'what a browser sees in comment_html("Ana", "{script}")',
        lambda: seen("Ana", script),
        want=want("Ana", script),
        misconceptions=[
            Misconception(
                lambda got: any(isinstance(part, tuple) and part[0] == "script" for part in got),
                "The browser sees a script. The text was not escaped.",
            ),
            Misconception(
                lambda got: "&lt;" in got[1],
                "The reader sees &lt; instead of <. It was escaped twice.",
            ),
            Misconception(
                lambda got: "alert" not in str(got) or "<script>" not in str(got),
                "Part of the comment is gone. Escape it; do not cut it.",
            ),
        ],
    )
    for name in ("Ana B", "x' onmouseover='alert(1)", 'x" onmouseover="alert(1)', "<b>&amp;"):
        trial(
            f"what a browser sees in comment_html({name!r}, 'Hello')",
            lambda name=name: seen(name, "Hello"),
            want=want(name, "Hello"),
            misconceptions=[
                Misconception(
                    lambda got: "onmouseover" in got[0][1],
                    "The name left its quotes and added an attribute that runs a script.",
                ),
                Misconception(
                    lambda got: len(got[0][1]) > 1,
                    "The name ends at its first space: an attribute needs quotes around it.",
                ),
                Misconception(
                    lambda got, name=name: got[0][1] != {"title": name},
                    "The title is not the author's name. Was it escaped, once?",
                ),
            ],
        )


@exercise(
    "14-path",
    title="Stay inside the folder",
    hints=(
        "Where does the path really lead? Ask for it before you compare.",
        "The folder itself may be reached by a link: treat both sides alike.",
        "Compare paths as paths. As texts, /data/reports-old begins with /data/reports.",
    ),
)
def inside(answer):
    with tempfile.TemporaryDirectory() as home:
        top = Path(home).resolve()
        folder = top / "reports"
        (folder / "old").mkdir(parents=True)
        (top / "reports-2").mkdir()
        for name in ("may.txt", "old/april.txt", "../keys.txt", "../reports-2/x.txt"):
            (folder / name).write_text("x")
        (folder / "link.txt").symlink_to(top / "keys.txt")
        (top / "alias").symlink_to(folder)

        def ask(name: str, below: Path = folder) -> Any:
            found = answer(below, name)
            if isinstance(found, (str, Path)):
                return str(Path(found).resolve().relative_to(top))
            return found

        for name in ("may.txt", "old/april.txt", "old/../may.txt"):
            real = str((folder / name).resolve().relative_to(top))
            trial(
                f'inside(reports, "{name}")',
                lambda name=name: ask(name),
                want=real,
                expected=f"the path of {real}",
                misconceptions=[
                    Misconception(None, "This file is in the folder, and yet it was refused."),
                    Misconception(
                        lambda got: isinstance(got, bool),
                        "That says whether it is inside. The path itself is asked for.",
                    ),
                ],
            )
        outside = {
            "../keys.txt": "`..` climbed out of the folder.",
            "../reports-2/x.txt": "reports-2 begins like reports, but it is another folder."
            " Compare paths, not texts.",
            str(top / "keys.txt"): "An absolute name replaces the folder, and was let through.",
            "link.txt": "The link is in the folder, but what it leads to is not.",
        }
        for name, tell in outside.items():
            shown = name.replace(str(top), "/data")
            trial(
                f'inside(reports, "{shown}")',
                lambda name=name: ask(name),
                want=None,
                expected="None",
                misconceptions=[
                    Misconception(
                        Exception,
                        "It was refused with an error. None is asked for.",
                    ),
                    Misconception(lambda got: got is not None, tell),
                ],
            )
        trial(
            'inside(alias, "may.txt"), where alias is a link to reports',
            lambda: ask("may.txt", top / "alias"),
            want="reports/may.txt",
            expected="the path of reports/may.txt",
            misconceptions=[
                Misconception(
                    None, "The folder was reached by a link: one side was resolved, one was not."
                )
            ],
        )


_BUCKET = "arn:aws:s3:::course-people"
# (action, resource, allowed, in words)
_REQUESTS = (
    ("s3:GetObject", f"{_BUCKET}/team-a/x.csv", True, "read team-a/x.csv"),
    ("s3:PutObject", f"{_BUCKET}/team-a/deep/y.csv", True, "write team-a/deep/y.csv"),
    ("s3:GetObject", f"{_BUCKET}/shared/z.csv", True, "read shared/z.csv"),
    ("s3:PutObject", f"{_BUCKET}/shared/z.csv", False, "write shared/z.csv"),
    ("s3:DeleteObject", f"{_BUCKET}/team-a/x.csv", False, "delete team-a/x.csv"),
    ("s3:GetObject", f"{_BUCKET}/team-b/x.csv", False, "read team-b/x.csv"),
    ("s3:GetObject", f"{_BUCKET}/team-a-old/x.csv", False, "read team-a-old/x.csv"),
    ("s3:GetObject", "arn:aws:s3:::other/team-a/x.csv", False, "read another bucket"),
    ("s3:ListBucket", _BUCKET, False, "list the bucket"),
    ("iam:CreateUser", "*", False, "make a user"),
)


def _allowed(policy: Any) -> dict[str, bool]:
    """Ask moto, the engine of the embedded AWS, about every request."""
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.iam.policy_validation import IAMPolicyDocumentValidator

    text = json.dumps(policy)
    IAMPolicyDocumentValidator(text).validate()
    asked = IAMPolicy(text)
    return {
        words: asked.is_action_permitted(action, resource) is PermissionResult.PERMITTED
        for action, resource, _, words in _REQUESTS
    }


@exercise(
    "14-policy",
    title="No more than needed",
    hints=(
        "Begin with nothing. Which action on which folder do you have to add?",
        "The two folders have different actions. Can one statement say both?",
        "A resource ends with /* for all objects below a folder.",
    ),
)
def policy(answer):
    require(
        isinstance(answer, dict),
        "the policy",
        expected="a dict",
        got=answer,
        tell="A policy is a dict here: it becomes JSON when it is sent.",
    )
    require(
        answer.get("Version") == "2012-10-17",
        'policy["Version"]',
        expected='"2012-10-17"',
        got=answer.get("Version"),
        tell="That is the version of the policy language, as in the examples above.",
    )

    def over(*names: str) -> Any:
        return lambda got: any(got[name] for name in names)

    trial(
        "what the policy allows",
        lambda: _allowed(answer),
        want={words: allowed for _, _, allowed, words in _REQUESTS},
        misconceptions=[
            Misconception(
                Exception,
                "IAM does not accept this policy. It has a list of statements, each with Effect,"
                " Action and Resource.",
            ),
            Misconception(over("make a user"), "It allows every service, even making users."),
            Misconception(over("read another bucket"), "It reaches into other buckets as well."),
            Misconception(
                over("delete team-a/x.csv", "list the bucket"),
                "It allows more actions than asked for. `s3:*` includes deleting and listing.",
            ),
            Misconception(over("write shared/z.csv"), "Members may write to shared/. Read only."),
            Misconception(
                over("read team-b/x.csv", "read team-a-old/x.csv"),
                "It allows objects outside team-a/ and shared/. Where does the resource end?",
            ),
            Misconception(
                lambda got: not any(got.values()),
                "It allows nothing. For objects, the resource is the bucket, a slash, and a"
                " pattern of names.",
            ),
            Misconception(
                lambda got: not got["read shared/z.csv"], "Members cannot read below shared/."
            ),
            Misconception(
                lambda got: not got["write team-a/deep/y.csv"],
                "Members cannot write below team-a/, in folders of it, too.",
            ),
        ],
    )


@exercise(
    "14-open",
    title="Open it, or refuse it",
    hints=(
        "Three things went into the tag: the nonce is one, the message another. And the third?",
        "Which error does the library raise when the tag does not fit?",
        "What comes out are bytes. What is asked for?",
    ),
)
def opened(answer):
    import os

    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key = AESGCM.generate_key(bit_length=256)

    def record(id: str, text: str) -> dict:
        nonce = os.urandom(12)
        sealed = AESGCM(key).encrypt(nonce, text.encode(), id.encode())
        return {"id": id, "nonce": nonce, "sealed": sealed}

    for id, text in (("17", "ana: 52,000 USD"), ("Zoë", "größer")):
        trial(
            f'open_record(key, a record with the id "{id}")',
            lambda id=id, text=text: answer(key, record(id, text)),
            want=text,
            misconceptions=[
                Misconception(text.encode(), "These are bytes. Decode them to a text."),
                Misconception(
                    InvalidTag, "The tag does not fit. The id was part of it: hand it over, too."
                ),
                Misconception(
                    None, "An honest record was refused. Was the id handed over, as bytes?"
                ),
            ],
        )

    def changed(field: str) -> dict:
        found = record("17", "ana: 52,000 USD")
        if field == "id":
            return found | {"id": "18"}
        return found | {field: bytes([found[field][0] ^ 1]) + found[field][1:]}

    for field in ("sealed", "nonce", "id"):
        trial(
            f'open_record(key, a record whose "{field}" was changed)',
            lambda field=field: answer(key, changed(field)),
            want=None,
            expected="None",
            misconceptions=[
                Misconception(InvalidTag, "The change was noticed. Now refuse it: return None."),
                Misconception(
                    lambda got: isinstance(got, (str, bytes)),
                    "A changed record gave something that looks like an answer.",
                ),
            ],
        )
    trial(
        "open_record(a key of 5 bytes, a record)",
        lambda: _or_error(lambda: answer(b"short", record("17", "x"))),
        want="ValueError",
        expected="the library's ValueError",
        misconceptions=[
            Misconception(
                None,
                "A key of a wrong size is a mistake of the program, not tampering. Catch only the"
                " error that means tampering.",
            )
        ],
    )


@exercise(
    "14-rotate",
    title="Every token under the new key",
    hints=(
        "One object can open tokens of all keys and write with the first.",
        "It also has a method that keeps the time of a token.",
        "Where is the error for a token that no key opens, and what goes into the list then?",
    ),
)
def rotated(answer):
    from cryptography.fernet import Fernet, InvalidToken

    new, old, oldest, foreign = (Fernet.generate_key() for _ in range(4))

    def tokens() -> list[bytes]:
        return [
            Fernet(old).encrypt_at_time(b"one", 1_000),
            Fernet(foreign).encrypt_at_time(b"two", 2_000),
            Fernet(oldest).encrypt_at_time(b"three", 3_000),
            Fernet(new).encrypt_at_time(b"four", 4_000),
        ]

    def read(fresh: Any) -> Any:
        if not isinstance(fresh, list):
            return fresh
        return [_read(token) for token in fresh]

    def _read(token: Any) -> Any:
        if not isinstance(token, (bytes, str)):
            return token
        for name, key in (("new", new), ("old", old), ("oldest", oldest), ("foreign", foreign)):
            try:
                text = Fernet(key).decrypt(token).decode()
                return text, name, Fernet(key).extract_timestamp(token)
            except InvalidToken:
                continue
        return "no token"

    want = [("one", "new", 1_000), None, ("three", "new", 3_000), ("four", "new", 4_000)]
    trial(
        "rotate_all(four tokens, [new, old, oldest]), one of them under a foreign key",
        lambda: read(answer(tokens(), [new, old, oldest])),
        want=want,
        expected=f"tokens that read as {want} (text, key, time)",
        misconceptions=[
            Misconception(
                InvalidToken,
                "One token opens with none of the keys. It must not stop the others.",
            ),
            Misconception(
                lambda got: [part for part in got if part] == [part for part in want if part],
                "A token that nobody can read was dropped. Its place gets None.",
            ),
            Misconception(
                lambda got: any(part == "no token" for part in got),
                "These are no tokens. The plain text must not lie around: encrypt it again.",
            ),
            Misconception(
                lambda got: any(part and part[1] != "new" for part in got),
                "Some tokens are still under an old key. The first key is the newest.",
            ),
            Misconception(
                lambda got: got[0][2] != 1_000,
                "The tokens are new, and look as if they were made today. Keep their time.",
            ),
            Misconception(
                lambda got: got[0] is None or got[2] is None,
                "A token of an older key was given up. All keys may open, not only the first.",
            ),
        ],
    )
    trial("rotate_all([], [new])", lambda: answer([], [new]), want=[])


@exercise(
    "14-anonymise",
    title="As fine as k allows",
    hints=(
        "Try the widths from the finest to the coarsest. When may you stop?",
        "k-anonymous is decided by one group. Which?",
        "37 // 10 is 3. What gives 30?",
    ),
)
def anonymise(answer):
    import pandas as pd

    def table(*rows: tuple) -> Any:
        return pd.DataFrame(rows, columns=["age", "sex", "city", "income"])

    def by_age(*ages: int) -> Any:
        return table(*((age, "F", "Ulm", 10 * age) for age in ages))

    shifted = [
        Misconception(lambda got: len(got) < 4, "Rows are lost. Every person stays in the table."),
        Misconception(
            lambda got: not pd.api.types.is_numeric_dtype(got["age"]),
            "An age is asked for as a number: the lower end of the band.",
        ),
        Misconception(
            lambda got: 0 < got["age"].max() < 10,
            "These are the numbers of the bands. Their lower ends are asked for.",
        ),
        Misconception(
            lambda got: got["age"].nunique() < 2,
            "The bands are wider than they have to be. Take the smallest width that is enough.",
        ),
        Misconception(
            lambda got: got["age"].nunique() > 2,
            "Somebody is still in a group of fewer than k. The smallest group decides.",
        ),
    ]
    people = by_age(31, 34, 31, 36, 39, 38)
    before = people.copy()
    trial(
        "anonymise(people, 3), with the ages 31, 34, 31, 36, 39, 38, one sex, one city",
        lambda: answer(people, 3),
        want=by_age(31, 34, 31, 36, 39, 38).assign(age=[30, 30, 30, 35, 35, 35]),
        expected="the same table with the ages 30, 30, 30, 35, 35, 35",
        misconceptions=shifted,
    )
    require(
        people.equals(before),
        "people, after anonymise(people, 3)",
        expected="the table as it was",
        got=people,
        tell="Your function changed the table that it got. Work on a new one.",
    )
    cases = [
        ((30, 36, 42, 44), 2, 10, [30, 30, 40, 40]),
        ((20, 35, 42, 55), 2, 20, [20, 20, 40, 40]),
        ((5, 30, 45, 79), 2, 40, [0, 0, 40, 40]),
        ((10, 60, 99, 3), 4, 100, [0, 0, 0, 0]),
        ((101, 120, 199, 150), 4, 100, [100] * 4),
    ]
    for ages, k, width, bands in cases:
        trial(
            f"anonymise(people, {k}), with the ages {', '.join(map(str, ages))}",
            lambda ages=ages, k=k: answer(by_age(*ages), k),
            want=by_age(*ages).assign(age=bands),
            expected=f"bands of {width} years: {bands}",
            misconceptions=[
                Misconception(None, "A table is there: one of the five widths is enough."),
                *shifted[:3],
            ],
        )
    mixed = [(31, "F", "Ulm", 1), (32, "F", "Ulm", 2), (33, "M", "Ulm", 3), (34, "M", "Ulm", 4)]
    trial(
        "anonymise(two women and two men aged 31 to 34, 3)",
        lambda: answer(table(*mixed), 3),
        want=None,
        expected="None: sex alone makes groups of 2",
        misconceptions=[
            Misconception(
                lambda got: isinstance(got, pd.DataFrame),
                "Age is not the only thing a neighbour knows: group by sex and city as well.",
            )
        ],
    )
    uneven = [(31, "F", "Ulm", 1)] * 5 + [(31, "F", "Bonn", 1), (33, "F", "Bonn", 1)]
    trial(
        "anonymise(five people in Ulm, two in Bonn, 3)",
        lambda: answer(table(*uneven), 3),
        want=None,
        expected="None: the group in Bonn has two people",
        misconceptions=[
            Misconception(
                lambda got: isinstance(got, pd.DataFrame),
                "On average the groups are large, but one is not. Its people are not hidden.",
            )
        ],
    )


@exercise(
    "14-erase",
    title="Erased, everywhere",
    hints=(
        "Do not name the tables: look at each one, and at its columns.",
        "A table without that column goes through as it is, except the sums.",
        "Compute the sums from the orders of the new dict, not from the old ones.",
    ),
)
def erase(answer):
    import pandas as pd

    def tables() -> dict:
        orders = pd.DataFrame(
            {
                "person_id": [1, 2, 1, 3, 1],
                "city": ["Quito", "Osaka", "Quito", "Quito", "Ulm"],
                "amount": [30, 25, 60, 40, 5],
            }
        )
        customers = pd.DataFrame({"person_id": [1, 2, 3], "name": ["Ana", "Ben", "Cleo"]})
        return {
            "customers": customers,
            "orders": orders,
            "export_for_partner_7": customers.copy(),
            "cities": pd.DataFrame({"city": ["Quito", "Osaka", "Ulm"]}),
            "sales_by_city": orders.groupby("city", as_index=False)["amount"].sum(),
        }

    given = tables()
    erased: dict = {}

    def run() -> Any:
        found = answer(given, 2)
        erased.update(found if isinstance(found, dict) else {})
        return sorted(found) if isinstance(found, dict) else type(found).__name__

    trial(
        "the names in erase(tables, 2)",
        run,
        want=sorted(tables()),
        expected=f"a dict with {', '.join(sorted(tables()))}",
        misconceptions=[
            Misconception("NoneType", "Return the new dict of tables."),
            Misconception(
                lambda got: isinstance(got, list), "A table is missing, or one is too many."
            ),
        ],
    )
    require(
        all(given[name].equals(table) for name, table in tables().items())
        and given.keys() == tables().keys(),
        "the tables that erase was given",
        expected="as they were",
        got="changed ones",
        tell="Your function changed what it got. Make a new dict with new tables.",
    )
    left = [
        name
        for name, table in erased.items()
        if "person_id" in table and (table["person_id"] == 2).any()
    ]
    require(
        not left,
        "the tables in which person 2 still is",
        expected="none",
        got=", ".join(left),
        tell="A copy was forgotten. Look at the columns of every table; names say nothing.",
    )
    for name in ("customers", "orders", "export_for_partner_7", "cities"):
        kept = tables()[name]
        kept = kept[kept["person_id"] != 2] if "person_id" in kept else kept
        trial(
            f'erase(tables, 2)["{name}"]',
            lambda name=name: erased[name].reset_index(drop=True),
            want=kept.reset_index(drop=True),
            misconceptions=[
                Misconception(
                    lambda got, kept=kept: len(got) < len(kept),
                    "Rows of other people are gone as well.",
                )
            ],
        )
    trial(
        'erase(tables, 2)["sales_by_city"]',
        lambda: erased["sales_by_city"].reset_index(drop=True),
        want=pd.DataFrame({"city": ["Quito", "Ulm"], "amount": [130, 5]}),
        misconceptions=[
            Misconception(
                lambda got: got["amount"].sum() == 160,
                "The sums still contain the person's orders: 160 in all, where 135 are left.",
            ),
            Misconception(
                lambda got: got.shape == (2, 2) or got.shape == (2, 1),
                "The sums are there, but not in the form of before: columns city and amount.",
            ),
        ],
    )
    trial(
        'erase(tables, 1)["sales_by_city"]',
        lambda: answer(tables(), 1)["sales_by_city"].reset_index(drop=True),
        want=pd.DataFrame({"city": ["Osaka", "Quito"], "amount": [25, 40]}),
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
