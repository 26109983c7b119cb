"""Exercises and quiz of chapter 04: each try has a bucket of its own, in the embedded AWS."""

import contextlib
import fnmatch
import hashlib
import json
import tempfile
import uuid
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from coursekit.cloud import aws, azure_blob
from coursekit.cloud.real import require_local
from coursekit.cloud.sandbox import Account
from coursekit.feedback.authoring import Mistake, Option, Question, case, exercise, word, words
from coursekit.feedback.facts import Raised

CLOUD = {"seconds": 30, "memory": None, "slow": True}  # a first call on a busy machine takes long


@cache
def s3_at(endpoint, page=1000):
    """Return a client to which S3 answers with so many keys at a time."""
    import boto3

    def limit(params, model, **_):
        if model.name in ("ListObjectsV2", "ListObjects"):
            params["MaxKeys"] = page

    s3 = boto3.client("s3")
    s3.meta.events.register("before-parameter-build.s3", limit)
    return s3


@contextlib.contextmanager
def bucket(objects=(), make=True):
    """Give a client and the name of a bucket with these objects; delete it afterwards."""
    from botocore.exceptions import ClientError

    require_local()
    s3, name = s3_at(aws().endpoint), f"check-{uuid.uuid4().hex[:12]}"
    if make:
        s3.create_bucket(Bucket=name)
    try:
        for key, body in dict(objects).items():
            s3.put_object(Bucket=name, Key=key, Body=body)
        yield s3, name
    finally:
        with contextlib.suppress(ClientError):  # the learner's code may not have made it
            s3.delete_bucket_policy(Bucket=name)
            for item in s3.list_objects_v2(Bucket=name).get("Contents", ()):
                s3.delete_object(Bucket=name, Key=item["Key"])
            s3.delete_bucket(Bucket=name)


def draw_key(chance):
    return "/".join([*words(chance, chance.randint(0, 3), 4), f"{word(chance)}.csv"])


def draw_objects(chance, number):
    return {draw_key(chance): chance.randbytes(chance.randint(20, 900)) for _ in range(number)}


def region_of(answer, region):
    with bucket(make=False) as (s3, name):
        answer(name, region)
        if name not in [made["Name"] for made in s3.list_buckets()["Buckets"]]:
            return "no bucket of this name"
        return s3.head_bucket(Bucket=name)["BucketRegion"]


OTHERS = ("eu-central-1", "us-west-2", "ap-northeast-1", "ca-central-1", "sa-east-1")
PLACE = "client.create_bucket(Bucket=name, CreateBucketConfiguration=place)"

exercise(
    "04-bucket",
    title="A bucket in any region",
    hints=(
        "Which argument did the cell above add, and what did it hold?",
        "There is one region in which that argument must be left out.",
        'Two ways: `if region == "____": create_bucket(Bucket=name)`, else also'
        ' `CreateBucketConfiguration={"____": region}`.',
    ),
    examples=[case(r, want=r) for r in ("eu-west-1", "us-east-1", "ap-southeast-2")],
    draw=lambda chance: [case(r, want=r) for r in ("us-east-1", *chance.sample(OTHERS, 3))],
    observe=region_of,
    tried='make_bucket("…", {0!r}), then the bucket\'s region',
    **CLOUD,
    mistakes=[
        Mistake("Outside us-east-1, S3 wants to be told the region once more, and it must be the"
                " client's own.", (PLACE, "client.create_bucket(Bucket=str(name))"),
                when=lambda got: "IllegalLocationConstraintException" in got.text),
        Mistake("In us-east-1 a location constraint is an error: leave it out there.",
                ('region == "us-east-1"', "not region"),
                when=lambda got: "InvalidLocationConstraint" in got.text),
        Mistake("There is no bucket with the name that was given.",
                (PLACE, f"{PLACE}; client.delete_bucket(Bucket=name)"),
                when="no bucket of this name"),
        Mistake("There is a bucket, but in another region than was asked for.",
                "def make_bucket(name, region):\n    s3.create_bucket(Bucket=name)",
                when=lambda got: isinstance(got, str)),
    ],
    also_right=[
        "def make_bucket(name, region):\n"
        "    more = {}\n"
        "    if region != 'us-east-1':\n"
        "        more['CreateBucketConfiguration'] = {'LocationConstraint': region}\n"
        "    boto3.resource('s3', region_name=region).create_bucket(Bucket=name, **more)",
    ],
)


