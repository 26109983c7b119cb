"""The virtual machines of the embedded Azure and Google Cloud."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient, models
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud import compute_v1

import coursekit as ck
from coursekit.cloud import local_azure_vms

# Azure


@pytest.fixture
def vms():
    vms = ck.cloud.azure_vms()
    yield vms
    vms.stop()


@pytest.fixture
def compute(vms):
    return ComputeManagementClient(vms.credential, vms.subscription_id, **vms.client_options)


def description(vms, card="card"):
    image = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    return {
        "location": vms.location,
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "storageProfile": {"imageReference": image | {"version": "latest"}},
            "osProfile": {
                "computerName": "web", "adminUsername": "me", "adminPassword": "made-up-here",
            },
            "networkProfile": {"networkInterfaces": [{"id": vms.add_network_interface(card)}]},
        },
    }  # fmt: skip


def power(compute, vms, name="web"):
    view = compute.virtual_machines.instance_view(vms.resource_group, name)
    return next(s.code for s in view.statuses if s.code.startswith("Power"))


def test_a_virtual_machine_from_birth_to_end(vms, compute):
    machines, group = compute.virtual_machines, vms.resource_group
    poller = machines.begin_create_or_update(group, "web", description(vms))
    assert machines.get(group, "web").properties.provisioning_state == "Creating"
    assert poller.result().properties.provisioning_state == "Succeeded"
    assert power(compute, vms) == "PowerState/running"
    seen = []
    for begin in (machines.begin_power_off, machines.begin_start, machines.begin_deallocate):
        poller = begin(group, "web")
        seen.append(power(compute, vms))
        poller.result()
        seen.append(power(compute, vms))
    assert [state.split("/")[1] for state in seen] == [
        "stopping", "stopped", "starting", "running", "deallocating", "deallocated",
    ]  # fmt: skip
    assert [one.name for one in machines.list(group)] == ["web"]
    view = machines.get(group, "WEB", expand="instanceView").properties.instance_view
    assert view.statuses[1].display_status == "VM deallocated"
    machines.begin_create_or_update(group, "web", description(vms)).result()  # the same once more
    assert power(compute, vms) == "PowerState/deallocated"
    machines.begin_delete(group, "web").result()
    assert list(machines.list_all()) == []
    machines.begin_delete(group, "web").result()  # no error on Azure, either


def test_a_disk_stays_unless_it_was_made_to_go(vms, compute):
    machine = description(vms)
    machine["properties"]["storageProfile"]["dataDisks"] = [
        {"lun": 0, "createOption": "Empty", "diskSizeGB": 4, "deleteOption": "Delete"}
    ]
    compute.virtual_machines.begin_create_or_update("course", "web", machine).result()
    assert {d.name: d.properties.disk_size_gb for d in compute.disks.list()} == {
        "web_OsDisk_1": 30, "web_DataDisk_0": 4,
    }  # fmt: skip
    with pytest.raises(HttpResponseError, match="OperationNotAllowed"):
        compute.disks.begin_delete("course", "web_OsDisk_1").result()
    compute.virtual_machines.begin_delete("course", "web").result()
    (left,) = compute.disks.list_by_resource_group("course")
    assert (left.name, left.properties.disk_state) == ("web_OsDisk_1", "Unattached")
    compute.disks.begin_delete("course", "web_OsDisk_1").result()
    assert list(compute.disks.list()) == []


def test_the_models_of_the_sdk_work_as_dicts_do(vms, compute):
    card = models.NetworkInterfaceReference(id=vms.add_network_interface("card"))
    image = models.ImageReference(
        publisher="Debian", offer="debian-12", sku="12-gen2", version="latest"
    )
    machine = models.VirtualMachine(
        location=vms.location,
        hardware_profile=models.HardwareProfile(vm_size="Standard_B2s"),
        storage_profile=models.StorageProfile(image_reference=image),
        os_profile=models.OSProfile(computer_name="w", admin_username="u", admin_password="p"),
        network_profile=models.NetworkProfile(network_interfaces=[card]),
    )
    made = compute.virtual_machines.begin_create_or_update("course", "w", machine).result()
    assert made.hardware_profile.vm_size == "Standard_B2s"
    assert made.os_profile.admin_password is None, "a password is never given back"


FAULTS = {
    "no location": (("location",), None, "LocationRequired", "location"),
    "no size": (("properties", "hardwareProfile", "vmSize"), None, "InvalidParameter", "vmSize"),
    "no card": (
        ("properties", "networkProfile", "networkInterfaces"), None, "InvalidParameter",
        "networkInterfaces",
    ),
    "no login": (("properties", "osProfile", "adminPassword"), None, "InvalidParameter", "admin"),
    "a size that is none": (
        ("properties", "hardwareProfile", "vmSize"), "Huge", "InvalidParameter", "Standard_B1s",
    ),
    "an image that is none": (
        ("properties", "storageProfile", "imageReference", "sku"), "18.04-LTS",
        "PlatformImageNotFound", "18.04-LTS",
    ),
    "an image without a part": (
        ("properties", "storageProfile", "imageReference", "sku"), None, "InvalidParameter", "sku",
    ),
    "a card without id": (
        ("properties", "networkProfile", "networkInterfaces"), [{"name": "my-nic"}],
        "InvalidRequestContent", "'name'",
    ),
    "a card that is not there": (
        ("properties", "networkProfile", "networkInterfaces"), [{"id": "/none"}],
        "InvalidResourceReference", "/none",
    ),
    "a snake_case name": (
        ("properties", "hardware_profile"), {"vm_size": "x"}, "InvalidRequestContent",
        "'hardware_profile' on object of type 'VirtualMachineProperties'",
    ),
    "the article's nesting": (
        ("virtual_machine",), {}, "InvalidRequestContent", "'virtual_machine'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_azure_refuses_what_the_real_one_refuses(fault, vms, compute):
    path, value, code, tells = FAULTS[fault]
    machine = description(vms)
    part = machine
    for name in path[:-1]:
        part = part[name]
    if value is None:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    with pytest.raises(HttpResponseError) as caught:
        compute.virtual_machines.begin_create_or_update("course", "web", machine)
    assert caught.value.error.code == code
    assert tells in caught.value.error.message
    assert list(compute.virtual_machines.list("course")) == []
    assert list(compute.disks.list()) == []


def test_azure_knows_one_group_one_subscription_and_its_own_token(vms, compute):
    with pytest.raises(ResourceNotFoundError, match="ResourceGroupNotFound"):
        compute.virtual_machines.get("other", "web")
    with pytest.raises(ResourceNotFoundError, match=r"'Microsoft\.Compute/virtualMachines/web'"):
        compute.virtual_machines.get("course", "web")
    other = ComputeManagementClient(vms.credential, "none", **vms.client_options)
    with pytest.raises(ResourceNotFoundError, match="SubscriptionNotFound"):
        other.virtual_machines.get("course", "web")
    stranger = local_azure_vms._Credential("guessed")
    client = ComputeManagementClient(stranger, vms.subscription_id, **vms.client_options)
    with pytest.raises(HttpResponseError, match="InvalidAuthenticationToken"):
        client.virtual_machines.get("course", "web")


def test_the_certificate_goes_with_the_azure(vms):
    authority = vms.client_options["connection_verify"]
    assert os.path.exists(authority)
    vms.stop()
    assert not os.path.exists(authority)


def test_a_network_card_serves_one_machine(vms, compute):
    compute.virtual_machines.begin_create_or_update("course", "web", description(vms)).result()
    with pytest.raises(HttpResponseError, match="NicInUse"):
        compute.virtual_machines.begin_create_or_update("course", "two", description(vms))


# Google


@pytest.fixture
def gce():
    gce = ck.cloud.google_compute()
    yield gce
    gce.stop()


@pytest.fixture
def instances(gce):
    return compute_v1.InstancesClient(**gce.client_options)


def web(gce, **more):
    images = compute_v1.ImagesClient(**gce.client_options)
    image = images.get_from_family(project="debian-cloud", family="debian-13").self_link
    disk = compute_v1.AttachedDisk(
        boot=True,
        auto_delete=more.pop("auto_delete", True),
        initialize_params=compute_v1.AttachedDiskInitializeParams(source_image=image),
    )
    whole = {
        "name": "web", "machine_type": f"zones/{gce.zone}/machineTypes/e2-micro", "disks": [disk],
        "network_interfaces": [compute_v1.NetworkInterface(network="global/networks/default")],
    }  # fmt: skip
    return compute_v1.Instance(**whole | more)


def test_an_instance_from_birth_to_end(gce, instances):
    here = {"project": gce.project, "zone": gce.zone}
    operation = instances.insert(instance_resource=web(gce), **here)
    states = [instances.get(instance="web", **here).status for _ in range(2)]
    operation.result()
    for call in (instances.stop, instances.start):
        states.append(instances.get(instance="web", **here).status)
        operation = call(instance="web", **here)
        states.append(instances.get(instance="web", **here).status)
        operation.result()
    assert states == [
        "PROVISIONING", "STAGING", "RUNNING", "STOPPING", "TERMINATED", "PROVISIONING",
    ]  # fmt: skip
    assert [(i.name, i.status) for i in instances.list(**here)] == [("web", "RUNNING")]
    instances.delete(instance="web", **here).result()
    assert list(instances.list(**here)) == []


def test_operations_can_be_waited_for_by_their_own_client(gce, instances):
    here = {"project": gce.project, "zone": gce.zone}
    begun = instances.insert_unary(instance_resource=web(gce), **here)
    operations = compute_v1.ZoneOperationsClient(**gce.client_options)
    done = operations.wait(operation=begun.name, **here)
    assert done.status == compute_v1.Operation.Status.DONE
    assert instances.get(instance="web", **here).status == "RUNNING"
    with pytest.raises(NotFound):
        operations.wait(operation="none", **here)


@pytest.mark.parametrize("auto", [True, False])
def test_a_disk_of_google_goes_only_if_it_was_asked_to(auto, gce, instances):
    here = {"project": gce.project, "zone": gce.zone}
    disks = compute_v1.DisksClient(**gce.client_options)
    instances.insert(instance_resource=web(gce, auto_delete=auto), **here).result()
    with pytest.raises(BadRequest, match="already being used"):
        disks.delete(disk="web", **here)
    instances.delete(instance="web", **here).result()
    assert [disk.name for disk in disks.list(**here)] == ([] if auto else ["web"])
    if not auto:
        disks.delete(disk="web", **here).result()
        assert list(disks.list(**here)) == []


@pytest.mark.parametrize(
    ("more", "tells"),
    [
        ({"name": "Web"}, "resource.name"),
        ({"machine_type": "e2-micro"}, "resource.machineType"),
        ({"machine_type": "zones/us-central1-a/machineTypes/e2-micro"}, "does not exist"),
        ({"machine_type": "zones/europe-west1-b/machineTypes/e9-mega"}, "does not exist"),
        ({"disks": []}, "No disks are specified"),
        ({"network_interfaces": []}, "At least one network interface"),
    ],
)
def test_google_refuses_what_the_real_one_refuses(more, tells, gce, instances):
    with pytest.raises(BadRequest, match=re.escape(tells)):
        instances.insert(project=gce.project, zone=gce.zone, instance_resource=web(gce, **more))
    assert list(instances.list(project=gce.project, zone=gce.zone)) == []


def test_google_knows_one_project_its_zones_and_each_name_once(gce, instances):
    here = {"project": gce.project, "zone": gce.zone}
    with pytest.raises(NotFound, match="instances/none"):
        instances.get(instance="none", **here)
    for wrong in ({"project": "other"}, {"zone": "moon-1a"}):
        with pytest.raises(NotFound):
            list(instances.list(**here | wrong))
    instances.insert(instance_resource=web(gce), **here).result()
    with pytest.raises(Conflict, match="already exists"):
        instances.insert(instance_resource=web(gce), **here)


# Programs that know the SDK and an address, and nothing of the course

AZURE_STRANGER = """
import sys, time
from azure.core.credentials import AccessToken
from azure.mgmt.compute import ComputeManagementClient
url, subscription, token, authority = sys.argv[1:]
class Credential:
    def get_token(self, *scopes, **options):
        return AccessToken(token, int(time.time()) + 60)
compute = ComputeManagementClient(Credential(), subscription, base_url=url,
                                  credential_scopes=[url + "/.default"],
                                  connection_verify=authority)
print([machine.name for machine in compute.virtual_machines.list_all()])
"""
GOOGLE_STRANGER = """
import sys
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1
instances = compute_v1.InstancesClient(credentials=AnonymousCredentials(),
                                       client_options={"api_endpoint": sys.argv[1]})
print([machine.name for machine in instances.list(project=sys.argv[2], zone=sys.argv[3])])
"""


def stranger(code, *arguments):
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_independent_azure_client_sees_the_machines(vms, compute):
    compute.virtual_machines.begin_create_or_update(
        vms.resource_group, "web", description(vms)
    ).result()
    told = vms.endpoint, vms.subscription_id, vms.credential.get_token().token
    assert stranger(AZURE_STRANGER, *told, vms.client_options["connection_verify"]) == "['web']"


def test_an_independent_google_client_sees_the_machines(gce, instances):
    instances.insert(instance_resource=web(gce), project=gce.project, zone=gce.zone).result()
    assert stranger(GOOGLE_STRANGER, gce.endpoint, gce.project, gce.zone) == "['web']"
