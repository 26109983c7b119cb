"""A real project's Cloud Storage behind a guard: ``ck.cloud.google_storage()`` in real mode.

Buckets get a label, and only what has it is touched. The guard was tried against an emulator,
never against a real project. It is a seat belt, not a wall: a budget with an alert, and an
identity with few roles, are the wall.

Names of buckets are shared by all customers of Google Cloud. The guard changes none: if the answer
is that the name is taken, choose one of your own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from coursekit.cloud import real_google_storage_rules as rules
from coursekit.cloud import real_http
from coursekit.cloud.real_account import TAG, Left, refuse_foreign
from coursekit.cloud.real_google import GoogleAccount, login
from coursekit.cloud.real_http import Call
from coursekit.cloud.real_sizes import Sizes
from coursekit.cloud.variables import Variables

PUBLIC = "https://storage.googleapis.com"
_PROJECT = "GOOGLE_CLOUD_PROJECT"


def connect(*, endpoint: str | None = None) -> RealGoogleStorage:
    """Guard the project of this kernel's login for Google Cloud, or return its guard.

    Parameters
    ----------
    endpoint : str, optional
        For tests only: the address of a service that plays the real Cloud Storage.

    Returns
    -------
    RealGoogleStorage

    Raises
    ------
    CourseError
        There is no login, nobody to ask, or the project is not the one that was typed.
    """
    return RealGoogleStorage._of_this_kernel(
        lambda typed: RealGoogleStorage(*login(), typed, endpoint=endpoint)
    )


class RealGoogleStorage(GoogleAccount):
    """A guarded project; made by `connect`, never directly.

    While the guard stands, ``GOOGLE_CLOUD_PROJECT`` names the project, so that plain
    ``storage.Client()`` works in it.

    Attributes
    ----------
    endpoint : str
        The URL of Cloud Storage.
    project : str
        The project's id, typed by hand; the service answers for it.
    run : str
        The id of this run. Every bucket made gets the label ``coursekit`` with it.
    """

    CALLED = "gcs_emulator"

    def __init__(
        self, credentials: Any, project: str, typed: str, *, endpoint: str | None = None
    ) -> None:
        super().__init__(credentials, project, typed, endpoint or PUBLIC)
        self.endpoint = endpoint or PUBLIC
        self._known: set[str] = set()  # buckets that are this run's
        self._sizes = Sizes()

    @property
    def _routes(self) -> tuple[real_http.Route, ...]:
        return rules.ROUTES

    def _reported(self, project: str) -> str:
        # Cloud Storage has no question for a project's name; it answers only who may look there.
        self._require_answer(f"/storage/v1/b?project={quote(project, safe='')}&maxResults=1")
        return project

    def _examine(self, call: Call) -> None:
        about = rules.described(call)
        rules.require_plain(call, about)
        project = call.query.get("project", self.project)
        if project != self.project:
            refuse_foreign(f"project {project}", call.operation, self.run)
        if bucket := call.names.get("bucket"):
            self._require_own(bucket, call.operation)
        rules.require_small(call, about, self._sizes)
        objection = rules.objection(call, about)
        self._require_free(call, objection)
        if call.operation == "create_bucket":
            call.json = rules.tagged(about, self.run)

    def _after(self, call: Call, status: int) -> None:
        if call.operation == "delete_bucket" and status < 300:
            self._known.discard(call.names["bucket"])

    def _require_own(self, bucket: str, operation: str) -> None:
        if bucket in self._known:
            return
        response = self._ask("GET", f"{_path(bucket)}?fields=labels")
        labels = response.json().get("labels", {}) if response.ok else {}
        if labels.get(TAG) != self.run:
            refuse_foreign(f"Bucket {bucket}", operation, self.run)
        self._known.add(bucket)

    def _find(self, run: str | None) -> list[Left]:
        pages = self._pages("/storage/v1/b", project=self.project)
        found = [
            Left("bucket", bucket["name"], bucket.get("labels", {}).get(TAG, ""))
            for page in pages
            for bucket in page.get("items", [])
        ]
        return [one for one in found if one.run and run in (None, one.run)]

    def _remove(self, left: list[Left]) -> None:
        for one in left:
            self._empty(one.id)
            # One that something stays in stays, too: who looks again finds it.
            self._ask("DELETE", _path(one.id))
            self._known.discard(one.id)

    def _empty(self, bucket: str) -> None:
        for page in self._pages(f"{_path(bucket)}/o", versions="true"):
            for one in page.get("items", []):
                version = {"generation": one["generation"]}
                path = f"{_path(bucket)}/o/{quote(one['name'], safe='')}"
                self._ask("DELETE", path, params=version)

    def _install(self) -> None:
        super()._install()
        self._variables = Variables({_PROJECT: self.project})

    def _uninstall(self) -> None:
        self._variables.restore()
        super()._uninstall()


def _path(bucket: str) -> str:
    return f"/storage/v1/b/{quote(bucket, safe='')}"