def fetched(answer, key, body):
    with tempfile.TemporaryDirectory() as folder, bucket({key: body}) as (s3, name):
        file = Path(folder) / "back.csv"
        answer(s3, f"s3://{name}/{key}", file)
        return file.read_bytes() if file.is_file() else "no file"


exercise(
    "04-download",
    title="A download by URL",
    hints=(
        "Which three things does download_file want?",
        "Cut the beginning off the URL; then the first slash ends the bucket's name.",
        'A key may have slashes: `bucket, _, key = url.____("s3://").partition("____")`.',
    ),
    examples=[case(key, b"JFK,LAX\n", want=b"JFK,LAX\n")
              for key in ("flights.csv", "2013/01/flights.csv")],
    draw=lambda chance: [case(key, body, want=body)
                         for key, body in draw_objects(chance, 4).items()],
    observe=fetched,
    tried='fetch(s3, "s3://bucket/{0}", Path("back.csv")), then the bytes of back.csv',
    **CLOUD,
    mistakes=[
        Mistake("download_file wants three things: the bucket, the key, the file name.",
                ("download_file(bucket, key, file)", "download_file(Bucket=url, Filename=file)"),
                when=lambda got: "TypeError" in got.names and "missing" in got.text),
        Mistake("A key may have slashes of its own: cut at the first one only.",
                ("bucket, _, key", "bucket, key", '.partition("/")', '.split("/")'),
                when=lambda got: "unpack" in got.text),
        Mistake('The bucket\'s name is what stands between "s3://" and the next slash.',
                ('url.removeprefix("s3://").partition', "url.rpartition"),
                when=lambda got: "ParamValidationError" in got.names),
        Mistake("S3 finds no such object. Print the bucket and the key.",
                ("(bucket, key", '(bucket, "/" + key'),
                when=lambda got: "ClientError" in got.names),
        Mistake("Nothing was written to the file that was named.",
                ("s3.download_file(bucket, key, file)", "s3.get_object(Bucket=bucket, Key=key)"),
                when="no file"),
    ],
    also_right=[
        "def fetch(s3, url, file):\n"
        "    parts = urlsplit(url)\n"
        "    found = s3.get_object(Bucket=parts.netloc, Key=parts.path[1:])\n"
        "    file.write_bytes(found['Body'].read())",
    ],
)


def listed(answer, keys, *prefix):
    with bucket(dict.fromkeys(keys, b"")) as (_, name):
        got = answer(s3_at(aws().endpoint, page=2), name, *prefix)
    return "a generator" if hasattr(got, "__next__") else got


def draw_keys(chance):
    many, few, none = words(chance, 3)
    keys = [f"{many}/{each}" for each in words(chance, chance.randint(3, 7))]
    keys += [f"{few}/{each}" for each in words(chance, chance.randint(1, 3))]
    chance.shuffle(keys)
    return [case(keys, f"{many}/"), case(keys, f"{few}/"), case(keys), case(keys, f"{none}/")]


FIVE = ["planes/N0", "planes/N1", "other", "planes/N2", "planes/N3"]

exercise(
    "04-keys",
    title="All keys, however many",
    hints=(
        "Which object asks again until there are no more pages?",
        "Give the prefix to paginate, and go through the keys of every page.",
        "What does a page without keys lack?"
        ' `for page in ____ for item in page.get("____", ____)`.',
    ),
    examples=[
        case(FIVE, "planes/", want=["planes/N0", "planes/N1", "planes/N2", "planes/N3"],
             shown='all_keys(s3, bucket, "planes/") of 4 keys, where one answer holds 2'),
        case(FIVE, want=sorted(FIVE), shown="all_keys(s3, bucket)"),
        case(FIVE, "nothing/", want=[], shown='all_keys(s3, bucket, "nothing/")'),
    ],
    draw=draw_keys,
    observe=listed,
    **CLOUD,
    mistakes=[
        Mistake("Only the keys of the first answer are here. S3 said IsTruncated.",
                ('s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)',
                 "[s3.list_objects_v2(Bucket=bucket, Prefix=prefix)]"),
                when=["planes/N0", "planes/N1"]),
        Mistake("Keys without the prefix are here, too.", (", Prefix=prefix", ""),
                when=sorted(FIVE)),
        Mistake("Keys are asked for: the text under Key in each item.", ('item["Key"]', "item"),
                when=lambda got: isinstance(got[0], dict)),
        Mistake("A list of pages came out; one list of keys is asked for.",
                ('[item["Key"] for page in pages for item in page.get("Contents", [])]',
                 '[[item["Key"] for item in page.get("Contents", [])] for page in pages]'),
                when=lambda got: isinstance(got[0], list)),
        Mistake("A generator came out. A list is asked for.",
                ('[item["Key"] for page', '(item["Key"] for page', "[])]", "[]))"),
                when="a generator"),
        Mistake('Where there are no keys, an answer has no "Contents" at all.',
                ('page.get("Contents", [])', 'page["Contents"]'), when=KeyError),
    ],
    also_right=[
        "def all_keys(s3, bucket, prefix=''):\n"
        "    keys, more = [], {}\n"
        "    while True:\n"
        "        answer = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, **more)\n"
        "        keys += [item['Key'] for item in answer.get('Contents', ())]\n"
        "        if not answer['IsTruncated']:\n"
        "            return keys\n"
        "        more = {'ContinuationToken': answer['NextContinuationToken']}",
    ],
)


