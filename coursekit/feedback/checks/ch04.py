"""Checks and quiz of chapter 04, Cloud SDKs: storage, on the clouds that run in this kernel.

Each check works in buckets of its own, which it empties and deletes.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from coursekit.cloud import aws, azure_blob
from coursekit.cloud.real import require_local
from coursekit.feedback.exercises import Misconception, exercise, require, trial
from coursekit.feedback.quizzes import Option, Question

_SECONDS = 30  # a first call on a busy machine takes a second; a hung one must still end


def _new_client(service: str) -> Any:
    import boto3

    aws()
    return boto3.client(service)


def _client(service: str) -> Any:
    """Return a client, the same one again for the same cloud: making one takes a while."""
    return _kept_client(service, aws().endpoint)


@cache
def _kept_client(service: str, endpoint: str) -> Any:
    return _new_client(service)


def _name() -> str:
    return f"check-{uuid.uuid4().hex[:12]}"


@contextlib.contextmanager
def _bucket(**objects: bytes) -> Iterator[tuple[Any, str]]:
    """Make a bucket with objects in it; give a client and its name."""
    s3, bucket = _client("s3"), _name()
    s3.create_bucket(Bucket=bucket)
    try:
        for key, body in objects.items():
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        yield s3, bucket
    finally:
        _drop(bucket)


def _drop(bucket: str) -> None:
    from botocore.exceptions import ClientError

    s3 = _client("s3")
    with contextlib.suppress(ClientError):  # the learner's code may not have made it
        s3.delete_bucket_policy(Bucket=bucket)
        for item in s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
            s3.delete_object(Bucket=bucket, Key=item["Key"])
        s3.delete_bucket(Bucket=bucket)


def _code(got: Any) -> str:
    """Return the code of a botocore error, or nothing."""
    return getattr(got, "response", {}).get("Error", {}).get("Code", "")


@exercise(
    "04-bucket",
    title="A bucket in any region",
    hints=(
        "Which argument did the cell above add, and what did it hold?",
        "There is one region in which that argument must be left out.",
        "Two ways through the function: an if on the region.",
    ),
    seconds=_SECONDS,
)
def bucket(answer):
    require_local()

    def make(region: str) -> Any:
        name = _name()
        try:
            answer(name, region)
            made = [b["Name"] for b in _client("s3").list_buckets()["Buckets"]]
            return _client("s3").head_bucket(Bucket=name)["BucketRegion"] if name in made else None
        finally:
            _drop(name)

    for region in ("eu-west-1", "us-east-1", "ap-southeast-2"):
        trial(
            f'make_bucket("…", "{region}"), then the bucket\'s region',
            lambda region=region: make(region),
            want=region,
            misconceptions=[
                Misconception(
                    lambda got: _code(got) == "IllegalLocationConstraintException",
                    "Outside us-east-1, S3 wants to be told the region once more, and it must be"
                    " the client's own.",
                ),
                Misconception(
                    lambda got: _code(got) == "InvalidLocationConstraint",
                    "In us-east-1 a location constraint is an error: leave it out there.",
                ),
                Misconception(
                    lambda got: got is None,
                    "There is no bucket with the name that was given.",
                ),
                Misconception(
                    lambda got: isinstance(got, str),
                    "There is a bucket, but in another region than was asked for.",
                ),
            ],
        )


@exercise(
    "04-download",
    title="A download by URL",
    hints=(
        "Which three things does download_file want?",
        "Cut the beginning off the URL; then the first slash ends the bucket's name.",
        "A key may have slashes of its own. str.partition cuts at the first one only.",
    ),
    seconds=_SECONDS,
)
def download(answer):
    from botocore.exceptions import ClientError

    require_local()

    def fetch(key: str) -> Any:
        with tempfile.TemporaryDirectory() as folder, _bucket(**{key: b"JFK,LAX\n"}) as (s3, name):
            file = Path(folder) / "back.csv"
            answer(s3, f"s3://{name}/{key}", file)
            return file.read_bytes() if file.is_file() else "no file"

    known = [
        Misconception(
            lambda got: isinstance(got, TypeError) and "missing" in str(got),
            "download_file wants three things: the bucket, the key, the file name.",
        ),
        Misconception(
            lambda got: isinstance(got, ValueError) and "unpack" in str(got),
            "A key may have slashes of its own: cut at the first one only.",
        ),
        Misconception(
            lambda got: type(got).__name__ == "ParamValidationError",
            'The bucket\'s name is what stands between "s3://" and the next slash.',
        ),
        Misconception(ClientError, "S3 finds no such object. Print the bucket and the key."),
        Misconception("no file", "Nothing was written to the file that was named."),
    ]
    for key in ("flights.csv", "2013/01/flights.csv"):
        trial(
            f'fetch(s3, "s3://bucket/{key}", Path("back.csv")), then the bytes of back.csv',
            lambda key=key: fetch(key),
            want=b"JFK,LAX\n",
            misconceptions=known,
        )


def _pages_of_two() -> Any:
    """Return a client for which S3 answers with two keys at a time, so that five are many."""
    s3 = _new_client("s3")

    def two(params: dict, **_: Any) -> None:
        params["MaxKeys"] = 2

    for operation in ("ListObjectsV2", "ListObjects"):
        s3.meta.events.register(f"before-parameter-build.s3.{operation}", two)
    return s3


@exercise(
    "04-keys",
    title="All keys, however many",
    hints=(
        "Which object asks again until there are no more pages?",
        "Give the prefix to paginate, and go through the keys of every page.",
        "What does a page without keys lack? dict.get has a second argument for that.",
    ),
    seconds=_SECONDS,
)
def keys(answer):
    require_local()
    five = {f"planes/N{i}": b"" for i in range(4)} | {"other": b""}
    few = _pages_of_two()
    with _bucket(**five) as (_, name):
        ordered = sorted(five)
        trial(
            'all_keys(s3, bucket, "planes/") of 4 keys, where one answer holds 2',
            lambda: answer(few, name, "planes/"),
            want=ordered[1:],
            misconceptions=[
                Misconception(
                    lambda got: list(got) == ordered[1:3],
                    "Only the keys of the first answer are here. S3 said IsTruncated.",
                ),
                Misconception(
                    lambda got: list(got) == ordered, "Keys without the prefix are here, too."
                ),
                Misconception(
                    lambda got: len(got) and isinstance(got[0], dict),
                    "Keys are asked for: the text under Key in each item.",
                ),
                Misconception(
                    lambda got: len(got) and isinstance(got[0], list),
                    "A list of pages came out; one list of keys is asked for.",
                ),
                Misconception(
                    lambda got: hasattr(got, "__next__"),
                    "A generator came out. A list is asked for.",
                ),
            ],
        )
        trial("all_keys(s3, bucket)", lambda: answer(few, name), want=ordered)
        nothing = Misconception(
            KeyError, 'Where there are no keys, an answer has no "Contents" at all.'
        )
        trial(
            'all_keys(s3, bucket, "nothing/")',
            lambda: answer(_client("s3"), name, "nothing/"),
            want=[],
            misconceptions=[nothing],
        )


@exercise(
    "04-json",
    title="A JSON round trip",
    hints=(
        "json.dumps gives text; S3 keeps bytes. Which method of a text makes bytes of it?",
        "The client has exceptions of its own: s3.exceptions. Which one says that the key is"
        " missing?",
        "Put the try around get_object only, and catch that one exception, no other.",
    ),
    seconds=_SECONDS,
)
def json_(save, load_json):
    from botocore.exceptions import ClientError

    require_local()
    value = {"city": "Zürich", "flights": [1, None, 2.5], "late": False}
    with _bucket() as (s3, name):
        trial(
            "save(s3, bucket, key, value), then the object, read as JSON",
            lambda: _saved(save, s3, name, value),
            want=value,
            misconceptions=[
                Misconception("no object", "There is no object under that key."),
                Misconception(
                    lambda got: str(got).startswith("not JSON"),
                    "What lies in the bucket is not JSON. str(value) is Python's way of writing;"
                    " json.dumps is JSON's.",
                ),
                Misconception(
                    lambda got: type(got).__name__ == "ParamValidationError",
                    "Body takes bytes: turn the value into JSON text, and the text into bytes.",
                ),
            ],
        )
        trial(
            "the content type of what save put",
            lambda: s3.head_object(Bucket=name, Key="a/value.json")["ContentType"],
            want="application/json",
            misconceptions=[
                Misconception(
                    "binary/octet-stream",
                    "Without a content type, the object says only that it is some bytes.",
                )
            ],
        )
        trial(
            "load_json(s3, bucket, key)",
            lambda: load_json(s3, name, "a/value.json"),
            want=value,
            misconceptions=[
                Misconception(
                    lambda got: isinstance(got, (bytes, str)),
                    "These are the bytes of the object. Make a value of them.",
                ),
                Misconception(
                    lambda got: hasattr(got, "read"),
                    "That is a stream. json.load reads one, and makes a value.",
                ),
                Misconception(
                    lambda got: isinstance(got, dict) and "ResponseMetadata" in got,
                    "That is the whole answer. The bytes are in its Body.",
                ),
            ],
        )
        missing = [
            Misconception(ClientError, "A key that is missing should give the default."),
            Misconception(None, "A default was given; None came back."),
        ]
        trial(
            'load_json(s3, bucket, "missing", 0)',
            lambda: load_json(s3, name, "missing", 0),
            want=0,
            misconceptions=missing,
        )
        trial(
            'load_json(s3, bucket, "missing")',
            lambda: load_json(s3, name, "missing"),
            want=None,
            misconceptions=missing,
        )
        s3.put_object(Bucket=name, Key="bad", Body=b"{")
        _must_raise(
            'load_json(s3, "a-bucket-that-is-missing", "k", 0)',
            lambda: load_json(s3, _name(), "k", 0),
            "NoSuchBucket",
        )
        _must_raise(
            "load_json of an object that is no JSON", lambda: load_json(s3, name, "bad", 0), "JSON"
        )


def _saved(save: Any, s3: Any, name: str, value: Any) -> Any:
    save(s3, name, "a/value.json", value)
    if "Contents" not in s3.list_objects_v2(Bucket=name, Prefix="a/value.json"):
        return "no object"
    body = s3.get_object(Bucket=name, Key="a/value.json")["Body"].read()
    try:
        return json.loads(body)
    except ValueError:
        return f"not JSON: {body[:60]!r}"


def _must_raise(tried: str, call: Any, word: str) -> None:
    def outcome() -> str:
        try:
            return f"no error, but {call()!r}"
        except Exception as error:
            names = f"{type(error).__name__} {_code(error)}"
            return "the error" if word in names else names

    trial(
        tried,
        outcome,
        want="the error",
        expected=f"an error ({word}…)",
        misconceptions=[
            Misconception(
                lambda got: got.startswith("no error"),
                "An error that means something else was swallowed: the caller learns nothing.",
            )
        ],
    )


@exercise(
    "04-link",
    title="A link for some minutes",
    hints=(
        "Which method of the client signs a URL? It was used above.",
        "The operation is the one that reads an object.",
        "ExpiresIn has a unit, and it is not the minute.",
    ),
    seconds=_SECONDS,
)
def link(answer):
    import requests

    require_local()
    s3 = _new_client("s3")  # with an ear of its own
    with _bucket(**{"a/b.txt": b"for you"}) as (_, name):
        asked: list[str] = []
        s3.meta.events.register(
            "before-parameter-build.s3", lambda model, **_: asked.append(model.name)
        )

        def read(url: Any) -> Any:
            if not isinstance(url, str) or not url.startswith("http"):
                return url
            got = requests.get(url, timeout=10)
            return got.content if got.status_code == 200 else f"status {got.status_code}"

        trial(
            "requests.get(share(s3, bucket, key, 60)).content",
            lambda: read(answer(s3, name, "a/b.txt", 60)),
            want=b"for you",
            misconceptions=[
                Misconception("status 403", "403: this URL has no signature that lets one in."),
                Misconception("status 404", "404: the URL leads to no object. Look at the key."),
                Misconception(
                    lambda got: isinstance(got, bytes), "These are the bytes of another object."
                ),
            ],
        )
        trial(
            "what the URL allows",
            lambda: asked[-1],
            want="GetObject",
            misconceptions=[
                Misconception(
                    "PutObject",
                    "This URL is signed for writing: with the real S3 nobody could read by it, and"
                    " everybody could replace the object.",
                ),
                Misconception(
                    "DeleteObject", "This URL is signed for deleting. Reading is asked for."
                ),
            ],
        )
        for minutes in (60, 1):
            trial(
                f"how long share(s3, bucket, key, {minutes}) is good for, in seconds",
                lambda minutes=minutes: _seconds(answer(s3, name, "a/b.txt", minutes)),
                want=minutes * 60,
                compare_with=lambda got, want: got is not None and abs(got - want) <= 2,
                misconceptions=[
                    Misconception(
                        lambda got, minutes=minutes: abs(got - minutes) <= 2,
                        "ExpiresIn counts seconds; minutes were given.",
                    ),
                    Misconception(
                        lambda got: abs(got - 3600) <= 2,
                        "Without ExpiresIn a URL is good for an hour, whatever was asked for.",
                    ),
                ],
            )


def _seconds(url: str) -> float | None:
    """Return how long a presigned URL is good for; both of S3's ways to sign say it."""
    named = parse_qs(urlsplit(url).query)
    if "X-Amz-Expires" in named:
        return float(named["X-Amz-Expires"][0])
    return round(float(named["Expires"][0]) - time.time()) if "Expires" in named else None


