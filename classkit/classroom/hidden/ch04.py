"""Hidden tests of chapter 04, Cloud storage: other buckets, keys, bytes and regions."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from classkit.classroom.hidden import error_of, expect, hidden, must, shuffled, word, words
from coursekit.cloud import aws, azure_blob
from coursekit.cloud.real import require_local
from coursekit.feedback.checks.ch04 import (
    _as_policy,
    _client,
    _code,
    _drop,
    _held,
    _LosesBytes,
    _new_client,
    _pages_of_two,
    _seconds,
)


def _key(chance: Random) -> str:
    """Draw a key, as deep as chance wants."""
    return "/".join([*words(chance, chance.randint(0, 3), 4), f"{word(chance)}.csv"])


def _body(chance: Random) -> bytes:
    return chance.randbytes(chance.randint(20, 900))


@contextlib.contextmanager
def _bucket(chance: Random, objects: dict[str, bytes]) -> Iterator[tuple[Any, str]]:
    """Make a bucket with objects in it; give a client and its name."""
    s3, name = _client("s3"), f"class-{word(chance, 12)}"
    s3.create_bucket(Bucket=name)
    try:
        for key, body in objects.items():
            s3.put_object(Bucket=name, Key=key, Body=body)
        yield s3, name
    finally:
        _drop(name)


@hidden("04-bucket")
def bucket(answer, chance):
    require_local()

    def made(name: str, region: str) -> Any:
        try:
            answer(name, region)
            return _client("s3").head_bucket(Bucket=name)["BucketRegion"]
        finally:
            _drop(name)

    others = ("eu-central-1", "us-west-2", "ap-northeast-1", "ca-central-1", "sa-east-1")
    for region in ("us-east-1", *chance.sample(others, 3)):
        expect(region, made, f"class-{word(chance, 12)}", region)


@hidden("04-download")
def download(answer, chance):
    require_local()
    objects = {_key(chance): _body(chance) for _ in range(4)}

    def fetched(key: str) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{word(chance)}.bin"
            answer(s3, f"s3://{name}/{key}", file)
            return file.read_bytes()

    with _bucket(chance, objects) as (s3, name):
        for key, body in objects.items():
            expect(body, fetched, key)


@hidden("04-keys")
def keys(answer, chance):
    require_local()
    prefixes = words(chance, 3)
    found = [f"{prefixes[0]}/{each}" for each in words(chance, chance.randint(3, 7))]
    others = [f"{prefixes[1]}/{each}" for each in words(chance, chance.randint(1, 3))]
    few = _pages_of_two()
    with _bucket(chance, dict.fromkeys(shuffled(chance, found + others), b"")) as (_, name):
        expect(found, answer, few, name, f"{prefixes[0]}/")
        expect(others, answer, few, name, f"{prefixes[1]}/")
        expect(sorted(found + others), answer, few, name)
        expect([], answer, few, name, f"{prefixes[2]}/")


@hidden("04-json")
def json_(save, load_json, chance):
    require_local()
    value = {word(chance): chance.randint(0, 99), "ñ": [None, chance.random(), word(chance)]}
    other, default, bad = chance.randint(100, 999), word(chance), _key(chance)
    with _bucket(chance, {bad: b"{" + word(chance).encode()}) as (s3, name):

        def kept(key: str, value: Any) -> Any:
            save(s3, name, key, value)
            found = s3.get_object(Bucket=name, Key=key)
            return json.loads(found["Body"].read()), found["ContentType"]

        for key, each in ((_key(chance), value), (_key(chance), other)):
            expect((each, "application/json"), kept, key, each)
            expect(each, load_json, s3, name, key, default)
            s3.put_object(Bucket=name, Key=key, Body=json.dumps([each]).encode())
            expect([each], load_json, s3, name, key)
        expect(default, load_json, s3, name, _key(chance), default)
        expect(None, load_json, s3, name, _key(chance))
        expect("JSONDecodeError", error_of, load_json, s3, name, bad, default)

        def code(missing: str) -> str:
            try:
                return f"no error: {load_json(s3, missing, bad, default)!r}"
            except Exception as error:
                return _code(error)

        expect("NoSuchBucket", code, f"class-{word(chance, 12)}")


@hidden("04-link")
def link(answer, chance):
    import requests

    require_local()
    s3 = _new_client("s3")
    objects = {_key(chance): _body(chance) for _ in range(2)}
    asked: list[str] = []
    s3.meta.events.register(
        "before-parameter-build.s3", lambda model, **_: asked.append(model.name)
    )

    with _bucket(chance, objects) as (_, name):
        for key, body in objects.items():
            minutes = chance.randint(2, 300)
            got = expect(None, answer, s3, name, key, minutes, compare_with=lambda *_: True)
            must(asked[-1:] == ["GetObject"])
            must(abs((_seconds(got) or 0) - 60 * minutes) <= 2)
            expect(body, lambda url=got: requests.get(url, timeout=10).content)


@hidden("04-policy")
def policy(answer, chance):
    import requests
    from botocore.exceptions import ClientError

    require_local()
    deep = _key(chance)
    open_, closed = f"public/{deep}", [f"{word(chance)}/{deep}", f"publi{word(chance)}/{deep}"]
    objects = {key: _body(chance) for key in (open_, *closed)}

    def status(call: Any, **more: Any) -> int:
        try:
            return call(**more)["ResponseMetadata"]["HTTPStatusCode"]
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]

    with _bucket(chance, objects) as (s3, name):
        root = f"{aws().endpoint}/{name}"
        expect("a policy", lambda: _as_policy(answer(name)))
        expect(None, lambda: s3.put_bucket_policy(Bucket=name, Policy=answer(name)) and None)
        for key in shuffled(chance, objects):
            where = {"Bucket": name, "Key": key}
            stranger = requests.get(f"{root}/{key}", timeout=10)
            must(stranger.status_code == (200 if key == open_ else 403))
            must(key != open_ or stranger.content == objects[key])
            must(requests.delete(f"{root}/{key}", timeout=10).status_code == 403)
            must(status(s3.get_object, **where) == 200)
            must(status(s3.put_object, **where, Body=b"") == 200)
            must(status(s3.delete_object, **where) == 403)


@hidden("04-envelope")
def envelope(answer, chance):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    require_local()
    kms = _client("kms")
    master = kms.create_key(Description="class")["KeyMetadata"]["KeyId"]

    def sealed(name: str, data: bytes) -> dict[str, bytes]:
        key = kms.generate_data_key(KeyId=master, KeySpec="AES_256")
        nonce = os.urandom(12)
        text = AESGCM(key["Plaintext"]).encrypt(nonce, data, name.encode())
        return {"wrapped": key["CiphertextBlob"], "nonce": nonce, "ciphertext": text}

    def spoilt(name: str, data: bytes, field: str) -> dict[str, bytes]:
        found, place = sealed(name, data), chance.randrange(12)
        changed = bytearray(found[field])
        changed[place] ^= 1 << chance.randrange(8)
        return found | {field: bytes(changed)}

    names = [f"{each}/größe-{number}.csv" for number, each in enumerate(words(chance, 3))]
    for name in names:
        data = _body(chance)
        expect(data, answer, kms, name, sealed(name, data))
        field = chance.choice(("ciphertext", "nonce"))
        expect("InvalidTag", error_of, answer, kms, name, spoilt(name, data, field))
        expect("InvalidTag", error_of, answer, kms, f"{name}x", sealed(name, data))


@hidden("04-copy")
def copy(answer, chance):
    from azure.storage.blob import BlobServiceClient

    require_local()
    azure = BlobServiceClient.from_connection_string(azure_blob().connection_string)
    container = azure.create_container(f"class-{word(chance, 12)}")
    data = {_key(chance): _body(chance) for _ in range(3)}

    def copied(key: str) -> Any:
        return answer(s3, name, key, container), _held(container, key)

    try:
        with _bucket(chance, data) as (s3, name):
            for key, body in data.items():
                expect((hashlib.sha256(body).hexdigest(), body), copied, key)
            newer = _body(chance)
            s3.put_object(Bucket=name, Key=key, Body=newer)
            expect((hashlib.sha256(newer).hexdigest(), newer), copied, key)
            expect("ValueError", error_of, answer, s3, name, key, _LosesBytes(container))
            must(s3.list_objects_v2(Bucket=name)["KeyCount"] == len(data))
    finally:
        container.delete_container()
