"""The guard of a real AWS account, for the S3 and KMS of chapter 4."""

from __future__ import annotations

import json
from functools import cache

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError, ParamValidationError

import coursekit as ck
from coursekit.cloud import leftovers, real_aws, real_policy_rules, real_sizes
from tests.real_account import REAL

MINE = "a-name-of-my-own"
THEIRS = "somebody-elses"
OPEN = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@pytest.fixture(autouse=True, scope="module")
def _models_read_once():
    """Share what botocore reads about its services: each guard has sessions of its own."""
    import botocore.session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture
def s3(account):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=MINE)
    return s3


@pytest.fixture
def stranger(account):
    """Give clients that no guard watches, and a bucket and a key that the course did not make."""
    account._plain("s3").create_bucket(Bucket=THEIRS)
    account._plain("s3").put_object(Bucket=THEIRS, Key="k", Body=b"dear")
    return account._plain


def refused(tells, call, **parameters):
    with pytest.raises(ck.CourseError, match=tells) as caught:
        call(**parameters)
    return caught.value


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def kinds(left):
    return [one.kind for one in left]


def count_calls(account, monkeypatch):
    """Return a list that grows by the name of each call of the guard's own."""
    calls = []
    plain = account._plain

    def counted(*where):
        client = plain(*where)
        client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
        return client

    monkeypatch.setattr(account, "_plain", counted)
    return calls


def test_a_bucket_is_tagged_in_every_region_and_found(account, s3):
    place = {"LocationConstraint": "eu-west-1"}
    ireland = boto3.client("s3", region_name="eu-west-1")
    ireland.create_bucket(Bucket=f"{MINE}-eu", CreateBucketConfiguration=place)
    for name in (MINE, f"{MINE}-eu"):
        tags = account._plain("s3").get_bucket_tagging(Bucket=name)["TagSet"]
        assert tags == [{"Key": "coursekit", "Value": account.run}]
    assert [(one.kind, one.id) for one in account.left()] == [
        ("bucket", MINE), ("bucket", f"{MINE}-eu"),
    ]  # fmt: skip


def test_a_bucket_that_the_account_has_already_never_gets_the_tag(account, stranger):
    s3 = boto3.client("s3")
    error = refused(f"Bucket {THEIRS} was not made", s3.create_bucket, Bucket=THEIRS)
    assert account.run in error.mend
    assert account.left(every_run=True) == []


def test_a_bucket_that_cannot_be_tagged_does_not_stay(account, monkeypatch):
    plain = account._plain

    def without_right(*where):
        client = plain(*where)

        def deny(**_):
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutBucketTagging")

        client.meta.events.register("before-call.s3.PutBucketTagging", deny)
        return client

    with monkeypatch.context() as fewer_rights:
        fewer_rights.setattr(account, "_plain", without_right)
        error = refused("could not be tagged", boto3.client("s3").create_bucket, Bucket=MINE)
    assert "s3:PutBucketTagging" in error.mend
    assert boto3.client("s3").list_buckets()["Buckets"] == []


def test_the_name_of_a_bucket_stays_as_it_is(account, s3, settings):
    assert account.endpoint == settings
    with pytest.raises(ParamValidationError):
        s3.download_file(f"s3://{MINE}", "k", "file")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [MINE]
    refused("Bucket never-made was not made", s3.head_bucket, Bucket="never-made")


def test_what_chapter_4_does_works(account, s3, tmp_path):
    s3.put_bucket_versioning(Bucket=MINE, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=MINE, Key="k", Body=b"one", ContentType="text/plain", Metadata={"a": "b"})
    s3.put_object(Bucket=MINE, Key="k", Body=b"two", ChecksumAlgorithm="SHA256")
    assert s3.get_object(Bucket=MINE, Key="k")["Body"].read() == b"two"
    assert s3.head_object(Bucket=MINE, Key="k", ChecksumMode="ENABLED")["ChecksumSHA256"]
    s3.delete_object(Bucket=MINE, Key="k")
    found = s3.list_object_versions(Bucket=MINE)
    assert len(found["Versions"]) == 2 and len(found["DeleteMarkers"]) == 1
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=MINE)
    assert [page["KeyCount"] for page in pages] == [0]
    s3.delete_objects(Bucket=MINE, Delete={"Objects": [{"Key": "never"}]})
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}
    s3.put_bucket_lifecycle_configuration(Bucket=MINE, LifecycleConfiguration={"Rules": [rule]})
    assert len(s3.get_bucket_lifecycle_configuration(Bucket=MINE)["Rules"]) == 1
    on = dict.fromkeys(SWITCHES, True)
    s3.put_public_access_block(Bucket=MINE, PublicAccessBlockConfiguration=on)
    block = s3.get_public_access_block(Bucket=MINE)["PublicAccessBlockConfiguration"]
    assert block == on
    s3.put_bucket_policy(Bucket=MINE, Policy=policy({**OPEN, "Effect": "Deny"}))
    s3.delete_bucket_policy(Bucket=MINE)


