"""Import sites: where a piece of code imports something, and whether it can do without."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.project.cell_source import UNPARSED, python_source
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_IMPORT_LINE = late_pattern(
    r"[ \t]*(?:import[ \t]+([\w.]+(?:[ \t]*,[ \t]*[\w.]+)*)|from[ \t]+(\w[\w.]*)[ \t]+import\b)"
)
_FORGIVING = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@frozen
class ImportSite:
    """One import of something, with its dots."""

    name: str
    """Its last part may be a module or something in one."""
    line: int
    """In the piece, the first being 1."""
    is_optional: bool = False
    """Whether its failure is caught, or it is for type checkers alone."""


def find_sites(source: str) -> tuple[ImportSite, ...]:
    """Return what a module or a cell imports, the relative imports left out; magics are tolerated."""
    text = python_source(source)
    try:
        with warnings.catch_warnings():
            # What is odd about a person's strings is not ours to tell.
            warnings.simplefilter("ignore")
            return tuple(_sites(ast.parse(text), is_optional=False))
    except UNPARSED:
        return tuple(_guessed(text))


def _sites(node: ast.AST, *, is_optional: bool) -> Iterator[ImportSite]:
    match node:
        case ast.Import(names):
            for alias in names:
                yield ImportSite(alias.name, node.lineno, is_optional)
        case ast.ImportFrom(str(module), names, 0):
            # `from google.cloud import storage` names a module; whether it does is not visible here.
            for alias in names:
                name = module if alias.name == "*" else f"{module}.{alias.name}"
                yield ImportSite(name, node.lineno, is_optional)
        case ast.Call(ast.Attribute(ast.Name("importlib"), "import_module"), [ast.Constant(str(module)), *_]):
            if not module.startswith("."):
                yield ImportSite(module, node.lineno, is_optional)
        case ast.Try(body, handlers, orelse, final):
            yield from _all(body, is_optional=is_optional or any(map(_forgives, handlers)))
            # What is tried instead is wanted only where the first was not there.
            yield from _all(handlers, is_optional=is_optional or any(map(_forgives, handlers)))
            yield from _all([*orelse, *final], is_optional=is_optional)
        case ast.If(test, body, orelse):
            yield from _all(body, is_optional=is_optional or _is_for_types(test))
            yield from _all(orelse, is_optional=is_optional)
        case _:
            yield from _all(list(ast.iter_child_nodes(node)), is_optional=is_optional)


def _all(nodes: list[ast.stmt] | list[ast.ExceptHandler] | list[ast.AST], *, is_optional: bool) -> Iterator[ImportSite]:
    for node in nodes:
        yield from _sites(node, is_optional=is_optional)


def _forgives(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in _FORGIVING for kind in kinds)


def _is_for_types(test: ast.expr) -> bool:
    match test:
        case ast.Name("TYPE_CHECKING") | ast.Attribute(_, "TYPE_CHECKING"):
            return True
        case _:
            return False


def _guessed(text: str) -> Iterator[ImportSite]:
    """Find the imports of what is not valid Python."""
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _IMPORT_LINE.match(line):
            for name in (match[1] or match[2]).split(","):
                yield ImportSite(name.strip(), number)
