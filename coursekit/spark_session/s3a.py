"""Spark's own way to S3: Hadoop's connector S3A, fetched once by its Maven coordinates.

PySpark brings no connector. ``s3a.lock`` names the one for the installed Hadoop, and of Amazon's
SDK the modules that it uses: 14 MB. (The connector itself asks for the whole SDK, which is 40 times
as large.)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from coursekit.ground import maven
from coursekit.ground.errors import CourseError
from coursekit.spark_session import clusters, settings

LOCK = Path(__file__).with_name("s3a.lock")


def jars() -> list[Path]:
    """Return the connector's jars, in a fixed order; none if it is not installed."""
    return maven.find(LOCK)


def install() -> list[Path]:
    """Fetch the connector, unless it is there already, and return its jars.

    Raises
    ------
    CourseError
        No Maven repository can be reached, or the connector is for another Hadoop.
    """
    api = next(jar for jar in settings.jars() if jar.name.startswith("hadoop-client-api-"))
    there = api.stem.rpartition("-")[2]
    wanted = next(jar.version for jar in maven.read_lock(LOCK) if jar.artifact == "hadoop-aws")
    if there != wanted:
        raise CourseError(
            f"The course does not know which files S3A needs with Hadoop {there}.",
            f"Install the PySpark of requirements.lock; it brings Hadoop {wanted}.",
        )
    return maven.fetch(LOCK, "S3A")


def options(where: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the settings for the connector, if it is installed.

    Those that lead it to the course's own S3, while that runs. For a real account S3A finds region
    and keys as boto3 does. The executors of a cluster get the jars from the driver.

    Parameters
    ----------
    where : str
        Where Spark runs: a value of ``COURSEKIT_SPARK``.
    environ : mapping, optional
        The environment to look in; the process's own by default.
    """
    environ = os.environ if environ is None else environ
    found = jars()
    if not found:
        return {}
    told = {}
    if clusters.kind(where) != "local":
        told["spark.jars"] = ",".join(jar.as_uri() for jar in found)
    if endpoint := environ.get("AWS_ENDPOINT_URL"):
        own_cloud = {
            "endpoint": endpoint,
            "endpoint.region": environ.get("AWS_REGION", "us-east-1"),
            "path.style.access": "true",
            "connection.ssl.enabled": str(urlsplit(endpoint).scheme == "https").lower(),
            # In the settings, not the environment: executors of a cluster have another one.
            "access.key": environ.get("AWS_ACCESS_KEY_ID", ""),
            "secret.key": environ.get("AWS_SECRET_ACCESS_KEY", ""),
            "aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
        }
        told |= {f"spark.hadoop.fs.s3a.{name}": value for name, value in own_cloud.items()}
    return told