def kept(save, load_json, key, value, default):
    with bucket() as (s3, name):
        save(s3, name, key, value)
        there = s3.list_objects_v2(Bucket=name, Prefix=key)["KeyCount"]
        body = s3.get_object(Bucket=name, Key=key)["Body"].read() if there else b"no object"
        try:
            yield "what save put, read as JSON", json.loads(body)
        except ValueError:
            yield "what save put", body
        yield "its content type", s3.head_object(Bucket=name, Key=key)["ContentType"]
        got = load_json(s3, name, key, default)
        yield "what load_json returns", "a stream" if hasattr(got, "read") else got
        yield f'load_json(s3, bucket, "missing", {default!r})', load_json(s3, name, "gone", default)
        yield 'load_json(s3, bucket, "missing")', load_json(s3, name, "gone")


def refused(save, load_json, body, default):
    with bucket({"bad": body}) as (s3, name):
        yield "no error, but", load_json(s3, name if body else f"{name}-not", "bad", default)


def json_kept(save, load_json, *inputs):
    yield from (kept if len(inputs) == 3 else refused)(save, load_json, *inputs)


def draw_values(chance):
    value = {word(chance): chance.randint(0, 99), "ñ": [None, chance.random(), word(chance)]}
    default = word(chance)
    return [case(draw_key(chance), value, default), case(draw_key(chance), 7, default),
            case(b"{" + word(chance).encode(), default), case(b"", default)]


CITY = {"city": "Zürich", "flights": [1, None, 2.5], "late": False}
GET = """    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return default
    return json.load(answer["Body"])"""

exercise(
    "04-json",
    title="A JSON round trip",
    hints=(
        "json.dumps gives text; S3 keeps bytes. Which method of a text makes bytes of it?",
        "The client has exceptions of its own: s3.exceptions. Which one says that the key is"
        " missing?",
        "Put the try around get_object only: `except s3.exceptions.____: return ____`.",
    ),
    examples=[
        case("a/value.json", CITY, 0, want={
            "what save put, read as JSON": CITY, "its content type": "application/json",
            "what load_json returns": CITY, 'load_json(s3, bucket, "missing", 0)': 0,
            'load_json(s3, bucket, "missing")': None}, shown="save(s3, bucket, key, value)"),
        case(b"", 0, want=Raised(("NoSuchBucket",)),
             shown='load_json(s3, "a-bucket-that-is-missing", "k", 0)'),
        case(b"{", 0, want=json.JSONDecodeError, shown="load_json of an object that is no JSON"),
    ],
    draw=draw_values,
    observe=json_kept,
    **CLOUD,
    mistakes=[
        Mistake("There is no object under that key.",
                ("s3.put_object(Bucket=bucket, Key=key", 's3.put_object(Bucket=bucket, Key="k"'),
                when=b"no object"),
        Mistake("What lies in the bucket is not JSON. str(value) is Python's way of writing;"
                " json.dumps is JSON's.", ("json.dumps(value)", "str(value)"),
                when=lambda facts: "what save put" in facts),
        Mistake("Body takes bytes: turn the value into JSON text, and the text into bytes.",
                ("json.dumps(value).encode()", "value"),
                when=lambda got: "ParamValidationError" in got.names),
        Mistake("Without a content type, the object says only that it is some bytes.",
                (', ContentType="application/json"', ""),
                when="binary/octet-stream"),
        Mistake("These are the bytes of the object. Make a value of them.",
                ('json.load(answer["Body"])', 'answer["Body"].read()'),
                ('json.load(answer["Body"])', 'answer["Body"].read().decode()'),
                when=lambda facts: isinstance(facts["what load_json returns"], bytes)
                or str(facts["what load_json returns"]).startswith('{"city')),
        Mistake("That is a stream. json.load reads one, and makes a value.",
                ('json.load(answer["Body"])', 'answer["Body"]'), when="a stream"),
        Mistake("That is the whole answer. The bytes are in its Body.",
                ('json.load(answer["Body"])', "answer"),
                when=lambda facts: "ResponseMetadata" in facts["what load_json returns"]),
        Mistake("An error that means something else was swallowed: the caller learns nothing.",
                ("s3.exceptions.NoSuchKey", "ClientError"),
                (GET, "    try:\n        found = s3.get_object(Bucket=bucket, Key=key)\n"
                 '        return json.load(found["Body"])\n'
                 "    except (s3.exceptions.NoSuchKey, ValueError):\n        return default"),
                when=lambda facts: "no error, but" in facts),
        Mistake("A default was given; None came back.", ("return default", "return None"),
                when=lambda facts: facts['load_json(s3, bucket, "missing", 0)'] is None),
        Mistake("A key that is missing should give the default.",
                (GET, '    return json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])'),
                when=lambda got: "NoSuchKey" in got.names),
    ],
    also_right=[
        "def save(s3, bucket, key, value):\n"
        "    text = json.dumps(value, indent=1, ensure_ascii=False)\n"
        "    s3.put_object(Bucket=bucket, Key=key, Body=text, ContentType='application/json')\n"
        "def load_json(s3, bucket, key, default=None):\n"
        "    try:\n"
        "        return json.loads(s3.get_object(Bucket=bucket, Key=key)['Body'].read())\n"
        "    except ClientError as error:\n"
        "        if error.response['Error']['Code'] == 'NoSuchKey':\n"
        "            return default\n"
        "        raise",
    ],
)


