"""The shipped data, its checks and its repair, and the grown data."""

from __future__ import annotations

import errno
import hashlib
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import coursekit as ck
from coursekit import data
from coursekit.data import cache as data_cache
from coursekit.data import files
from coursekit.ground import places

REAL_DATASETS = places.datasets()
TABLES = [name for name in data.manifest() if name != "corpus"]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """Give every test an empty cache."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("COURSEKIT_CACHE", str(folder))
    return folder


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone of the course whose last commit holds the data; its files can be damaged."""
    root = tmp_path / "clone"
    shutil.copytree(REAL_DATASETS, root / "datasets")
    (root / "pyproject.toml").touch()
    author = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "data"]):
        subprocess.run(["git", *author, *command], cwd=root, check=True)
    monkeypatch.setattr(places, "course_root", lambda: root)
    return root


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


# The shipped data


def test_every_shipped_file_is_intact_and_all_are_small():
    assert data.verify() == []
    assert sum(dataset.bytes for dataset in data.manifest().values()) < 20_000_000


@pytest.mark.parametrize("name", data.manifest())
def test_manifest_describes_what_load_returns(name):
    dataset, table = data.manifest()[name], ck.load(name)
    assert len(table) == dataset.rows
    assert list(table.columns) == [column.name for column in dataset.columns]
    assert all(column.meaning for column in dataset.columns)
    assert dataset.licence and dataset.source and dataset.grown


