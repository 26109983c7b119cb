"""Exercises and quiz of chapter 03: each try has an AWS account of its own, in the embedded AWS.

`Account` refuses a learner's real one, as `require_local` does.
"""

import json
import re
from functools import cache

from coursekit.cloud.real import require_local
from coursekit.cloud.sandbox import Account, newest_image, slow_servers
from coursekit.feedback.authoring import Mistake, Option, Question, case, exercise, word, words
from coursekit.feedback.facts import Raised

# The first call of a kernel reads the list of images.
CLOUD = {"seconds": 20, "memory": None, "slow": True}
UNKNOWN_PARAMETER = (
    "boto3 refused a name before anything was sent. The message lists the names that it knows."
)


def made(ec2, number=1, tag=""):
    tags = [{"ResourceType": "instance", "Tags": [{"Key": tag, "Value": "project"}]}] if tag else []
    answer = ec2.run_instances(ImageId=newest_image(), InstanceType="t3.micro", MinCount=number,
                               MaxCount=number, TagSpecifications=tags)
    return [one["InstanceId"] for one in answer["Instances"]]


def group(ec2, name):
    return ec2.create_security_group(GroupName=name, Description="a check's")["GroupId"]


def described(ec2):
    reservations = ec2.describe_instances()["Reservations"]
    return {one["InstanceId"]: one for each in reservations for one in each["Instances"]}


def launched(answer, key, doors, mine):
    ec2 = Account().client("ec2")
    ec2.create_key_pair(KeyName=key, KeyType="ed25519")
    groups = [group(ec2, door) for door in doors]
    sent = {}
    ec2.meta.events.register(
        "before-parameter-build.ec2.RunInstances", lambda params, **_: sent.update(params))
    got = answer(ec2, newest_image(), key, groups[mine])
    yield "servers, at least and at most", (sent.get("MinCount", 0), sent.get("MaxCount", 0))
    for id, one in described(ec2).items():
        yield "type", one["InstanceType"]
        yield "key pair", one.get("KeyName", "none")
        yield "security groups", [door["GroupName"] for door in one["SecurityGroups"]]
        yield "returned", "its id" if got == id else f"a {type(got).__name__}, not its id"


exercise(
    "03-launch",
    title="Launch with a key pair",
    hints=(
        "Run your function and read the error: boto3 lists every parameter that it knows.",
        "In that list, which name stands for a key?",
        "run_instances answers with a list of servers:"
        ' `(server,) = answer["____"]`, and the id is `server["____"]`.',
    ),
    examples=[
        case("mine", ["door"], 0, want={
            "servers, at least and at most": (1, 1), "type": "t3.micro", "key pair": "mine",
            "security groups": ["door"], "returned": "its id"}),
    ],
    draw=lambda chance: [case(word(chance), words(chance, 3), chance.randrange(3))],
    observe=launched,
    tried="launch(ec2, image, {0!r}, group)",
    **CLOUD,
    mistakes=[
        Mistake(UNKNOWN_PARAMETER, ("KeyName=", "KeyPair="),
                when=lambda got: "Unknown parameter" in got.text),
        Mistake("No server was made: nothing called `run_instances`.",
                "def launch(ec2, image, key, group):\n    return image",
                when=lambda facts: "type" not in facts),
        Mistake("This may launch several servers, and each is billed.",
                ("MaxCount=1", "MaxCount=3"),
                when=lambda facts: facts["servers, at least and at most"][1] > 1),
        Mistake("The server has no key pair. Without one nobody can log in, and a key cannot be"
                " added later by a call.", ("KeyName=key, ", ""), when="none"),
        Mistake("The server is not in the security group.", (", SecurityGroupIds=[group]", ""),
                when=lambda facts: facts["security groups"] in ([], ["default"])),
        Mistake("The server is right, but the function does not return its id.",
                ('return server["InstanceId"]', "return answer"),
                when=lambda facts: facts["returned"] != "its id"),
    ],
    also_right=[
        "def launch(ec2, image, key, group):\n"
        "    how = dict(InstanceType='t3.micro', KeyName=key, SecurityGroupIds=[group])\n"
        "    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, **how)\n"
        "    return made['Instances'][0]['InstanceId']",
    ],
)


