"""``python -m classkit.lab.binder COMMAND…``: Binder's server, as the course's JupyterLab.

Binder starts its own command. Before that this lays the learner copies; to it this adds the options
that show the course's home page. The file ``start`` in the root folder calls it.
"""

from __future__ import annotations

import os
import sys

from classkit import workspace
from classkit.lab import server
from coursekit.ground import places


def main() -> None:
    """Lay the copies and become the server; this process goes on as it."""
    folder = places.workspace()
    workspace.lay(folder)
    command = [*sys.argv[1:], *server.options(folder), "--ServerApp.default_url=/lab"]
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
