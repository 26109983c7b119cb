"""What every hub of the course has in common; a configuration file calls `apply` first.

Source: JupyterHub's documentation, "Configuration Reference".
"""

from __future__ import annotations

import sys
from typing import Any

from classkit.hub import proxy


def apply(c: Any) -> None:
    """Set what does not depend on the place: loopback, the proxy, the learners' servers.

    Parameters
    ----------
    c : traitlets.config.Config
        The configuration that JupyterHub gives to its file.

    Raises
    ------
    CourseError
        The proxy is not installed, and cannot be.
    """
    # Only the proxy may be seen from outside; by itself a hub listens on every address.
    c.JupyterHub.hub_ip = "127.0.0.1"
    c.Spawner.ip = "127.0.0.1"
    c.ConfigurableHTTPProxy.command = proxy.command()
    c.Spawner.cmd = [sys.executable, "-m", "classkit.hub.learner"]
    c.Spawner.default_url = "/lab"
    # When a class logs in at once, the last server is ready after a minute or two.
    c.Spawner.start_timeout = 180
    c.Spawner.http_timeout = 180
    c.JupyterHub.concurrent_spawn_limit = 100
    c.JupyterHub.log_level = "INFO"
