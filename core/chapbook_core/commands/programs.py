"""Programs that a command leaves to its front end: a terminal becomes them, an engine runs them beside itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.report import Block, Line, Result
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@frozen
class Program:
    """A program, and how it is to be started."""

    path: Path
    words: tuple[str, ...]
    """With its name as the first."""
    folder: Path
    variables: Mapping[str, str] = field(repr=False)
    """All of them; some may be secrets."""
    note: str = ""
    """Said before it starts."""
    needs_terminal: bool = False
    """Whether it is of no use without somebody who types."""


@frozen
class Programs(Result):
    """Programs to run one after the other, until one fails."""

    programs: tuple[Program, ...]

    def report(self) -> tuple[Block, ...]:
        """Tell what would be run, where nobody can run it."""
        return tuple(Line(" ".join(program.words)) for program in self.programs)
