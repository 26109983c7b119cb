"""``python -m classkit.hub.learner``: what a hub starts, as the learner.

It lays the learner's copies into ``~/course``, untouched ones anew and edited ones never, and then
becomes their JupyterLab. All of it runs with the learner's own rights.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from classkit import workspace
from classkit.lab import server
from coursekit.ground import places
from coursekit.ground.errors import CourseError

SHARED_CACHE = "COURSEKIT_SHARED_CACHE"


def main() -> None:
    """Prepare the learner's folder and become their server; this process goes on as it."""
    if os.environ.get("COURSEKIT_PRIVATE_HOME"):
        os.umask(0o077)
        Path.home().chmod(0o700)
    folder = Path(os.environ.setdefault("COURSEKIT_WORK", str(Path.home() / "course")))
    # A terminal finds `coursekit` and the course's Python.
    os.environ["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    )
    if shared := os.environ.get(SHARED_CACHE):
        share_cache(Path(shared))
    try:
        workspace.lay(folder)
    except CourseError as error:
        # Their server must start all the same: there they can read this, and make room.
        print(f"error: {error.what}\n   → {error.mend}", file=sys.stderr, flush=True)
        os.environ["COURSEKIT_NOTE"] = f"{error.what} {error.mend}"
    os.chdir(folder if folder.is_dir() else Path.home())
    root = ["--allow-root"] if os.geteuid() == 0 else []
    command = [sys.executable, "-m", "jupyterhub.singleuser", *root]
    os.execv(sys.executable, [*command, *server.options(folder), *sys.argv[1:]])


def share_cache(shared: Path) -> None:
    """Link what the server's cache folder has, and the learner's has not, into the learner's.

    The links go into the learner's own cache, which stays theirs to write: what the server has
    made (450 MB) is on its disk once, and a learner cannot change it for the others.

    Parameters
    ----------
    shared : Path
        A folder that learners can read and not write.
    """
    own = places.cache_dir()
    with contextlib.suppress(OSError):  # without the links everything works, only slower
        for name in ("spark", "azurite", "copies"):
            _link(shared / name, own / name)
        (own / "data").mkdir(exist_ok=True)
        for made in (shared / "data").iterdir() if (shared / "data").is_dir() else ():
            if made.suffix != ".lock":
                _link(made, own / "data" / made.name)


def _link(target: Path, link: Path) -> None:
    if link.is_symlink() and not link.exists():
        link.unlink()  # the server's file has gone
    if target.exists() and not link.is_symlink() and not link.exists():
        link.symlink_to(target)


if __name__ == "__main__":
    main()