@exercise(
    "04-policy",
    title="Read, but never delete",
    hints=(
        "Two statements: one allows, one denies. Both have the same four fields.",
        "A resource is arn:aws:s3::: and then bucket, slash, key; a star stands for the rest.",
        "Allow reading below public/ only. Deny deleting for every key.",
    ),
    seconds=_SECONDS,
)
def policy(answer):
    require_local()
    text = trial(
        'type(policy("bucket"))',
        lambda: _as_policy(answer("bucket")),
        want="a policy",
        misconceptions=[
            Misconception("a dict", "S3 wants the policy as text: json.dumps makes it."),
            Misconception("no JSON", "This text is no JSON."),
            Misconception("no version", 'A policy begins with "Version": "2012-10-17".'),
            Misconception("no statements", "A policy without a statement allows nothing new."),
            Misconception(
                lambda got: got.startswith("fields"),
                "A statement here has four fields: Effect, Principal, Action, Resource.",
            ),
            Misconception(
                lambda got: got.startswith("allows"),
                "Everybody would be allowed more than reading objects, which is s3:GetObject.",
            ),
            Misconception(
                lambda got: got.startswith("principal"), 'Everybody is the principal "*".'
            ),
        ],
    )
    assert text == "a policy"
    wanted = {
        "read public/a, without a key": 200,
        "read private, without a key": 403,
        "read private, as the owner": 200,
        "delete public/a, as the owner": 403,
        "delete private, as the owner": 403,
        "put public/b, as the owner": 200,
        "delete public/a, without a key": 403,
    }
    got = trial(
        "the bucket with this policy: what is allowed (200), what is forbidden (403)",
        lambda: _tried(answer),
        want=wanted,
        misconceptions=[
            Misconception(
                lambda got: (
                    got["delete public/a, as the owner"] == 200
                    or got["delete private, as the owner"] == 200
                ),
                "The owner could delete an object. Nobody at all should, whatever the key.",
            ),
            Misconception(
                lambda got: got["read private, without a key"] == 200,
                "Everybody can read everything. Only keys below public/ should be open.",
            ),
            Misconception(
                lambda got: got["read private, as the owner"] == 403,
                "Even the owner cannot read any more: a deny always wins.",
            ),
            Misconception(
                lambda got: got["put public/b, as the owner"] == 403,
                "The owner can no longer put objects: more is denied than deleting.",
            ),
            Misconception(
                lambda got: got["read public/a, without a key"] == 403,
                "Nobody can read what lies below public/. Compare the resource with its key.",
            ),
        ],
    )
    assert got == wanted