def shared(answer, key, body, minutes):
    import boto3
    import requests
    from botocore.config import Config

    with bucket({key: body}) as (_, name):
        s3, asked = boto3.client("s3", config=Config(signature_version="s3v4")), ["none"]
        s3.meta.events.register(
            "before-parameter-build.s3", lambda model, **_: asked.append(model.name))
        url = answer(s3, name, key, minutes)
        got = requests.get(url, timeout=10)
        yield "what it leads to", got.content if got.ok else f"status {got.status_code}"
        yield "what it allows", asked[-1]
        (good,) = parse_qs(urlsplit(url).query).get("X-Amz-Expires", ["0"])
        yield "good for, in seconds", int(good)


def link(key, body, minutes):
    return case(key, body, minutes, want={
        "what it leads to": body, "what it allows": "GetObject",
        "good for, in seconds": 60 * minutes})


exercise(
    "04-link",
    title="A link for some minutes",
    hints=(
        "Which method of the client signs a URL? It was used above.",
        "The operation is the one that reads an object.",
        'ExpiresIn has a unit: `s3.generate_presigned_url("____", Params={____}, ExpiresIn=____)`.',
    ),
    examples=[link("a/b.txt", b"for you", 60), link("a/b.txt", b"for you", 1)],
    draw=lambda chance: [link(*each, chance.randint(2, 300))
                         for each in draw_objects(chance, 2).items()],
    observe=shared,
    tried="share(s3, bucket, {0!r}, {2})",
    **CLOUD,
    mistakes=[
        Mistake("403: this URL has no signature that lets one in.",
                'def share(s3, bucket, key, minutes):\n'
                '    return f"{s3.meta.endpoint_url}/{bucket}/{key}"',
                when="status 403"),
        Mistake("404: the URL leads to no object. Look at the key.", ('"Key": key', '"Key": "k"'),
                when="status 404"),
        Mistake("This URL is signed for writing: with the real S3 nobody could read by it, and"
                " everybody could replace the object.", ("get_object", "put_object"),
                when="PutObject"),
        Mistake("This URL is signed for deleting. Reading is asked for.",
                ("get_object", "delete_object"), when="DeleteObject"),
        Mistake("Without ExpiresIn a URL is good for an hour, whatever was asked for.",
                (", ExpiresIn=minutes * 60", ""), when=3600),
        Mistake("ExpiresIn counts seconds; minutes were given.", ("minutes * 60", "minutes"),
                when=lambda facts: facts["good for, in seconds"] in (60, 1)),
    ],
    also_right=[
        "def share(s3, bucket, key, minutes):\n"
        "    return s3.generate_presigned_url(\n"
        "        ClientMethod='get_object', Params=dict(Bucket=bucket, Key=key),\n"
        "        ExpiresIn=int(timedelta(minutes=minutes).total_seconds()))",
    ],
)


