"""Spark for this kernel: one session, started fast, on loopback, ended with the kernel."""

from coursekit.spark_session.archive import prepare_archive
from coursekit.spark_session.session import spark

__all__ = ["prepare_archive", "spark"]
