"""The house: arrows run downwards only, and no file is in a circle."""

import ast
import graphlib

import pytest

from coursekit.ground import places

ROOT = places.course_root()
FOLDERS = ("coursekit", "classkit", "notebooks/exercises")
# Who may import whom, from the top to the ground.
STOREYS = (
    "deploy",
    "tests",
    "classkit",
    "exercises",
    "coursekit.feedback",
    "coursekit",
    "coursekit.ground",
)


def modules():
    """Return the path of every module of the course by its name."""
    found = {}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            name = name.removesuffix(".__init__").replace("notebooks.exercises", "exercises")
            found[name] = path
    return found


def imports(name, path, known):
    """Yield the course's modules that a file imports, late imports included."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            up = (
                package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            )
            base = ".".join([*up, *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                if whole in known or base in known:
                    yield whole if whole in known else base


def storey(name):
    return max(
        (s for s in STOREYS if name == s or name.startswith(f"{s}.")), key=len, default="coursekit"
    )


@pytest.fixture(scope="module")
def arrows():
    known = modules()
    return {
        name: {each for each in imports(name, path, known) if each != name}
        for name, path in known.items()
    }


def test_arrows_run_downwards_only(arrows):
    upwards = [
        f"{name} → {other}"
        for name, others in arrows.items()
        for other in others
        if STOREYS.index(storey(other)) < STOREYS.index(storey(name))
    ]
    assert not upwards


def test_no_file_is_in_a_circle(arrows):
    # A package's __init__ shows what is inside: a file may use its package's neighbours.
    inner = {n: {o for o in others if not n.startswith(f"{o}.")} for n, others in arrows.items()}
    try:
        graphlib.TopologicalSorter(inner).prepare()
    except graphlib.CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))