def test_no_data_file_is_left_out_of_the_manifest():
    listed = {file.path for dataset in data.manifest().values() for file in dataset.files}
    about = {"README.md", "LICENCES.md", "build.py", "manifest.json", ".gitattributes"}
    there = {
        file.relative_to(REAL_DATASETS).as_posix()
        for file in REAL_DATASETS.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert there - about == listed


def test_flights_facts():
    flights = ck.load("flights")
    assert flights.shape == (336_776, 19)
    assert flights["arr_delay"].isna().sum() == 9_430
    assert flights["dep_time"].isna().sum() == 8_255
    assert flights["arr_delay"].mean() == pytest.approx(6.895377, abs=1e-6)
    assert flights["carrier"].isin(ck.load("airlines")["carrier"]).all()
    assert set(flights["dest"]) - set(ck.load("airports")["faa"]) == {"BQN", "PSE", "SJU", "STT"}
    assert str(flights["time_hour"].dtype) == "datetime64[ns, UTC]"


def test_flights_csv_is_the_table():
    read = pd.read_csv(ck.path("flights"), parse_dates=["time_hour"])
    pd.testing.assert_frame_equal(read.fillna(-1), ck.load("flights").fillna(-1))


def test_facts_of_the_other_data_sets():
    weather, purchases = ck.load("weather"), ck.load("purchases")
    assert weather.shape == (26_115, 15)
    assert weather["wind_speed"].max() == pytest.approx(1048.36, abs=0.01)  # as in the source
    assert purchases.shape == (69_659, 4)
    assert purchases["customer_id"].nunique() == 23_570
    decision = ck.load("decision")
    assert decision["buys"].value_counts().to_dict() == {"yes": 6, "no": 4}
    corpus = ck.load("corpus")
    assert corpus.loc[corpus["file"] == "kjv-1-law.txt", "text"].iloc[0].startswith("In the beg")
    assert corpus["text"].str.strip().eq(corpus["text"]).all()
    assert (corpus["text"] != "").all()


def test_people_is_what_its_generator_makes():
    from coursekit.data import people

    made_now = pd.concat(table.to_pandas() for table in people.recorded(people.ROWS))
    shipped = ck.load("people")
    pd.testing.assert_frame_equal(made_now.reset_index(drop=True), shipped, check_dtype=False)


@pytest.mark.parametrize("scale", [1, 0.3, 1.5])
def test_people_is_its_truth_but_for_the_listed_faults(scale):
    recorded, truth = ck.load("people", scale), ck.load("people_truth", scale)
    assert recorded["person_id"].equals(truth["person_id"])
    for column in ("age", "height", "income", "education"):
        is_changed = recorded[column].ne(truth[column])
        assert is_changed.equals(truth[f"fault_{column}"].ne("none"))
        is_gap = truth[f"fault_{column}"].eq("missing")
        assert recorded[column].isna().equals(is_gap)
    inches = truth["fault_height"] == "unit"
    assert np.allclose(recorded["height"][inches] * 2.54, truth["height"][inches], atol=0.13)
    thousands = truth["fault_income"] == "unit"
    assert (
        (recorded["income"][thousands] * 1000)
        .round()
        .equals(truth["income"][thousands].astype(float))
    )


# Growing and shrinking

KNOWN = {
    ("flights", 0.01, "csv"): "86bfbf7a7a00778e603fd57ab91e30a4d95bff515d5cf79a4e991bb269fe973b",
    ("flights", 1.1, "csv"): "04d53a2c0f9efb0bb36eeddb743306ecb7fc94a5917003f0028096bf8c961657",
    ("weather", 2.5, "csv"): "e4e38fe26dd5dba03a40e4ebed26e413d494f23cdc2080a62b368770e3689133",
    ("purchases", 2.5, "csv"): "b4fd6f4ec2e80d4db7eb31a813c9004e834850090f5dc1023a9b4bda441122ac",
    ("people", 2.5, "csv"): "a2ae90f3d40673d494dc941bcc970355dd6f19680083f9cd858af9672e154a5d",
    (
        "people_truth",
        0.5,
        "csv",
    ): "0388de8fd5c65dec1c339b7c5963b1c85d35fe5809ffb250a8b843486a735a7f",
    ("decision", 7, "csv"): "3ee8fd5554d157eabdce8b02a73823bbc6b91979c4cb7e69a31fd6399cdf7fd9",
    ("corpus", 0.1, "txt"): "ab8c79e11b7f779bf075e5fff835d01980a3f99104bda421c7ce8d3313b09d1f",
    ("corpus", 3, "txt"): "262bee0e600ce2c6fe3c62af163efaa4bdc5cd9a71b3522a38121a1842403a53",
}


@pytest.mark.parametrize(("name", "scale", "format"), KNOWN)
def test_grown_files_are_the_same_everywhere(name, scale, format):
    assert sha256(ck.path(name, scale, format)) == KNOWN[name, scale, format]


@given(
    name=st.sampled_from(["weather", "purchases", "people", "people_truth", "decision"]),
    scale=st.floats(0.001, 3),
)
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_rows_are_scale_times_the_real_rows(name, scale):
    wanted = max(1, round(data.manifest()[name].rows * scale))
    assert len(ck.load(name, scale)) == wanted


@pytest.mark.parametrize("name", ["weather", "flights", "purchases", "people", "decision"])
def test_a_small_scale_is_the_beginning_of_a_larger_one(name):
    small, large = ck.load(name, 1.3), ck.load(name, 1.7)
    pd.testing.assert_frame_equal(small, large.iloc[: len(small)])
    real = ck.load(name)
    pd.testing.assert_frame_equal(real, small.iloc[: len(real)])


@pytest.mark.parametrize("name", ["weather", "flights", "purchases"])
def test_a_fraction_holds_real_rows_in_their_order(name):
    columns = ["origin", "time_hour", "flight", "customer_id", "date", "cds", "dollars"]
    real, sample = ck.load(name), ck.load(name, 0.05)
    columns = [column for column in columns if column in real]
    place = real.reset_index().merge(sample, on=columns, how="inner")["index"]
    assert place.is_monotonic_increasing
    assert place.nunique() >= len(sample)


def test_both_formats_hold_the_same_table():
    csv = pd.read_csv(ck.path("weather", 1.2, "csv"), parse_dates=["time_hour"])
    parquet = pd.read_parquet(ck.path("weather", 1.2, "parquet"))
    pd.testing.assert_frame_equal(csv, parquet, check_dtype=False)


def test_grown_flights_keep_their_sense():
    flights = ck.load("flights", 2.5)
    grown = flights[flights["year"] > 2013]
    assert set(grown["tailnum"].dropna()) <= set(flights["tailnum"][flights["year"] == 2013])
    local = grown["time_hour"].dt.tz_convert("America/New_York")
    assert (local.dt.hour == grown["hour"]).all()
    assert (local.dt.day == grown["day"]).all()
    assert (local.dt.month == grown["month"]).all()
    flown = grown[grown["dep_time"].notna()]
    planned, actual = minutes(flown["sched_dep_time"]), minutes(flown["dep_time"])
    assert ((actual - planned - flown["dep_delay"]) % (24 * 60) == 0).all()
    per_day = grown.groupby(local.dt.dayofweek).size()
    assert per_day.idxmin() == 5  # Saturday is the quiet day, as in the real year
    assert grown["air_time"].min() >= 15


def minutes(hhmm):
    return hhmm // 100 * 60 + hhmm % 100


def test_grown_weather_keeps_its_sense():
    weather = ck.load("weather", 3)
    grown = weather[weather["year"] > 2013]
    local = grown["time_hour"].dt.tz_convert("America/New_York")
    assert (local.dt.hour == grown["hour"]).all()
    assert not grown.duplicated(["origin", "time_hour"]).any()
    same_hour = grown.pivot(index="time_hour", columns="origin", values="temp").dropna()
    assert same_hour.corr().min().min() > 0.95  # the airports are near each other
    july, january = (grown.loc[grown["month"] == m, "temp"].mean() for m in (7, 1))
    assert july - january > 30


def test_grown_customers_are_new():
    purchases = ck.load("purchases", 2)
    grown = purchases.iloc[data.manifest()["purchases"].rows :]
    assert grown["customer_id"].min() == 23_571
    assert grown["customer_id"].is_monotonic_increasing
    assert grown["date"].between("1997-01-01", "1998-06-30").all()
    assert (grown["dollars"] * 100 - (grown["dollars"] * 100).round()).abs().max() < 1e-6


def test_tables_for_look_up_never_grow():
    assert ck.load("airlines", 10).equals(ck.load("airlines"))
    assert ck.path("planes", 0.1) == ck.path("planes")


@pytest.mark.parametrize("scale", [0.001, 0.2, 1, 2.5])
def test_corpus_has_the_size_asked_for_and_whole_lines(scale):
    folder = ck.path("corpus", scale)
    text = b"".join(file.read_bytes() for file in sorted(folder.iterdir()))
    assert ck.path("corpus", scale, "txt").read_bytes() == text
    real = ck.load("corpus")
    wanted = data.manifest()["corpus"].bytes * scale
    assert abs(len(text) - wanted) < 20_000  # one line per file too many
    assert set(text.decode().splitlines()) <= set(real["text"])


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory from /proc")
def test_a_large_corpus_needs_little_memory():
    grow = (
        "import coursekit as ck; print(ck.path('corpus', 28, 'txt').stat().st_size);"
        "print(open('/proc/self/status').read())"
    )
    answer = subprocess.run([sys.executable, "-c", grow], capture_output=True, check=True)
    size, status = answer.stdout.decode().split("\n", 1)
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    assert int(size) > 149_000_000
    assert int(peak) < 150_000  # kB


# Bad input


@pytest.mark.parametrize(
    "scale", [0, -1, float("nan"), float("inf"), "10", None, True, 1e9, 1j, [1]]
)
@pytest.mark.parametrize("use", [ck.load, ck.path])
def test_bad_scale(use, scale):
    with pytest.raises(ck.CourseError, match="scale"):
        use("weather", scale)


@pytest.mark.parametrize("scale", [np.float64(0.5), np.int64(1)])
def test_numpy_numbers_are_scales(scale):
    assert len(ck.load("decision", scale)) == 10 * scale


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(ck.CourseError, match='Did you mean "flights"'):
        ck.load("Flight")
    with pytest.raises(ck.CourseError, match="There are: weather, flights"):
        ck.load("xyzzy")


def test_unknown_format_lists_the_formats():
    with pytest.raises(ck.CourseError, match="csv, parquet"):
        ck.path("weather", format="xlsx")


# Damage and repair


def damage(file, how):
    content = file.read_bytes()
    if how == "missing":
        file.unlink()
    elif how == "cut short":
        file.write_bytes(content[: len(content) // 2])
    else:
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize("how", ["missing", "cut short", "damaged"])
@pytest.mark.parametrize("path", ["flights.parquet", "corpus/kjv-1-law.txt", "airlines.csv"])
def test_damage_is_named_and_mended(clone, path, how):
    name = path.split(".")[0].split("/")[0]
    ck.path(name)  # seen intact before it is damaged
    damage(clone / "datasets" / path, how)
    with pytest.raises(ck.CourseError, match=f"datasets/{path} is {how}") as error:
        ck.load(name)
    assert "coursekit data --restore" in error.value.mend
    assert [str(problem) for problem in data.verify()] == [f"datasets/{path} is {how}"]
    assert data.restore() == [path]
    assert data.verify() == []
    assert len(ck.load(name)) == data.manifest()[name].rows


def test_restore_mends_only_what_is_asked_for(clone):
    for path in ("weather.csv", "planes.csv"):
        damage(clone / "datasets" / path, "cut short")
    assert data.restore(["planes"]) == ["planes.csv"]
    assert [problem.path for problem in data.verify()] == ["weather.csv"]


@pytest.mark.parametrize("how", ["missing", "cut short"])
def test_a_damaged_manifest_is_named_and_mended(clone, how):
    damage(clone / "datasets" / "manifest.json", how)
    with pytest.raises(ck.CourseError, match=r"manifest\.json"):
        ck.load("weather")
    assert data.restore() == ["manifest.json"]
    assert ck.load("weather").shape == (26_115, 15)


def test_restore_without_git_says_so(clone, monkeypatch):
    damage(clone / "datasets" / "weather.csv", "missing")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ck.CourseError, match="git was not found"):
        data.restore()


def test_restore_of_a_file_that_was_never_committed_says_so(clone):
    subprocess.run(["git", "rm", "-q", "--cached", "datasets/weather.csv"], cwd=clone, check=True)
    author = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *author, "commit", "-qm", "without"], cwd=clone, check=True)
    damage(clone / "datasets" / "weather.csv", "missing")
    with pytest.raises(ck.CourseError, match=r"last commit .* has no datasets/weather\.csv"):
        data.restore()


