"""The guards of a real Google Cloud: the machines of chapter 3, the buckets of chapter 4."""

from __future__ import annotations

import os
from types import SimpleNamespace

import google.auth
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import compute_v1, storage

import coursekit as ck
from coursekit.cloud import (
    google_compute_service,
    local_google_storage,
    real_google_compute,
    real_google_compute_rules,
    real_google_storage,
    real_sizes,
)
from coursekit.cloud.loopback import Service
from tests.chapter_cells import code_between

PROJECT = google_compute_service.PROJECT
DEBIAN = "projects/debian-cloud/global/images/family/debian-12"


def refused(tells, call, *arguments, **named):
    with pytest.raises(ck.CourseError, match=tells) as caught:
        call(*arguments, **named)
    return caught.value


def nobody(text):
    raise EOFError


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """Set a learner's own login, which is good for the services that play Google Cloud."""
    for name in list(os.environ):
        if name.upper().startswith(("GOOGLE_", "CLOUDSDK_", "COURSEKIT_CLOUD", "COURSEKIT_GOOGLE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COURSEKIT_CLOUD", "real")
    monkeypatch.setenv("COURSEKIT_GOOGLE_PROJECT", PROJECT)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(google.auth, "default", lambda **_: (AnonymousCredentials(), PROJECT))


KINDS = [real_google_compute, real_google_storage]


@pytest.fixture
def place(request, machines, buckets):
    """Give a kind of guard, and the address of the service that plays the real one."""
    return request.param, machines.url if request.param is real_google_compute else buckets


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_the_wrong_project_is_refused_before_anything_is_made(place, machines, monkeypatch):
    before = Request.__call__
    kind, url = place
    machines.seen.clear()
    monkeypatch.setenv("COURSEKIT_GOOGLE_PROJECT", "companys-project")
    refused("project that was typed is not the one", kind.connect, endpoint=url)
    assert {method for method, _ in machines.seen} <= {"GET"}
    assert Request.__call__ is before, "a guard was left standing"
    assert "GOOGLE_CLOUD_PROJECT" not in os.environ


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_the_project_is_asked_for(place, monkeypatch):
    kind, url = place
    monkeypatch.delenv("COURSEKIT_GOOGLE_PROJECT")
    monkeypatch.setattr("builtins.input", nobody)
    error = refused("nobody to ask", kind.connect, endpoint=url)
    assert "COURSEKIT_GOOGLE_PROJECT" in error.mend
    monkeypatch.setattr("builtins.input", lambda text: f" {PROJECT} ")
    guard = kind.connect(endpoint=url)
    assert guard.project == PROJECT and PROJECT in repr(guard) and guard.run in repr(guard)
    assert kind.connect(endpoint=url) is guard
    guard.stop()
    guard.stop()


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_without_a_login_or_a_project_it_says_what_to_do(place, monkeypatch):
    kind, url = place
    monkeypatch.setattr(google.auth, "default", lambda **_: (AnonymousCredentials(), None))
    error = refused("names no project", kind.connect, endpoint=url)
    assert "GOOGLE_CLOUD_PROJECT" in error.mend

    def none(**_):
        raise DefaultCredentialsError("no credentials were found")

    monkeypatch.setattr(google.auth, "default", none)
    error = refused("no login for Google Cloud", kind.connect, endpoint=url)
    assert "gcloud auth" in error.mend
    monkeypatch.undo()
    monkeypatch.setenv("COURSEKIT_GOOGLE_PROJECT", "p")
    monkeypatch.setattr(google.auth, "default", lambda **_: (AnonymousCredentials(), "p"))
    refused("does not accept the login", kind.connect, endpoint="http://127.0.0.1:9")


def test_the_switch_leads_to_the_guards(monkeypatch):
    for kind, start in zip(KINDS, (ck.cloud.google_compute, ck.cloud.google_storage), strict=True):
        monkeypatch.setattr(kind, "connect", lambda kind=kind: kind)
        assert start() is kind


# Machines


@pytest.fixture(scope="module")
def machines():
    """Give a service that plays Compute Engine, and what it was asked."""
    state, seen = google_compute_service.State(), []
    served = google_compute_service.application(state)

    def recorded(environ, start_response):
        seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        return served(environ, start_response)

    service = Service(recorded, name="The real Compute Engine")
    yield SimpleNamespace(state=state, seen=seen, url=service.url)
    service.stop()


@pytest.fixture
def gce(machines):
    machines.state.clear()
    gce = real_google_compute.connect(endpoint=machines.url)
    yield gce
    gce.tear_down()
    gce.stop()


@pytest.fixture
def instances(gce):
    return compute_v1.InstancesClient(**gce.client_options)


@pytest.fixture
def strangers(gce, machines):
    """Make a machine and a disk that the course did not make."""
    body = {
        "name": "theirs", "machineType": f"zones/{gce.zone}/machineTypes/e2-micro",
        "disks": [{"initializeParams": {"sourceImage": DEBIAN}}], "networkInterfaces": [{}],
    }  # fmt: skip
    google_compute_service._insert(machines.state, gce.zone, body)
    return {"project": gce.project, "zone": gce.zone}


def machine(gce, name="web", kind="e2-micro", auto_delete=True, **new):
    parameters = compute_v1.AttachedDiskInitializeParams(source_image=DEBIAN, **new)
    boot = compute_v1.AttachedDisk(boot=True, auto_delete=auto_delete, initialize_params=parameters)
    return compute_v1.Instance(
        name=name, machine_type=f"zones/{gce.zone}/machineTypes/{kind}", disks=[boot],
        network_interfaces=[compute_v1.NetworkInterface(network="global/networks/default")],
    )  # fmt: skip


def here(gce):
    return {"project": gce.project, "zone": gce.zone}


def test_what_chapter_3_does_on_google_works_behind_the_guard(gce, machines, monkeypatch):
    monkeypatch.setattr(real_google_compute, "connect", lambda: gce)
    names = {"ck": ck, "compute_v1": compute_v1}
    for code in code_between("03", "## 8. The same on Google", "## 9. Side by side"):
        exec(code, names)
    assert names["google_states"][3:] == ["STOPPING", "TERMINATED", "PROVISIONING", "RUNNING"]
    assert machines.state.machines == {} and gce.left() == []


def test_machines_and_disks_get_the_label_of_the_run(gce, instances, machines):
    wanted = machine(gce, labels={"mine": "disk"})
    wanted.labels = {"mine": "kept"}
    instances.insert(instance_resource=wanted, **here(gce)).result()
    assert instances.get(instance="web", **here(gce)).labels == {
        "mine": "kept", "coursekit": gce.run,
    }  # fmt: skip
    (disk,) = machines.state.disks.values()
    assert disk["labels"] == {"mine": "disk", "coursekit": gce.run}
    wanted.labels = {"coursekit": "other"}
    refused("is the course's own", instances.insert, instance_resource=wanted, **here(gce))


def test_operations_of_no_chapter_never_reach_google(gce, instances, machines):
    where = here(gce)
    for client, call, parameters in (
        (instances, "reset", {"instance": "web"}),
        (instances, "set_metadata", {"instance": "web", "metadata_resource": {}}),
        (compute_v1.DisksClient(**gce.client_options), "insert", {"disk_resource": {}}),
        (compute_v1.SnapshotsClient(**gce.client_options), "list", {}),
    ):
        machines.seen.clear()
        place = where if parameters else {"project": gce.project}
        error = refused("is not among the operations", getattr(client, call), **parameters, **place)
        assert machines.seen == [] and "unset COURSEKIT_CLOUD" in error.mend


def test_what_the_run_did_not_make_is_left_alone(gce, instances, strangers, machines):
    disks = compute_v1.DisksClient(**gce.client_options)
    other = "theirs was not made by this run"
    for call in (instances.stop, instances.start, instances.delete):
        refused(f"Server {other}", call, instance="theirs", **strangers)
    refused(f"Disk {other}", disks.delete, disk="theirs", **strangers)
    attached = machine(gce)
    attached.disks = [compute_v1.AttachedDisk(source=f"zones/{gce.zone}/disks/theirs")]
    refused(f"Disk {other}", instances.insert, instance_resource=attached, **strangers)
    refused("Server never-made", instances.delete, instance="never-made", **strangers)
    place = {"project": "companys", "zone": gce.zone}
    refused("project companys was not made", lambda: list(instances.list(**place)))
    images = compute_v1.ImagesClient(**gce.client_options)
    refused("project windows", images.get_from_family, project="windows-cloud", family="w")
    assert gce.tear_down(every_run=True) == []
    assert len(machines.state.machines) == len(machines.state.disks) == 1


def test_changes_in_another_zone_are_refused(gce, instances):
    place = {"project": gce.project, "zone": "europe-west1-b"}
    error = refused("works in us-central1-a only", instances.delete, instance="web", **place)
    assert "CLOUDSDK_COMPUTE_ZONE" in error.mend
    assert list(instances.list(**place)) == []


def test_what_costs_is_confirmed_for_one_call(gce, instances, machines):
    def make(name):
        instances.insert(instance_resource=machine(gce, name, "e2-medium"), **here(gce)).result()

    error = refused("insert may cost money: machine type e2-medium", make, "web")
    assert 'gce.confirm("insert")' in error.mend and machines.state.machines == {}
    gce.confirm("insert")
    make("web")
    refused("e2-medium", make, "two")


CARD = {"network": "global/networks/default"}


@pytest.mark.parametrize(
    ("change", "zone", "tells"),
    [
        ({}, "us-west1-b", ""),
        ({}, "europe-west1-b", "zone europe-west1-b"),
        ({"networkInterfaces": [{**CARD, "accessConfigs": [{}]}]}, "us-west1-b", "public IPv4"),
        ({"guestAccelerators": [{}]}, "us-west1-b", "guestAccelerators"),
        ({"disks": [{"initializeParams": {"diskSizeGb": "31"}}]}, "us-west1-b", "31 GB"),
        ({"disks": [{"initializeParams": {"diskType": "z/pd-ssd"}}]}, "us-west1-b", "pd-ssd"),
        (
            {"disks": [{"initializeParams": {
                "sourceImage": "projects/windows-cloud/global/images/w"}}]},
            "us-west1-b", "image of windows-cloud",
        ),
    ],
)  # fmt: skip
def test_which_machines_may_cost(change, zone, tells):
    body = {"machineType": "zones/z/machineTypes/e2-micro", "networkInterfaces": [CARD], **change}
    reason = real_google_compute_rules.objection(body, zone)
    assert tells in reason and bool(reason) == bool(tells)


def test_tear_down_removes_machines_and_disks_and_proves_it(gce, instances, machines, strangers):
    kept = machine(gce, auto_delete=False)
    instances.insert(instance_resource=kept, **here(gce)).result()
    instances.insert(instance_resource=machine(gce, "two"), **here(gce)).result()
    refused("4 things of this run are still in Google Cloud project", gce.stop)
    removed = [(one.kind, one.id) for one in gce.tear_down()]
    assert sorted(removed) == [
        (kind, f"{gce.zone}/{name}") for kind in ("disk", "server") for name in ("two", "web")
    ]
    assert [name for _, name in machines.state.machines] == ["theirs"]
    assert [name for _, name in machines.state.disks] == ["theirs"]
    assert gce.tear_down() == []


def test_a_machine_that_does_not_go_is_named(gce, instances, monkeypatch):
    instances.insert(instance_resource=machine(gce), **here(gce)).result()
    with monkeypatch.context() as hurried:
        hurried.setattr(real_google_compute, "PATIENCE", 0)
        error = refused(f"Still there: server {gce.zone}/web, disk", gce.tear_down)
    assert "the Google Cloud console" in error.mend


def test_a_later_run_removes_what_a_killed_one_left(gce, instances, machines):
    instances.insert(instance_resource=machine(gce), **here(gce)).result()
    later = real_google_compute.RealGoogleCompute(
        AnonymousCredentials(), PROJECT, PROJECT, endpoint=machines.url
    )
    assert later.left() == []
    removed = later.tear_down(every_run=True)
    assert {(one.kind, one.run) for one in removed} == {("server", gce.run), ("disk", gce.run)}
    assert gce.left() == []


@pytest.mark.network
def test_google_clients_are_refused_other_machines(gce):
    plain = compute_v1.InstancesClient(credentials=AnonymousCredentials())
    refused(r"call compute\.googleapis\.com", lambda: list(plain.list(**here(gce))))
    other = AuthorizedSession(AnonymousCredentials())
    refused(r"call example\.com", other.get, "https://example.com/")
    refused(r"call example\.com", Request(), "https://example.com/token")


# Buckets


@pytest.fixture(scope="module")
def buckets():
    """Give the address of an emulator that plays Cloud Storage."""
    child = local_google_storage._start_emulator(0)
    yield f"http://127.0.0.1:{child.port}"
    child.close()


@pytest.fixture
def store(buckets, monkeypatch):
    # The address of the real service needs no variable; the one that plays it does.
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", buckets)
    store = real_google_storage.connect(endpoint=buckets)
    yield store
    store._ask("GET", "/wipe")
    store.stop()


@pytest.fixture
def gcs(store):
    return storage.Client()


@pytest.fixture
def mine(gcs):
    return gcs.create_bucket("mine", location="us-east1")


@pytest.fixture
def theirs(store):
    """Make a bucket that the course did not make."""
    store._ask("POST", "/storage/v1/b", json={"name": "theirs"})
    upload = {"uploadType": "media", "name": "k"}
    store._ask("POST", "/upload/storage/v1/b/theirs/o", params=upload, data=b"dear")


def test_what_chapter_4_does_on_google_works_behind_the_guard(store, monkeypatch):
    monkeypatch.setattr(real_google_storage, "connect", lambda: store)
    names = {"ck": ck, "data": bytes(range(256)) * (9 << 12)}  # 9 MiB go up in pieces
    store.confirm("create_bucket")  # the chapter names no region, so Google takes several
    for code in code_between("04", "And Google Cloud:", "Did all three keep the same"):
        exec(code, names)
    assert names["from_google"] == names["data"]
    assert [one.id for one in store.left()] == ["course-flights"]


def test_a_bucket_gets_the_label_and_keeps_nothing_deleted(store, gcs):
    bucket = storage.Bucket(gcs, "mine")
    bucket.labels = {"a": "b"}
    gcs.create_bucket(bucket, location="us-west1")
    found = gcs.get_bucket("mine")
    assert found.labels == {"a": "b", "coursekit": store.run} and found.location == "us-west1"
    assert found.soft_delete_policy.retention_duration_seconds == 0
    found.blob("a/ä b").upload_from_string("one")
    assert [one.name for one in found.list_blobs()] == ["a/ä b"]
    found.delete(force=True)
    assert store.left() == []
    other = storage.Bucket(gcs, "other")
    other.labels = {"coursekit": "x"}
    refused("is the course's own", gcs.create_bucket, other, location="us-west1")


def test_a_deleted_bucket_is_looked_up_again(store, mine, theirs):
    mine.delete()
    store._ask("POST", "/storage/v1/b", json={"name": "mine"})  # not this run's any more
    refused("Bucket mine was not made", mine.blob("k").upload_from_string, b"")


def test_buckets_of_others_are_left_alone(store, gcs, theirs):
    bucket = gcs.bucket("theirs")
    other = "Bucket theirs was not made by this run"
    error = refused(other, bucket.blob("k").download_as_bytes)
    assert store.run in error.mend
    refused(other, bucket.blob("k").upload_from_string, b"")
    refused(other, bucket.blob("k").delete)
    refused(other, lambda: list(bucket.list_blobs()))
    refused(other, gcs.get_bucket, "theirs")
    refused(other, bucket.delete)
    refused("Bucket never-made", gcs.bucket("never-made").blob("k").delete)
    refused("project companys", lambda: list(gcs.list_buckets(project="companys")))
    assert store.tear_down(every_run=True) == []
    assert store._ask("GET", "/download/storage/v1/b/theirs/o/k?alt=media").content == b"dear"


def test_bucket_operations_of_no_chapter_are_refused(store, gcs, mine):
    blob = mine.blob("k")
    blob.upload_from_string(b"one")
    for call in (
        lambda: mine.get_iam_policy(),
        lambda: mine.patch(),
        lambda: blob.make_public(),
        lambda: mine.copy_blob(blob, mine, "copy"),
    ):
        refused("is not among the operations", call)
    by_hand, held = AuthorizedSession(AnonymousCredentials()), {"name": "h", "temporaryHold": True}
    upload = f"{store.endpoint}/upload/storage/v1/b/mine/o?uploadType="
    refused("temporaryHold is more than", by_hand.post, f"{upload}resumable", json=held)
    refused("uploadType=media is not among", by_hand.post, f"{upload}media", data=b"")
    public = {"predefined_acl": "publicRead"}
    refused("predefinedAcl is more than", mine.blob("p").upload_from_string, b"", **public)
    locked = storage.Bucket(gcs, "locked")
    locked.retention_period = 9999
    refused("retentionPolicy is more", gcs.create_bucket, locked, location="us-east1")
    assert [one.name for one in mine.list_blobs()] == ["k"]


def test_what_costs_is_confirmed(store, gcs, mine):
    error = refused("location US is none of", gcs.create_bucket, "two")
    assert 'gcs_emulator.confirm("create_bucket")' in error.mend
    refused("location EU ", gcs.create_bucket, "two", location="EU")
    store.confirm("create_bucket")
    gcs.create_bucket("two")
    refused("location US", gcs.create_bucket, "three")
    blob = mine.blob("cold")
    blob.storage_class = "ARCHIVE"
    refused("storage class ARCHIVE", blob.upload_from_string, b"")
    store.confirm("upload")
    blob.upload_from_string(b"")
    again = mine.blob("again")
    again.storage_class = "ARCHIVE"
    refused("storage class ARCHIVE", again.upload_from_string, b"")
    assert sorted(one.name for one in gcs.list_buckets()) == ["mine", "two"]


def test_an_object_over_1_gb_is_refused(store, mine, monkeypatch, tmp_path):
    monkeypatch.setattr(real_sizes, "LARGEST", 999)
    refused("large has more than 1 GB", mine.blob("large").upload_from_string, b"x" * 999)
    pieces = mine.blob("pieces", chunk_size=256 << 10)
    (tmp_path / "file").write_bytes(b"x" * 1000)
    refused("pieces has more than 1 GB", pieces.upload_from_filename, tmp_path / "file")
    with (tmp_path / "file").open("rb") as file:
        refused("cannot be told", pieces.upload_from_file, file)
    mine.blob("small").upload_from_string(b"x" * 100)
    assert [one.name for one in mine.list_blobs()] == ["small"]


def test_tear_down_removes_buckets_and_names_what_stays(store, mine, theirs, monkeypatch):
    mine.blob("a/b").upload_from_string(b"one")
    refused("1 things of this run are still in Google Cloud project", store.stop)
    with monkeypatch.context() as broken:
        broken.setattr(store, "_empty", lambda bucket: None)
        refused("Still there: bucket mine", store.tear_down)
    assert [(one.kind, one.id) for one in store.tear_down()] == [("bucket", "mine")]
    names = [one["name"] for one in store._ask("GET", "/storage/v1/b").json()["items"]]
    assert names == ["theirs"] and store.tear_down() == []


def test_a_later_run_removes_buckets_of_a_killed_one(store, mine, buckets):
    credentials = AnonymousCredentials()
    later = real_google_storage.RealGoogleStorage(credentials, PROJECT, PROJECT, endpoint=buckets)
    assert later.left() == []
    assert [one.run for one in later.tear_down(every_run=True)] == [store.run]
    assert store.left() == []


@pytest.mark.network
def test_a_storage_client_is_refused_other_machines(store, monkeypatch):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    client = storage.Client(project=PROJECT, credentials=AnonymousCredentials())
    refused(r"call storage\.googleapis\.com", lambda: list(client.list_buckets()))


def test_a_name_that_somebody_has_is_googles_to_refuse(store, gcs, mine):
    with pytest.raises(GoogleAPICallError, match="409"):
        gcs.create_bucket("mine", location="us-east1")
