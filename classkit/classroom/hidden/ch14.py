"""Hidden tests of chapter 14, Security and privacy: other names, keys, texts and tables."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from classkit.classroom.hidden import error_of, expect, hidden, must, shuffled, word, words
from coursekit.feedback.checks.ch14 import _Seen


@hidden("14-parameters")
def parameters(answer, chance):
    import sqlite3

    first, second = words(chance, 2)
    names = [first, f"{second[:2]}'{second}", f'{second}"', f"{first}--", "Łu " + second]
    prices = chance.sample(range(1, 99), 9)
    rows = [
        (chance.choice(names), item, prices.pop()) for item in shuffled(chance, words(chance, 8))
    ]

    def ask(customer: str, sort: str) -> Any:
        db = sqlite3.connect(":memory:")
        db.execute("CREATE TABLE orders (customer TEXT, item TEXT, price INTEGER)")
        db.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
        return answer(db, customer, sort)

    for customer in names:
        for column, sort in enumerate(("item", "price")):
            found = [(item, price) for name, item, price in rows if name == customer]
            expect(sorted(found, key=lambda row, c=column: row[c]), ask, customer, sort)
    for attack in (f"{first}' OR '1'='1", f"{first}' UNION SELECT customer, 1 FROM orders --"):
        expect([], ask, attack, "price")
    bad = ("customer", "price, item", "item ASC", f"{word(chance)}", "item; DROP TABLE orders", "")
    for sort in bad:
        expect("ValueError", error_of, ask, first, sort)


@hidden("14-escape")
def escaped(answer, chance):
    def seen(name: str, text: str) -> Any:
        return _Seen(answer(name, text)).found

    def strange() -> str:
        parts = ["<b>", "</p>", "&amp;", "&lt;", '"', "'", " onclick='x()' ", f"<{word(chance)}>"]
        return word(chance) + "".join(chance.sample(parts, 4)) + word(chance, 3)

    for name in (word(chance), strange(), f"{word(chance)} {strange()}"):
        text = strange()
        expect([("p", {"title": name}), f"text: {text}", "/p"], seen, name, text)


@hidden("14-path")
def inside(answer, chance):
    own, old, other = words(chance, 3)
    file, secret = f"{word(chance)}.txt", f"{word(chance)}.key"
    with tempfile.TemporaryDirectory() as home:
        top = Path(home).resolve()
        folder = top / own
        for each in (folder / old, top / f"{own}{other}", top / other):
            each.mkdir(parents=True)
            (each / file).write_text("x")
        (folder / file).write_text("x")
        (top / secret).write_text("x")
        (folder / "here").symlink_to(folder / old)
        (folder / "away").symlink_to(top / other)
        (top / "alias").symlink_to(folder)

        def ask(name: str, below: Path) -> Any:
            found = answer(below, name)
            return None if found is None else str(Path(found).resolve().relative_to(top))

        for below in (folder, top / "alias"):
            for name in (file, f"{old}/{file}", f"{old}/../{file}", f"here/{file}"):
                expect(str((folder / name).resolve().relative_to(top)), ask, name, below)
            for name in (
                f"../{secret}",
                f"../{own}{other}/{file}",
                f"{old}/../../{secret}",
                f"away/{file}",
                str(top / secret),
            ):
                expect(None, ask, name, below)


@hidden("14-policy")
def policy(answer, chance):
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.iam.policy_validation import IAMPolicyDocumentValidator

    bucket, deep = "arn:aws:s3:::course-people", "/".join(words(chance, chance.randint(1, 3)))
    get, put = "s3:GetObject", "s3:PutObject"
    other = chance.choice(("s3:DeleteObject", "s3:GetObjectAcl", "s3:PutObjectAcl"))
    requests = {
        (get, f"{bucket}/team-a/{deep}"): True,
        (put, f"{bucket}/team-a/{deep}"): True,
        (get, f"{bucket}/shared/{deep}"): True,
        (put, f"{bucket}/shared/{deep}"): False,
        (other, f"{bucket}/team-a/{deep}"): False,
        (other, f"{bucket}/shared/{deep}"): False,
        (get, f"{bucket}/{word(chance)}/{deep}"): False,
        (get, f"{bucket}/team-{word(chance)}/{deep}"): False,
        (put, f"{bucket}/team-a{word(chance)}/{deep}"): False,
        (get, f"{bucket}-{word(chance)}/team-a/{deep}"): False,
        (chance.choice(("s3:ListBucket", "s3:PutBucketPolicy")), bucket): False,
        (chance.choice(("iam:CreateUser", "ec2:RunInstances", "kms:Decrypt")), "*"): False,
    }

    def allowed() -> dict:
        text = json.dumps(answer)
        IAMPolicyDocumentValidator(text).validate()
        asked = IAMPolicy(text)
        return {
            each: asked.is_action_permitted(*each) is PermissionResult.PERMITTED
            for each in requests
        }

    expect(requests, allowed)


@hidden("14-open")
def opened(answer, chance):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    def record(key: bytes, id: str, text: str) -> dict:
        nonce = os.urandom(12)
        return {
            "id": id,
            "nonce": nonce,
            "sealed": AESGCM(key).encrypt(nonce, text.encode(), id.encode()),
        }

    def spoilt(found: dict, field: str) -> dict:
        if field == "id":
            return found | {"id": found["id"] + word(chance, 1)}
        place, bit = chance.randrange(len(found[field])), 1 << chance.randrange(8)
        changed = bytearray(found[field])
        changed[place] ^= bit
        return found | {field: bytes(changed)}

    for bits in chance.sample((128, 192, 256), 3):
        key, id = AESGCM.generate_key(bit_length=bits), f"{word(chance)}-ñ"
        text = f"{word(chance, chance.randint(1, 30))} ü"
        expect(text, answer, key, record(key, id, text))
        for field in ("id", "nonce", "sealed"):
            expect(None, answer, key, spoilt(record(key, id, text), field))
        expect(None, answer, AESGCM.generate_key(bit_length=bits), record(key, id, text))
        short = os.urandom(chance.randint(2, 15))
        expect("ValueError", error_of, answer, short, record(key, id, text))


@hidden("14-rotate")
def rotated(answer, chance):
    from cryptography.fernet import Fernet, InvalidToken

    keys = [Fernet.generate_key() for _ in range(chance.randint(2, 5))]
    foreign = Fernet.generate_key()
    now = int(time.time())
    made = [
        (chance.choice([*keys, foreign]), word(chance).encode(), now - chance.randint(1, 10**8))
        for _ in range(chance.randint(3, 7))
    ]
    made += [(foreign, b"x", now), (keys[-1], b"", 1)]
    tokens = [Fernet(key).encrypt_at_time(text, when) for key, text, when in made]

    def fresh() -> Any:
        got = answer(list(tokens), list(keys))
        return [token if token is None else read(token) for token in got]

    def read(token: bytes) -> Any:
        try:
            return Fernet(keys[0]).decrypt(token), Fernet(keys[0]).extract_timestamp(token)
        except InvalidToken:
            return "not under the newest key"

    expect([None if key == foreign else (text, when) for key, text, when in made], fresh)


def _bands(people: list[tuple], k: int) -> list[int] | None:
    """Return the ages as coarse as k needs them, or None if no width is enough."""
    for width in (5, 10, 20, 40, 100):
        bands = [age - age % width for age, *_ in people]
        groups = Counter(
            (band, sex, city) for band, (_, sex, city) in zip(bands, people, strict=True)
        )
        if min(groups.values()) >= k:
            return bands
    return None


def _people(chance: Random) -> list[tuple]:
    """Draw people in a few groups, some of them close in age, some not."""
    people = []
    for _ in range(chance.randint(1, 3)):
        sex, city = chance.choice("FM"), chance.choice(("Ulm", "Quito", "Osaka"))
        start, width = chance.randint(0, 90), chance.choice((2, 8, 18, 35))
        people += [
            (start + chance.randrange(width), sex, city) for _ in range(chance.randint(2, 6))
        ]
    return shuffled(chance, people)


@hidden("14-anonymise")
def anonymise(answer, chance):
    import pandas as pd

    wide = [(chance.randint(*ages), "F", "Ulm") for ages in ((0, 9), (60, 70), (99, 99))]
    old = [(chance.randint(*ages), "M", "Quito") for ages in ((100, 100), (150, 160), (190, 199))]
    drawn = [(_people(chance), k) for k in (2, 2, 2, 3, 4)]
    for people, k in [(shuffled(chance, wide), 3), (shuffled(chance, old), 3), *drawn]:
        table = pd.DataFrame(people, columns=["age", "sex", "city"])
        table["income"] = [chance.randint(100, 900) for _ in people]
        before, bands = table.copy(), _bands(people, k)
        want = None if bands is None else before.assign(age=bands)
        expect(want, answer, table, k)
        must(table.equals(before))


@hidden("14-erase")
def erase(answer, chance):
    import pandas as pd

    person, *others = chance.sample(range(1, 99), 4)
    cities = words(chance, 3)

    def tables() -> dict:
        made = {"orders": pd.DataFrame(orders, columns=["person_id", "city", "amount"])}
        made["sales_by_city"] = made["orders"].groupby("city", as_index=False)["amount"].sum()
        made[names[0]] = pd.DataFrame({"person_id": [*others, person], "x": range(4)})
        made[names[1]] = pd.DataFrame({"x": [2, 1], "person_id": [person, others[0]]})
        made[names[2]] = pd.DataFrame({"city": cities})
        return made

    names = words(chance, 3)
    orders = [(chance.choice([person, *others]), c, chance.randint(1, 50)) for c in cities * 3]
    orders = shuffled(chance, [(person, word(chance), 5), (others[0], cities[0], 7), *orders])
    left = [order for order in orders if order[0] != person]
    sums = {c: sum(amount for _, city, amount in left if city == c) for _, c, _ in left}
    want = {
        "orders": left,
        "sales_by_city": sorted(sums.items()),
        names[0]: [(each, number) for number, each in enumerate(others)],
        names[1]: [(1, others[0])],
        names[2]: [(city,) for city in cities],
    }
    given = tables()

    def erased() -> Any:
        found = answer(given, person)
        return {
            name: list(table.itertuples(index=False, name=None)) for name, table in found.items()
        }

    expect(want, erased)
    must(given.keys() == tables().keys())
    must(all(given[name].equals(table) for name, table in tables().items()))
