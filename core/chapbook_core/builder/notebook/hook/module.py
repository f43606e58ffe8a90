"""Module: what notebooks export under one name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .cell import Cell
    from .rule import Rule


class Piece(NamedTuple):
    """An exported cell in its module."""

    notebook: str
    """From the project's folder, with `/`."""
    cell: Cell
    python: str
    """Its source without magics, line by line."""
    is_script: bool = False

    @property
    def mark(self) -> str:
        """The cell as tracebacks and generated modules name it."""
        return f"{self.notebook}#cell-{self.cell.number}"


class Module(NamedTuple):
    """A module to be."""

    name: str
    """By which it is imported; a package is called by its own name, without `__init__`."""
    is_package: bool
    rule: Rule
    notebooks: tuple[str, ...]
    """Those that its pieces come from, in order."""
    pieces: tuple[Piece, ...]
    docs: str
    """Its docstring; empty when there is none."""

    @property
    def file(self) -> str:
        """Where its file belongs, from the folder that packages are imported from."""
        path = self.name.replace(".", "/")
        return f"{path}/__init__.py" if self.is_package else f"{path}.py"

    @property
    def package(self) -> str:
        """What its relative imports start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]