def test_restore_of_an_installed_course_names_the_mend(tmp_path, monkeypatch):
    shutil.copytree(REAL_DATASETS, tmp_path / "datasets")
    monkeypatch.setattr(places, "course_root", lambda: tmp_path)
    (tmp_path / "datasets" / "weather.csv").unlink()
    with pytest.raises(ck.CourseError, match="installed course") as error:
        data.restore()
    assert "--force-reinstall" in error.value.mend


# The cache


def test_a_made_file_is_made_once(cache):
    first = ck.path("flights", 0.01)
    before = first.stat().st_mtime_ns
    assert ck.path("flights", 0.01).stat().st_mtime_ns == before
    assert first.is_relative_to(cache)


@pytest.mark.parametrize("how", ["missing", "cut short", "damaged"])
@pytest.mark.parametrize(("name", "format"), [("flights", "csv"), ("corpus", "folder")])
def test_a_damaged_made_file_is_made_again(name, format, how):
    made_file = ck.path(name, 0.02, format)
    one = made_file if made_file.is_file() else sorted(made_file.iterdir())[0]
    before = sha256(one)
    damage(one, how)
    assert ck.path(name, 0.02, format) == made_file
    assert sha256(one) == before


def test_a_made_file_without_its_record_is_made_again(cache):
    file = ck.path("weather", 0.1)
    before = sha256(file)
    file.write_bytes(b"half")
    (record,) = (cache / "data").glob("*.sha256")
    record.unlink()
    assert sha256(ck.path("weather", 0.1)) == before


