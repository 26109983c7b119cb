"""Wrong answers to the exercises of chapter 03."""

from tests.attacks import Wrong

_LAUNCH = """
def launch(ec2, image, key, group):
    answer = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, {more})
    return {returned}
"""
_ID = 'answer["Instances"][0]["InstanceId"]'
_RULE = """
def open_ssh(ec2, group, address):
    rule = {{"IpProtocol": "tcp", "FromPort": {low}, "ToPort": 22, "IpRanges": {ranges}}}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
"""
_LEAKS = """
def leaks(ec2):
    found = [a["AllocationId"] for a in ec2.describe_addresses()["Addresses"] if {address}]
    found += [v["VolumeId"] for v in ec2.describe_volumes()["Volumes"] if {volume}]
    for r in ec2.describe_instances()["Reservations"]:
        found += [i["InstanceId"] for i in r["Instances"] if {server}]
    return found
"""
_IDLE = '"AssociationId" not in a'
_UNUSED = 'v["State"] == "available"'
_LOST = 'i["State"]["Name"] == "running" and not i.get("Tags")'
_POLICY = """
policy = {{
    "Version": "2012-10-17",
    "Statement": [{{"Effect": "Allow", "Action": {actions}, "Resource": "*"}}],
}}
"""
_STATES = """
def restart(ec2, server):
    first = ec2.stop_instances(InstanceIds=[server])["StoppingInstances"][0]["CurrentState"]
    {wait}
    second = described(ec2, server)["State"]
    third = ec2.start_instances(InstanceIds=[server])["StartingInstances"][0]["CurrentState"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[server])
    fourth = described(ec2, server)["State"]
    return {returned}
"""
_STOPPED = 'ec2.get_waiter("instance_stopped").wait(InstanceIds=[server])'
_AZURE = """
def create_vm(compute, group, name, machine, size):
    {more}
    poller = compute.virtual_machines.begin_create_or_update(group, name, sized)
    {end}
"""
_SIZED = (
    'sized = {**machine, "properties": {**machine["properties"],'
    ' "hardwareProfile": {"vmSize": size}}}'
)

