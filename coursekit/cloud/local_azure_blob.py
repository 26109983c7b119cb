"""Azure Blob Storage on this machine: Azurite, Microsoft's own emulator, run by Node.

It is a process of its own that ends with the kernel, listens on 127.0.0.1 and a free port, and
keeps everything in memory. Its one account has a new key at each start.
"""

from __future__ import annotations

import base64
import secrets

from coursekit.cloud import azurite, guard, real
from coursekit.cloud.kernel_cloud import LOOPBACK, KernelCloud
from coursekit.ground.child import Child, StartFailed
from coursekit.ground.errors import CourseError

ACCOUNT = "course"


def azure_blob(port: int = 0) -> LocalBlob | real.OwnAccount:
    """Start the embedded Azure Blob Storage, or return the one of this kernel.

    From then on ``AZURE_STORAGE_CONNECTION_STRING`` names it, so that this makes a client, here
    as for the real cloud::

        BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"])

    With ``COURSEKIT_CLOUD=real`` in the environment nothing starts: the variable stays as the
    learner set it, and the name of the storage account has to be typed.

    The first use on a machine installs Azurite, if `coursekit prepare` has not done so.

    Parameters
    ----------
    port : int
        Where to listen; 0 takes a free port.

    Returns
    -------
    LocalBlob or OwnAccount

    Raises
    ------
    CourseError
        Azurite cannot be installed or started, or the port is taken; or the account is not the
        one typed.
    """
    return LocalBlob.of_this_kernel(port, own=real.azure_blob)


class LocalBlob(KernelCloud):
    """The embedded Azure Blob Storage of this kernel; made by `azure_blob`, never directly.

    Attributes
    ----------
    endpoint : str
        The URL of the account.
    account, key : str
        The account's name and its key, as base64.
    connection_string : str
        All of it, as Azure's tools take it.
    """

    NAME = "The embedded Azure Blob Storage"
    ABOUT = (
        "Azurite, an emulator that ends with this kernel.\n"
        "The Azure SDK talks to it; nothing leaves this machine, and nothing costs money."
    )
    START = "cloud = ck.cloud.azure_blob()"
    GUARD = guard.azure

    def __init__(self, port: int = 0) -> None:
        self.account = ACCOUNT
        self.key = base64.b64encode(secrets.token_bytes(64)).decode()
        self._child = _start_azurite(port, self.account, self.key)
        self.endpoint = f"http://{LOOPBACK}:{self._child.port}/{self.account}"
        self.connection_string = (
            f"DefaultEndpointsProtocol=http;AccountName={self.account};AccountKey={self.key};"
            f"BlobEndpoint={self.endpoint};"
        )
        self._lead_here(
            {"AZURE_STORAGE_CONNECTION_STRING": self.connection_string}, ("AZURE_STORAGE_",)
        )

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._child.alive

    def _stop_server(self) -> None:
        self._child.close()


def _start_azurite(port: int, account: str, key: str) -> Child:
    for last in (False, True):
        where = azurite.install()
        command = [
            str(azurite.node()), str(azurite.HERE / "serve.js"), str(where),
            "--blobHost", LOOPBACK, "--blobPort", str(port),
            "--skipApiVersionCheck", "--inMemoryPersistence", "--disableTelemetry", "--silent",
        ]  # fmt: skip
        try:
            return Child(
                command,
                r"successfully listens on http://[\d.]+:(\d+)",
                {"AZURITE_ACCOUNTS": f"{account}:{key}"},
            )
        except StartFailed as failed:
            words = str(failed)
        if "Cannot find module" not in words or last:
            break
        azurite.remove()  # somebody deleted a part of it: install it anew, once
    if "EADDRINUSE" in words:
        raise CourseError(
            f"Port {port} of this machine is taken, so the embedded Azure cannot listen there.",
            "Leave the port out, and a free one is found: ck.cloud.azure_blob()",
        )
    raise CourseError(
        f"Azurite, the Azure emulator, did not start. Its last words: {words[-300:]}",
        "Run `coursekit doctor`; it tells what is wrong with this machine.",
    )
