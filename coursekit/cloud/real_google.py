"""What the guards of Google's two services have in common: the login, and the project."""

from __future__ import annotations

from typing import Any

from coursekit.cloud import real_http
from coursekit.cloud.real_account import require_typed
from coursekit.cloud.real_http import PLAIN, HttpAccount
from coursekit.ground.errors import CourseError

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
# https://cloud.google.com/free/docs/free-cloud-features
FREE_REGIONS = ("us-west1", "us-central1", "us-east1")


def login() -> tuple[Any, str]:
    """Return the credentials that Google's own rules find, and the project they name.

    Raises
    ------
    CourseError
        There are none, or they name no project.
    """
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        credentials, project = google.auth.default(scopes=_SCOPES)
    except GoogleAuthError as error:
        raise CourseError(
            f"There is no login for Google Cloud: {str(error).splitlines()[0]}",
            "Log in first (gcloud auth application-default login), or unset COURSEKIT_CLOUD.",
        ) from None
    if not project:
        raise CourseError(
            "Your login for Google Cloud names no project.",
            "Set one: export GOOGLE_CLOUD_PROJECT=your-project",
        )
    return credentials, project


class GoogleAccount(HttpAccount):
    """A guarded project of Google Cloud.

    Parameters
    ----------
    credentials : object
        As google-auth finds them.
    project : str
        The id of the project that they name.
    typed : str
        What the learner typed.
    address : str
        Where the service is.
    """

    NAME = "Google Cloud project"
    ASKS_FOR = "id of your Google Cloud project"
    VARIABLE = "COURSEKIT_GOOGLE_PROJECT"
    CONSOLE = "the Google Cloud console"
    PROVIDER = "Google Cloud"
    _watch = real_http.google

    def __init__(self, credentials: Any, project: str, typed: str, address: str) -> None:
        from google.auth.transport.requests import AuthorizedSession

        super().__init__(address)
        self._address = address
        self._plain = AuthorizedSession(credentials)
        setattr(self._plain, PLAIN, True)
        self.project = self._reported(project)
        require_typed(typed, self.project, "project", "gcloud config get project")

    @property
    def _identity(self) -> str:
        return self.project

    def _reported(self, project: str) -> str:
        """Return the id of the project, as the service reports it for these credentials."""
        raise NotImplementedError

    def _require_answer(self, path: str) -> dict[str, Any]:
        """Return what the service says; the first question, which tells if the login is good."""
        import requests
        from google.auth.exceptions import GoogleAuthError

        try:
            response = self._plain.get(f"{self._address}{path}", timeout=60)
            response.raise_for_status()
        except (GoogleAuthError, requests.RequestException) as error:
            raise CourseError(
                f"Google Cloud does not accept the login of this kernel: {error}",
                "Log in first (gcloud auth application-default login), or unset COURSEKIT_CLOUD.",
            ) from None
        return response.json()

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        """Return an answer of the service, whatever it is; no guard watches this question."""
        return self._plain.request(method, f"{self._address}{path}", timeout=300, **more)

    def _pages(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        """Return the pages of a list."""
        pages, token = [], ""
        while token is not None:
            more = {"pageToken": token} if token else {}
            response = self._ask("GET", path, params=parameters | more)
            response.raise_for_status()
            pages.append(response.json())
            token = pages[-1].get("nextPageToken")
        return pages
