"""JupyterHub for a class on one Linux server; ``deploy/README.md`` says how to set it up.

Copy this file to /etc/jupyterhub/ and change the copy, so that an update of the course never
meets your settings. The hub runs as root, because it starts each server as its learner.
"""

import os
import sys
from pathlib import Path

# --- What you decide -----------------------------------------------------------------------------

# A clone, set up by root; learners only read it. After each update, too, root runs the commands of
# deploy/README.md: learners cannot write there what would otherwise be made on first use.
COURSE = Path("/opt/course")
CACHE = Path("/var/cache/coursekit")  # made by these commands, for all; learners only read it
STATE = Path("/srv/jupyterhub")  # the hub's secrets and its database: root's alone

LEARNERS = "learners"  # the system group of those who may log in
INSTRUCTORS = {"teacher"}  # system users who see who is online, and start and stop servers

# With a certificate (Let's Encrypt, say) the hub serves https itself. Without one it stays on
# loopback, and a reverse proxy on this server (nginx, Caddy) has to serve https in front of it.
CERTIFICATE = None  # "/etc/letsencrypt/live/hub.example.org/fullchain.pem"
KEY = None  # "/etc/letsencrypt/live/hub.example.org/privkey.pem"
ADDRESS = "https://:443" if CERTIFICATE else "http://127.0.0.1:8000"

MEMORY = "2G"  # of a learner's server; what enforces it stands below, under "Limits"
CORES = 1.0  # enforced with systemd only
SYSTEMD = False  # True after `pip install jupyterhub-systemdspawner`, on a server with systemd
IDLE_MINUTES = 60  # then a server is stopped; notebooks stay, variables go

# One Spark for the class: a learner takes some 250 MiB instead of 630. It runs what DataFrames and
# SQL can do, on files that SPARK_USER can read, as on any cluster. Chapters 06 and 08 look inside
# Spark and ask for a session of their own (`ck.spark(…, classic=True)`), whatever stands here.
# Learners' Python functions run on the shared one as SPARK_USER, in one place for all: share
# nothing secret with it.
SHARED_SPARK = True
SPARK_USER = "spark"  # a system user without rights: useradd --system --create-home spark
SPARK_PORT = 15002
SPARK_MEMORY_MIB = 4096

CLASS = None  # a folder where learners may share their progress, if you use `coursekit class`

# --- What follows from it ------------------------------------------------------------------------

c = get_config()  # noqa: F821  (JupyterHub puts it here)

os.environ["COURSEKIT_CACHE"] = str(CACHE)  # the proxy is in it
from classkit.hub import config  # noqa: E402

config.apply(c)

c.JupyterHub.bind_url = ADDRESS
if CERTIFICATE:
    c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = CERTIFICATE, KEY

# Secrets. JupyterHub makes the cookie secret itself, and refuses one that others can read.
STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
STATE.chmod(0o700)
c.JupyterHub.db_url = f"sqlite:///{STATE / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

# A restart of the hub (settings, update, crash) leaves the learners' servers and the proxy alone:
# who works goes on working. Under systemd this also takes `KillMode=process` in the hub's unit.
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False

# Who may log in: system users of a group, with their passwords, checked by PAM.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {LEARNERS}
c.PAMAuthenticator.open_sessions = False
c.Authenticator.allowed_users = INSTRUCTORS
# With the accounts of your school instead (`pip install oauthenticator`; each name must be a system
# user, or create_system_users makes one; see https://oauthenticator.readthedocs.io):
#   from oauthenticator.generic import LocalGenericOAuthenticator
#   c.JupyterHub.authenticator_class = LocalGenericOAuthenticator
#   c.LocalGenericOAuthenticator.oauth_callback_url = "https://hub.example.org/hub/oauth_callback"
#   … and client_id, client_secret, authorize_url, token_url, userdata_url, allowed_groups
#   c.LocalAuthenticator.create_system_users = True

# Instructors see names and activity, start and stop servers. They do not enter a learner's server.
c.JupyterHub.load_groups = {"instructors": {"users": sorted(INSTRUCTORS)}}
c.JupyterHub.load_roles = [
    {
        "name": "instructor",
        "groups": ["instructors"],
        "scopes": ["admin-ui", "list:users", "read:users:activity", "servers"],
    },
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    },
]

# Limits. With systemd, the system's kernel holds all processes of a learner together to MEMORY and
# CORES. Without it, RLIMIT_DATA holds each process to MEMORY, RLIMIT_NPROC holds their number, and
# nobody holds the cores; every server is nicer (5) than the hub, which therefore still answers.
c.Spawner.mem_limit = MEMORY
if SYSTEMD:  # the course's tests have no systemd; this branch was never run
    c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"
    c.Spawner.cpu_limit = CORES
    c.SystemdSpawner.isolate_tmp = True
    c.SystemdSpawner.disable_user_sudo = True
    c.SystemdSpawner.readonly_paths = [str(COURSE), str(CACHE)]
else:
    c.JupyterHub.spawner_class = "classkit.hub.spawner.LimitedSpawner"

c.Spawner.environment = {
    "COURSEKIT_SHARED_CACHE": str(CACHE),
    "COURSEKIT_PRIVATE_HOME": "1",  # the learner's start makes it 0700, with the learner's rights
    "COURSEKIT_SPARK": f"sc://127.0.0.1:{SPARK_PORT}" if SHARED_SPARK else "local[1]",
    **({"COURSEKIT_CLASS": str(CLASS)} if CLASS else {}),
}

c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            *(sys.executable, "-m", "jupyterhub_idle_culler"),
            *(f"--timeout={IDLE_MINUTES * 60}", "--cull-every=120"),
        ],
    },
]
if SHARED_SPARK:
    c.JupyterHub.services.append(
        {
            # It outlives a restart of the hub; `coursekit engines stop spark-connect`, run as
            # SPARK_USER, ends it, and the hub then starts it anew with these settings.
            "name": "spark",
            "user": SPARK_USER,  # never root: the learners' functions run as this user
            "command": [
                *(sys.executable, "-m", "classkit.hub.spark_service"),
                *(str(SPARK_PORT), str(SPARK_MEMORY_MIB)),
            ],
            "cwd": "/",
            "environment": {"COURSEKIT_SHARED_CACHE": str(CACHE)},
        }
    )
