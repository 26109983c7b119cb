"""Points out code in a submission that looks for the hidden tests: for people to judge."""

from __future__ import annotations

import ast
from collections.abc import Iterable

# Names that no answer of the course needs. Honest code may have a reason, so nothing is graded by
# this; the line in the table of grades asks an instructor to look.
MODULES = (
    "classkit.classroom",
    "coursekit.feedback.exercises",
    "coursekit.feedback.compare",
    "coursekit.feedback.guard",
)
NAMES = {
    "_getframe", "f_back", "__closure__", "get_objects", "settrace", "setprofile",
    "currentframe", "HiddenTestFailed", "CheckFailed", "input_transformers_post",
    "input_transformers_cleanup", "display_pub", "CDLL", "_gate",
}  # fmt: skip
REDEFINED = {"check", "proof"}


def remarks(sources: Iterable[str]) -> list[str]:
    """Return what an instructor should look at, each thing once.

    Parameters
    ----------
    sources : iterable of str
        The code cells that the learner wrote.
    """
    found: dict[str, None] = {}
    for source in sources:
        try:
            lines = (line for line in source.splitlines() if not line.startswith(("%", "!")))
            tree = ast.parse("\n".join(lines))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            found |= dict.fromkeys(_remark(node))
    return list(found)


def _remark(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.Attribute):
        return [f"uses {node.attr}"] if node.attr in NAMES else []
    elif isinstance(node, ast.Name):
        if node.id in REDEFINED and isinstance(node.ctx, ast.Store):
            return [f"redefines {node.id}"]
        return [f"uses {node.id}"] if node.id in NAMES else []
    elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [f"redefines {node.name}"] if node.name in REDEFINED else []
    else:
        return []
    return [f"imports {name}" for name in names if name.startswith(MODULES)]
