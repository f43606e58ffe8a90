"""Runs the exported cells of a module one by one, so that a traceback names the notebook, the cell and its line."""

from __future__ import annotations
import __future__

import ast
import linecache
from typing import TYPE_CHECKING

from .mistake import NotebookMistake
from .public_names import public_names
from .reloading import watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

    from .module import Module, Piece
    from .project import NotebookProject

_BETWEEN = 2
"""Blank lines between two cells in the source of a whole module."""


class NotebookLoader:
    """Loads one module out of notebooks."""

    def __init__(self, project: NotebookProject, name: str, path: str) -> None:
        self.project = project
        self.name = name
        self.path = path
        """For a package its `__init__.py`, beside which its data are, whether or not there is that file."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave the making of the module to Python."""
        del spec
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module; called by Python at the first import and at each reload."""
        try:
            found = self.project.module(self.name)
        except NotebookMistake as mistake:
            raise ImportError(
                f"{mistake.message}{f' ({mistake.hint})' if mistake.hint else ''}", name=self.name
            ) from None
        if found is None:
            # A package that has nothing of its own.
            return
        run(found, module, self.project)
        watch(module, self.project)

    def get_source(self, name: str) -> str | None:
        """Return the text of the module; called by `inspect` and by debuggers."""
        found = self.project.module(name)
        return None if found is None else "".join(line for piece in found.pieces for line in _spaced(piece))

    def get_code(self, name: str) -> CodeType | None:
        """Return the module as one code; called for `python -m`."""
        found = self.project.module(name)
        if found is None:
            return None
        trees = [_tree(piece, self.project) for piece in found.pieces]
        flags, body, start = _future_flags(trees), [], 0
        for piece, tree in zip(found.pieces, trees):
            if not piece.is_script:
                ast.increment_lineno(tree, start)
                start += len(_spaced(piece))
            body += [node for node in tree.body if not _is_future(node)]
        path = self.project.path(found.notebooks[0])
        _remember_all(found, self.project)
        code: CodeType = compile(ast.Module(body, []), path, "exec", flags=flags, dont_inherit=True)
        return code

    def is_package(self, name: str) -> bool:
        """Tell whether the module has others below it."""
        return name == self.name and self.path.endswith("__init__.py")

    def get_resource_reader(self, name: str) -> object:
        """Return what reads the data files of a package; called by `importlib.resources`."""
        from importlib.readers import FileReader  # since Python 3.10, and for those who have data

        del name
        return FileReader(self)  # type: ignore[arg-type]  # it asks for `path` alone


def run(found: Module, module: ModuleType, project: NotebookProject) -> None:
    """Run the cells of a module in its namespace."""
    trees = [_tree(piece, project) for piece in found.pieces]
    flags = _future_flags(trees)
    names = module.__dict__
    names["__doc__"] = found.docs or None
    public = (name for piece, tree in zip(found.pieces, trees) if piece.cell.is_public for name in public_names(tree))
    names["__all__"] = list(dict.fromkeys(public))
    start = 0
    for piece, tree in zip(found.pieces, trees):
        before = {id(value) for value in names.values()}
        code: CodeType = compile(tree, _file(piece, project), "exec", flags=flags, dont_inherit=True)
        exec(code, names)  # noqa: S102  this is what importing is
        if not piece.is_script:
            _move_classes(names, before, start)
            start += len(_spaced(piece))
    _remember_all(found, project)


def _tree(piece: Piece, project: NotebookProject) -> ast.Module:
    file = _file(piece, project)
    text = piece.python
    if piece.is_script:
        text = "\n" * (piece.cell.line - 1) + text
    else:
        _remember(file, [f"{line}\n" for line in piece.cell.source.split("\n")])
    return ast.parse(text, file)


def _file(piece: Piece, project: NotebookProject) -> str:
    path = project.path(piece.notebook)
    return path if piece.is_script else f"{path}#cell-{piece.cell.number}"


def _remember(file: str, lines: list[str]) -> None:
    # Without a time it is never looked for on the disk.
    linecache.cache[file] = (sum(map(len, lines)), None, lines, file)


def _remember_all(found: Module, project: NotebookProject) -> None:
    """Let `inspect` find the source of a class, for which it looks into the file of the module."""
    if found.pieces and not found.pieces[0].is_script:
        _remember(project.path(found.notebooks[0]), [line for piece in found.pieces for line in _spaced(piece)])


def _spaced(piece: Piece) -> list[str]:
    return [*(f"{line}\n" for line in piece.python.split("\n")), *(["\n"] * _BETWEEN)]


def _future_flags(trees: Sequence[ast.Module]) -> int:
    """Return what the cells import from `__future__`, which holds for all of the module."""
    flags = 0
    for tree in trees:
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and _is_future(node):
                for alias in node.names:
                    feature = getattr(__future__, alias.name, None)
                    flags |= feature.compiler_flag if feature is not None else 0
    return flags


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _move_classes(names: dict[str, object], before: set[int], start: int) -> None:
    """Count the lines of classes from the start of the module, where `inspect` looks since Python 3.13."""
    for kind in _classes([value for value in names.values() if id(value) not in before], str(names["__name__"])):
        line = kind.__dict__.get("__firstlineno__")
        if isinstance(line, int):
            kind.__firstlineno__ = line + start  # type: ignore[attr-defined]  # looked for above


def _classes(values: Sequence[object], module: str) -> Iterator[type]:
    for value in values:
        if isinstance(value, type) and value.__module__ == module:
            yield value
            inner = [member for member in vars(value).values() if isinstance(member, type)]
            yield from _classes(
                [member for member in inner if member.__qualname__.startswith(f"{value.__qualname__}.")], module
            )