def opened(answer, *addresses):
    ec2 = Account().client("ec2")
    door = group(ec2, "door")
    for address in addresses:
        answer(ec2, door, address)
    (found,) = ec2.describe_security_groups(GroupIds=[door])["SecurityGroups"]
    return sorted((rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"), one["CidrIp"])
                  for rule in found["IpPermissions"] for one in rule["IpRanges"])


def draw_addresses(chance):
    ends = chance.sample(range(1, 255), 4)
    one, *more = (f"203.0.{chance.randint(1, 254)}.{end}" for end in ends)
    return [case(one), case(*more, shown="the rules of the group after three calls of open_ssh")]


exercise(
    "03-ssh-rule",
    title="A door for one address",
    hints=(
        "The error lists the names of a rule. A rule can hold several ranges of addresses.",
        "So the ranges are a list, and each of them is a dict.",
        "How many addresses are in a range that ends in /32, and in /0? The rule has"
        ' `"IpRanges": [{"____": f"{address}____"}]`.',
    ),
    examples=[
        case("203.0.113.7", want=[("tcp", 22, 22, "203.0.113.7/32")]),
        case("198.51.100.20", want=[("tcp", 22, 22, "198.51.100.20/32")]),
    ],
    draw=draw_addresses,
    observe=opened,
    tried="the rules of the group after open_ssh(ec2, group, {0!r})",
    **CLOUD,
    mistakes=[
        Mistake(UNKNOWN_PARAMETER, ('"IpRanges": ranges', '"CidrIp": address'),
                when=lambda got: "Unknown parameter" in got.text),
        Mistake("An address alone is no range: AWS wants the number of fixed bits after a slash.",
                ("/32", ""), when=lambda got: "CIDR subnet" in got.text),
        Mistake("IpRanges is a list of dicts, even for one range.",
                ('"IpRanges": ranges', '"IpRanges": ranges[0]'),
                when=lambda got: "IpRanges" in got.text),
        Mistake("The group has no rule: nobody can come in.",
                "def open_ssh(ec2, group, address):\n    pass", when=[]),
        Mistake("This opens port 22 to every machine of the internet. Within minutes, strangers try"
                " passwords there.", ('f"{address}/32"', '"0.0.0.0/0"'),
                when=lambda got: any(rule[3].endswith("/0") for rule in got)),
        Mistake("This range holds more than one address: /32 is a single one.", ("/32", "/24"),
                when=lambda got: any(not rule[3].endswith("/32") for rule in got)),
        Mistake("SSH needs port 22 only; FromPort and ToPort are the ends of a range of ports.",
                ('"FromPort": 22', '"FromPort": 1'),
                when=lambda got: any(rule[1:3] != (22, 22) for rule in got)),
    ],
    also_right=[
        "def open_ssh(ec2, group, address):\n"
        "    ec2.authorize_security_group_ingress(\n"
        "        GroupId=group, IpProtocol='tcp', FromPort=22, ToPort=22, CidrIp=address + '/32')",
    ],
)


def waited(answer, looks, number=1, mine=0):
    ec2 = Account().client("ec2")
    id = made(ec2, number)[mine]
    address = described(ec2)[id].get("PublicIpAddress")
    if looks == "terminated":
        ec2.terminate_instances(InstanceIds=[id])
        with slow_servers(ec2, 0):
            yield "no error, but", answer(ec2, id)
        return
    with slow_servers(ec2, looks, "pending") as seen:
        got = answer(ec2, id)
    yield "its own sleeps", "none" if seen.sleeps == 0 else "some"
    yield "returned", "the server's address" if got == address else got


RIGHT = {"its own sleeps": "none", "returned": "the server's address"}

exercise(
    "03-wait",
    title="Wait, and know when to stop",
    hints=(
        "EC2's client makes waiters: get_waiter takes a name. Which state do you wait for?",
        "A waiter's wait takes the same parameters as describe_instances.",
        "The address is known only after the wait: `ec2.get_waiter(____).wait(InstanceIds=____)`,"
        " then describe the server again.",
    ),
    examples=[
        case(0, want=RIGHT),
        case(3, want=RIGHT),
        case("terminated", want=Raised(("WaiterError",)),
             shown="address_when_running(ec2, server), for a server that was terminated meanwhile"),
    ],
    draw=lambda chance: [case(chance.randint(1, 9), n := chance.randint(2, 6), chance.randrange(n)),
                         case("terminated", n, chance.randrange(n),
                              shown="a server that was terminated meanwhile, among others")],
    observe=waited,
    tried="address_when_running(ec2, server), for a server that runs after {0} looks",
    **CLOUD | {"seconds": 10},
    mistakes=[
        Mistake("It still sleeps for a fixed time: too long for some servers, too short for others."
                " A waiter looks until it is so.",
                ("    ec2.get_waiter", "    time.sleep(5)\n    ec2.get_waiter"),
                ('ec2.get_waiter("instance_running").wait(InstanceIds=[server])',
                 'while described(ec2, server)["State"]["Name"] != "running":\n'
                 "        time.sleep(5)"),
                when="some"),
        Mistake("The server had no address yet when you looked: it was still pending.",
                ("    ec2.get_waiter", "    before = described(ec2, server)\n    ec2.get_waiter",
                 'return described(ec2, server)["PublicIpAddress"]',
                 'return before["PublicIpAddress"]'), when=KeyError),
        Mistake("The server was terminated: it will never have an address. Let the waiter's error"
                " go on to the caller.",
                ("    ec2.get_waiter", "    try:\n        ec2.get_waiter",
                 "[server])\n", "[server])\n    except WaiterError:\n        return None\n"),
                when=lambda facts: "no error, but" in facts),
        Mistake("It returned None. Did you look before the server was running, or forget to"
                " return?",
                ('return described(ec2, server)["Pub', 'described(ec2, server)["Pub'), when=None),
        Mistake("The loop never ends: a terminated server will never run. A waiter knows such"
                " states and raises an error.",
                ('ec2.get_waiter("instance_running").wait(InstanceIds=[server])',
                 'while described(ec2, server)["State"]["Name"] != "running":\n        pass'),
                when=TimeoutError),
    ],
    also_right=[
        "def address_when_running(ec2, server):\n"
        "    ids = {'InstanceIds': [server]}\n"
        "    waiter = ec2.get_waiter('instance_running')\n"
        "    waiter.wait(**ids, WaiterConfig={'Delay': 1, 'MaxAttempts': 60})\n"
        "    found = ec2.describe_instances(**ids)\n"
        "    return found['Reservations'][0]['Instances'][0]['PublicIpAddress']",
    ],
)


def addressed(answer, state, *tags):
    ec2 = Account().client("ec2")
    (id,) = made(ec2, tag=" ".join(tags))
    if state == "stopped":
        ec2.stop_instances(InstanceIds=[id])
    server = described(ec2)[id]
    got = answer(server)
    for kind in ("PublicIpAddress", "PrivateIpAddress"):
        if got == server.get(kind, ""):
            return f"its {kind}" if got else got
    return got


exercise(
    "03-public-ip",
    title="The address, if there is one",
    hints=(
        "Print a stopped server's description: which key is not there?",
        "dict has a method that looks for a key and does not raise if it is missing.",
        "Look again at `help(dict)`: which method takes a key and a default?",
    ),
    examples=[case("running", want="its PublicIpAddress"), case("stopped", want=None)],
    draw=lambda chance: [case(s, word(chance)) for s in ("stopped", "running", "stopped")],
    observe=addressed,
    tried="public_ip(server), of a {0} server",
    **CLOUD,
    mistakes=[
        Mistake("That is the address inside the network of the cloud.",
                ("PublicIp", "PrivateIp"), when="its PrivateIpAddress"),
        Mistake("A stopped server has no such key at all.",
                'def public_ip(server):\n    if server["State"] == "stopped":\n'
                '        return None\n    return server["PublicIpAddress"]', when=KeyError),
        Mistake("An empty text is not None. What does a missing address mean?",
                ('Address")', 'Address", "")'), when=""),
    ],
    also_right=[
        "def public_ip(one):\n"
        "    return one['PublicIpAddress'] if 'PublicIpAddress' in one else None",
        "def public_ip(one):\n    try:\n        return one['PublicIpAddress']\n"
        "    except KeyError:\n        return None",
    ],
)


def restarted(answer, looks, number, mine):
    ec2 = Account().client("ec2")
    id = made(ec2, number)[mine]
    before = described(ec2)
    with slow_servers(ec2, looks) as seen:
        got = answer(ec2, id)
    changes = ("StopInstances", "StartInstances", "TerminateInstances")
    yield "its calls", [call for call in seen.calls if call in changes]
    # a server that was stopped and started has another address
    after = described(ec2)
    new = [i for i in after if after[i].get("PublicIpAddress") != before[i]["PublicIpAddress"]]
    yield "restarted", "the server" if new == [id] else f"{len(new)} servers"
    yield "afterwards", sorted({one["State"]["Name"] for one in after.values()})
    yield "returned", got


exercise(
    "03-states",
    title="Every state of a restart",
    hints=(
        "Look at the answer of stop_instances: under StoppingInstances there is a CurrentState.",
        "Two of the four states come from the answers of calls, two from looking after a wait.",
        "There is a waiter for the stopped state, too. The list to return is"
        " `[stopping from ____, stopped from ____, pending from ____, running from ____]`.",
    ),
    examples=[case(2, 1, 0, want={
        "its calls": ["StopInstances", "StartInstances"], "restarted": "the server",
        "afterwards": ["running"], "returned": ["stopping", "stopped", "pending", "running"]})],
    draw=lambda chance: [case(chance.randint(1, 5), n := chance.randint(2, 5), chance.randrange(n))
                         for _ in range(2)],
    observe=restarted,
    tried="restart(ec2, server)",
    **CLOUD,
    mistakes=[
        Mistake("A terminated server never comes back.",
                'def restart(ec2, server):\n    ec2.terminate_instances(InstanceIds=[server])\n'
                '    return ["terminated"]',
                when=lambda facts: "TerminateInstances" in facts["its calls"]),
        Mistake("The server was never stopped and started; the list is made up.",
                "def restart(ec2, server):\n"
                "    return ['stopping', 'stopped', 'pending', 'running']",
                when=lambda facts: "StopInstances" not in facts["its calls"]),
        Mistake("The server is still stopped: start it again.",
                ('(change,) = ec2.start_instances(InstanceIds=[server])["StartingInstances"]', "",
                 'ec2.get_waiter("instance_running").wait(InstanceIds=[server])', ""),
                when=lambda facts: "StartInstances" not in facts["its calls"]),
        Mistake("The two states on the way are missing. The calls themselves report them.",
                ('[change["CurrentState"]["Name"], ', "[",
                 'change["CurrentState"]["Name"], described', "described"),
                when=["stopped", "running"]),
        Mistake("These are the states on the way. Look again after each wait.",
                (', described(ec2, server)["State"]["Name"]]', "]"), when=["stopping", "pending"]),
        Mistake("You looked while the server was still on its way. Wait before you look.",
                ('ec2.get_waiter("instance_stopped").wait(InstanceIds=[server])', ""),
                ('ec2.get_waiter("instance_running").wait(InstanceIds=[server])', ""),
                when=lambda f: f["returned"][1] == "stopping" or f["returned"][3] == "pending"),
        Mistake("A state is a dict with a code and a name. The names are asked for.",
                ('["CurrentState"]["Name"]', '["CurrentState"]', '["State"]["Name"]', '["State"]'),
                when=lambda facts: isinstance(facts["returned"][0], dict)),
    ],
)


def address(ec2, server=None):
    id = ec2.allocate_address(Domain="vpc")["AllocationId"]
    if server:
        ec2.associate_address(InstanceId=server, AllocationId=id)
    return id


def ended(ec2, call):
    ids = made(ec2)
    getattr(ec2, call)(InstanceIds=ids)
    return ids[0]


def volume(ec2):
    return ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]


