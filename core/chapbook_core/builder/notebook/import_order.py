"""Circular exports: whether importing a module finds, at each import, the names that it asks for.

Python runs a module from its top while others wait for it; a name that comes below the import of the other module is
not there yet. Modules that import each other are fine as long as that does not happen, so they are run here, with
nothing in them but their imports and the names they define.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_STAR = "*"


@frozen
class CircularImport:
    """A name that is asked for before it is there."""

    chain: tuple[str, ...]
    """The modules that wait for each other; the first is the one that has not got so far."""
    name: str
    """Or `*`, when all names are asked for."""


@frozen
class _Step:
    """A name that becomes known, or one that another module is asked for."""

    name: str
    module: str = ""


def circular_imports(modules: Mapping[str, Sequence[ast.Module]]) -> list[CircularImport]:
    """Return what goes wrong, whichever module is imported first; the modules have all their trees in order."""
    steps = {name: [step for tree in trees for step in _steps(tree.body, modules)] for name, trees in modules.items()}
    found: dict[frozenset[str], CircularImport] = {}
    for name in steps:
        problem = _Run(steps).problem(name)
        if problem is not None:
            found.setdefault(frozenset(problem.chain), problem)
    return list(found.values())


class _Run:
    """The import of one module in a fresh interpreter."""

    def __init__(self, steps: Mapping[str, Sequence[_Step]]) -> None:
        self.steps = steps
        self.known: dict[str, set[str]] = {}
        self.waiting: list[str] = []

    def problem(self, name: str) -> CircularImport | None:
        """Return the first thing that goes wrong."""
        known = self.known[name] = set()
        self.waiting.append(name)
        for step in self.steps[name]:
            if step.module:
                if step.module not in self.known:
                    problem = self.problem(step.module)
                    if problem is not None:
                        return problem
                elif step.module in self.waiting and not self._has(step):
                    return CircularImport((*self.waiting[self.waiting.index(step.module) :],), step.name)
                if step.name == _STAR:
                    known |= self.known[step.module]
                    continue
            known.add(step.name)
        self.waiting.pop()
        return None

    def _has(self, step: _Step) -> bool:
        known = self.known[step.module]
        if step.name == _STAR:
            return all(other.module or other.name in known for other in self.steps[step.module])
        # A name that the module never gets is another mistake, which its import tells better.
        return step.name in known or all(step.name != other.name for other in self.steps[step.module])


def _steps(body: Sequence[ast.stmt], modules: Mapping[str, object]) -> Iterator[_Step]:
    for node in body:
        match node:
            case ast.ImportFrom(module, names, level):
                for alias in names:
                    is_ours = not level and module in modules and f"{module}.{alias.name}" not in modules
                    name = alias.name if is_ours else alias.asname or alias.name
                    yield _Step(name, module or "" if is_ours else "")
                    if alias.asname:
                        yield _Step(alias.asname)
            case ast.Import(names):
                yield from (_Step(alias.asname or alias.name.partition(".")[0]) for alias in names)
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                yield _Step(name)
            case ast.If() if _is_for_checkers(node.test):
                yield from _steps(node.orelse, modules)
            case ast.Try():
                # What is tried may fail without harm.
                yield from (_Step(step.name) for step in _inner(node, modules))
            case ast.If() | ast.For() | ast.While() | ast.With():
                yield from _inner(node, modules)
            case _:
                yield from (
                    _Step(inner.id) for inner in ast.walk(node) if isinstance(inner, ast.Name) and _is_bound(inner)
                )


def _inner(node: ast.stmt, modules: Mapping[str, object]) -> Iterator[_Step]:
    for field in ("body", "orelse", "finalbody"):
        yield from _steps(getattr(node, field, ()), modules)
    for handler in getattr(node, "handlers", ()):
        yield from _steps(handler.body, modules)


def _is_bound(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _is_for_checkers(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"
