"""The public names of a module: those that its exported cells define at top level without an underscore before them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXTRA = "_all_"
"""nbdev's name for a list of further names."""


def public_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names that one cell adds, in the order of the text; some may come twice."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            # A patch adds a method to a class that is named elsewhere.
            names = [] if any(_is_patch(decorator) for decorator in node.decorator_list) else [node.name]
        elif isinstance(node, ast.Assign):
            names = [name for target in node.targets for name in _target_names(target)]
            if names == [_EXTRA]:
                yield from _listed(node.value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            names = list(_target_names(node.target))
        elif type(node).__name__ == "TypeAlias":
            # Python 3.12 and later know this statement.
            names = list(_target_names(node.name))  # type: ignore[attr-defined]  # likewise
        else:
            names = []
        yield from (name for name in names if not name.startswith("_"))


def defines_all(tree: ast.Module) -> bool:
    """Tell whether the author lists the public names."""
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def _target_names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _target_names(element)
    elif isinstance(target, ast.Starred):
        yield from _target_names(target.value)


def _is_patch(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(function, ast.Name) and function.id.startswith("patch")


def _listed(value: ast.expr) -> Iterator[str]:
    for element in value.elts if isinstance(value, (ast.List, ast.Tuple)) else ():
        if isinstance(element, ast.Name):
            yield element.id
        elif isinstance(element, ast.Constant) and isinstance(element.value, str):
            yield element.value
