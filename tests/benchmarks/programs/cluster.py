"""k-means from a given start, 20 iterations: SOLVER DATA SAMPLES KIND.

SOLVER is ours, scikit-learn or spark; DATA blobs or noise. Prints the best time of five fits
after a first one (Spark: of one, its data cached before), the inertia, the bytes of the data, and
by how much the memory of the process grew in the first fit, at its peak.
"""

import json
import resource
import sys
import time

import numpy as np
import psutil

FEATURES, CLUSTERS, ITERATIONS = 16, 10, 20
solver, data, samples, kind = sys.argv[1:]


def points():
    """Return the points, made piece by piece: a peak of memory here would hide the fit's."""
    draw = np.random.default_rng(0)
    found = np.empty((int(samples), FEATURES), kind)
    centers = draw.normal(size=(CLUSTERS, FEATURES))
    for start in range(0, len(found), 10_000):
        piece = found[start : start + 10_000]
        if data == "noise":
            piece[:] = draw.random(piece.shape)
        else:
            piece[:] = draw.normal(size=piece.shape)
            piece += centers[draw.integers(CLUSTERS, size=len(piece))]
    return found


def ours(X, start):
    from coursekit.kmeans import KMeans

    return lambda: KMeans(CLUSTERS, init=start, tol=0, max_iter=ITERATIONS).fit(X).inertia_


def scikit_learn(X, start):
    from sklearn.cluster import KMeans

    options = {"n_init": 1, "tol": 0, "max_iter": ITERATIONS, "algorithm": "lloyd"}
    return lambda: KMeans(CLUSTERS, init=start, **options).fit(X).inertia_


def spark(X, start):
    """Return MLlib's k-means on two cores. It cannot be given a start: it draws its own."""
    import pandas as pd
    from pyspark.ml.clustering import KMeans
    from pyspark.ml.functions import array_to_vector
    from pyspark.sql.functions import array

    from coursekit.spark_session import spark as session

    names = [f"x{i}" for i in range(FEATURES)]
    table = session("k-means").createDataFrame(pd.DataFrame(X, columns=names))
    table = table.select(array_to_vector(array(*names)).alias("features")).repartition(2).cache()
    table.count()
    model = KMeans(k=CLUSTERS, initMode="random", maxIter=ITERATIONS, tol=0.0, seed=0)
    return lambda: model.fit(table).summary.trainingCost


def measure():
    X = points()
    fit = {"ours": ours, "scikit-learn": scikit_learn, "spark": spark}[solver](X, X[:CLUSTERS])
    before = psutil.Process().memory_info().rss
    inertia = fit()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    times = []
    for _ in range(1 if solver == "spark" else 5):
        began = time.perf_counter()
        fit()
        times.append(time.perf_counter() - began)
    return {"seconds": min(times), "inertia": inertia, "bytes": X.nbytes, "grown": grown}


print(json.dumps(measure()))
