"""Where a command runs: everything it may know of the person and the machine, handed in by the front end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.commands.running_kernel import RunningKernel
    from chapbook_core.commands.sights import Sights
    from chapbook_core.index.memory import Memory
    from chapbook_core.installer.companion import Companion


class Asker(Protocol):
    """Puts questions to the person; raises `Cancelled` when there is no answer."""

    def ask(self, question: str, default: str = "", check: Callable[[str], str | None] | None = None) -> str:
        """Return one line; `check` returns what is wrong with it, and the question is put again."""

    def ask_secret(self, question: str) -> str:
        """Return one line that is not shown while it is typed, nor remembered anywhere."""

    def confirm(self, question: str, *, default: bool) -> bool:
        """Return whether the person agrees."""

    def choose(self, question: str, choices: Sequence[str], chosen: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the picked choices, in their order; `chosen` are picked unless the person says otherwise."""

    def tell(self, text: str) -> None:
        """Show something that the next question is about."""


@frozen
class Surroundings:
    """The values of one invocation; made by a front end, so that nothing below reads the process's own."""

    folder: Path
    """Absolute; paths that the person types are relative to it."""
    variables: Mapping[str, str]
    home: Path
    python: tuple[int, int]
    """Version of the Python that a new project is for, unless the person names another."""
    project: Path | None = None
    """The project's folder when the person named it; else the search starts at `folder`."""
    ask: Asker | None = None
    """Absent when nobody is there to answer."""
    cache: bool = True
    memory: Memory | None = None
    """What a process that runs many commands remembers of package indexes; absent where only one is run."""
    kernel: RunningKernel | None = None
    """The kernel that the command was typed in; absent elsewhere."""
    notebook: Path | None = None
    """The notebook that it was typed in, where that is known."""
    leave_behind: Callable[[Sequence[str], Path], None] | None = None
    """Starts a program, in a folder, that goes on when the command has ended; absent where nothing may be left."""
    companion: Companion | None = None
    """A process that looks at files beside this one; absent where only one command is run."""
    sights: Sights | None = None
    """What a process that runs many commands remembers of projects; absent where only one is run."""
    now: Callable[[], float] = time.time

    @property
    def start(self) -> Path:
        """Where the search for the project starts."""
        return self.project or self.folder
