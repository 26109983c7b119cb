"""Makes mutants of a solution: one small change each, as a slip of a learner's would.

Operators, comparisons and their boundaries, constants, negated conditions, swapped methods and
dropped statements. A mutant that a check passes is a survivor: the check is too weak, or the change
means nothing. An exercise's ``equivalent_mutants`` explains those that mean nothing.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_SWAPS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "append": "extend"}


@dataclass(frozen=True)
class Mutant:
    """A changed solution.

    Attributes
    ----------
    label : str
        Where and what: ``"line 3: Lt -> LtE"``. Stable, so that survivors can be listed by it.
    source : str
        The whole changed cell.
    """

    label: str
    source: str


def of(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a cell that differs from it as code."""
    tree = ast.parse(source)
    # The words of a docstring or of an error change nothing that a check could see.
    dead = {node.value for node in ast.walk(tree) if _is_docstring(node)} | _replaced_later(tree)
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    dead |= {n for exc in raised for n in ast.walk(exc) if isinstance(n, ast.Constant)}
    for index, node in enumerate(ast.walk(tree)):
        if node in dead:
            continue
        for label, change in _changes(node):
            mutated = copy.deepcopy(tree)
            change(_nth(mutated, index))
            text = ast.unparse(ast.fix_missing_locations(mutated))
            if text != ast.unparse(tree):
                yield Mutant(f"line {getattr(node, 'lineno', 0)}: {label}", text)


def _replaced_later(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes of functions that a later one of the same name replaces.

    In a repair exercise the broken function stands above the repaired one.
    """
    last = {s.name: s for s in tree.body if isinstance(s, (ast.FunctionDef, ast.ClassDef))}
    replaced = [s for s in tree.body if getattr(s, "name", None) in last and s not in last.values()]
    return {node for statement in replaced for node in ast.walk(statement)}


def _nth(tree: ast.AST, index: int) -> ast.AST:
    return next(node for i, node in enumerate(ast.walk(tree)) if i == index)


def _changes(node: ast.AST) -> Iterator[tuple[str, callable]]:
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)) and type(node.op) in _SWAPS:
        new = _SWAPS[type(node.op)]
        yield f"{type(node.op).__name__} -> {new.__name__}", lambda n: setattr(n, "op", new())
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            if type(op) in _SWAPS:
                new = _SWAPS[type(op)]
                yield (
                    f"{type(op).__name__} -> {new.__name__}",
                    lambda n, i=i, new=new: n.ops.__setitem__(i, new()),
                )
    if isinstance(node, ast.Constant):
        yield from _constant_changes(node)
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        yield "condition negated", lambda n: setattr(n, "test", ast.UnaryOp(ast.Not(), n.test))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
        yield "sign or not dropped", lambda n: setattr(n, "op", ast.UAdd())
    if isinstance(node, ast.Name) and node.id in _NAMES:
        yield f"{node.id} -> {_NAMES[node.id]}", lambda n: setattr(n, "id", _NAMES[n.id])
    if isinstance(node, ast.Attribute) and node.attr in _NAMES:
        yield f"{node.attr} -> {_NAMES[node.attr]}", lambda n: setattr(n, "attr", _NAMES[n.attr])
    if isinstance(node, ast.Return) and node.value is not None:
        yield "returns None", lambda n: setattr(n, "value", ast.Constant(None))
    body = getattr(node, "body", None)
    if isinstance(node, (ast.FunctionDef, ast.For, ast.While, ast.If, ast.With)) and len(body) > 1:
        for i, statement in enumerate(body):
            if not _is_docstring(statement):
                yield (
                    f"statement {i + 1} of the {type(node).__name__} dropped",
                    lambda n, i=i: n.body.__setitem__(i, ast.Pass()),
                )


def _constant_changes(node: ast.Constant) -> Iterator[tuple[str, callable]]:
    value = node.value
    if isinstance(value, bool):
        yield f"{value} -> {not value}", lambda n: setattr(n, "value", not value)
    elif isinstance(value, (int, float)):
        yield f"{value} -> {value + 1}", lambda n: setattr(n, "value", value + 1)
        yield f"{value} -> {value - 1}", lambda n: setattr(n, "value", value - 1)
    elif isinstance(value, str) and value and "\n" not in value and len(value) < 60:
        yield f"{value!r} changed", lambda n: setattr(n, "value", value + "_")


def _is_docstring(statement: ast.AST) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