THINGS = {
    "an idle address": address,
    "an unused volume": volume,
    "a server without a project": lambda ec2: made(ec2)[0],
    "a server with another tag": lambda ec2: made(ec2, tag="Project")[0],
    # no leaks
    "an address in use": lambda ec2: address(ec2, made(ec2, tag="project")[0]),
    "a server of a project": lambda ec2: made(ec2, tag="project")[0],
    "a stopped server": lambda ec2: ended(ec2, "stop_instances"),
    "a terminated server": lambda ec2: ended(ec2, "terminate_instances"),
}


def leaking(answer, *things):
    ec2 = Account().client("ec2")
    names = {THINGS[thing](ec2): thing for thing in things}
    got = answer(ec2)
    return sorted(names.get(one, one) for one in got) if isinstance(got, list) else got


exercise(
    "03-leaks",
    title="Find what costs and serves nobody",
    hints=(
        "An address in use has one key more than an idle one. Compare two of them.",
        "A volume that no server uses has a state of its own.",
        "describe_instances can return servers that have ended. Build three lists and add them:"
        ' `[one["____"] for one in ____ if ____]`.',
    ),
    examples=[
        case(*THINGS, want=sorted(list(THINGS)[:4]),
             shown="leaks(ec2), in an account with four leaks"),
        case(want=[], shown="leaks(ec2), in an empty account"),
    ],
    draw=lambda chance: [case(*THINGS, *chance.choices(list(THINGS), k=3))],
    observe=leaking,
    **CLOUD,
    mistakes=[
        Mistake("One of these addresses belongs to a running server: it serves somebody.",
                ('if "AssociationId" not in one', ""),
                when=lambda got: "an address in use" in got),
        Mistake("A terminated server costs nothing; EC2 lists it for a while, that is all.",
                ('one["State"]["Name"] == "running" and ', ""),
                when=lambda got: "a terminated server" in got),
        Mistake("A stopped server is not billed (its volume is). Running ones are asked for.",
                ('["Name"] == "running"', '["Name"] != "terminated"'),
                when=lambda got: "a stopped server" in got),
        Mistake("This server has the tag `project`: somebody knows what it is for.",
                (' and "project" not in keys', ""),
                when=lambda got: "a server of a project" in got),
        Mistake("Some of these volumes are attached to servers: they are in use.",
                (' if one["State"] == "available"', ""),
                when=lambda got: any(one.startswith("vol-") for one in got)),
        Mistake("The idle address is missing. It is billed by the hour.",
                ("return idle + unused", "return unused"),
                when=lambda got: "an idle address" not in got),
        Mistake("The unused volume is missing. It is billed by its size.",
                (' == "available"', ' == "in-use-by-nobody"'),
                when=lambda got: "an unused volume" not in got),
        Mistake("The running server that has no tag `project` is missing.",
                ('"running"', '"lost"'),
                when=lambda got: "a server without a project" not in got),
        Mistake("One server has a tag, but not the tag `project`. It is missing.",
                ('and "project" not in keys', "and not keys"),
                when=lambda got: "a server with another tag" not in got),
        Mistake("Not every description has this key: some servers have no tags at all.",
                ('one.get("Tags", [])', 'one["Tags"]'), when=KeyError),
    ],
    also_right=[
        "def leaks(ec2):\n"
        "    only = lambda name, value: {'Filters': [{'Name': name, 'Values': [value]}]}\n"
        "    servers = ec2.describe_instances(**only('instance-state-name', 'running'))\n"
        "    volumes = ec2.describe_volumes(**only('status', 'available'))['Volumes']\n"
        "    found = [i['InstanceId'] for r in servers['Reservations'] for i in r['Instances']\n"
        "             if all(tag['Key'] != 'project' for tag in i.get('Tags', ()))]\n"
        "    idle = [a['AllocationId'] for a in ec2.describe_addresses()['Addresses']\n"
        "            if not a.get('AssociationId')]\n"
        "    return found + idle + [v['VolumeId'] for v in volumes]",
    ],
)