def denies(statements, action, resource):
    def covers(patterns, text):
        patterns = [patterns] if isinstance(patterns, str) else patterns
        return any(fnmatch.fnmatchcase(text.lower(), each.lower()) for each in patterns)

    return any(each["Effect"] == "Deny" and covers(each["Action"], action)
               and covers(each["Resource"], resource) for each in statements)


def secured(answer, public, private):
    import requests
    from botocore.exceptions import ClientError

    def status(call, key, **more):
        try:
            call(Bucket=name, Key=key, **more)
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]
        return 200

    with bucket({public: b"", private: b""}) as (s3, name):
        text = answer(name)
        yield "type of the policy", type(text).__name__
        found = json.loads(text)
        yield "version", found.get("Version")
        statements = found.get("Statement", [])
        yield "fields", {tuple(sorted(set(each) - {"Sid"})) for each in statements}
        # S3 refuses other words; the emulator takes each of them for a deny.
        yield "other effects", [e["Effect"] for e in statements if e["Effect"] not in EFFECTS]
        principals = [each["Principal"] for each in statements]
        yield "other principals", [one for one in principals if one not in EVERYBODY]
        # The emulator lets anybody put, so the text has to tell.
        allowed = [each["Action"] for each in statements if each["Effect"] == "Allow"]
        reading = ("s3:GetObject", ["s3:GetObject"])
        yield "allows more", [action for action in allowed if action not in reading]
        s3.put_bucket_policy(Bucket=name, Policy=text)
        for place, key in (("below public/", public), ("elsewhere", private)):
            url = f"{aws().endpoint}/{name}/{key}"
            yield f"the owner puts {place}", status(s3.put_object, key, Body=b"")
            yield f"the owner reads {place}", status(s3.get_object, key)
            yield f"anybody reads {place}", requests.get(url, timeout=10).status_code
            yield f"anybody deletes {place}", requests.delete(url, timeout=10).status_code
            yield f"the owner deletes {place}", status(s3.delete_object, key)
            # The emulator knows one action for both kinds of deleting, so the text has to tell.
            version = denies(statements, "s3:DeleteObjectVersion", f"arn:aws:s3:::{name}/{key}")
            yield f"deleting a version {place}", "denied" if version else "not denied"


def draw_places(chance):
    deep = draw_key(chance)
    return [case(f"public/{deep}", f"{word(chance)}/{deep}", want=ALLOWED),
            case(f"public/{deep}", f"publi{word(chance)}/{deep}", want=ALLOWED)]


EFFECTS = ("Allow", "Deny")
EVERYBODY = ("*", {"AWS": "*"}, {"AWS": ["*"]})
FIELDS = {("Action", "Effect", "Principal", "Resource")}
ALLOWED = {
    "type of the policy": "str", "version": "2012-10-17", "fields": FIELDS,
    "other effects": [], "other principals": [], "allows more": [],
    "the owner puts below public/": 200, "the owner reads below public/": 200,
    "anybody reads below public/": 200, "anybody deletes below public/": 403,
    "the owner deletes below public/": 403, "deleting a version below public/": "denied",
    "the owner puts elsewhere": 200,
    "the owner reads elsewhere": 200, "anybody reads elsewhere": 403,
    "anybody deletes elsewhere": 403, "the owner deletes elsewhere": 403,
    "deleting a version elsewhere": "denied",
}