def _as_policy(given: Any) -> str:
    """Say what is wrong with a policy, as text; the emulator breaks on what S3 refuses."""
    if isinstance(given, dict):
        return "a dict"
    try:
        found = json.loads(given)
    except (TypeError, ValueError):
        return "no JSON"
    if not isinstance(found, dict) or found.get("Version") != "2012-10-17":
        return "no version"
    statements = found.get("Statement")
    if not isinstance(statements, list) or not statements:
        return "no statements"
    for each in statements:
        if set(each) - {"Sid"} != {"Effect", "Principal", "Action", "Resource"}:
            return f"fields: {sorted(each)}"
        if each["Effect"] not in ("Allow", "Deny"):
            return f"fields: Effect {each['Effect']}"
        if each["Principal"] not in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
            return f"principal: {each['Principal']}"
        # The emulator lets anybody put, so the text has to tell.
        if each["Effect"] == "Allow" and each["Action"] not in ("s3:GetObject", ["s3:GetObject"]):
            return f"allows: {each['Action']}"
    return "a policy"


def _tried(answer: Any) -> dict[str, int]:
    """Put the policy on a bucket and do what it should allow and forbid, for real."""
    import requests
    from botocore.exceptions import ClientError

    def status(call: Any, key: str, **more: Any) -> int:
        try:
            call(Bucket=name, Key=key, **more)
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]
        return 200

    found: dict[str, int] = {}
    with _bucket(**{"public/a": b"", "private": b""}) as (s3, name):
        root = f"{aws().endpoint}/{name}"
        s3.put_bucket_policy(Bucket=name, Policy=answer(name))
        for key in ("public/a", "private"):
            found[f"read {key}, without a key"] = requests.get(
                f"{root}/{key}", timeout=10
            ).status_code
        found["read private, as the owner"] = status(s3.get_object, "private")
        found["put public/b, as the owner"] = status(s3.put_object, "public/b", Body=b"")
        found["delete public/a, without a key"] = requests.delete(
            f"{root}/public/a", timeout=10
        ).status_code
        for key in ("public/a", "private"):
            found[f"delete {key}, as the owner"] = status(s3.delete_object, key)
    return found


