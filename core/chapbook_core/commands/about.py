"""What Chapbook is, and where it keeps its things."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.report import Blank, Block, Line, Result, Span, fields_table
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher


@frozen
class About(Result):
    """Versions and folders."""

    version: str
    python: str
    interpreter: Path
    system: str
    code: Path

    def report(self) -> tuple[Block, ...]:
        """Tell them."""
        return (
            Line((Span("Chapbook", "name"), " ", Span(self.version, "version"), ": Poetry for notebooks")),
            Blank(),
            Line("A folder of notebooks is a project: pyproject.toml, poetry.lock, an environment and a kernel."),
            Line("It stays an ordinary Poetry project at every moment."),
            Blank(),
            fields_table(
                {
                    "python": self.python,
                    "interpreter": str(self.interpreter),
                    "system": self.system,
                    "code": str(self.code),
                }
            ),
        )


def run(_invocation: Invocation, _surroundings: Surroundings, _watcher: Watcher) -> About:
    """Collect what there is to say."""
    return About(
        version=version("chapbook"),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        interpreter=Path(sys.executable),
        system=f"{platform.system()} {platform.machine()}".strip(),
        code=Path(__file__).parents[1],
    )