CALLS = {  # what a user tries
    "describe servers": lambda ec2, iam, id: ec2.describe_instances(),
    "stop a server": lambda ec2, iam, id: ec2.stop_instances(InstanceIds=[id]),
    "start a server": lambda ec2, iam, id: ec2.start_instances(InstanceIds=[id]),
    "describe volumes": lambda ec2, iam, id: ec2.describe_volumes(),
    "describe groups": lambda ec2, iam, id: ec2.describe_security_groups(),
    "terminate a server": lambda ec2, iam, id: ec2.terminate_instances(InstanceIds=[id]),
    "launch a server": lambda ec2, iam, id: made(ec2),
    "make a key pair": lambda ec2, iam, id: ec2.create_key_pair(KeyName="new"),
    "list users": lambda ec2, iam, id: iam.list_users(),
    "reboot a server": lambda ec2, iam, id: ec2.reboot_instances(InstanceIds=[id]),
    "allocate an address": lambda ec2, iam, id: ec2.allocate_address(Domain="vpc"),
    "make a user": lambda ec2, iam, id: iam.create_user(UserName="new"),
}
MAY = ["describe servers", "stop a server", "start a server"]


SERVERS = re.compile(r"arn:aws:ec2:[\w*-]+:[\d*]+:instance/\*")


