"""Spark beyond this process: what each kind of cluster needs, and whether it answers.

``COURSEKIT_SPARK`` names the place; the notebooks never change.

=====================  ========================================================================
``local[*]``           this machine, inside one Java process (the default)
``spark://host:7077``  a standalone cluster
``sc://host:15002``    Spark Connect: a server that runs Spark for several learners
``yarn``               Hadoop's YARN; ``HADOOP_CONF_DIR`` names the folder of its configuration
``k8s://https://…``    Kubernetes; ``COURSEKIT_SPARK_IMAGE`` names the executors' image
=====================  ========================================================================

Executors on other machines must find the driver on this one: ``COURSEKIT_SPARK_DRIVER`` names its
address, if the machine's own name is not known to them.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from coursekit.ground.errors import CourseError
from coursekit.ground.loopback import is_loopback

IMAGE = "COURSEKIT_SPARK_IMAGE"
DRIVER = "COURSEKIT_SPARK_DRIVER"
# Seconds until a cluster that does not answer is named; Spark itself tries for a minute.
PATIENCE = 5
_HOST = r"[A-Za-z0-9_.-]+:\d{1,5}"
_FORMS = {
    "local": r"local(\[(\*|[1-9]\d{0,3})\])?",
    "spark": rf"spark://{_HOST}(,{_HOST})*",
    "connect": r"sc://[A-Za-z0-9_.-]+(:\d{1,5})?(/;.*)?",
    "yarn": r"yarn",
    "k8s": r"k8s://https?://[^\s]+",
}


def kind(where: str) -> str | None:
    """Return what a value of ``COURSEKIT_SPARK`` means: a key of the forms, or None."""
    return next((name for name, form in _FORMS.items() if re.fullmatch(form, where)), None)


def options(where: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the settings that Spark needs for a place, beside those that it always gets.

    Parameters
    ----------
    where : str
        A value of ``COURSEKIT_SPARK``.
    environ : mapping, optional
        The environment to look in; the process's own by default.

    Raises
    ------
    CourseError
        What the place needs is missing: Hadoop's configuration, or an image.
    """
    environ = os.environ if environ is None else environ
    found = kind(where)
    told = {}
    if found == "spark":
        # As in the driver: short jobs never earn back what the optimising compiler costs.
        short = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData"
        # The default wait for a near executor, three seconds, is longer than the lessons' jobs.
        told = {"spark.executor.extraJavaOptions": short, "spark.locality.wait": "0"}
        if all(is_loopback(host) for host, _ in addresses(where)):
            return told
    elif found == "yarn":
        class_path(where, environ)
        told = {"spark.submit.deployMode": "client"}
    elif found == "k8s":
        if not (image := environ.get(IMAGE)):
            raise CourseError(
                f"COURSEKIT_SPARK names Kubernetes, and {IMAGE} names no image for the executors.",
                f"Set {IMAGE} to an image with Spark and this Python, made from apache/spark.",
            )
        told = {"spark.kubernetes.container.image": image, "spark.submit.deployMode": "client"}
    else:
        return {}
    # Executors on other machines find the driver on this one by its name.
    here = environ.get(DRIVER) or socket.gethostname()
    return told | {"spark.driver.host": here, "spark.driver.bindAddress": here}


def class_path(where: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the folders that Java needs besides Spark's jars: for YARN, Hadoop's configuration.

    Raises
    ------
    CourseError
        There is none.
    """
    if kind(where) != "yarn":
        return []
    environ = os.environ if environ is None else environ
    named = environ.get("HADOOP_CONF_DIR") or environ.get("YARN_CONF_DIR")
    if not named or not (Path(named) / "yarn-site.xml").is_file():
        raise CourseError(
            f"COURSEKIT_SPARK=yarn, but HADOOP_CONF_DIR is {named!r}: no yarn-site.xml there.",
            "Set HADOOP_CONF_DIR to the folder with the cluster's configuration.",
        )
    return [named]


def require_answer(where: str) -> None:
    """Raise `CourseError` if nothing listens where a master or a Connect server should.

    Only the forms with an address of their own are asked.
    """
    if kind(where) not in ("spark", "connect"):
        return
    problems = []
    for host, port in addresses(where):
        try:
            with socket.create_connection((host, port), timeout=PATIENCE):
                return
        except OSError as error:
            problems.append(f"{host}:{port} ({error.strerror or error})")
    raise CourseError(
        f"COURSEKIT_SPARK is {where!r}, and nothing answers there: {', '.join(problems)}.",
        "Start it (coursekit engines start --help), correct the address, or unset COURSEKIT_SPARK.",
    )


def addresses(where: str) -> list[tuple[str, int]]:
    """Return host and port of each master, or of the Connect server (15002 if none is named)."""
    scheme, _, rest = where.partition("://")
    parts = [urlsplit(f"//{part}") for part in rest.partition("/")[0].split(",")]
    standard = {"sc": 15002, "spark": 7077}[scheme]
    return [(part.hostname or "", part.port or standard) for part in parts]
