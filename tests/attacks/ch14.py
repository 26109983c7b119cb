"""Wrong answers to the exercises of chapter 14."""

from tests.attacks import Wrong

WRONG = {
    "14-parameters": [
        Wrong(
            """
def search(db, customer, sort):
    if sort not in ("item", "price"):
        raise ValueError(sort)
    query = f"SELECT item, price FROM orders WHERE customer = '{customer}' ORDER BY {sort}"
    return db.execute(query).fetchall()
""",
            "read as SQL",
        ),
        Wrong(
            """
def search(db, customer, sort):
    query = f"SELECT item, price FROM orders WHERE customer = ? ORDER BY {sort}"
    return db.execute(query, (customer,)).fetchall()
""",
            "Only item and price",
        ),
        Wrong(
            """
def search(db, customer, sort):
    query = "SELECT item, price FROM orders WHERE customer = ? ORDER BY ?"
    return db.execute(query, (customer, sort)).fetchall()
""",
            "only a text",
        ),
        Wrong(
            """
def search(db, customer, sort):
    customer = customer.replace("'", "")
    query = f"SELECT item, price FROM orders WHERE customer = '{customer}' ORDER BY {sort}"
    return db.execute(query).fetchall()
""",
            "His quote belongs to his name",
        ),
        Wrong(
            """
def search(db, customer, sort):
    if "'" in customer:
        raise ValueError("no quotes")
    query = f"SELECT item, price FROM orders WHERE customer = '{customer}' ORDER BY {sort}"
    return db.execute(query).fetchall()
""",
            "Strange names are allowed",
            "raised",
        ),
        Wrong(
            """
def search(db, customer, sort):
    if " or " in customer.lower():
        return []
    query = f"SELECT item, price FROM orders WHERE customer = '{customer}' ORDER BY {sort}"
    return db.execute(query).fetchall()
""",
            "A quote in a name broke the query",
            "raised",
        ),
        Wrong(
            """
def search(db, customer, sort):
    query = f'SELECT item, price FROM orders WHERE customer = ? ORDER BY "{sort}"'
    return db.execute(query, (customer,)).fetchall()
""",
            "Only item and price",
        ),
    ],
    "14-escape": [
        Wrong(
            """
def comment_html(name, text):
    return f'<p title="{name}">{escape(text)}</p>'
""",
            "left its quotes",
        ),
        Wrong(
            """
def comment_html(name, text):
    return f'<p title="{escape(name)}">{text}</p>'
""",
            "The browser sees a script",
        ),
        Wrong(
            """
def comment_html(name, text):
    text = text.replace("<script>", "").replace("</script>", "")
    return f'<p title="{escape(name)}">{text}</p>'
""",
            "Part of the comment is gone",
        ),
        Wrong(
            """
def comment_html(name, text):
    return f"<p title={escape(name)}>{escape(text)}</p>"
""",
            "needs quotes around it",
        ),
        Wrong(
            """
def comment_html(name, text):
    twice = str(escape(str(escape(text))))
    return f'<p title="{escape(name)}">{twice}</p>'
""",
            "escaped twice",
        ),
        Wrong(
            """
def comment_html(name, text):
    name = name.replace('"', "").replace("'", "")
    return f'<p title="{name}">{escape(text)}</p>'
""",
            "not the author's name",
        ),
    ],
    "14-path": [
        Wrong(
            """
def inside(folder, name):
    return None if ".." in name else folder / name
""",
            "and yet it was refused",
        ),
        Wrong(
            """
def inside(folder, name):
    return None if name.startswith("..") else folder / name
""",
            "An absolute name replaces the folder",
        ),
        Wrong(
            """
def inside(folder, name):
    found = (folder / name).resolve()
    return found if str(found).startswith(str(folder.resolve())) else None
""",
            "Compare paths, not texts",
        ),
        Wrong(
            """
def inside(folder, name):
    found = safe_join(str(folder), name)
    return found and Path(found)
""",
            "what it leads to is not",
        ),
        Wrong(
            """
def inside(folder, name):
    found = (folder / name).resolve()
    return found if found.is_relative_to(folder) else None
""",
            "one side was resolved",
        ),
        Wrong(
            """
def inside(folder, name):
    return (folder / name).resolve().is_relative_to(folder.resolve())
""",
            "The path itself is asked for",
        ),
        Wrong(
            """
def inside(folder, name):
    found = (folder / name).resolve()
    found.relative_to(folder.resolve())
    return found
""",
            "refused with an error",
            "raised",
        ),
        Wrong(
            """
def inside(folder, name):
    return (folder / name).resolve()
""",
            "climbed out",
        ),
    ],
    "14-policy": [
        Wrong(
            """
policy = policy_of({"Effect": "Allow", "Action": "*", "Resource": "*"})
""",
            "even making users",
        ),
        Wrong(
            """
policy = policy_of({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
""",
            "other buckets",
        ),
        Wrong(
            """
base = "arn:aws:s3:::course-people/"
policy = policy_of(
    {"Effect": "Allow", "Action": "s3:*", "Resource": base + "team-a/*"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": base + "shared/*"},
)
""",
            "includes deleting",
        ),
        Wrong(
            """
base = "arn:aws:s3:::course-people/"
both = [base + "team-a/*", base + "shared/*"]
policy = policy_of(
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": both},
)
""",
            "Read only",
        ),
        Wrong(
            """
base = "arn:aws:s3:::course-people/"
policy = policy_of(
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": base + "team-a*"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": base + "shared/*"},
)
""",
            "Where does the resource end",
        ),
        Wrong(
            """
policy = policy_of(
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::course-people"},
)
""",
            "It allows nothing",
        ),
        Wrong(
            """
policy = policy_of({"Effect": "Allow", "Action": "s3:GetObject"})
""",
            "IAM does not accept",
            "raised",
        ),
        Wrong(
            """
policy = {"Statement": []}
""",
            "version of the policy language",
        ),
        Wrong('policy = "read team-a, write team-a, read shared"', "A policy is a dict"),
        Wrong(
            """
base = "arn:aws:s3:::course-people/"
policy = policy_of(
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": base + "team-a/*"},
)
""",
            "cannot read below shared",
        ),
        Wrong(
            """
base = "arn:aws:s3:::course-people/"
both = [base + "team-a/*", base + "shared/*"]
policy = policy_of({"Effect": "Allow", "Action": "s3:GetObject", "Resource": both})
""",
            "cannot write below team-a",
        ),
    ],
    "14-open": [
        Wrong(
            """
def open_record(key, record):
    about = record["id"].encode()
    return AESGCM(key).decrypt(record["nonce"], record["sealed"], about).decode()
""",
            "Now refuse it",
            "raised",
        ),
        Wrong(
            """
def open_record(key, record):
    return AESGCM(key).decrypt(record["nonce"], record["sealed"], None).decode()
""",
            "hand it over, too",
            "raised",
        ),
        Wrong(
            """
def open_record(key, record):
    try:
        return AESGCM(key).decrypt(record["nonce"], record["sealed"], b"").decode()
    except InvalidTag:
        return None
""",
            "An honest record was refused",
        ),
        Wrong(
            """
def open_record(key, record):
    try:
        return AESGCM(key).decrypt(record["nonce"], record["sealed"], record["id"].encode())
    except InvalidTag:
        return None
""",
            "These are bytes",
        ),
        Wrong(
            """
def open_record(key, record):
    try:
        about = record["id"].encode()
        return AESGCM(key).decrypt(record["nonce"], record["sealed"], about).decode()
    except Exception:
        return None
""",
            "a mistake of the program",
        ),
        Wrong(
            """
def open_record(key, record):
    about = record["id"].encode()
    try:
        return AESGCM(key).decrypt(record["nonce"], record["sealed"], about).decode()
    except InvalidTag:
        return "tampered"
""",
            "looks like an answer",
        ),
    ],
    "14-rotate": [
        Wrong(
            """
def rotate_all(tokens, keys):
    fernets = MultiFernet([Fernet(key) for key in keys])
    return [fernets.rotate(token) for token in tokens]
""",
            "must not stop the others",
            "raised",
        ),
        Wrong(
            """
def rotate_all(tokens, keys):
    fernets = MultiFernet([Fernet(key) for key in keys])
    fresh = []
    for token in tokens:
        try:
            fresh.append(fernets.rotate(token))
        except InvalidToken:
            pass
    return fresh
""",
            "Its place gets None",
        ),
        Wrong(
            """
def rotate_all(tokens, keys):
    fernets = MultiFernet([Fernet(key) for key in keys])
    fresh = []
    for token in tokens:
        try:
            fresh.append(fernets.encrypt(fernets.decrypt(token)))
        except InvalidToken:
            fresh.append(None)
    return fresh
""",
            "Keep their time",
        ),
        Wrong(
            """
def rotate_all(tokens, keys):
    fernets = MultiFernet([Fernet(key) for key in reversed(keys)])
    fresh = []
    for token in tokens:
        try:
            fresh.append(fernets.rotate(token))
        except InvalidToken:
            fresh.append(None)
    return fresh
""",
            "The first key is the newest",
        ),
        Wrong(
            """
def rotate_all(tokens, keys):
    fernets = MultiFernet([Fernet(key) for key in keys])
    fresh = []
    for token in tokens:
        try:
            fresh.append(fernets.decrypt(token))
        except InvalidToken:
            fresh.append(None)
    return fresh
""",
            "These are no tokens",
        ),
        Wrong(
            """
def rotate_all(tokens, keys):
    fernet = Fernet(keys[0])
    fresh = []
    for token in tokens:
        try:
            fresh.append(MultiFernet([fernet]).rotate(token))
        except InvalidToken:
            fresh.append(None)
    return fresh
""",
            "All keys may open",
        ),
    ],
    "14-anonymise": [
        Wrong(
            """
def anonymise(people, k):
    for width in (5, 10, 20, 40, 100):
        coarse = people.assign(age=people["age"] // width * width)
        if coarse.groupby(["age", "sex", "city"]).size().mean() >= k:
            return coarse
""",
            "On average the groups are large",
        ),
        Wrong(
            """
def anonymise(people, k):
    return people.copy()
""",
            "The smallest group decides",
        ),
        Wrong(
            """
def anonymise(people, k):
    for width in (5, 10, 20, 40, 100):
        coarse = people.assign(age=people["age"] // width * width)
        if coarse.groupby("age").size().min() >= k:
            return coarse
""",
            "group by sex and city as well",
        ),
        Wrong(
            """
def anonymise(people, k):
    for width in (5, 10, 20, 40, 100):
        coarse = people.assign(age=people["age"] // width)
        if coarse.groupby(["age", "sex", "city"]).size().min() >= k:
            return coarse
""",
            "Their lower ends",
        ),
        Wrong(
            """
def anonymise(people, k):
    for width in (100, 40, 20, 10, 5):
        coarse = people.assign(age=people["age"] // width * width)
        if coarse.groupby(["age", "sex", "city"]).size().min() >= k:
            return coarse
""",
            "wider than they have to be",
        ),
        Wrong(
            """
def anonymise(people, k):
    coarse = people.assign(age=people["age"] // 5 * 5)
    sizes = coarse.groupby(["age", "sex", "city"])["age"].transform("size")
    return coarse[sizes > k]
""",
            "Rows are lost",
        ),
        Wrong(
            """
def anonymise(people, k):
    for width in (5, 10, 20, 40, 100):
        people["age"] = people["age"] // width * width
        if people.groupby(["age", "sex", "city"]).size().min() >= k:
            return people
""",
            "changed the table that it got",
        ),
        Wrong(
            """
def anonymise(people, k):
    coarse = people.assign(age=people["age"] // 5 * 5)
    if coarse.groupby(["age", "sex", "city"]).size().min() >= k:
        return coarse
""",
            "one of the five widths is enough",
        ),
        Wrong(
            """
def anonymise(people, k):
    for width in (5, 10, 20, 40, 100):
        coarse = people.assign(age=people["age"] // width * width)
        if coarse.groupby(["age", "sex", "city"]).size().min() >= k:
            return coarse.assign(age=coarse["age"].astype(str))
""",
            "asked for as a number",
        ),
        Wrong(
            """
def anonymise(people, k):
    for width in (5, 10, 20, 40, 100):
        coarse = people.assign(age=people["age"] // width * width)
        if coarse.groupby(["age", "sex", "city"]).size().median() >= k:
            return coarse
""",
            "On average the groups are large",
        ),
    ],
    "14-erase": [
        Wrong(
            """
def erase(tables, person_id):
    kept = dict(tables)
    for name in ("customers", "orders"):
        kept[name] = tables[name][tables[name]["person_id"] != person_id]
    kept["sales_by_city"] = kept["orders"].groupby("city", as_index=False)["amount"].sum()
    return kept
""",
            "A copy was forgotten",
        ),
        Wrong(
            """
def erase(tables, person_id):
    return {name: table[table["person_id"] != person_id] if "person_id" in table else table
            for name, table in tables.items()}
""",
            "still contain the person's orders",
        ),
        Wrong(
            """
def erase(tables, person_id):
    kept = {}
    for name, table in tables.items():
        kept[name] = table[table["person_id"] != person_id] if "person_id" in table else table
    kept["sales_by_city"] = tables["orders"].groupby("city", as_index=False)["amount"].sum()
    return kept
""",
            "still contain the person's orders",
        ),
        Wrong(
            """
def erase(tables, person_id):
    for name, table in tables.items():
        if "person_id" in table:
            tables[name] = table[table["person_id"] != person_id]
    tables["sales_by_city"] = tables["orders"].groupby("city", as_index=False)["amount"].sum()
    return tables
""",
            "Your function changed what it got",
        ),
        Wrong(
            """
def erase(tables, person_id):
    kept = {}
    for name, table in tables.items():
        if "person_id" in table:
            kept[name] = table[table["person_id"] != person_id]
    kept["sales_by_city"] = kept["orders"].groupby("city", as_index=False)["amount"].sum()
    return kept
""",
            "A table is missing",
        ),
        Wrong(
            """
def erase(tables, person_id):
    kept = {}
    for name, table in tables.items():
        kept[name] = table[table["person_id"] != person_id] if "person_id" in table else table
    kept["sales_by_city"] = kept["orders"].groupby("city")["amount"].sum().to_frame()
    return kept
""",
            "in the form of before",
        ),
        Wrong(
            """
def erase(tables, person_id):
    kept = {}
    for name, table in tables.items():
        kept[name] = table[table["person_id"] > person_id] if "person_id" in table else table
    kept["sales_by_city"] = kept["orders"].groupby("city", as_index=False)["amount"].sum()
    return kept
""",
            "Rows of other people are gone",
        ),
    ],
}
SURVIVORS = {
    "14-anonymise": {
        "line 1: statement 2 of the FunctionDef dropped": "Without a return, None comes as well.",
    },
}
