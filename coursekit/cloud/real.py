"""The learner's own accounts: what ``COURSEKIT_CLOUD=real`` puts in the place of the clouds here.

Nothing here limits what the SDKs do, or what that costs. It only asks for the account's id, so that
a learner notices whose account the settings of this machine lead to. The chapters tag what they
make, and find and remove it by that tag.
"""

from __future__ import annotations

import contextlib
import os
from functools import cache
from types import SimpleNamespace

from coursekit.ground.errors import CourseError

SWITCH = "COURSEKIT_CLOUD"
GROUP = "course"  # the resource group that a learner makes for the chapter


def is_real() -> bool:
    """Tell whether the learner asked for a real account.

    Raises
    ------
    CourseError
        The variable has a value that means nothing: better asked than guessed.
    """
    value = os.environ.get(SWITCH, "")
    if value not in ("", "local", "real"):
        raise CourseError(
            f"{SWITCH} is {value!r}; it can be local (or not set) and real.",
            f"Use {SWITCH}=real only if you want to use your own account.",
        )
    return value == "real"


def require_local() -> None:
    """Raise `CourseError` in real mode: an exercise must not be tried in a real account."""
    if is_real():
        raise CourseError(
            f"This check needs the course's own clouds, and {SWITCH}=real is set.",
            f"Unset {SWITCH} and restart the kernel; then check your answer.",
        )


class OwnAccount(SimpleNamespace):
    """An account of the learner's own, with what the chapters ask of a cloud of the course.

    Attributes
    ----------
    kind, id : str
        Such as ``"AWS account"``, and its number.
    """

    @property
    def endpoint(self) -> str:
        """Only the course's own clouds have one."""
        raise CourseError(
            "Your own account has no endpoint of the course's: the SDKs know where it is.",
            f"Leave this cell out, or unset {SWITCH} and restart the kernel.",
        )

    def enforcing_iam(self) -> contextlib.AbstractContextManager[None]:
        """Do nothing: the real AWS always enforces policies."""
        return contextlib.nullcontext()

    def add_network_interface(self, name: str) -> str:
        """Return the id of a network card that the learner made in the resource group."""
        group = f"/subscriptions/{self.id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.Network/networkInterfaces/{name}"

    def __repr__(self) -> str:
        return (
            f"Your own {self.kind}: {self.id}. What you make there may cost money.\n"
            "Remove it when you have finished: see the section 'Your own account'."
        )


# A kernel asks for each account once; a refusal is not kept.
@cache
def aws() -> OwnAccount:
    """Return the AWS account of boto3's settings, if it is the one that the learner types.

    Raises
    ------
    CourseError
        It is not; or there are no credentials, no region, nobody to type.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    if not boto3.Session().region_name:
        raise CourseError(
            "Your AWS settings name no region.", "Set one: export AWS_DEFAULT_REGION=us-east-1"
        )
    typed = _ask("number of your AWS account", "COURSEKIT_ACCOUNT").replace("-", "")
    try:
        account = boto3.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise CourseError(
            f"AWS does not accept the credentials of this kernel: {error}",
            f"Log in first (aws configure sso, then aws sso login), or unset {SWITCH}.",
        ) from None
    _require_same(typed, account, "account", "aws sts get-caller-identity")
    return OwnAccount(kind="AWS account", id=account)


@cache
def azure_vms() -> OwnAccount:
    """Return the subscription of Azure that the learner types."""
    from azure.identity import DefaultAzureCredential

    typed = _ask("id of your Azure subscription", "COURSEKIT_AZURE_SUBSCRIPTION")
    return OwnAccount(
        kind="Azure subscription",
        id=typed,
        subscription_id=typed,
        resource_group=GROUP,
        location="westeurope",
        credential=DefaultAzureCredential(),
        client_options={},
    )


@cache
def azure_blob() -> OwnAccount:
    """Return the storage account of the connection string, if it is the one that is typed."""
    variable = "AZURE_STORAGE_CONNECTION_STRING"
    text = os.environ.get(variable, "")
    parts = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    if not {"AccountName", "AccountKey"} <= set(parts):
        raise CourseError(
            f"{variable} names no storage account and its key.",
            "Copy the connection string of your storage account (Azure portal, Access keys).",
        )
    typed = _ask("name of your Azure storage account", "COURSEKIT_AZURE_STORAGE_ACCOUNT")
    _require_same(typed, parts["AccountName"], "storage account", "az storage account list")
    account, key = parts["AccountName"], parts["AccountKey"]
    return OwnAccount(kind="Azure storage account", id=account, account=account, key=key)


@cache
def google() -> OwnAccount:
    """Return the project of Google Cloud that the learner types."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    project = _ask("id of your Google Cloud project", "COURSEKIT_GOOGLE_PROJECT")
    try:
        google.auth.default()
    except DefaultCredentialsError as error:
        raise CourseError(
            f"There is no login for Google Cloud: {str(error).splitlines()[0]}",
            f"Log in first (gcloud auth application-default login), or unset {SWITCH}.",
        ) from None
    os.environ["GOOGLE_CLOUD_PROJECT"] = project  # where storage.Client() looks first
    return OwnAccount(
        kind="Google Cloud project",
        id=project,
        project=project,
        zone="us-central1-a",
        client_options={},
    )


def _ask(what: str, variable: str) -> str:
    """Return what the learner types, or what a variable says where nobody can type."""
    answer = os.environ.get(variable, "")
    try:
        # `input` is looked up here: a kernel replaces it.
        answer = (answer or input(f"{SWITCH}=real: type the {what}: ")).strip()
        reason = "nothing was typed"
    except Exception:  # each front end without a keyboard has an exception of its own
        reason = "nobody can type it"
    if not answer:
        raise CourseError(
            f"{SWITCH}=real asks for the {what}, and {reason}.",
            f"Set {variable} to it, or unset {SWITCH}.",
        )
    return answer


def _require_same(typed: str, reported: str, name: str, look_up: str) -> None:
    if typed.lower() != reported.lower():
        raise CourseError(
            f"The {name} that was typed is not the one that these credentials belong to.",
            f"Look it up ({look_up}) and decide whether it is the right one.",
        )