exercise(
    "04-policy",
    title="Read, but never delete",
    hints=(
        "Two statements: one allows, one denies. Both have the same four fields.",
        "A resource is arn:aws:s3::: and then bucket, slash, key; a star stands for the rest.",
        'Allow reading below public/ only. Deny for every key: `"Action": ["s3:Delete____",'
        ' "s3:Delete____"]`.',
    ),
    examples=[case("public/a", "private", want=ALLOWED)],
    draw=draw_places,
    observe=secured,
    tried="a bucket with your policy, {0} and {1}; 200 is allowed, 403 is forbidden",
    **CLOUD,
    mistakes=[
        Mistake("S3 wants the policy as text: json.dumps makes it.", ("json.dumps(", "dict("),
                when="dict"),
        Mistake("This text is no JSON.", ("json.dumps(", "str("), when=ValueError),
        Mistake('A policy begins with "Version": "2012-10-17".', ("2012-10-17", "2012"),
                when=lambda facts: facts["version"] != "2012-10-17"),
        Mistake("A policy without a statement allows nothing new.",
                ('"Statement": statements', '"Statement": []'), when=set()),
        Mistake("A statement here has four fields: Effect, Principal, Action, Resource.",
                ('"Effect": "Allow", "Principal": "*"', '"Effect": "Allow"'),
                when=lambda facts: facts["fields"] != FIELDS),
        Mistake("Everybody would be allowed more than reading objects, which is s3:GetObject.",
                ("s3:GetObject", "s3:*"), when=lambda facts: facts["allows more"]),
        Mistake('An Effect is "Allow" or "Deny".', ('"Deny"', '"Forbid"'),
                when=lambda facts: facts["other effects"]),
        Mistake('Everybody is the principal "*".', ('"Principal": "*"', '"Principal": "all"'),
                when=lambda facts: facts["other principals"]),
        Mistake("The owner could delete an object. Nobody at all should, whatever the key.",
                ('"s3:DeleteObject", ', ""),
                ('{bucket}/*"', '{bucket}/public/*"'), ('{bucket}/*"', '{bucket}/private/*"'),
                when=lambda facts: 200 in (facts["the owner deletes below public/"],
                                           facts["the owner deletes elsewhere"])),
        Mistake("A version of an object could be deleted: that is another action than to delete the"
                " object.", (', "s3:DeleteObjectVersion"', ""),
                when=lambda facts: "not denied" in (
                    facts["deleting a version below public/"],
                    facts.get("deleting a version elsewhere"))),
        Mistake("Everybody can read everything. Only keys below public/ should be open.",
                ("/public/*", "/*"),
                when=lambda facts: facts["anybody reads elsewhere"] == 200),
        Mistake("Even the owner cannot read any more: a deny always wins.",
                ('"s3:DeleteObject"', '"s3:*"'),
                when=lambda facts: facts["the owner reads elsewhere"] == 403),
        Mistake("The owner can no longer put objects: more is denied than deleting.",
                ('"s3:DeleteObject"', '"s3:DeleteObject", "s3:PutObject"'),
                when=lambda facts: facts["the owner puts elsewhere"] == 403),
        Mistake("Nobody can read what lies below public/. Compare the resource with its key.",
                ("/public/*", "/public"),
                when=lambda facts: facts["anybody reads below public/"] == 403),
    ],
    also_right=[
        "def policy(bucket):\n"
        "    every = f'arn:aws:s3:::{bucket}/'\n"
        "    common = {'Principal': {'AWS': '*'}}\n"
        "    return json.dumps({'Version': '2012-10-17', 'Statement': [\n"
        "        common | {'Sid': 'never', 'Effect': 'Deny', 'Action': ['s3:DeleteObject*'],\n"
        "                  'Resource': every + '*'},\n"
        "        common | {'Sid': 'open', 'Effect': 'Allow', 'Action': ['s3:GetObject'],\n"
        "                  'Resource': every + 'public/*'}]})",
    ],
)


def unsealed(answer, name, data, spoilt=""):
    import os

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    require_local()
    kms = Account().client("kms")
    key = kms.generate_data_key(
        KeyId=kms.create_key()["KeyMetadata"]["KeyId"], KeySpec="AES_256")
    nonce = os.urandom(12)
    sealed = {"wrapped": key["CiphertextBlob"], "nonce": nonce,
              "ciphertext": AESGCM(key["Plaintext"]).encrypt(nonce, data, name.encode())}
    if spoilt in sealed:
        sealed[spoilt] = bytes([sealed[spoilt][0] ^ 1]) + sealed[spoilt][1:]
    if spoilt:
        yield "no error, but", answer(kms, "b.csv" if spoilt == "name" else name, sealed)
    else:
        yield "opened", answer(kms, name, sealed)


def draw_envelopes(chance):
    inputs = [(f"{word(chance)}/größe.csv", chance.randbytes(chance.randint(20, 900)))
              for _ in range(2)]
    return [*(case(name, data, want={"opened": data}) for name, data in inputs),
            *(case(*inputs[0], spoilt, want=NO_TAG) for spoilt in ("ciphertext", "nonce", "name"))]


NO_TAG = Raised(("InvalidTag",))
DECRYPT = 'AESGCM(key).decrypt(sealed["nonce"], sealed["ciphertext"], name.encode())'