def test_a_full_disk_is_told_and_leaves_nothing(cache, monkeypatch):
    def full(target, tables):
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "write_table", full)
    with pytest.raises(ck.CourseError, match="disk is full"):
        ck.path("weather", 0.1)
    assert {file.suffix for file in (cache / "data").iterdir()} <= {".lock"}


def test_a_cache_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    blocked = tmp_path / "cache"
    blocked.mkdir()
    (blocked / "data").write_text("a file where the folder should be")
    monkeypatch.setenv("COURSEKIT_CACHE", str(blocked))
    with pytest.raises(ck.CourseError, match="could not be made"):
        ck.path("weather", 0.1)


def test_an_error_while_making_keeps_the_old_file(tmp_path):
    target = tmp_path / "old.txt"
    target.write_text("old")

    def pieces():
        yield b"new"
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        files.write_bytes(target, pieces())
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_csv_quotes_only_what_needs_it(tmp_path):
    import pyarrow as pa

    texts = ["plain", "a,b", 'say "no"', "two\nlines", None, ""]
    table = pa.table({"text": texts, "number": [1.5, None, 0.1, 1e21, -0.0, 3.0]})
    files.write_table(tmp_path / "t.csv", [table, table.slice(1, 2)])
    lines = (tmp_path / "t.csv").read_text()
    assert lines.startswith(
        'text,number\nplain,1.5\n"a,b",\n"say ""no""",0.1\n"two\nlines",1e+21\n'
    )
    assert lines.endswith(',-0\n,3\n"a,b",\n"say ""no""",0.1\n')
    assert pd.read_csv(tmp_path / "t.csv")["number"].iloc[:3].tolist()[::2] == [1.5, 0.1]


def test_a_record_that_disagrees_is_not_trusted(cache):
    file = data_cache.made("one.txt", lambda target: target.write_text("one"))
    (cache / "data" / "one.txt.sha256").write_text("0000 3 one.txt\n")
    data_cache._seen.clear()
    assert data_cache.made("one.txt", lambda target: target.write_text("two")) == file
    assert file.read_text() == "two"