WRONG = {
    "03-launch": [
        Wrong(
            _LAUNCH.format(more="KeyPair=key, SecurityGroupIds=[group]", returned=_ID),
            "refused a name before anything was sent",
            "raised",
        ),
        Wrong(_LAUNCH.format(more="SecurityGroupIds=[group]", returned=_ID), "no key pair"),
        Wrong(_LAUNCH.format(more="KeyName=key", returned=_ID), "not in the security group"),
        Wrong(
            _LAUNCH.format(more="KeyName=key, SecurityGroupIds=[group]", returned="answer"),
            "does not return its id",
        ),
        Wrong("def launch(ec2, image, key, group):\n    return image", "nothing called"),
        Wrong(
            _LAUNCH.replace("MaxCount=1", "MaxCount=3").format(
                more="KeyName=key, SecurityGroupIds=[group]", returned=_ID
            ),
            "each is billed",
        ),
    ],
    "03-ssh-rule": [
        Wrong(
            _RULE.format(low=22, ranges='[{"CidrIp": "0.0.0.0/0"}]'),
            "every machine of the internet",
        ),
        Wrong(_RULE.format(low=22, ranges='[{"CidrIp": address}]'), "is no range", "raised"),
        Wrong(_RULE.format(low=22, ranges='[{"CidrIp": address + "/24"}]'), "more than one"),
        Wrong(_RULE.format(low=1, ranges='[{"CidrIp": address + "/32"}]'), "port 22 only"),
        Wrong(
            _RULE.format(low=22, ranges='{"CidrIp": address + "/32"}'), "a list of dicts", "raised"
        ),
        Wrong(
            """
def open_ssh(ec2, group, address):
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": address + "/32"}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
""",
            "lists the names that it knows",
            "raised",
        ),
        Wrong("def open_ssh(ec2, group, address):\n    pass", "nobody can come in"),
    ],
    "03-wait": [
        Wrong(
            """
def address_when_running(ec2, server):
    time.sleep(5)
    ec2.get_waiter("instance_running").wait(InstanceIds=[server])
    return described(ec2, server)["PublicIpAddress"]
""",
            "still sleeps for a fixed time",
        ),
        Wrong(
            """
def address_when_running(ec2, server):
    while described(ec2, server)["State"]["Name"] != "running":
        time.sleep(5)
    return described(ec2, server)["PublicIpAddress"]
""",
            "still sleeps for a fixed time",
        ),
        Wrong(
            """
def address_when_running(ec2, server):
    before = described(ec2, server)
    ec2.get_waiter("instance_running").wait(InstanceIds=[server])
    return before["PublicIpAddress"]
""",
            "still pending",
            "raised",
        ),
        Wrong(
            """
def address_when_running(ec2, server):
    ec2.get_waiter("instance_running").wait(InstanceIds=[server])
    described(ec2, server)["PublicIpAddress"]
""",
            "forget to return",
        ),
        Wrong(
            """
def address_when_running(ec2, server):
    try:
        ec2.get_waiter("instance_running").wait(InstanceIds=[server])
    except WaiterError:
        return None
    return described(ec2, server)["PublicIpAddress"]
""",
            "",
        ),
    ],
    "03-public-ip": [
        Wrong(
            "def public_ip(server):\n    return server['PrivateIpAddress']",
            "inside the network of the cloud",
        ),
        Wrong("def public_ip(server):\n    return server.get('PublicIpAddress', '')", "not None"),
        Wrong(
            """
def public_ip(server):
    if server["State"] == "stopped":
        return None
    return server["PublicIpAddress"]
""",
            "no such key",
            "raised",
        ),
    ],
    "03-states": [
        Wrong(
            "def restart(ec2, server):\n    return ['stopping', 'stopped', 'pending', 'running']",
            "made up",
        ),
        Wrong(
            _STATES.format(
                wait="pass", returned='[s["Name"] for s in (first, second, third, fourth)]'
            ),
            "still on its way",
        ),
        Wrong(
            _STATES.format(wait=_STOPPED, returned='[second["Name"], fourth["Name"]]'),
            "two states on the way are missing",
        ),
        Wrong(
            _STATES.format(wait=_STOPPED, returned='[first["Name"], third["Name"]]'),
            "Look again after each wait",
        ),
        Wrong(
            _STATES.format(wait=_STOPPED, returned="[first, second, third, fourth]"), "code and a"
        ),
    ],
    "03-leaks": [
        Wrong(_LEAKS.format(address="True", volume=_UNUSED, server=_LOST), "serves somebody"),
        Wrong(_LEAKS.format(address=_IDLE, volume="True", server=_LOST), "attached to servers"),
        Wrong(
            _LEAKS.format(address=_IDLE, volume=_UNUSED, server='not i.get("Tags")'),
            "terminated server costs nothing",
        ),
        Wrong(
            _LEAKS.format(
                address=_IDLE,
                volume=_UNUSED,
                server='i["State"]["Name"] != "terminated" and not i.get("Tags")',
            ),
            "stopped server is not billed",
        ),
        Wrong(
            _LEAKS.format(address=_IDLE, volume=_UNUSED, server='i["State"]["Name"] == "running"'),
            "has the tag `project`",
        ),
        Wrong(
            _LEAKS.format(address="False", volume=_UNUSED, server=_LOST), "idle address is missing"
        ),
        Wrong(
            _LEAKS.format(address=_IDLE, volume="False", server=_LOST), "unused volume is missing"
        ),
        Wrong(
            _LEAKS.format(address=_IDLE, volume=_UNUSED, server="False"), "running server that has"
        ),
        Wrong(
            _LEAKS.format(address=_IDLE, volume=_UNUSED, server='not i["Tags"]'),
            "no tags at all",
            "raised",
        ),
    ],
    "03-least-privilege": [
        Wrong(_POLICY.format(actions='"*"'), "administrator"),
        Wrong(_POLICY.format(actions='"ec2:*"'), "end every server"),
        Wrong(
            _POLICY.format(
                actions='["ec2:Describe*", "ec2:StopInstances", "ec2:StartInstances",'
                ' "ec2:RunInstances"]'
            ),
            "spend money",
        ),
        Wrong(_POLICY.format(actions='["ec2:Describe*", "ec2:StopInstances"]'), "one more kind"),
        Wrong(_POLICY.format(actions='"DescribeInstances"'), "", "raised"),
        Wrong('policy = "ec2:Describe*"', "A policy is a dict"),
        Wrong(
            """
policy = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Resource": "*",
     "Action": ["ec2:Describe*", "ec2:StopInstances", "ec2:StartInstances"]},
    {"Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*"}]}
""",
            "is denied anyway",
        ),
    ],
    "03-azure": [
        Wrong(
            """
def create_vm(compute, group, name, machine, size):
    sized = {**machine, "size": size}
    return compute.virtual_machines.create_or_update(group, name, sized)
""",
            "its name got a first word",
            "raised",
        ),
        Wrong(
            _AZURE.format(more="sized = machine", end="return poller.result()"),
            "Azure asks for the size",
            "raised",
        ),
        Wrong(
            _AZURE.format(
                more='sized = {**machine, "hardware_profile": {"vm_size": size}}',
                end="return poller.result()",
            ),
            "names are written as in its JSON",
            "raised",
        ),
        Wrong(_AZURE.format(more=_SIZED, end="return poller"), "Ask it for the result"),
        Wrong(_AZURE.format(more=_SIZED, end="poller.result()"), "returns nothing"),
        Wrong(
            _AZURE.format(
                more='sized = machine; sized["properties"]["hardwareProfile"] = {"vmSize": size}',
                end="return poller.result()",
            ),
            "changed in place",
        ),
    ],
}
SURVIVORS = {}
