"""Every view in one notebook, for the browser; tests/test_views.py tries what each one shows."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

# a view's name: the code that shows it, as a chapter does
VIEWS = {
    "objects": 'views.explore_objects("a = [1, 2]\\nb = a\\nb.append(3)", still=2)',
    "life cycle": """views.explore_life_cycle([{"ID": "raw", "Status": "Enabled",
    "Filter": {"Prefix": "raw/"}, "Expiration": {"Days": 365},
    "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}]}], "raw/a.csv")""",
    "shuffle": """def words(line):
    for word in line.split():
        yield word, 1

def total(word, counts):
    yield word, sum(counts)

job = ck.mapreduce.Job(words, total, combiner=total, name="word count")
views.explore_shuffle(job, ["to be or not to be", "let it be"])""",
    "centroids": """views.explore_centroids(
    [(1, 1), (1.5, 2), (3, 4), (5, 7), (3.5, 5)], [(1, 1), (5, 7)])""",
    "epsilon": "views.explore_epsilon([0, 50, 100, 400], 0, 100)",
    "stages": """spark = ck.spark("gallery", quiet=True, classic=True)
_ = spark.range(1000).selectExpr("id % 4 AS k").groupBy("k").count().collect()
views.explore_stages(spark)""",
    "resources": """cloud = ck.cloud.aws()
_ = boto3.client("ec2").create_key_pair(KeyName="mine")
views.watch_resources()""",
    "transfer": """with views.transfer("uploading", 3) as bar:
    bar(3)""",
    "figure": """figure, ax = plt.subplots(figsize=(4, 2))
_ = ax.plot([1, 3, 2])
views.show(figure, alt="A line that goes up from 1 to 3, then down to 2.")""",
}


def write(path: Path) -> None:
    """Write the gallery as a notebook."""
    imports = "import boto3\nimport matplotlib.pyplot as plt\nimport coursekit as ck\n"
    cells = [new_code_cell(imports + "from coursekit import views", id="imports")]
    for name, code in VIEWS.items():
        cells += [new_markdown_cell(f"## {name}"), new_code_cell(code, id=name.replace(" ", "-"))]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
