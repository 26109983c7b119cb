r"""Files written whole or not at all, and tables in the course's two formats.

CSV as the course writes it: UTF-8, ``\n``, one header line, quotes only where they are needed,
a missing value is an empty field, numbers in their shortest exact form, moments in UTC as
``2013-01-01T10:00:00Z``. The same table gives the same bytes on every machine.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import pyarrow as pa


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that takes the place of `target` when all went well.

    Readers see the old file or the new one, never a part of either.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(name, 0o644)  # mkstemp's 0600 would hide a shared cache from a class
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_bytes(target: Path, pieces: Iterable[bytes]) -> None:
    """Write `pieces` one after the other to `target`."""
    with replacing(target) as file:
        for piece in pieces:
            file.write(piece)


def write_table(target: Path, tables: Iterable[pa.Table]) -> None:
    """Write `tables`, which share one schema, as one CSV or Parquet file.

    Parameters
    ----------
    target : Path
        Its suffix, ``.csv`` or ``.parquet``, chooses the format.
    tables : iterable of pyarrow.Table
        Taken one at a time: memory holds one of them, whatever the size of the file.
    """
    with replacing(target) as file:
        if target.suffix == ".parquet":
            _write_parquet(file, iter(tables))
        else:
            _write_csv(file, iter(tables))


def _write_parquet(file: BinaryIO, tables: Iterator[pa.Table]) -> None:
    import pyarrow.parquet as pq

    first = next(tables)
    with pq.ParquetWriter(file, first.schema, compression="zstd", compression_level=12) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


def _write_csv(file: BinaryIO, tables: Iterator[pa.Table]) -> None:
    # Arrow's own CSV writer quotes every text or none.
    first = next(tables)
    file.write((",".join(first.column_names) + "\n").encode())
    file.write(_csv_lines(first))
    for table in tables:
        file.write(_csv_lines(table))


def _csv_lines(table: pa.Table) -> memoryview:
    import pyarrow.compute as pc

    columns = [_as_text(column.combine_chunks()) for column in table.columns]
    columns[-1] = pc.binary_join_element_wise(columns[-1], "\n", "")
    lines = pc.binary_join_element_wise(*columns, ",")
    _, offsets, characters = lines.buffers()
    ends = memoryview(offsets).cast("i")[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(characters)[ends[0] : ends[-1]]


def _as_text(values: pa.Array) -> pa.Array:
    """Write each value as its field of a CSV line."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(values.type):
        plain = values.cast(pa.timestamp("s"))  # no time zone database needed
        text = pc.replace_substring(plain.cast(pa.string()), " ", "T")
        text = pc.binary_join_element_wise(text, "Z", "")
    else:
        text = values.cast(pa.string())
    text = pc.fill_null(text, "")
    if not pa.types.is_string(values.type):
        return text
    special = pc.match_substring_regex(text, '[",\r\n]')
    if not pc.any(special).as_py():
        return text
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(text, '"', '""'), '"', "")
    return pc.if_else(special, quoted, text)