def test_files_go_up_and_down_in_parts(account, s3, tmp_path):
    data = bytes(range(256)) * (12 << 12)
    (tmp_path / "up").write_bytes(data)
    in_parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    s3.upload_file(tmp_path / "up", MINE, "large", Config=in_parts)
    s3.download_file(MINE, "large", tmp_path / "down", Config=in_parts)
    assert (tmp_path / "down").read_bytes() == data
    assert s3.head_object(Bucket=MINE, Key="large")["ETag"].endswith('-3"')
    where = {"Bucket": MINE, "Key": "by-hand"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    part = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"all")
    assert len(s3.list_parts(**where, UploadId=upload)["Parts"]) == 1
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)
    assert s3.get_object(**where)["Body"].read() == b"all"


def test_many_puts_look_the_bucket_up_once(account, s3, monkeypatch):
    account._known.clear()
    calls = count_calls(account, monkeypatch)
    for number in range(20):
        s3.put_object(Bucket=MINE, Key=str(number), Body=b"")
    assert calls == ["GetBucketTagging"]


def test_a_deleted_bucket_is_looked_up_again(account, s3, stranger):
    s3.delete_bucket(Bucket=MINE)
    stranger("s3").create_bucket(Bucket=MINE)  # now it is not this run's any more
    stranger("s3").delete_bucket_tagging(Bucket=MINE)  # moto keeps the tags of the one before
    refused(f"Bucket {MINE} was not made", s3.put_object, Bucket=MINE, Key="k", Body=b"")


def test_what_the_course_did_not_make_is_left_alone(account, s3, stranger):
    where = {"Bucket": THEIRS, "Key": "k"}
    calls = [
        (s3.get_object, where), (s3.put_object, where), (s3.delete_object, where),
        (s3.head_bucket, {"Bucket": THEIRS}), (s3.list_objects_v2, {"Bucket": THEIRS}),
        (s3.delete_bucket, {"Bucket": THEIRS}), (s3.delete_bucket_policy, {"Bucket": THEIRS}),
        (s3.delete_objects, {"Bucket": THEIRS, "Delete": {"Objects": [{"Key": "k"}]}}),
        (s3.create_multipart_upload, where),
    ]  # fmt: skip
    for call, parameters in calls:
        refused(f"Bucket {THEIRS} was not made by this run", call, **parameters)
    refused("was not made", s3.generate_presigned_url, ClientMethod="get_object", Params=where)
    account.tear_down(every_run=True)
    assert stranger("s3").get_object(**where)["Body"].read() == b"dear"


def test_keys_of_others_encrypt_and_decrypt_nothing(account, s3, stranger):
    kms = boto3.client("kms")
    key = stranger("kms").create_key()["KeyMetadata"]["KeyId"]
    secret = stranger("kms").encrypt(KeyId=key, Plaintext=b"dear")["CiphertextBlob"]
    refused(f"^{key} was not made", kms.generate_data_key, KeyId=key, KeySpec="AES_256")
    refused(f"^{key} was not made", kms.decrypt, KeyId=key, CiphertextBlob=secret)
    refused("the answer is not given out", kms.decrypt, CiphertextBlob=secret)
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    refused(f"^Key {key}", s3.put_object, Bucket=MINE, Key="k", Body=b"", **encrypted)
    assert kinds(account.left(every_run=True)) == ["bucket"]