def for_the_emulator(policy):
    """Write `*` for the ARN of all servers, where that is enough on AWS: not for describe calls."""
    policy = json.loads(json.dumps(policy))
    statements = policy["Statement"]
    for one in statements if isinstance(statements, list) else [statements]:
        actions, servers = one.get("Action", []), one.get("Resource", [])
        actions = [actions] if isinstance(actions, str) else actions
        servers = [servers] if isinstance(servers, str) else servers
        if all(map(SERVERS.fullmatch, servers)) and not any("Describe" in a for a in actions):
            one["Resource"] = "*"
    return policy


def permitted(policy, user, calls):
    from botocore.exceptions import ClientError

    from coursekit.cloud.local_aws import aws

    whole = isinstance(policy, dict) and isinstance(policy.get("Statement"), (list, dict))
    yield "is", "a dict with statements" if whole else f"a {type(policy).__name__}"
    yield "version", policy.get("Version")
    account = Account()
    admin = account.client("iam")
    admin.create_user(UserName=user)
    document = json.dumps(for_the_emulator(policy))
    admin.put_user_policy(UserName=user, PolicyName="job", PolicyDocument=document)
    key = admin.create_access_key(UserName=user)["AccessKey"]
    (id,) = made(account.client("ec2"))
    ec2, iam, done = account.client("ec2", key), account.client("iam", key), []
    with aws().enforcing_iam():
        for call in calls:
            try:
                CALLS[call](ec2, iam, id)
                done.append(call)
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("AccessDenied", "UnauthorizedOperation"):
                    raise
    yield "allows", done


