"""The guards of a real Azure: the machines of chapter 3, the containers of chapter 4."""

from __future__ import annotations

import base64
import os
import secrets
import time
from types import SimpleNamespace

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.compute import ComputeManagementClient, models
from azure.storage.blob import BlobServiceClient, PublicAccess, StandardBlobTier

import coursekit as ck
from coursekit.cloud import (
    azure_resources,
    local_azure_blob,
    real_azure_blob,
    real_azure_vm_rules,
    real_azure_vms,
    real_sizes,
)
from coursekit.cloud.azure_service import State, application
from coursekit.cloud.loopback import Service
from tests.chapter_cells import code_between

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
ACCOUNT = "learners"


def refused(tells, call, *arguments, **named):
    with pytest.raises(ck.CourseError, match=tells) as caught:
        call(*arguments, **named)
    return caught.value


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch):
    for name in list(os.environ):
        if name.upper().startswith(("AZURE_", "COURSEKIT_CLOUD", "COURSEKIT_AZURE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def nobody(text):
    raise EOFError


# Machines


class Login:
    """What azure-identity would find."""

    def __init__(self, token):
        self._token = token

    def get_token(self, *scopes, **_):
        return AccessToken(self._token, int(time.time()) + 3600)


@pytest.fixture(scope="module")
def played():
    """Give a service that plays Resource Manager, and what it was asked."""
    state, seen, busy = State(SUBSCRIPTION, "token"), [], []
    served = application(state)

    def recorded(environ, start_response):
        seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if busy and environ["REQUEST_METHOD"] == busy[0]:
            busy.clear()
            start_response("429 Too Many Requests", [("Retry-After", "0")])
            return [b"{}"]
        return served(environ, start_response)

    service = Service(recorded, name="The real Azure", tls=True)
    yield SimpleNamespace(
        state=state, seen=seen, busy=busy, url=service.url, authority=service.authority
    )
    service.stop()


@pytest.fixture
def settings(played, monkeypatch):
    """Set a learner's own login, which is good for the service that plays Azure."""
    played.state.clear()
    played.seen.clear()
    monkeypatch.setenv("COURSEKIT_CLOUD", "real")
    monkeypatch.setenv("COURSEKIT_AZURE_SUBSCRIPTION", SUBSCRIPTION)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", played.authority)
    monkeypatch.setattr("azure.identity.DefaultAzureCredential", lambda: Login("token"))
    return played


@pytest.fixture
def vms(settings):
    vms = real_azure_vms.connect(endpoint=settings.url)
    yield vms
    vms.tear_down()
    vms.stop()


@pytest.fixture
def compute(vms):
    return ComputeManagementClient(vms.credential, vms.subscription_id, **vms.client_options)


def description(card, **properties):
    names = ("publisher", "offer", "sku", "version")
    image = dict(zip(names, ("Canonical", "ubuntu-24_04-lts", "server", "latest"), strict=True))
    return {
        "location": "westeurope",
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "storageProfile": {"imageReference": image},
            "osProfile": {"computerName": "w", "adminUsername": "u", "adminPassword": "made-up"},
            "networkProfile": {"networkInterfaces": [{"id": card}]},
            **properties,
        },
    }


def test_the_wrong_subscription_is_refused_before_anything_is_made(settings, monkeypatch):
    before = RequestsTransport.send
    monkeypatch.setenv("COURSEKIT_AZURE_SUBSCRIPTION", SUBSCRIPTION[::-1])
    refused("not one that this login belongs to", real_azure_vms.connect, endpoint=settings.url)
    assert settings.seen == [("GET", "/subscriptions")]
    assert RequestsTransport.send is before, "a guard was left standing"


def test_a_login_that_azure_does_not_accept_is_told(settings, monkeypatch):
    monkeypatch.setattr("azure.identity.DefaultAzureCredential", lambda: Login("old"))
    error = refused("does not accept the login", real_azure_vms.connect, endpoint=settings.url)
    assert "az login" in error.mend


def test_the_subscription_is_asked_for(settings, monkeypatch):
    monkeypatch.delenv("COURSEKIT_AZURE_SUBSCRIPTION")
    monkeypatch.setattr("builtins.input", nobody)
    error = refused("nobody to ask", real_azure_vms.connect, endpoint=settings.url)
    assert "COURSEKIT_AZURE_SUBSCRIPTION" in error.mend and settings.seen == []
    monkeypatch.setattr("builtins.input", lambda text: f" {SUBSCRIPTION.upper()} ")
    vms = real_azure_vms.connect(endpoint=settings.url)
    assert vms.subscription_id == SUBSCRIPTION and vms.run in repr(vms)
    vms.stop()
    vms.stop()


def test_what_chapter_3_does_works_behind_the_guard(vms, played, monkeypatch, tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    (tmp_path / "key").write_bytes(private)
    monkeypatch.setattr(real_azure_vms, "connect", lambda: vms)
    names = {
        "ck": ck, "ComputeManagementClient": ComputeManagementClient, "models": models,
        "HttpResponseError": HttpResponseError, "serialization": serialization,
        "key_file": tmp_path / "key",
    }  # fmt: skip
    for code in code_between("03", "## 7. The same on Azure", "## 8. The same on Google"):
        exec(code, names)
    assert names["azure_states"][-2:] == ["deallocating", "deallocated"]
    (group,) = [one for one in played.state.groups.values() if one.name == vms.resource_group]
    assert group.machines == {} and group.disks == {} and len(group.networks) == 2


def test_all_that_is_made_is_tagged_and_in_the_group_of_the_run(vms, compute, played):
    card = vms.add_network_interface("card")
    machine = description(card) | {"tags": {"mine": "kept"}}
    compute.virtual_machines.begin_create_or_update(vms.resource_group, "web", machine).result()
    group = played.state.groups[f"coursekit-{vms.run}"]
    assert group.tags == {"coursekit": vms.run}
    assert group.machines["web"].body["tags"] == {"mine": "kept", "coursekit": vms.run}
    assert [one["tags"] for one in group.networks.values()] == [group.tags] * 2
    assert "publicIPAddress" not in str(group.networks)
    assert "tags" not in description(card)


def test_operations_of_no_chapter_never_reach_azure(vms, compute, played):
    group, machines = vms.resource_group, compute.virtual_machines
    for call in (
        lambda: machines.begin_restart(group, "web"),
        lambda: compute.availability_sets.list(group).next(),
        lambda: machines.begin_run_command(group, "web", {"commandId": "RunShellScript"}),
        lambda: compute.disks.begin_create_or_update(group, "d", {"location": "westeurope"}),
        lambda: machines.get(group, "../../theirs/web"),
        lambda: machines.get(group, "web/extensions/theirs"),
    ):
        played.seen.clear()
        error = refused("is not among the operations", call)
        assert played.seen == [] and "unset COURSEKIT_CLOUD" in error.mend


def test_what_the_run_did_not_make_is_left_alone(vms, compute, played):
    card = played.state.groups["course"].id_of("Microsoft.Network/networkInterfaces", "theirs")
    own = vms.add_network_interface("card")
    machines, group = compute.virtual_machines, vms.resource_group
    played.seen.clear()
    refused("group course was not made by this run", machines.begin_delete, "course", "web")
    refused("group course", machines.begin_create_or_update, "course", "w", description(own))
    refused("group course", compute.disks.begin_delete, "course", "disk")
    refused("theirs was not made", machines.begin_create_or_update, group, "w", description(card))
    other = ComputeManagementClient(vms.credential, SUBSCRIPTION[::-1], **vms.client_options)
    refused("subscription .* was not made", lambda: list(other.virtual_machines.list_all()))
    assert played.seen == []


def test_what_costs_is_confirmed_for_one_call(vms, compute, played):
    machine = description(vms.add_network_interface("card"))
    machine["properties"]["hardwareProfile"]["vmSize"] = "Standard_B2s"
    make = compute.virtual_machines.begin_create_or_update
    error = refused("size Standard_B2s is not one of", make, vms.resource_group, "web", machine)
    assert 'vms.confirm("begin_create_or_update")' in error.mend
    assert played.state.groups[vms.resource_group].machines == {}
    vms.confirm("begin_create_or_update")
    played.busy.append("PUT")  # the SDK then sends the same request again
    make(vms.resource_group, "web", machine).result()
    refused("Standard_B2s", make, vms.resource_group, "two", machine)


@pytest.mark.parametrize(
    ("change", "tells"),
    [
        ({}, ""),
        ({"hardwareProfile": {}}, ""),  # Azure itself asks for the size
        ({"hardware_profile": {"vm_size": "x"}}, ""),  # and does not know this name
        ({"hardwareProfile": {"VMSize": "Standard_D2s_v5"}}, "size Standard_D2s_v5"),
        ({"priority": "Spot"}, "priority"),
        ({"storageProfile": {"dataDisks": [{"lun": 0}]}}, "dataDisks"),
        ({"storageProfile": {"osDisk": {"diskSizeGB": 900}}}, "diskSizeGB"),
        ({"networkProfile": {"networkInterfaceConfigurations": []}}, "networkInterfaceConfig"),
        ({"storageProfile": {"imageReference": {"publisher": "RedHat"}}}, "RedHat's image"),
        (
            {"storageProfile": {"imageReference": {"publisher": "Canonical", "sku": "ubuntu-pro"}}},
            "Canonical's image",
        ),
    ],
)  # fmt: skip
def test_which_machines_may_cost(change, tells):
    reason = real_azure_vm_rules.objection(description("card", **change))
    assert tells in reason and bool(reason) == bool(tells)
    assert "plan" in real_azure_vm_rules.objection(description("card") | {"plan": {"name": "p"}})


def test_tear_down_removes_the_group_and_proves_it(vms, compute, played):
    machine = description(vms.add_network_interface("card"))
    compute.virtual_machines.begin_create_or_update(vms.resource_group, "web", machine).result()
    refused("1 things of this run are still in Azure subscription", vms.stop)
    assert [(one.kind, one.id) for one in vms.tear_down()] == [
        ("resource group", vms.resource_group)
    ]
    assert list(played.state.groups) == ["course"]
    assert vms.tear_down() == []
    vms.add_network_interface("again")  # the group is made anew
    assert vms.resource_group in played.state.groups


def test_a_group_that_does_not_go_is_named(vms, monkeypatch):
    vms.add_network_interface("card")
    with monkeypatch.context() as hurried:
        hurried.setattr(azure_resources, "PATIENCE", 0)
        error = refused("Still there: resource group coursekit-", vms.tear_down)
    assert "the Azure portal" in error.mend


def test_a_later_run_removes_what_a_killed_one_left(vms, played):
    vms.add_network_interface("card")
    played.state.add_group("dear", tags={"coursekit": "by hand"})
    later = real_azure_vms.RealAzureVMs(vms.credential, SUBSCRIPTION, endpoint=played.url)
    assert later.left() == []
    assert {one.run for one in later.left(every_run=True)} == {vms.run}
    later.tear_down(every_run=True)
    assert list(played.state.groups) == ["course", "dear"]


@pytest.mark.network
def test_azure_clients_are_refused_other_machines(vms):
    plain = ComputeManagementClient(vms.credential, SUBSCRIPTION)
    refused(r"call management\.azure\.com", lambda: list(plain.virtual_machines.list_all()))
    other = BlobServiceClient("https://other.blob.core.windows.net", credential="a2V5")
    refused(r"other\.blob\.core\.windows\.net", other.get_account_information)


def test_the_switch_leads_to_the_guards(vms, monkeypatch):
    monkeypatch.setattr(real_azure_vms, "connect", lambda: vms)
    assert ck.cloud.azure_vms() is vms
    monkeypatch.setattr(real_azure_blob, "connect", lambda: "the guard")
    assert ck.cloud.azure_blob() == "the guard"


@pytest.mark.parametrize("name", ["launch", "ssh-rule", "wait", "states", "azure"])
def test_no_check_of_chapter_3_runs_in_a_real_account(name, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CLOUD", "real")
    with pytest.raises(ck.CourseError, match="needs the course's own clouds"):
        ck.check(f"03-{name}", lambda *_, **__: pytest.fail("the answer was tried"))


# Containers


@pytest.fixture(scope="module")
def azurite():
    """Give the connection string of an Azurite that plays the learner's account."""
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    child = local_azure_blob._start_azurite(0, ACCOUNT, key)
    url = f"http://127.0.0.1:{child.port}/{ACCOUNT}"
    yield f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key};BlobEndpoint={url}"
    child.close()


@pytest.fixture
def string(azurite, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CLOUD", "real")
    monkeypatch.setenv("COURSEKIT_AZURE_STORAGE_ACCOUNT", ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite)
    return azurite


@pytest.fixture
def store(string):
    store = real_azure_blob.connect(endpoint=string)
    yield store
    for one in store._plain.list_containers():
        store._plain.delete_container(one.name)
    store.stop()


@pytest.fixture
def blobs(store):
    return BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"])


@pytest.fixture
def theirs(store):
    container = store._plain.create_container("theirs")
    container.upload_blob("k", b"dear")
    return container


def test_the_wrong_storage_account_is_refused(string, monkeypatch):
    before = RequestsTransport.send
    monkeypatch.setenv("COURSEKIT_AZURE_STORAGE_ACCOUNT", "companys")
    refused("storage account that was typed is not", real_azure_blob.connect, endpoint=string)
    monkeypatch.delenv("COURSEKIT_AZURE_STORAGE_ACCOUNT")
    monkeypatch.setattr("builtins.input", nobody)
    error = refused("nobody to ask", real_azure_blob.connect, endpoint=string)
    assert "COURSEKIT_AZURE_STORAGE_ACCOUNT" in error.mend
    assert RequestsTransport.send is before, "a guard was left standing"


def test_a_connection_string_that_is_none_or_leads_elsewhere_is_told(string, monkeypatch):
    refused("127.0.0.1, which is not Azure", real_azure_blob.connect)
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", string.replace("AccountKey=", "$0="))
    refused("names no account and key", real_azure_blob.connect, endpoint=string)
    other = string.replace("AccountKey=", f"AccountKey={base64.b64encode(b'other').decode()};$1=")
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", other)
    refused("Azure does not accept", real_azure_blob.connect, endpoint=string)
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
    refused("is not set", real_azure_blob.connect, endpoint=string)


def test_what_chapter_4_does_on_azure_works_behind_the_guard(store, monkeypatch):
    monkeypatch.setattr(real_azure_blob, "connect", lambda: store)
    names = {"ck": ck, "os": os, "data": b"flights" * 999}
    exec("import requests\nfrom datetime import UTC, datetime, timedelta", names)
    cells = code_between("04", "## 6. The same in Azure", "And Google Cloud:")
    for code in cells + code_between("04", "One difference shows at once", "That is what S3, too"):
        exec(code, names)
    assert names["from_azure"] == names["data"]
    assert (names["status"](hours=1), names["status"](hours=-1)) == (200, 403)
    assert [one.id for one in store.left()] == ["course-flights"]


def test_a_container_is_tagged_and_keeps_its_own_metadata(store, blobs):
    container = blobs.create_container("mine", metadata={"a": "b"})
    assert store._plain.get_container_client("mine").get_container_properties().metadata == {
        "a": "b", "coursekit": store.run,
    }  # fmt: skip
    container.upload_blob("a/ä b", b"one", metadata={"c": "d"})
    assert [one.name for one in container.list_blobs()] == ["a/ä b"]
    assert container.get_blob_client("a/ä b").get_blob_properties().metadata == {"c": "d"}
    container.delete_blob("a/ä b")
    refused("is the course's own", blobs.create_container, "two", metadata={"coursekit": "x"})


def test_a_container_that_cannot_be_tagged_does_not_stay(store, blobs, monkeypatch):
    from azure.storage.blob import ContainerClient

    def denied(*_, **__):
        raise HttpResponseError("AuthorizationFailure")

    with monkeypatch.context() as fewer_rights:
        fewer_rights.setattr(ContainerClient, "set_container_metadata", denied)
        refused("could not be tagged, so it was removed", blobs.create_container, "mine")
    assert list(store._plain.list_containers()) == []


def test_containers_of_others_are_left_alone(store, blobs, theirs):
    client = blobs.get_container_client("theirs")
    other = "Container theirs was not made by this run"
    error = refused(other, client.download_blob, "k")
    assert store.run in error.mend
    refused(other, client.upload_blob, "k", b"", overwrite=True)
    refused(other, client.delete_blob, "k")
    refused(other, lambda: list(client.list_blobs()))
    refused(other, client.delete_container)
    refused("Container never-made", blobs.get_container_client("never-made").upload_blob, "k", b"")
    assert store.tear_down(every_run=True) == []
    assert theirs.download_blob("k").readall() == b"dear"


def test_a_deleted_container_is_looked_up_again(store, blobs):
    blobs.create_container("mine").delete_container()
    store._plain.create_container("mine")  # now it is not this run's any more
    client = blobs.get_container_client("mine")
    refused("Container mine was not made", client.upload_blob, "k", b"")


def test_blob_operations_of_no_chapter_are_refused(store, blobs):
    container = blobs.create_container("mine")
    blob = container.upload_blob("k", b"one")
    for tells, call, arguments in (
        (
            "PUT .*/mine.comp=acl&restype=container is not",
            container.set_container_access_policy,
            ({},),
        ),
        ("comp=properties&restype=service is not", blobs.get_service_properties, ()),
        ("comp=metadata&restype=container is not", container.set_container_metadata, ({"a": "b"},)),
        ("comp=lease&restype=container is not among", container.acquire_lease, ()),
        ("comp=snapshot is not among", blob.create_snapshot, ()),
        ("comp=tier is not among", blob.set_standard_blob_tier, ("Cool",)),
        ("is not among", container.get_blob_client("../theirs/k").delete_blob, ()),
        ("x-ms-copy-source is more", blob.start_copy_from_url, (blob.url,)),
        ("x-ms-blob-type is more", container.get_blob_client("p").create_page_blob, (512,)),
    ):
        refused(tells, call, *arguments)
    refused("x-ms-tags is more", container.upload_blob, "t", b"", tags={"a": "b"})
    assert [one.name for one in container.list_blobs()] == ["k"]


def test_what_costs_or_opens_a_container_is_confirmed_for_one_call(store, blobs):
    container = blobs.create_container("mine")
    cool = {"standard_blob_tier": StandardBlobTier.COOL, "overwrite": True}
    error = refused("access tier Cool bills", container.upload_blob, "k", b"", **cool)
    assert 'azurite.confirm("upload_blob")' in error.mend and list(container.list_blobs()) == []
    store.confirm("upload_blob")
    container.upload_blob("k", b"", **cool)
    refused("access tier Cool bills", container.upload_blob, "k", b"", **cool)
    public = {"public_access": PublicAccess.CONTAINER}
    refused("opens the container", blobs.create_container, "open", **public)
    store.confirm("create_container")
    blobs.create_container("open", **public)
    refused("opens the container", blobs.create_container, "wide", **public)


def test_a_blob_over_1_gb_is_refused_in_one_or_in_blocks(store, string, monkeypatch):
    small = {"max_single_put_size": 8, "max_block_size": 4}
    blobs = BlobServiceClient.from_connection_string(string, **small)
    container = blobs.create_container("mine")
    monkeypatch.setattr(real_sizes, "LARGEST", 20)
    container.upload_blob("in-blocks", b"x" * 20)
    refused("large has more than 1 GB", container.upload_blob, "large", b"x" * 21)
    whole = BlobServiceClient.from_connection_string(string).get_container_client("mine")
    whole.upload_blob("whole", b"x" * 20)
    refused("w has more than 1 GB", whole.upload_blob, "w", b"x" * 21)
    assert {one.name for one in container.list_blobs()} == {"in-blocks", "whole"}


def test_tear_down_removes_containers_and_names_what_stays(store, blobs, theirs):
    blobs.create_container("mine").upload_blob("k", b"one")
    lease = store._plain.get_container_client("mine").acquire_lease()
    refused("1 things of this run are still in storage account learners", store.stop)
    refused("Still there: container mine", store.tear_down)
    lease.release()
    assert [(one.kind, one.id) for one in store.tear_down()] == [("container", "mine")]
    assert [one.name for one in store._plain.list_containers()] == ["theirs"]
    assert store.tear_down() == []


def test_a_later_run_removes_containers_of_a_killed_one(store, blobs, string):
    blobs.create_container("mine")
    later = real_azure_blob.RealAzureBlob(string, ACCOUNT, endpoint=string)
    assert later.left() == []
    assert [one.run for one in later.tear_down(every_run=True)] == [store.run]
    assert store.left() == []
