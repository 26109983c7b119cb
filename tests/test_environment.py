"""pyproject.toml, requirements.lock, environment.yml and the installed packages agree."""

import json
import re
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from coursekit.feedback import lessons
from coursekit.ground import places

ROOT = places.course_root()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = [
    Requirement(line)
    for lines in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for line in lines
]
PINS = [
    Requirement(line)
    for line in (ROOT / "requirements.lock").read_text().splitlines()
    if line and not line.lstrip().startswith("#")
]
PYTHONS = ["3.11", "3.12", "3.13"]


def pins_for(python):
    here = {"python_version": python, "python_full_version": f"{python}.5"}
    return {
        canonicalize_name(pin.name): pin
        for pin in PINS
        if pin.marker is None or pin.marker.evaluate(here)
    }


def test_the_lock_has_exact_pins_only():
    for pin in PINS:
        (specifier,) = pin.specifier
        assert specifier.operator == "==" and "*" not in specifier.version, pin


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_fits_pyproject_for_each_python(python):
    pins = pins_for(python)
    for wanted in WANTED:
        pin = pins[canonicalize_name(wanted.name)]
        (specifier,) = pin.specifier
        assert specifier.version in wanted.specifier, f"{wanted} but {pin}"


def test_the_installed_packages_are_the_pinned_ones():
    for name, pin in pins_for("{}.{}".format(*__import__("sys").version_info)).items():
        if pin.marker is None or Marker(str(pin.marker)).evaluate():
            assert metadata.version(name) in pin.specifier, name


def test_the_lock_names_no_host():
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|@ ", _lock_text())


def _lock_text():
    return (ROOT / "requirements.lock").read_text()


def test_environment_yml_installs_the_lock_and_the_course():
    wanted = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(entry["pip"] for entry in wanted if isinstance(entry, dict))
    assert pip == ["-c requirements.lock", "-e ."]
    (python,) = [entry for entry in wanted if str(entry).startswith("python=")]
    assert python.removeprefix("python=") in PYTHONS


def test_the_named_packages_of_the_course_are_there():
    names = {canonicalize_name(wanted.name) for wanted in WANTED}
    assert names >= {
        "jupyterlab", "ipywidgets", "matplotlib", "seaborn", "pandas", "pyspark", "boto3",
        "nbval", "papermill",
    }  # fmt: skip


def test_importing_coursekit_loads_nothing_heavy():
    import subprocess
    import sys

    code = "import coursekit, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"pandas", "numpy", "pyspark", "boto3", "IPython", "ipywidgets", "matplotlib"}
    assert not heavy & set(loaded)


@pytest.mark.parametrize("page", ["README.md", "deploy/README.md"])
def test_the_pages_give_the_minutes_of_the_chapters(page):
    rows = (ROOT / page).read_text(encoding="utf-8").splitlines()
    for chapter in lessons.chapters():
        minutes = f"{chapter.minutes} + {chapter.extra}" if chapter.extra else f"{chapter.minutes}"
        assert any(chapter.title in row and f"| {minutes} |" in row for row in rows), chapter.name


def test_the_dev_container_sets_up_and_opens_the_course():
    facts = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert facts["postCreateCommand"] == "python3 setup_course.py lab"
    port = str(facts["forwardPorts"][0])
    assert facts["postAttachCommand"].split()[-2:] == ["--port", port]
    assert port in facts["portsAttributes"]