def allowed(*calls):
    return {"is": "a dict with statements", "version": "2012-10-17",
            "allows": list(calls)}


def draw_calls(chance):
    may = [*MAY, "describe volumes", "describe groups"]
    may_not = ["launch a server", "terminate a server",
               *chance.sample(["reboot a server", "allocate an address", "make a user"], 2)]
    calls = chance.sample(may, 4) + may_not
    return [case(word(chance), calls, want=allowed(*calls[:4]))]


exercise(
    "03-least-privilege",
    title="Just enough rights",
    hints=(
        "Which three kinds of calls does the job need? Each is one line of the list of actions.",
        "An action is the service, a colon, and the operation: s3:GetObject, for example.",
        "A star stands for any text:"
        ' `{"Effect": ____, "Action": ["ec2:____*", ____, ____], "Resource": ____}`.',
    ),
    examples=[
        case("operator", [*MAY, "terminate a server", "launch a server", "make a key pair",
                          "list users"], want=allowed(*MAY)),
    ],
    draw=draw_calls,
    observe=permitted,
    tried="the policy",
    **CLOUD,
    mistakes=[
        Mistake('A policy is a dict with "Version" and "Statement", a list of dicts.',
                'policy = "ec2:Describe*"',
                when=lambda got: got["is"] != "a dict with statements"),
        Mistake("IAM does not accept this policy. Each statement needs Effect, Action, Resource.",
                ("actions =", "wrong =", '"Action": actions', '"Action": "DescribeInstances"'),
                when=lambda got: "MalformedPolicy" in got.text),
        Mistake("Nothing is allowed. Compare the spelling of the actions.", ("ec2:", "ecs:"),
                when=[]),
        Mistake("This is the policy of an administrator: even users can be changed with it.",
                ('"ec2:Describe*"', '"*"'),
                when=lambda facts: set(facts["allows"]) & {"list users", "make a user"}),
        Mistake("Whoever has this can end every server, and with it what is on its disk.",
                ("Describe*", "*"), when=lambda facts: "terminate a server" in facts["allows"]),
        Mistake("Whoever has this can spend money. The job does not need it.",
                ('"ec2:StartInstances"', '"ec2:StartInstances", "ec2:RunInstances"'),
                when=lambda facts: set(facts["allows"]) & {"launch a server", "make a key pair"}),
        Mistake("The job needs one more kind of call.", (', "ec2:StartInstances"', ""),
                when=lambda facts: len(facts["allows"]) < len(MAY)),
        Mistake("Without the version of 2012 AWS reads a policy by the rules of 2008.",
                ('    "Version": "2012-10-17",\n', ""), ("2012-10-17", "2008-10-17"),
                when=lambda facts: facts["version"] != "2012-10-17"),
    ],
    also_right=[
        "allow = {'Effect': 'Allow', 'Resource': '*'}\n"
        "policy = {'Version': '2012-10-17', 'Statement': [\n"
        "    allow | {'Action': ['ec2:StopInstances', 'ec2:StartInstances']},\n"
        "    allow | {'Action': 'ec2:Describe*'}]}",
        "policy = {'Version': '2012-10-17', 'Statement': [\n"
        "    {'Effect': 'Allow', 'Action': 'ec2:Describe*', 'Resource': '*'},\n"
        "    {'Effect': 'Allow', 'Action': ['ec2:StopInstances', 'ec2:StartInstances'],\n"
        "     'Resource': 'arn:aws:ec2:*:*:instance/*'},\n"
        "    {'Effect': 'Deny', 'Action': 'ec2:TerminateInstances', 'Resource': '*'}]}",
        "policy = {'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Resource': '*',\n"
        "    'Action': ['ec2:Describe*', 'ec2:StopInstances', 'ec2:StartInstances']}}",
    ],
)


