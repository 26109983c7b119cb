"""What is there in an AWS account: a table that follows the cells as they run. Born in chapter 3.

It is not told anything: after each cell it asks EC2 (describe calls only) and writes down which
state each resource is in. What was there before and is not found any more is *gone*.
"""

from __future__ import annotations

import html
from typing import Any, NamedTuple

from ipywidgets import HTML

from coursekit.views.explore import View

GONE = "gone"
UNNAMED = "(no name)"
_STYLE = """<style>
.ck-resources{border-collapse:collapse;font:13px system-ui,sans-serif}
.ck-resources th,.ck-resources td{text-align:left;padding:.2em 1.1em .2em .3em;
 border-bottom:1px solid #8884}
.ck-resources .ck-gone{opacity:.5}
.ck-resources .ck-billed{font-weight:600}
</style>"""
_HEAD = ("kind", "name", "states so far", "billed now")


class Resource(NamedTuple):
    """One thing in the account.

    Attributes
    ----------
    kind : str
        ``server``, ``volume``, ``address``, ``security group`` or ``key pair``.
    id, name, state : str
        Its id, its ``Name`` (or that of its server), and what EC2 says about it.
    billed : bool
        Whether AWS bills it as it is, by the hour or the month. A stopped server is not, but its
        volume is. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
    """

    kind: str
    id: str
    name: str
    state: str
    billed: bool


def read(ec2: Any) -> list[Resource]:
    """Return what EC2 describes: servers, volumes, addresses, security groups, key pairs.

    Parameters
    ----------
    ec2 : botocore client
        From ``boto3.client("ec2")``.
    """

    def name(one: dict[str, Any]) -> str:
        return next((tag["Value"] for tag in one.get("Tags", ()) if tag["Key"] == "Name"), UNNAMED)

    pages = ec2.get_paginator("describe_instances").paginate()
    servers = [one for page in pages for r in page["Reservations"] for one in r["Instances"]]
    names = {one["InstanceId"]: name(one) for one in servers}
    states = {one["InstanceId"]: one["State"]["Name"] for one in servers}
    found = [Resource("server", id, names[id], s, s == "running") for id, s in states.items()]
    for one in ec2.describe_volumes()["Volumes"]:
        disk_of = [f"disk of {names.get(a['InstanceId'], UNNAMED)}" for a in one["Attachments"]]
        called = name(one) if name(one) != UNNAMED or not disk_of else disk_of[0]
        found.append(Resource("volume", one["VolumeId"], called, one["State"], True))
    for one in ec2.describe_addresses()["Addresses"]:
        used = states.get(one.get("InstanceId"), "terminated") != "terminated"
        state = "associated" if used else "idle"
        found.append(Resource("address", one["AllocationId"], name(one), state, True))
    for one in ec2.describe_security_groups()["SecurityGroups"]:
        if one["GroupName"] != "default":
            group = Resource("security group", one["GroupId"], one["GroupName"], "there", False)
            found.append(group)
    for one in ec2.describe_key_pairs()["KeyPairs"]:
        found.append(Resource("key pair", one["KeyPairId"], one["KeyName"], "there", False))
    return found


class Board(View):
    """The states of every resource, in the order in which they were seen, as a table."""

    def __init__(self, ec2: Any) -> None:
        self._ec2, self._table = ec2, HTML()
        self._last: dict[str, Resource] = {}
        self.states: dict[str, list[str]] = {}
        super().__init__([self._table], self._without)

    def look(self) -> None:
        """Ask EC2 once."""
        self.add(read(self._ec2))
        self._table.value = self.html()

    def add(self, found: list[Resource]) -> None:
        """Take one look into account; what is not in it any more is gone."""
        self._last |= {one.id: one for one in found}
        now = {one.id: one.state for one in found}
        for id in self._last:
            states, state = self.states.setdefault(id, []), now.get(id, GONE)
            if states[-1:] != [state]:
                states.append(state)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return kind, name, states and whether it is billed, by kind in the order of birth."""
        kinds = list(dict.fromkeys(one.kind for one in self._last.values()))
        rows = []
        for one in sorted(self._last.values(), key=lambda one: kinds.index(one.kind)):
            states = self.states[one.id]
            billed = "yes" if one.billed and states[-1] != GONE else "no"
            rows.append((one.kind, one.name, " → ".join(states), billed))
        return rows

    def html(self) -> str:
        """Return the table as HTML."""
        if not self.rows():
            return "<p>Nothing is there.</p>"
        body = ""
        for row in self.rows():
            style = "ck-gone" if row[2].endswith(GONE) else "ck-billed" if row[3] == "yes" else ""
            cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
            body += f"<tr class='{style}'>{cells}</tr>"
        head = "".join(f"<th>{name}</th>" for name in _HEAD)
        return f"{_STYLE}<table class='ck-resources'><tr>{head}</tr>{body}</table>"

    def __str__(self) -> str:
        self.look()
        if not self.rows():
            return "Nothing is there."
        rows = (_HEAD, *self.rows())
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    def _without(self) -> tuple[dict, dict]:
        return {"text/plain": str(self), "text/html": self.html()}, {}


def watch_resources(ec2: Any = None) -> Board:
    """Return a table of what is in the account; it looks again after every cell.

    Where no widget can be shown it is the table of the moment. ``print(board)`` shows the table as
    it is now.

    Parameters
    ----------
    ec2 : botocore client, optional
        Whose account; by default that of ``boto3.client("ec2")``.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
    from IPython import get_ipython

    board = Board(ec2 or boto3.client("ec2"))
    board.look()
    shell = get_ipython()
    if shell is None:
        return board
    for earlier in list(shell.events.callbacks["post_run_cell"]):
        if hasattr(earlier, "coursekit_board"):  # a cell run again makes a new board
            shell.events.unregister("post_run_cell", earlier)

    def look(*_: Any) -> None:
        try:
            board.look()
        except (BotoCoreError, ClientError):  # its cloud does not answer any more
            shell.events.unregister("post_run_cell", look)

    look.coursekit_board = board
    shell.events.register("post_run_cell", look)
    return board