@exercise(
    "04-envelope",
    title="Open the envelope",
    hints=(
        "Three steps back: unwrap the data key, then decrypt, then return.",
        "Who can unwrap? The cell above that read people.csv again shows the call.",
        "decrypt takes what encrypt took, in the same order; the name belongs to it, as bytes.",
    ),
    seconds=_SECONDS,
)
def envelope(answer):
    import os

    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    require_local()
    kms = _client("kms")
    master = kms.create_key(Description="check")["KeyMetadata"]["KeyId"]

    def sealed(name: str, data: bytes) -> dict[str, bytes]:
        key = kms.generate_data_key(KeyId=master, KeySpec="AES_256")
        nonce = os.urandom(12)
        text = AESGCM(key["Plaintext"]).encrypt(nonce, data, name.encode())
        return {"wrapped": key["CiphertextBlob"], "nonce": nonce, "ciphertext": text}

    for name, data in (("a.csv", b"38,Nairobi\n"), ("Zürich.csv", b"")):
        trial(
            f'unseal(kms, "{name}", seal(kms, master, "{name}", {data!r}))',
            lambda name=name, data=data: answer(kms, name, sealed(name, data)),
            want=data,
            misconceptions=[
                Misconception(
                    InvalidTag,
                    "The tag does not fit. The key, the nonce, the ciphertext and the name must be"
                    " those that sealed it.",
                ),
                Misconception(
                    lambda got: isinstance(got, ValueError) and "AESGCM key" in str(got),
                    "The wrapped key is not the data key: only KMS can unwrap it.",
                ),
                Misconception(
                    lambda got: isinstance(got, TypeError), "AESGCM takes bytes; a name is text."
                ),
                Misconception(
                    lambda got: isinstance(got, str), "Bytes were sealed; text came back."
                ),
            ],
        )

    def other(name: str, field: str) -> str:
        envelope = sealed("a.csv", b"38,Nairobi\n")
        if field:
            envelope[field] = bytes([envelope[field][0] ^ 1]) + envelope[field][1:]
        try:
            return f"no error, but {answer(kms, name, envelope)!r}"
        except InvalidTag:
            return "InvalidTag"

    for tried, name, field in (
        ("one bit of the ciphertext was changed", "a.csv", "ciphertext"),
        ("it is given as b.csv, but was sealed as a.csv", "b.csv", ""),
    ):
        trial(
            f"unseal, when {tried}",
            lambda name=name, field=field: other(name, field),
            want="InvalidTag",
            misconceptions=[
                Misconception(
                    lambda got: got.startswith("no error"),
                    "Something was given out for a sealed object that is not the right one."
                    " Let InvalidTag go on to the caller.",
                )
            ],
        )


