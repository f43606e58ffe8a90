"""Side effects: statements of an exported cell that do something whenever the module is imported."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LONGEST = 40


def side_effects(tree: ast.Module, text: str) -> list[tuple[int, str]]:
    """Return the line of each such statement in its cell, and the statement in short."""
    lines = text.split("\n")
    return [(node.lineno, _short(lines[node.lineno - 1])) for node in _active(tree.body)]


def _active(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        match node:
            case ast.Expr(ast.Constant()):
                # A docstring, or the ellipsis.
                continue
            case ast.Expr() | ast.For() | ast.AsyncFor() | ast.While() | ast.With() | ast.AsyncWith() | ast.Delete():
                yield node
            case ast.If() if not _is_for_programs(node.test):
                yield from _active([*node.body, *node.orelse])
            case ast.Try():
                yield from _active([*node.body, *node.orelse, *node.finalbody])
            case _:
                continue


def _is_for_programs(test: ast.expr) -> bool:
    """Tell whether it asks `__name__`, as modules do that are also started as programs."""
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


def _short(line: str) -> str:
    line = line.strip()
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
