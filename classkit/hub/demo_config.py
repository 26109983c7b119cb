"""The configuration of the hub to try out: JupyterHub reads this file, nothing imports it.

Every file of it is in one folder, which goes away with the hub.
"""

import json
import os
from pathlib import Path

from classkit.hub import config

c = get_config()  # noqa: F821  (JupyterHub puts it here)
config.apply(c)

folder = Path(os.environ["COURSEKIT_HUB"])
settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))

c.JupyterHub.bind_url = f"http://127.0.0.1:{settings['port']}"
c.JupyterHub.hub_port = settings["hub_port"]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings['proxy_port']}"
c.ConfigurableHTTPProxy.pid_file = str(folder / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{folder / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = settings["learner_password"]
c.SharedPasswordAuthenticator.admin_password = settings["teacher_password"]
c.Authenticator.allowed_users = set(settings["learners"])
c.Authenticator.admin_users = {settings["teacher"]}

# All accounts are whoever started the hub; each has a home of its own, and no isolation.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(folder / "homes" / "{username}")
c.Spawner.environment = {
    "COURSEKIT_CACHE": settings["cache"],
    "TMPDIR": str(folder / "tmp"),
    **settings["environment"],
}