class _LosesBytes:
    """A container that keeps all but the last byte of what is uploaded."""

    def __init__(self, container: Any) -> None:
        self._container = container

    def upload_blob(self, name: str, data: Any, **more: Any) -> Any:
        whole = data if isinstance(data, bytes) else data.read()
        return self._container.upload_blob(name, whole[:-1], **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)


@exercise(
    "04-copy",
    title="A copy that is checked",
    hints=(
        "Four steps: get, upload, download again, compare.",
        "Azure refuses to replace a blob unless upload_blob is told that it may.",
        "Compare with what came back from Azure, not with what you sent.",
    ),
    seconds=_SECONDS,
)
def copy(answer):
    import hashlib

    from azure.core.exceptions import ResourceExistsError
    from azure.storage.blob import BlobServiceClient

    require_local()
    azure = BlobServiceClient.from_connection_string(azure_blob().connection_string)
    container = azure.create_container(_name())
    data = {"a/one.csv": b"JFK,LAX\n" * 9, "a/two.csv": b"EWR,ORD\n" * 5}
    digests = {key: hashlib.sha256(body).hexdigest() for key, body in data.items()}
    try:
        with _bucket(**data) as (s3, name):
            for key in data:
                got = trial(
                    f'copy(s3, bucket, "{key}", container)',
                    lambda key=key: answer(s3, name, key, container),
                    want=digests[key],
                    misconceptions=[
                        Misconception(
                            lambda got: isinstance(got, bytes),
                            "These are the bytes. Their SHA-256 is asked for, as digits.",
                        ),
                        Misconception(True, "Return the checksum, so that the caller can keep it."),
                    ],
                )
                assert got == digests[key]
                trial(
                    f'what the container holds as "{key}"',
                    lambda key=key: _held(container, key),
                    want=data[key],
                    misconceptions=[
                        Misconception(None, "Nothing lies in the container under that name.")
                    ],
                )
            s3.put_object(Bucket=name, Key="a/one.csv", Body=data["a/two.csv"])
            trial(
                "copy once more, after the object in S3 was replaced",
                lambda: answer(s3, name, "a/one.csv", container),
                want=digests["a/two.csv"],
                misconceptions=[
                    Misconception(
                        ResourceExistsError,
                        "Azure does not replace a blob unless it is told that it may.",
                    )
                ],
            )
            trial(
                'what the container holds as "a/one.csv" then',
                lambda: _held(container, "a/one.csv"),
                want=data["a/two.csv"],
                misconceptions=[Misconception(data["a/one.csv"], "The old blob is still there.")],
            )

            def lossy() -> str:
                try:
                    return (
                        f"no error, but {answer(s3, name, 'a/two.csv', _LosesBytes(container))!r}"
                    )
                except ValueError:
                    return "ValueError"

            trial(
                "copy into a container that loses the last byte",
                lossy,
                want="ValueError",
                misconceptions=[
                    Misconception(
                        lambda got: got.startswith("no error"),
                        "A byte was lost, and nobody noticed. What does Azure really have?",
                    )
                ],
            )
            require(
                s3.list_objects_v2(Bucket=name)["KeyCount"] == len(data),
                "the objects in S3, afterwards",
                expected=f"{len(data)} objects",
                got=s3.list_objects_v2(Bucket=name)["KeyCount"],
                tell="A copy leaves the original where it is.",
            )
    finally:
        container.delete_container()


def _held(container: Any, key: str) -> bytes | None:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return container.download_blob(key).readall()
    except ResourceNotFoundError:
        return None


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