@cache
def azure():
    """Return an Azure of the checks' own, so that the learner's stays as it is."""
    from azure.mgmt.compute import ComputeManagementClient

    from coursekit.cloud.local_azure_vms import AzureVMs

    vms = AzureVMs()
    return vms, ComputeManagementClient(
        vms.credential, vms.subscription_id, **vms.client_options)


def created(answer, name, size):
    require_local()
    vms, compute = azure()
    vms._state.clear()
    image = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server",
             "version": "latest"}
    login = {"computerName": "web", "adminUsername": "me", "adminPassword": "made-by-a-check"}
    cards = [{"id": vms.add_network_interface("check")}]
    machine = {"location": vms.location, "properties": {
        "storageProfile": {"imageReference": image}, "osProfile": login,
        "networkProfile": {"networkInterfaces": cards}}}
    before = json.dumps(machine)
    got = answer(compute, vms.resource_group, name, machine, size)
    there = list(compute.virtual_machines.list(vms.resource_group))
    yield "machines", [one.name for one in there]
    yield "state", there[0].properties.provisioning_state
    yield "size", there[0].properties.hardware_profile.as_dict()["vmSize"]
    yield "returned, by name", getattr(got, "name", type(got).__name__)
    yield "the description, afterwards", "changed" if json.dumps(machine) != before else "the same"


def virtual_machine(name, size):
    return case(name, size, want={
        "machines": [name], "state": "Succeeded", "size": size, "returned, by name": name,
        "the description, afterwards": "the same"})


SIZES = ("Standard_B1s", "Standard_B2s", "Standard_D2s_v5")

