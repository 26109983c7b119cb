"""A real project's Compute Engine behind a guard: ``ck.cloud.google_compute()`` in real mode.

Machines and disks get a label, and only what has it is touched. The guard was tried against an
emulator, never against a real project. It is a seat belt, not a wall: a budget with an alert, and
an identity with few roles, are the wall.
"""

from __future__ import annotations

import os
import time
from typing import Any

from coursekit.cloud import real_google_compute_rules as rules
from coursekit.cloud import real_http
from coursekit.cloud.real_account import TAG, Left, refuse_foreign
from coursekit.cloud.real_google import GoogleAccount, login
from coursekit.cloud.real_http import Call
from coursekit.ground.errors import CourseError

PUBLIC = "https://compute.googleapis.com"
ZONE = "CLOUDSDK_COMPUTE_ZONE"  # the variable of Google's own command line
PATIENCE = 600  # seconds that a machine or a disk may take to go
_KINDS = {"instances": "server", "disks": "disk"}  # in the order in which they have to go


def connect(*, endpoint: str | None = None) -> RealGoogleCompute:
    """Guard the project of this kernel's login for Google Cloud, or return its guard.

    Parameters
    ----------
    endpoint : str, optional
        For tests only: the address of a service that plays the real Compute Engine.

    Returns
    -------
    RealGoogleCompute

    Raises
    ------
    CourseError
        There is no login, nobody to ask, or the project is not the one that was typed.
    """
    return RealGoogleCompute._of_this_kernel(
        lambda typed: RealGoogleCompute(*login(), typed, endpoint=endpoint)
    )


class RealGoogleCompute(GoogleAccount):
    """A guarded project; made by `connect`, never directly.

    Attributes
    ----------
    project : str
        Its id, typed by hand and reported by Compute Engine.
    zone : str
        The only zone in which the guard lets machines be made: ``CLOUDSDK_COMPUTE_ZONE``, or else
        us-central1-a.
    client_options : dict
        What each client needs: the login that was examined.
    run : str
        The id of this run. Every machine and disk made gets the label ``coursekit`` with it.
    """

    CALLED = "gce"

    def __init__(
        self, credentials: Any, project: str, typed: str, *, endpoint: str | None = None
    ) -> None:
        super().__init__(credentials, project, typed, endpoint or PUBLIC)
        self.zone = os.environ.get(ZONE) or "us-central1-a"
        self.endpoint = endpoint or PUBLIC
        self.client_options: dict[str, Any] = {"credentials": credentials}
        if endpoint:
            from coursekit.cloud.local_google_compute import let_operations_follow

            self.client_options["client_options"] = {"api_endpoint": endpoint}
            let_operations_follow()

    @property
    def _routes(self) -> tuple[real_http.Route, ...]:
        return rules.ROUTES

    def _reported(self, project: str) -> str:
        return self._require_answer(f"/compute/v1/projects/{project}")["name"]

    def _examine(self, call: Call) -> None:
        names = call.names
        if images := names.get("images"):
            if images not in (*rules.FREE_IMAGES, self.project):
                refuse_foreign(f"project {images}", call.operation, self.run)
            return
        if names["project"] != self.project:
            refuse_foreign(f"project {names['project']}", call.operation, self.run)
        is_change = call.method != "GET" and call.operation != "wait"
        if is_change and names["zone"] != self.zone:
            raise CourseError(
                f"{call.operation} in {names['zone']}: the course works in {self.zone} only.",
                f"Use the zone of the guard, or set {ZONE} and start again.",
            )
        if call.operation == "insert":
            self._examine_machine(call)
        elif is_change:
            kind = "instances" if "machine" in names else "disks"
            self._require_own(kind, names.get("machine") or names["disk"], call.operation)

    def _examine_machine(self, call: Call) -> None:
        body = call.json
        rules.require_plain(call.query, body)
        for disk in body.get("disks", []):
            if source := disk.get("source"):  # a disk that is there already
                self._require_own("disks", source.split("/")[-1], call.operation)
        objection = rules.objection(body, call.names["zone"])
        self._require_free(call, objection)
        call.json = rules.tagged(body, self.run)

    def _require_own(self, kind: str, name: str, operation: str) -> None:
        response = self._ask("GET", f"{self._zone(self.zone)}/{kind}/{name}")
        labels = response.json().get("labels", {}) if response.ok else {}
        if labels.get(TAG) != self.run:
            refuse_foreign(f"{_KINDS[kind].capitalize()} {name}", operation, self.run)

    def _zone(self, zone: str) -> str:
        return f"/compute/v1/projects/{self.project}/zones/{zone}"

    def _find(self, run: str | None) -> list[Left]:
        wanted = f"labels.{TAG}={run}" if run else f"labels.{TAG}:*"
        found = []
        for kind, word in _KINDS.items():
            path = f"/compute/v1/projects/{self.project}/aggregated/{kind}"
            for page in self._pages(path, filter=wanted):
                for zone, here in page.get("items", {}).items():
                    # Looked at once more: what is not the course's must not be removed.
                    found += [
                        Left(word, f"{zone.removeprefix('zones/')}/{one['name']}", tag)
                        for one in here.get(kind, [])
                        if zone.startswith("zones/")
                        and (tag := one.get("labels", {}).get(TAG))
                        and run in (None, tag)
                    ]
        return found

    def _remove(self, left: list[Left]) -> None:
        for kind, word in _KINDS.items():
            asked = [self._delete(kind, one.id) for one in left if one.kind == word]
            for zone, operation in asked:
                self._await(zone, operation)

    def _delete(self, kind: str, id: str) -> tuple[str, str]:
        """Ask for the end of something; what went with its machine is gone already."""
        zone, name = id.split("/")
        response = self._ask("DELETE", f"{self._zone(zone)}/{kind}/{name}")
        return zone, response.json().get("name", "") if response.ok else ""

    def _await(self, zone: str, operation: str) -> None:
        limit = time.monotonic() + PATIENCE
        while operation and time.monotonic() < limit:
            # Waits on the other side, for two minutes at most.
            response = self._ask("POST", f"{self._zone(zone)}/operations/{operation}/wait")
            if not response.ok or response.json().get("status") == "DONE":
                return

    def __repr__(self) -> str:
        return self._describe(f", zone {self.zone}")