exercise(
    "04-envelope",
    title="Open the envelope",
    hints=(
        "Three steps back: unwrap the data key, then decrypt, then return.",
        "Who can unwrap? The cell above that read people.csv again shows the call.",
        "decrypt takes what encrypt took, in the same order:"
        ' `AESGCM(key).decrypt(sealed["____"], sealed["____"], ____)`.',
    ),
    examples=[
        case("a.csv", b"38,Nairobi\n", want={"opened": b"38,Nairobi\n"}),
        case("Zürich.csv", b"", want={"opened": b""}),
        case("a.csv", b"38,Nairobi\n", "ciphertext", want=NO_TAG,
             shown="unseal, when one bit of the ciphertext was changed"),
        case("a.csv", b"38,Nairobi\n", "name", want=NO_TAG,
             shown="unseal, when it is given as b.csv, but was sealed as a.csv"),
    ],
    draw=draw_envelopes,
    observe=unsealed,
    tried="unseal(kms, {0!r}, seal(kms, master, {0!r}, {1!r}))",
    **CLOUD,
    mistakes=[
        Mistake("The tag does not fit. The key, the nonce, the ciphertext and the name must be"
                " those that sealed it.", ("name.encode()", "None"),
                when=lambda got: "InvalidTag" in got.names),
        Mistake("The wrapped key is not the data key: only KMS can unwrap it.",
                ('kms.decrypt(CiphertextBlob=sealed["wrapped"])["Plaintext"]', 'sealed["wrapped"]'),
                when=lambda got: "AESGCM key" in got.text),
        Mistake("AESGCM takes bytes; a name is text.", ("name.encode()", "name"), when=TypeError),
        Mistake("Bytes were sealed; text came back.", ("name.encode())", "name.encode()).decode()"),
                when=lambda facts: isinstance(facts["opened"], str)),
        Mistake("Something was given out for a sealed object that is not the right one. Let"
                " InvalidTag go on to the caller.",
                (f"return {DECRYPT}", f"try:\n        return {DECRYPT}\n"
                 "    except InvalidTag:\n        return b''"),
                when=lambda facts: "no error, but" in facts),
    ],
    also_right=[
        "def unseal(kms, name, sealed):\n"
        "    answer = kms.decrypt(CiphertextBlob=sealed['wrapped'])\n"
        "    box = AESGCM(answer['Plaintext'])\n"
        "    return box.decrypt(data=sealed['ciphertext'], nonce=sealed['nonce'],\n"
        "                       associated_data=bytes(name, 'utf-8'))",
    ],
)


def copied(answer, objects, loses=False):
    from azure.core.exceptions import ResourceNotFoundError
    from azure.storage.blob import BlobServiceClient

    require_local()
    azure = BlobServiceClient.from_connection_string(azure_blob().connection_string)
    container = azure.create_container(f"check-{uuid.uuid4().hex[:12]}")
    upload, returned, held = container.upload_blob, [], []
    if loses:  # the last byte
        container.upload_blob = lambda name, data, **more: upload(name, data[:-1], **more)
    try:
        with bucket() as (s3, name):
            for key, body in objects:  # a key that comes again is a newer object
                s3.put_object(Bucket=name, Key=key, Body=body)
                got = answer(s3, name, key, container)
                right = got == hashlib.sha256(body).hexdigest()
                returned.append("its SHA-256" if right else got)
                try:
                    right = container.download_blob(key).readall() == body
                    held.append("its bytes" if right else "other bytes")
                except ResourceNotFoundError:
                    held.append("nothing")
            yield "no error, but it returned" if loses else "returned", returned
            yield "what the container holds", held
            yield "objects in S3, afterwards", s3.list_objects_v2(Bucket=name)["KeyCount"]
    finally:
        container.delete_container()


def copies(objects, loses=False, shown="copy, of {0} objects and of one that was replaced"):
    number = len(objects)
    return case(objects, loses, shown=shown.format(number - 1), want=ValueError if loses else {
        "returned": ["its SHA-256"] * number, "what the container holds": ["its bytes"] * number,
        "objects in S3, afterwards": number - 1})


def draw_copies(chance):
    objects = list(draw_objects(chance, 3).items())
    return [copies([*objects, (objects[0][0], chance.randbytes(99))]), copies(objects[:1], True)]


ONE, TWO = b"JFK,LAX\n" * 9, b"EWR,ORD\n" * 5