exercise(
    "03-azure",
    title="Begin, then wait for the result",
    hints=(
        "Since 2020 the names of calls that take long start with the same word.",
        "Such a call returns a poller at once. The machine is what the poller gives in the end.",
        "Read the next error: which part is missing? A new dict around the old one is"
        ' `{**machine, "properties": {**machine["properties"], ____: {____: size}}}`.',
    ),
    examples=[virtual_machine("web", "Standard_B1s"), virtual_machine("big", "Standard_B2s")],
    draw=lambda chance: [virtual_machine(word(chance), chance.choice(SIZES))],
    observe=created,
    tried="create_vm(compute, group, {0!r}, machine, {1!r})",
    **CLOUD,
    mistakes=[
        Mistake("The client has no such method: its name got a first word.",
                ("begin_create", "create"), when=AttributeError),
        Mistake("Azure asks for the size. It stands in the properties: hardwareProfile, vmSize.",
                ("name, sized", "name, machine"),
                when=lambda got: "hardwareProfile" in got.text),
        Mistake("Azure does not know this name. In a dict, names are written as in its JSON:"
                " hardwareProfile, vmSize, and they stand under properties.",
                ('"properties": properties', '"hardware_profile": {"vm_size": size}'),
                when=lambda got: "Could not find member" in got.text),
        Mistake("No machine was made.",
                "def create_vm(compute, group, name, machine, size):\n    return name", when=[]),
        Mistake("This returns the poller, while Azure is still at work. Ask it for the result.",
                ("poller.result()", "poller"),
                when=lambda facts: facts["returned, by name"] == "LROPoller"),
        Mistake("Nobody waited until it was there.",
                ("poller.result()", "compute.virtual_machines.get(group, name)"),
                when="Creating"),
        Mistake("The function returns nothing.", ("return poller", "poller"),
                when="NoneType"),
        Mistake("The description was changed in place: the next machine made of it gets this size,"
                " too. Build a new dict.",
                ("{**machine[", "(machine[", '"], "hard', '"] | {"hard', "size}}", "size}})",
                 "sized = {**machine,", "sized = machine; machine |= {"),
                when="changed"),
    ],
    also_right=[
        "import copy\n\n"
        "def create_vm(compute, group, name, machine, size):\n"
        "    sized = copy.deepcopy(machine)\n"
        "    sized['properties']['hardwareProfile'] = {'vmSize': size}\n"
        "    return compute.virtual_machines.begin_create_or_update(group, name, sized).result()",
    ],
)

QUIZ = (
    Question(
        "You stopped a server on EC2 on Friday. What is on the bill for the weekend?",
        (
            Option("Nothing: it is stopped.", "Its disk is still there, and so is its address."),
            Option(
                "Its volume, and its Elastic IP if it has one.",
                "Stopped servers are not billed by the hour; storage and public addresses are.",
                right=True,
            ),
            Option(
                "The same as on a weekday.",
                "The hours of the server itself are not billed while it is stopped.",
            ),
        ),
    ),
    Question(
        "A program waits in `while state != 'running': time.sleep(5)`. The server fails to start"
        " and is terminated. What happens?",
        (
            Option("The loop ends with an error.", "Nothing in it looks for other states."),
            Option(
                "The loop never ends.",
                "A terminated server never runs again. A waiter knows this and raises WaiterError.",
                right=True,
            ),
            Option("EC2 starts a new server.", "Nobody asked for one."),
        ),
    ),
    Question(
        "On Azure, which call ends the cost of a machine's processor, and keeps its disk?",
        (
            Option(
                "`begin_power_off`",
                "The machine is stopped but still reserved for you, and billed.",
            ),
            Option(
                "`begin_deallocate`",
                "It gives the machine's place back. The disk stays, and is billed as a disk.",
                right=True,
            ),
            Option("`begin_restart`", "It runs again at once."),
        ),
    ),
    Question(
        "A policy allows `ec2:*`, another one of the same user denies `ec2:TerminateInstances`."
        " May the user terminate a server?",
        (
            Option("Yes: an allowance is enough.", "Not against an explicit Deny."),
            Option(
                "No: an explicit Deny wins.",
                "Always, however many policies allow it.",
                right=True,
            ),
            Option("It depends on which was attached last.", "The order plays no part."),
        ),
    ),
)
