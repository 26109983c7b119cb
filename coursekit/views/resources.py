"""What is there in an AWS account: a table that follows the cells as they run. Born in chapter 3.

It is not told anything: after each cell it asks EC2 (describe calls only) and writes down which
state each resource is in. What was there before and is not found any more is *gone*.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipywidgets import VBox

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


@dataclass(frozen=True)
class Resource:
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
    pages = ec2.get_paginator("describe_instances").paginate()
    servers = [one for page in pages for r in page["Reservations"] for one in r["Instances"]]
    names = {one["InstanceId"]: _name(one) for one in servers}
    alive = {one["InstanceId"] for one in servers if one["State"]["Name"] != "terminated"}
    found = [_server(one) for one in servers]
    for one in ec2.describe_volumes()["Volumes"]:
        attached = [names.get(a["InstanceId"], UNNAMED) for a in one["Attachments"]]
        name = _name(one) if _name(one) != UNNAMED or not attached else f"disk of {attached[0]}"
        found.append(Resource("volume", one["VolumeId"], name, one["State"], True))
    for one in ec2.describe_addresses()["Addresses"]:
        state = "associated" if one.get("InstanceId") in alive else "idle"
        found.append(Resource("address", one["AllocationId"], _name(one), state, True))
    for one in ec2.describe_security_groups()["SecurityGroups"]:
        if one["GroupName"] != "default":
            group = Resource("security group", one["GroupId"], one["GroupName"], "there", False)
            found.append(group)
    for one in ec2.describe_key_pairs()["KeyPairs"]:
        pair = Resource("key pair", one["KeyPairId"], one["KeyName"], "there", False)
        found.append(pair)
    return found


def _server(one: dict[str, Any]) -> Resource:
    state = one["State"]["Name"]
    return Resource("server", one["InstanceId"], _name(one), state, state == "running")


def _name(one: dict[str, Any]) -> str:
    return next((tag["Value"] for tag in one.get("Tags", ()) if tag["Key"] == "Name"), UNNAMED)


class History:
    """The states of every resource, in the order in which they were seen."""

    def __init__(self) -> None:
        self.last: dict[str, Resource] = {}
        self.states: dict[str, list[str]] = {}

    def add(self, found: list[Resource]) -> None:
        """Take one look into account; what is not in it any more is gone."""
        here = {one.id: one for one in found}
        for id, one in here.items():
            self.last[id] = one
            self._note(id, one.state)
        for id in self.last.keys() - here.keys():
            self._note(id, GONE)

    def _note(self, id: str, state: str) -> None:
        states = self.states.setdefault(id, [])
        if not states or states[-1] != state:
            states.append(state)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return kind, name, states and whether it is billed, by kind in the order of birth."""
        kinds = list(dict.fromkeys(one.kind for one in self.last.values()))
        ordered = sorted(self.last.values(), key=lambda one: kinds.index(one.kind))
        return [self._row(one) for one in ordered]

    def _row(self, one: Resource) -> tuple[str, str, str, str]:
        states = self.states[one.id]
        billed = one.billed and states[-1] != GONE
        return one.kind, one.name, " → ".join(states), "yes" if billed else "no"

    def text(self) -> str:
        """Return the table as plain text."""
        rows = self.rows()
        if not rows:
            return "Nothing is there."
        widths = [max(len(row[i]) for row in (_HEAD, *rows)) for i in range(len(_HEAD))]
        lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in (_HEAD, *rows))
        return "\n".join(lines)

    def html(self) -> str:
        """Return the table as HTML."""
        rows = self.rows()
        if not rows:
            return "<p>Nothing is there.</p>"
        head = "".join(f"<th>{name}</th>" for name in _HEAD)
        body = "".join(_html_row(row) for row in rows)
        return f"{_STYLE}<table class='ck-resources'><tr>{head}</tr>{body}</table>"


def _html_row(row: tuple[str, str, str, str]) -> str:
    style = "ck-gone" if row[2].endswith(GONE) else "ck-billed" if row[3] == "yes" else ""
    cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
    return f"<tr class='{style}'>{cells}</tr>"


def watch_resources(ec2: Any = None) -> VBox:
    """Return a table of what is in the account; it looks again after every cell.

    Where no widget can be shown it is the table of the moment. ``print(board)`` shows the table as
    it is now.

    Parameters
    ----------
    ec2 : botocore client, optional
        Whose account; by default that of ``boto3.client("ec2")``.
    """
    import boto3
    from ipywidgets import HTML, VBox

    client = ec2 or boto3.client("ec2")
    history = History()
    table = HTML()

    class Board(VBox):
        """The table, with a text that does not change from run to run."""

        def look(self, *_: Any) -> None:
            """Ask EC2 once."""
            history.add(read(client))
            table.value = history.html()

        def __str__(self) -> str:
            self.look()
            return history.text()

        def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
            without = {"text/plain": str(self), "text/html": history.html()}
            return {**super()._repr_mimebundle_(**kwargs), **without}

    board = Board([table]).add_class("ck-view")
    board.look()
    _after_every_cell(board)
    return board


def _after_every_cell(board: Any) -> None:
    """Let the board look after each cell, until its cloud does not answer any more."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return

    for earlier in list(shell.events.callbacks["post_run_cell"]):
        if hasattr(earlier, "coursekit_board"):  # a cell run again makes a new board
            shell.events.unregister("post_run_cell", earlier)

    def look(*_: Any) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            board.look()
        except (BotoCoreError, ClientError):
            shell.events.unregister("post_run_cell", look)

    look.coursekit_board = board
    shell.events.register("post_run_cell", look)
