"""Systems of several processes that the course starts on this machine.

>>> import coursekit as ck
>>> cluster = ck.engines.spark_cluster(workers=2)
>>> cluster.url
'spark://127.0.0.1:…'
"""

from coursekit.engines.standalone import SparkCluster, spark_cluster

__all__ = ["SparkCluster", "spark_cluster"]
