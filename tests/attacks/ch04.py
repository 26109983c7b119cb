"""Wrong answers to the exercises of chapter 04."""

from tests.attacks import Wrong

WRONG = {
    "04-bucket": [
        Wrong(
            """
def make_bucket(name, region):
    client = boto3.client("s3", region_name=region)
    client.create_bucket(Bucket=str(name))
""",
            "told the region once more",
            "raised",
        ),
        Wrong(
            """
def make_bucket(name, region):
    client = boto3.client("s3", region_name=region)
    place = {"LocationConstraint": region}
    client.create_bucket(Bucket=name, CreateBucketConfiguration=place)
""",
            "leave it out there",
            "raised",
        ),
        Wrong(
            """
def make_bucket(name, region):
    s3.create_bucket(Bucket=name)
""",
            "in another region",
        ),
        Wrong(
            """
def make_bucket(name, region):
    client = boto3.client("s3", region_name=region)
    place = {"LocationConstraint": region}
    client.create_bucket(Bucket=region, CreateBucketConfiguration=place)
    client.delete_bucket(Bucket=region)
""",
            "no bucket with the name",
        ),
    ],
    "04-download": [
        Wrong(
            """
def fetch(s3, url, file):
    s3.download_file(Bucket=url, Filename=file)
""",
            "three things",
            "raised",
        ),
        Wrong(
            """
def fetch(s3, url, file):
    bucket, key = url.removeprefix("s3://").split("/")
    s3.download_file(bucket, key, file)
""",
            "slashes of its own",
            "raised",
        ),
        Wrong(
            """
def fetch(s3, url, file):
    bucket, _, key = url.removeprefix("s3://").partition("/")
    s3.download_file(bucket, "/" + key, file)
""",
            "finds no such object",
            "raised",
        ),
        Wrong(
            """
def fetch(s3, url, file):
    bucket, _, key = url.rpartition("/")
    s3.download_file(bucket, key, file)
""",
            'between "s3://"',
            "raised",
        ),
        Wrong(
            """
def fetch(s3, url, file):
    bucket, _, key = url.removeprefix("s3://").partition("/")
    s3.get_object(Bucket=bucket, Key=key)
""",
            "Nothing was written",
        ),
    ],
    "04-keys": [
        Wrong(
            """
def all_keys(s3, bucket, prefix=""):
    answer = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for item in answer.get("Contents", [])]
""",
            "S3 said IsTruncated",
        ),
        Wrong(
            """
def all_keys(s3, bucket, prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for page in pages for item in page["Contents"]]
""",
            'has no "Contents"',
            "raised",
        ),
        Wrong(
            """
def all_keys(s3, bucket, prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]
""",
            "Keys without the prefix",
        ),
        Wrong(
            """
def all_keys(s3, bucket, prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item for page in pages for item in page.get("Contents", [])]
""",
            "the text under Key",
        ),
        Wrong(
            """
def all_keys(s3, bucket, prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return (item["Key"] for page in pages for item in page.get("Contents", []))
""",
            "A generator came out",
        ),
    ],
    "04-json": [
        Wrong(
            """
def save(s3, bucket, key, value):
    s3.put_object(Bucket=bucket, Key=key, Body=str(value).encode())

def load_json(s3, bucket, key, default=None):
    return json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
""",
            "json.dumps is JSON's",
        ),
        Wrong(
            """
def save(s3, bucket, key, value):
    s3.put_object(Bucket=bucket, Key=key, Body=value)

def load_json(s3, bucket, key, default=None):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
""",
            "Body takes bytes",
            "raised",
        ),
        Wrong(
            """
def save(s3, bucket, key, value):
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(value).encode())

def load_json(s3, bucket, key, default=None):
    return json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
""",
            "Without a content type",
        ),
        Wrong(
            """
def save(s3, bucket, key, value):
    body = json.dumps(value).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")

def load_json(s3, bucket, key, default=None):
    return json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
""",
            "should give the default",
            "raised",
        ),
        Wrong(
            """
def save(s3, bucket, key, value):
    body = json.dumps(value).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")

def load_json(s3, bucket, key, default=None):
    try:
        return json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
    except Exception:
        return default
""",
            "swallowed",
        ),
        Wrong(
            """
def save(s3, bucket, key, value):
    body = json.dumps(value).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")

def load_json(s3, bucket, key, default=None):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
""",
            "Make a value of them",
        ),
    ],
    "04-link": [
        Wrong(
            """
def share(s3, bucket, key, minutes):
    return f"{cloud.endpoint}/{bucket}/{key}"
""",
            "no signature",
        ),
        Wrong(
            """
def share(s3, bucket, key, minutes):
    where = {"Bucket": bucket, "Key": key}
    return s3.generate_presigned_url("put_object", Params=where, ExpiresIn=minutes * 60)
""",
            "signed for writing",
        ),
        Wrong(
            """
def share(s3, bucket, key, minutes):
    where = {"Bucket": bucket, "Key": key}
    return s3.generate_presigned_url("get_object", Params=where, ExpiresIn=minutes)
""",
            "counts seconds",
        ),
        Wrong(
            """
def share(s3, bucket, key, minutes):
    where = {"Bucket": bucket, "Key": key}
    return s3.generate_presigned_url("get_object", Params=where)
""",
            "good for an hour",
        ),
        Wrong(
            """
def share(s3, bucket, key, minutes):
    where = {"Bucket": bucket, "Key": "/" + key}
    return s3.generate_presigned_url("get_object", Params=where, ExpiresIn=minutes * 60)
""",
            "Look at the key",
        ),
    ],
    "04-policy": [
        Wrong(
            """
def policy(bucket):
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{bucket}/public/*"}]}
""",
            "json.dumps makes it",
        ),
        Wrong(
            """
def policy(bucket):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{bucket}/public/*"}]})
""",
            "The owner could delete",
        ),
        Wrong(
            """
def policy(bucket):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{bucket}/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject",
         "Resource": f"arn:aws:s3:::{bucket}/*"}]})
""",
            "Only keys below public/",
        ),
        Wrong(
            """
def policy(bucket):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{bucket}/public/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*",
         "Resource": f"arn:aws:s3:::{bucket}/*"}]})
""",
            "a deny always wins",
        ),
        Wrong(
            """
def policy(bucket):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{bucket}/public/*"},
        {"Effect": "Deny", "Principal": "*", "Action": ["s3:DeleteObject", "s3:PutObject"],
         "Resource": f"arn:aws:s3:::{bucket}/*"}]})
""",
            "can no longer put",
        ),
        Wrong(
            """
def policy(bucket):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{bucket}/public"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject",
         "Resource": f"arn:aws:s3:::{bucket}/*"}]})
""",
            "Compare the resource",
        ),
        Wrong(
            """
def policy(bucket):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{bucket}/public/*"}]})
""",
            "four fields",
        ),
        Wrong(
            """
def policy(bucket):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*",
         "Resource": f"arn:aws:s3:::{bucket}/public/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject",
         "Resource": f"arn:aws:s3:::{bucket}/*"}]})
""",
            "more than reading",
        ),
    ],
    "04-envelope": [
        Wrong(
            """
def unseal(kms, name, sealed):
    return AESGCM(sealed["wrapped"]).decrypt(
        sealed["nonce"], sealed["ciphertext"], name.encode())
""",
            "only KMS can unwrap",
            "raised",
        ),
        Wrong(
            """
def unseal(kms, name, sealed):
    key = kms.decrypt(CiphertextBlob=sealed["wrapped"])["Plaintext"]
    return AESGCM(key).decrypt(sealed["nonce"], sealed["ciphertext"], None)
""",
            "The tag does not fit",
            "raised",
        ),
        Wrong(
            """
def unseal(kms, name, sealed):
    key = kms.decrypt(CiphertextBlob=sealed["wrapped"])["Plaintext"]
    return AESGCM(key).decrypt(sealed["nonce"], sealed["ciphertext"], name)
""",
            "a name is text",
            "raised",
        ),
        Wrong(
            """
def unseal(kms, name, sealed):
    key = kms.decrypt(CiphertextBlob=sealed["wrapped"])["Plaintext"]
    try:
        return AESGCM(key).decrypt(sealed["nonce"], sealed["ciphertext"], name.encode())
    except InvalidTag:
        return b""
""",
            "Let InvalidTag go on",
        ),
        Wrong(
            """
def unseal(kms, name, sealed):
    key = kms.decrypt(CiphertextBlob=sealed["wrapped"])["Plaintext"]
    data = AESGCM(key).decrypt(sealed["nonce"], sealed["ciphertext"], name.encode())
    return data.decode()
""",
            "text came back",
        ),
    ],
    "04-copy": [
        Wrong(
            """
def copy(s3, bucket, key, container):
    sent = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    container.upload_blob(key, sent)
    back = container.download_blob(key).readall()
    if sha256(back) != sha256(sent):
        raise ValueError(key)
    return sha256(back)
""",
            "unless it is told",
            "raised",
        ),
        Wrong(
            """
def copy(s3, bucket, key, container):
    sent = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    container.upload_blob(key, sent, overwrite=True)
    return sha256(sent)
""",
            "nobody noticed",
        ),
        Wrong(
            """
def copy(s3, bucket, key, container):
    sent = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return sha256(sent)
""",
            "Nothing lies in the container",
        ),
        Wrong(
            """
def copy(s3, bucket, key, container):
    sent = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    container.upload_blob(key, sent, overwrite=True)
    return container.download_blob(key).readall() == sent
""",
            "Return the checksum",
        ),
        Wrong(
            """
def copy(s3, bucket, key, container):
    sent = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    container.upload_blob(key, sent, overwrite=True)
    back = container.download_blob(key).readall()
    if back != sent:
        raise ValueError(key)
    return back
""",
            "Their SHA-256 is asked for",
        ),
    ],
}
SURVIVORS: dict[str, dict[str, str]] = {}
