"""The course's data: shipped small, checked, and grown to any size.

>>> import coursekit as ck
>>> ck.load("airlines").shape
(16, 2)
>>> ck.load("flights", scale=0.01).shape
(3368, 19)

What each data set holds, with units, licence and source, stands in datasets/README.md and
datasets/manifest.json, or in ``manifest()["flights"].columns``.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.data.cache import made
from coursekit.data.manifest import (
    Column,
    DataFile,
    Dataset,
    Problem,
    find,
    manifest,
    require_intact,
    restore,
    verify,
)
from coursekit.ground import places
from coursekit.ground.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = [
    "Column",
    "DataFile",
    "Dataset",
    "Problem",
    "load",
    "manifest",
    "path",
    "restore",
    "verify",
]

GENERATORS = 1  # raise it when a generator changes: old files in the cache are then not used
LARGEST_SCALE = 200


def load(name: str, scale: float = 1) -> pd.DataFrame:
    """Return a data set as a DataFrame.

    Parameters
    ----------
    name : str
        For example ``"flights"``. ``"corpus"`` gives one row per line of text, with the columns
        file, line (from 1) and text.
    scale : float, default 1
        1 is the real data, untouched. 0.01 is a sample of a hundredth of its rows, 10 is ten
        times as many: the real rows first, then rows made from them. The same scale gives the
        same rows on every machine. Tables that others look names up in (airlines, airports,
        planes) stay as they are.

    Returns
    -------
    pandas.DataFrame
        Missing values are NaN (numbers), NaT (dates) or None (text).

    Raises
    ------
    CourseError
        Unknown name, a scale that is no number above 0, a shipped file that is missing or
        damaged (checked once per process), or no room on the disk.
    """
    dataset, scale = find(name), _checked(scale)
    if name == "corpus":
        return _load_text(path(name, scale))
    chosen = "parquet" if _shipped(dataset).suffix == ".parquet" else "csv"
    table = _read_table(dataset, path(name, scale, chosen))
    return table.to_pandas(coerce_temporal_nanoseconds=True, date_as_object=False)


def path(name: str, scale: float = 1, format: str | None = None) -> Path:
    """Return a data set as a file, for tools that read files.

    Parameters
    ----------
    name, scale
        As for `load`.
    format : str, optional
        ``"csv"`` (the default for tables) or ``"parquet"``. For the corpus: ``"folder"``, a
        folder of text files (the default), or ``"txt"``, the same as one file.

    Returns
    -------
    pathlib.Path
        A shipped file, or a file made once in the cache. Read it, do not write to it.

    Raises
    ------
    CourseError
        As for `load`; also for an unknown format.

    Notes
    -----
    CSV has an empty field where a value is missing. A scale above 1 is streamed to the disk: it
    takes the memory of some blocks (for flights, years: 500 MB at any scale), not of the whole.
    """
    dataset, scale = find(name), _checked(scale)
    formats = ("folder", "txt") if name == "corpus" else ("csv", "parquet")
    chosen = formats[0] if format is None else format
    if chosen not in formats:
        raise CourseError(
            f"The data set {name!r} has no format {format!r}.", f"There are: {', '.join(formats)}."
        )
    require_intact(dataset)
    scale = scale if dataset.grows else 1.0
    shipped = _shipped(dataset)
    if scale == 1 and (chosen == "folder" or shipped.suffix == f".{chosen}"):
        return shipped
    suffix = "" if chosen == "folder" else f".{chosen}"
    target = f"{name}-{scale!r}-{dataset.version}-{GENERATORS}{suffix}"
    return made(target, lambda new: _make(dataset, scale, new))


def _checked(scale: float) -> float:
    """Return `scale` as a float; CourseError when it is no number above 0."""
    is_number = isinstance(scale, numbers.Real) and not isinstance(scale, bool)
    if not is_number or not math.isfinite(scale) or scale <= 0:
        raise CourseError(
            f"scale must be a number above 0, not {scale!r}.",
            "Use 1 for the real data, 0.01 for a hundredth of it, 10 for ten times as much.",
        )
    if scale > LARGEST_SCALE:
        raise CourseError(f"scale {scale!r} is too large.", f"The largest is {LARGEST_SCALE}.")
    return float(scale)


def _shipped(dataset: Dataset) -> Path:
    """Return the shipped file, or the folder of a data set with several."""
    first = dataset.files[0].location
    return first if first.parent == places.datasets() else first.parent


def _make(dataset: Dataset, scale: float, target: Path) -> None:
    from coursekit.data import corpus
    from coursekit.data.files import write_bytes, write_table

    if dataset.name != "corpus":
        write_table(target, _with_progress(_tables(dataset, scale), dataset, scale))
        return
    parts = corpus.parts(_shipped(dataset), scale)
    if target.suffix == ".txt":
        write_bytes(target, (text for _, text in parts))
        return
    for name, text in parts:
        write_bytes(target / name, [text])


def _with_progress(
    tables: Iterator[pa.Table], dataset: Dataset, scale: float
) -> Iterator[pa.Table]:
    """Show a bar once the making takes more than two seconds."""
    from tqdm.auto import tqdm

    total = round(dataset.rows * scale)
    title = f"making {dataset.name} × {scale:g}"
    with tqdm(total=total, desc=title, unit=" rows", delay=2, leave=False) as bar:
        for table in tables:
            yield table
            bar.update(table.num_rows)


def _tables(dataset: Dataset, scale: float) -> Iterator[pa.Table]:
    from coursekit.data import people, tables

    rows = max(1, round(people.ROWS * scale))
    if dataset.name == "people":
        return people.recorded(rows)
    if dataset.name == "people_truth":
        return people.truth(rows)
    real = _read_table(dataset, _shipped(dataset))
    return iter([real]) if scale == 1 else tables.resize(dataset.name, real, scale)


def _read_table(dataset: Dataset, file: Path) -> pa.Table:
    """Read one table, with the types that the manifest gives."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    types = {column.name: _arrow_type(column.dtype) for column in dataset.columns}
    if file.suffix == ".parquet":
        return pyarrow.parquet.read_table(file).cast(pa.schema(types))
    convert = pyarrow.csv.ConvertOptions(
        column_types=types, null_values=[""], strings_can_be_null=True
    )
    return pyarrow.csv.read_csv(file, convert_options=convert)


def _arrow_type(dtype: str) -> pa.DataType:
    import pyarrow as pa

    if dtype == "timestamp[s, UTC]":
        return pa.timestamp("s", "UTC")
    return pa.type_for_alias(dtype)


def _load_text(folder: Path) -> pd.DataFrame:
    import pandas as pd

    files = sorted(folder.glob("*.txt"))
    lines = {file.name: file.read_text(encoding="utf-8").splitlines() for file in files}
    return pd.DataFrame(
        {
            "file": [name for name, text in lines.items() for _ in text],
            "line": [number for text in lines.values() for number in range(1, len(text) + 1)],
            "text": [line for text in lines.values() for line in text],
        }
    )