def test_a_key_costs_so_it_is_confirmed_for_one_call(account, s3):
    kms = boto3.client("kms")
    error = refused("KMS keys are billed by the month", kms.create_key, Description="course")
    assert 'cloud.confirm("create_key")' in error.mend
    account.confirm("create_key")
    key = kms.create_key(Description="course")["KeyMetadata"]["KeyId"]
    refused("billed by the month", kms.create_key, Description="course")
    data_key = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    plain = kms.decrypt(CiphertextBlob=data_key["CiphertextBlob"])["Plaintext"]
    assert plain == data_key["Plaintext"]
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.put_object(Bucket=MINE, Key="k", Body=b"", **encrypted)
    assert account._plain("kms").list_resource_tags(KeyId=key)["Tags"] == [
        {"TagKey": "coursekit", "TagValue": account.run}
    ]
    assert kinds(account.left()) == ["bucket", "KMS key"]
    assert kinds(account.tear_down()) == ["bucket", "KMS key"]
    state = account._plain("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    assert state == "PendingDeletion" and account.left(every_run=True) == []


def test_a_key_in_another_region_is_refused(account):
    account.confirm("create_key")
    refused("us-east-1 only", boto3.client("kms", region_name="eu-west-1").create_key)


def test_other_storage_classes_are_confirmed_for_one_call(account, s3):
    where = {"Bucket": MINE, "Key": "k", "StorageClass": "GLACIER"}
    for call in (s3.put_object, s3.create_multipart_upload):
        refused("storage class GLACIER", call, **where)
        account.confirm(call.__name__)
        call(**where)
        refused("storage class GLACIER", call, **where)
    s3.put_object(Bucket=MINE, Key="k", StorageClass="STANDARD")


def test_an_open_policy_is_confirmed_for_one_call(account, s3):
    error = refused("opens the bucket", s3.put_bucket_policy, Bucket=MINE, Policy=policy(OPEN))
    assert 'cloud.confirm("put_bucket_policy")' in error.mend
    account.confirm("put_bucket_policy")
    s3.put_bucket_policy(Bucket=MINE, Policy=policy(OPEN))
    refused("opens the bucket", s3.put_bucket_policy, Bucket=MINE, Policy=policy(OPEN))
    off = dict.fromkeys(SWITCHES, False)
    block = {"Bucket": MINE, "PublicAccessBlockConfiguration": off}
    refused("not all four switches", s3.put_public_access_block, **block)


@pytest.mark.parametrize(
    ("statement", "opens"),
    [
        (OPEN, True),
        ({**OPEN, "Principal": {"AWS": "*"}}, True),
        ({**OPEN, "Principal": {"AWS": ["arn:aws:iam::1:root", "*"]}}, True),
        ({"Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "Action": "s3:*"}, True),
        ({**OPEN, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, False),
        ({**OPEN, "Effect": "Deny"}, False),
    ],
)
def test_which_policies_open_a_bucket(statement, opens):
    assert real_policy_rules.opens_to_everybody(policy(statement)) is opens
    assert (
        real_policy_rules.opens_to_everybody(policy(statement, {**OPEN, "Effect": "Deny"})) is opens
    )


def test_a_policy_that_cannot_be_read_counts_as_open():
    assert real_policy_rules.opens_to_everybody("{")
    assert real_policy_rules.opens_to_everybody(None)


@pytest.mark.parametrize("action", ["s3:*", "*", "s3:Delete*", ["s3:GetObject", "s3:ListBucket"]])
def test_a_policy_that_keeps_tear_down_out_is_refused(action, account, s3):
    deny = policy({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"})
    account.confirm("put_bucket_policy")
    refused("denies even its owner", s3.put_bucket_policy, Bucket=MINE, Policy=deny)


@pytest.mark.parametrize(
    ("call", "parameters", "extra"),
    [
        ("create_bucket", {"Bucket": "locked", "ObjectLockEnabledForBucket": True}, "ObjectLock"),
        ("create_bucket", {"Bucket": "open", "ACL": "public-read"}, "ACL"),
        ("create_bucket", {"Bucket": "t", "CreateBucketConfiguration": {"Tags": []}}, "Tags"),
        ("put_object", {"Bucket": MINE, "Key": "k", "ACL": "public-read"}, "ACL"),
        ("put_object", {"Bucket": MINE, "Key": "k", "ObjectLockMode": "COMPLIANCE"}, "ObjectLock"),
    ],
)
def test_parameters_that_the_chapter_does_not_need_are_refused(
    call, parameters, extra, account, s3
):
    assert extra in refused("more than the course allows", getattr(s3, call), **parameters).what


def test_operations_that_the_chapter_does_not_need_are_refused(account, s3):
    other = "is not among the operations"
    refused(f"s3 PutBucketAcl {other}", s3.put_bucket_acl, Bucket=MINE, ACL="public-read")
    refused(f"s3 DeleteBucketTagging {other}", s3.delete_bucket_tagging, Bucket=MINE)
    refused(f"s3 PutBucketTagging {other}", s3.put_bucket_tagging, Bucket=MINE)
    refused(f"iam CreateUser {other}", boto3.client("iam").create_user, UserName="me")
    refused(
        f"kms ScheduleKeyDeletion {other}", boto3.client("kms").schedule_key_deletion, KeyId="1"
    )
    refused("CustomKeyStoreId", boto3.client("kms").create_key, CustomKeyStoreId="mine")


def test_urls_are_signed_for_reading_only(account, s3):
    where = {"Bucket": MINE, "Key": "k"}
    assert MINE in s3.generate_presigned_url("get_object", Params=where)
    sign = s3.generate_presigned_url
    refused("URL for put_object", sign, ClientMethod="put_object", Params=where)


def test_an_object_over_1_gb_is_refused(account, s3, monkeypatch, tmp_path):
    with (tmp_path / "large").open("wb") as large:
        large.truncate(real_sizes.LARGEST + 1)  # takes no room on the disk
    with (tmp_path / "large").open("rb") as large:
        refused("more than 1 GB", s3.put_object, Bucket=MINE, Key="k", Body=large)
    monkeypatch.setattr(real_sizes, "LARGEST", 10)
    where = {"Bucket": MINE, "Key": "k"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    part = {**where, "UploadId": upload}
    s3.upload_part(**part, PartNumber=1, Body=b"123456")
    s3.upload_part(**part, PartNumber=1, Body=b"1234567")  # again: it replaces the first
    refused("k has more than 1 GB", s3.upload_part, **part, PartNumber=2, Body=b"1234")
    s3.upload_part(**part, PartNumber=2, Body=b"123")
    refused("cannot be told", s3.put_object, **where, Body=iter([b"1"]))


def test_tear_down_removes_versions_markers_and_parts(account, s3):
    s3.put_bucket_versioning(Bucket=MINE, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket=MINE, Key="a/ä b", Body=body)
    s3.delete_object(Bucket=MINE, Key="a/ä b")
    upload = s3.create_multipart_upload(Bucket=MINE, Key="unfinished")["UploadId"]
    s3.upload_part(Bucket=MINE, Key="unfinished", UploadId=upload, PartNumber=1, Body=b"part")
    no_delete = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject",
                 "Resource": f"arn:aws:s3:::{MINE}/*"}  # fmt: skip
    s3.put_bucket_policy(Bucket=MINE, Policy=policy(no_delete))
    with pytest.raises(ck.CourseError, match="1 things of this run"):
        account.stop()
    assert account.tear_down() == [leftovers.Left("bucket", MINE, account.run)]
    assert s3.list_buckets()["Buckets"] == []
    assert account.tear_down() == []


def test_more_than_one_batch_of_versions_is_removed(account, s3, monkeypatch):
    monkeypatch.setattr("coursekit.cloud.leftovers_storage._BATCH", 2)
    for key in "abcde":
        s3.put_object(Bucket=MINE, Key=key, Body=b"")
    assert kinds(account.tear_down()) == ["bucket"] and account.left() == []


def test_what_stays_is_named(account, s3, monkeypatch):
    s3.put_object(Bucket=MINE, Key="sticky", Body=b"")
    with monkeypatch.context() as broken:
        broken.setattr("coursekit.cloud.leftovers_storage._delete_versions", lambda *_: None)
        with pytest.raises(ck.CourseError, match=f"Still there: bucket {MINE}"):
            account.tear_down()
    assert kinds(account.tear_down()) == ["bucket"]


def test_a_later_run_removes_what_a_killed_one_left(account, s3, settings):
    account.confirm("create_key")
    boto3.client("kms").create_key()
    s3.put_object(Bucket=MINE, Key="k", Body=b"")
    later = real_aws.RealAWS(account._session, REAL, endpoint=settings)
    assert later.left() == []
    refused("was not made by this run", later.client("s3").get_object, Bucket=MINE, Key="k")
    found = later.tear_down(every_run=True)
    assert kinds(found) == ["bucket", "KMS key"] and {one.run for one in found} == {account.run}
    assert account.left() == []


def test_who_uses_no_storage_needs_no_right_to_list_it(account, monkeypatch):
    boto3.client("ec2").create_key_pair(KeyName="mine")
    calls = count_calls(account, monkeypatch)
    account.tear_down()
    assert not {"ListBuckets", "ListKeys"} & set(calls)


@pytest.mark.parametrize(
    "name", ["bucket", "download", "keys", "json", "link", "policy", "envelope", "copy"]
)
def test_no_check_of_chapter_4_runs_in_a_real_account(name, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CLOUD", "real")
    monkeypatch.setattr(
        "coursekit.feedback.checks.ch04.aws", lambda: pytest.fail("an account was used")
    )
    answers = [lambda *_, **__: pytest.fail("the answer was tried")] * (1 + (name == "json"))
    with pytest.raises(ck.CourseError, match="needs the course's own clouds"):
        ck.check(f"04-{name}", *answers)