exercise(
    "04-copy",
    title="A copy that is checked",
    hints=(
        "Four steps: get, upload, download again, compare.",
        "Azure refuses to replace a blob unless upload_blob is told that it may.",
        "Compare with what came back: `back = container.download_blob(key).____()`, then"
        " `if sha256(____) != sha256(____): raise ____`.",
    ),
    examples=[
        copies([("a/one.csv", ONE), ("a/two.csv", TWO), ("a/one.csv", TWO)]),
        copies([("a/two.csv", TWO)], True, "copy, into a container that loses the last byte"),
    ],
    draw=draw_copies,
    observe=copied,
    **CLOUD,
    mistakes=[
        Mistake("Azure does not replace a blob unless it is told that it may.",
                (", overwrite=True", ""), when=lambda got: "ResourceExistsError" in got.names),
        Mistake("A byte was lost, and nobody noticed. What does Azure really have?",
                ("if sha256(back) != sha256(sent)", "if sent != sent"),
                ("back = container.download_blob(key).readall()", "back = sent"),
                when=lambda facts: "no error, but it returned" in facts),
        Mistake("Nothing lies in the container under that name.",
                ("container.upload_blob(key, sent, overwrite=True)", "back = sent",
                 "back = container.download_blob(key).readall()", ""),
                when=lambda facts: "nothing" in facts["what the container holds"]),
        Mistake("These are the bytes. Their SHA-256 is asked for, as digits.",
                ("return sha256(back)", "return back"),
                when=lambda facts: isinstance(facts["returned"][0], bytes)),
        Mistake("Return the checksum, so that the caller can keep it.",
                ("return sha256(back)", "return sha256(back) == sha256(sent)"),
                ("return sha256(back)", "pass"),
                when=lambda facts: facts["returned"][0] in (True, None)),
        Mistake("The old blob is still there.",
                ("    container.upload", "    if not container.get_blob_client(key).exists():\n"
                 "        container.upload", "if sha256(back) != sha256(sent)", "if not back",
                 "sha256(back)", "sha256(sent)"),
                when=lambda facts: facts["what the container holds"][-1] == "other bytes"),
        Mistake("A copy leaves the original where it is.",
                ("    return", "    s3.delete_object(Bucket=bucket, Key=key)\n    return"),
                when=lambda facts: facts["objects in S3, afterwards"] < 2),
    ],
    also_right=[
        "def copy(s3, bucket, key, container):\n"
        "    sent = s3.get_object(Bucket=bucket, Key=key)['Body'].read()\n"
        "    blob = container.upload_blob(name=key, data=sent, overwrite=True)\n"
        "    found = hashlib.sha256()\n"
        "    for chunk in blob.download_blob().chunks():\n"
        "        found.update(chunk)\n"
        "    if found.hexdigest() != hashlib.sha256(sent).hexdigest():\n"
        "        raise ValueError\n"
        "    return found.hexdigest()",
    ],
)

QUIZ = (
    Question(
        "A file of 5 GB was uploaded in parts. Which of these proves that it is intact?",
        (
            Option("Its size is right.", "A file with one wrong bit has the same size."),
            Option(
                "Its ETag is the MD5 of the file.",
                "With parts, the ETag is made from the checksums of the parts.",
            ),
            Option(
                "Downloaded again, it has the SHA-256 of the original.",
                "Equal SHA-256 means equal bytes, however they travelled.",
                right=True,
            ),
        ),
    ),
    Question(
        "`list_objects_v2` returns 1,000 keys. How many are in the bucket?",
        (
            Option("1,000.", "Look at IsTruncated first."),
            Option(
                "1,000 or more.",
                "One answer holds at most 1,000. IsTruncated tells whether there are more.",
                right=True,
            ),
            Option("Fewer: versions are counted.", "Versions need list_object_versions."),
        ),
    ),
    Question(
        "One statement of a bucket's policy allows everybody to read, another denies it to"
        " everybody. Who can read?",
        (
            Option("Everybody: the first one counts.", "The order of statements means nothing."),
            Option("Only the owner.", "A deny for everybody is one for the owner, too."),
            Option("Nobody.", "An explicit deny always wins.", right=True),
        ),
    ),
    Question(
        "With envelope encryption, what must an attacker have to read an object?",
        (
            Option("The bucket's content.", "It holds ciphertext and the wrapped key."),
            Option(
                "The bucket's content, and leave to use the master key.",
                "Only KMS can unwrap the data key, and it asks who wants it.",
                right=True,
            ),
            Option("The master key's id.", "An id is a name, not a key."),
        ),
    ),
    Question(
        "Your program works against an emulator. What do you know about the real cloud?",
        (
            Option(
                "The calls have the right shape.",
                "Limits, permissions, checks and costs can differ; this chapter showed several.",
                right=True,
            ),
            Option("It will work there.", "The emulator said yes to ACLs that S3 refuses."),
            Option("How fast it will be.", "Nothing crossed a network."),
        ),
    ),
)
