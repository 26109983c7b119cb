"""Google Cloud Storage on this machine: gcp-storage-emulator in a process of its own.

It is not a thread of the kernel, as the AWS is: pyarrow's client for Google holds the interpreter
while it waits for an answer, and a server in the same interpreter could then never give one.
"""

from __future__ import annotations

import sys

from coursekit.cloud import guard, real
from coursekit.cloud.kernel_cloud import LOOPBACK, KernelCloud
from coursekit.ground.child import Child, StartFailed
from coursekit.ground.errors import CourseError

PROJECT = "course"


def google_storage(port: int = 0) -> LocalStorage | real.OwnAccount:
    """Start the embedded Google Cloud Storage, or return the one of this kernel.

    From then on plain ``storage.Client()`` talks to it: ``STORAGE_EMULATOR_HOST`` and
    ``GOOGLE_CLOUD_PROJECT`` lead there, ``CLOUD_STORAGE_EMULATOR_ENDPOINT`` pyarrow's anonymous
    client. No credentials are needed.

    With ``COURSEKIT_CLOUD=real`` in the environment nothing starts: ``storage.Client()`` works in
    the learner's own project, whose id has to be typed.

    Parameters
    ----------
    port : int
        Where to listen; 0 takes a free port.

    Returns
    -------
    LocalStorage or OwnAccount

    Raises
    ------
    CourseError
        It cannot be started, or the port is taken; or there is no login for the project.
    """
    return LocalStorage.of_this_kernel(port, own=real.google)


class LocalStorage(KernelCloud):
    """The embedded Google Cloud Storage of this kernel; made by `google_storage`.

    Attributes
    ----------
    endpoint : str
        Its URL.
    project : str
        The name of the project that buckets belong to.
    """

    NAME = "The embedded Google Cloud Storage"
    ABOUT = (
        "gcp-storage-emulator, which ends with this kernel.\n"
        "The Google SDK talks to it; nothing leaves this machine, and nothing costs money."
    )
    START = "cloud = ck.cloud.google_storage()"
    GUARD = guard.google

    def __init__(self, port: int = 0) -> None:
        self.project = PROJECT
        self._child = _start_emulator(port)
        self.endpoint = f"http://{LOOPBACK}:{self._child.port}"
        self._lead_here(
            {
                "STORAGE_EMULATOR_HOST": self.endpoint,
                "GOOGLE_CLOUD_PROJECT": self.project,
                "CLOUD_STORAGE_EMULATOR_ENDPOINT": self.endpoint,  # pyarrow's client, in C++
            },
            # Real credentials have no business here.
            ("GOOGLE_APPLICATION_CREDENTIALS",),
        )

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._child.alive

    def _stop_server(self) -> None:
        self._child.close()


def _start_emulator(port: int) -> Child:
    try:
        return Child(
            [sys.executable, "-m", "coursekit.cloud.google_server", str(port)],
            r"listening on port (\d+)",
        )
    except StartFailed as failed:
        words = str(failed)
    if "Address already in use" in words:
        raise CourseError(
            f"Port {port} of this machine is taken, so the embedded Google Cloud cannot listen"
            " there.",
            "Leave the port out, and a free one is found: ck.cloud.google_storage()",
        )
    raise CourseError(
        f"The Google Cloud Storage emulator did not start. Its last words: {words[-300:]}",
        "Run `coursekit doctor`; it tells what is wrong with this machine.",
    )
