"""The one way to get Spark in this course: ``spark = ck.spark("flights")``."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING

from coursekit.spark_session import archive, clusters, settings
from coursekit.spark_session.gateway import Crashed, Gateway

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_lock = threading.RLock()
_gateway: Gateway | None = None


# Of a class that shares one Spark, many may need their own at the same time: one core each.
OWN = "local[1]"


def spark(app: str = "course", *, quiet: bool = False, classic: bool = False) -> SparkSession:
    """Return this kernel's Spark session; the first call starts it.

    Spark runs on this machine, on every core (``COURSEKIT_SPARK=local[1]`` takes one), reachable
    from this machine only, and ends with the kernel. Its log and files are in a temporary folder
    that goes away with it. The same variable names a cluster, or a Spark Connect server; see
    `coursekit.spark_session.clusters`.

    Parameters
    ----------
    app : str, optional
        The name that Spark's own pages show. Spark cannot rename a session that runs: a second
        call returns the same session under its first name. After ``spark.stop()`` a new name
        counts.
    quiet : bool, optional
        Do not show the link to Spark's own pages; for code that runs beside a learner's.
    classic : bool, optional
        Spark Classic is asked for, with RDDs and ``sparkContext``. Where the setting names a Spark
        Connect server, which has none, the session is one of this machine's own, and says so.

    Returns
    -------
    pyspark.sql.SparkSession
        Ready to use. ``spark.sparkContext.uiWebUrl`` is the address of Spark's own pages.

    Raises
    ------
    CourseError
        No suitable Java, less than 1 GiB of free memory, an unknown ``COURSEKIT_SPARK``, a cluster
        that does not answer, or a Java that ends at once.
    """
    from coursekit.spark_session import notebook

    where = settings.master()
    with _lock:
        session = _running()
        if session is None and clusters.kind(where) == "connect":
            if not classic:
                return _connected(where, app)
            if not quiet:
                print(f"{where} has no RDDs: this session is one of this machine's own ({OWN}).")
            where = OWN
        if session is None:
            session = _start_whole(app, where) if _gateway is None else _new(app)
    notebook.attach(session, link=not quiet)
    return session


def _connected(where: str, app: str) -> SparkSession:
    """Return a session of a Spark Connect server; PySpark keeps one for each address."""
    clusters.require_answer(where)
    from pyspark.sql import SparkSession

    return (
        SparkSession.builder.remote(where).appName(app).config(map=settings.SESSION).getOrCreate()
    )


def _running() -> SparkSession | None:
    """Return the session of this kernel where there is one that still answers."""
    # Without the module there can be no session, and importing it here would delay Java.
    if "pyspark.sql" not in sys.modules:
        return None
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    if _gateway is not None and not _gateway.child.alive:
        _forget()
    context = SparkContext._active_spark_context
    if context is None:
        return None
    # getActiveSession is None in a thread that has not used the session yet.
    return SparkSession.getActiveSession() or SparkSession._instantiatedSession


def _start_whole(app: str, where: str) -> SparkSession:
    """Start Spark; if Java crashes with its class-data archive, once more without it."""
    gateway = Gateway(where)
    try:
        return start(app, gateway)
    except Crashed:
        if not archive.discard(gateway.java):
            raise
        return start(app, Gateway(where))


def start(app: str, gateway: Gateway) -> SparkSession:
    """Start Spark in a Java process that is on its way; Python imports while Java starts."""
    global _gateway
    from pyspark import SparkContext

    # PySpark logs each failed query as JSON, beside the exception that says the same.
    logging.getLogger("DataFrameQueryContextLogger").setLevel(logging.CRITICAL)
    # py4j logs on the root logger that Java is gone: beside an exception that says so, or from
    # its thread that frees objects, at any moment.
    logging.getLogger().addFilter(_is_not_of_py4j)
    SparkContext._ensure_initialized(gateway=gateway.connect())
    _gateway = gateway
    # Registered after the gateway's own, so it runs before: Python's side ends while Java lives.
    atexit.register(_stop)
    return _new(app)


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    return record.module not in {"java_gateway", "clientserver"}


def _new(app: str) -> SparkSession:
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    # Workers run the kernel's own Python, whatever 'python3' is on the path.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)  # a person's, for another Spark
    # The rest of the configuration is in Java's system properties, where SparkConf reads it.
    return SparkSession(SparkContext(conf=SparkConf().setAppName(app)))


def _stop() -> None:
    """Stop Spark in an orderly way when Python ends."""
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    # A forked child ends, too; the context and Java are not its own.
    if _gateway is not None and _gateway.child.own and _gateway.child.alive and context:
        context.stop()


def _forget() -> None:
    """Clear away a session whose Java has died (killed for want of memory, say)."""
    global _gateway
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    # First: whatever py4j would still send to that Java, it would log as an error.
    if SparkContext._gateway is not None:
        SparkContext._gateway.shutdown()
    context = SparkContext._active_spark_context
    if context is not None:
        context._jsc = None  # stop() then passes over Java's part and ends Python's.
        context.stop()
    SparkContext._gateway = SparkContext._jvm = None
    SparkSession._instantiatedSession = SparkSession._activeSession = None
    if _gateway is not None:
        _gateway.child.close()
    _gateway = None
