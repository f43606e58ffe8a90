"""The commands there are, in the order of the help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.declarations import (
    building,
    changing,
    completions,
    environment,
    history,
    imports,
    index,
    inspecting,
    installing,
    interchange,
    kernel,
    kernel_start,
    lab,
    locking,
    notebooks,
    packaging,
    project,
    publishing,
    settings,
    testing,
    trust,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.commands.command import Command

COMMANDS: tuple[Command, ...] = (
    *project.COMMANDS,
    *changing.COMMANDS,
    *installing.COMMANDS,
    *locking.COMMANDS,
    *environment.COMMANDS,
    *history.COMMANDS,
    *inspecting.COMMANDS,
    *imports.COMMANDS,
    *building.COMMANDS,
    *testing.COMMANDS,
    *packaging.COMMANDS,
    *notebooks.COMMANDS,
    *publishing.COMMANDS,
    *interchange.COMMANDS,
    *settings.COMMANDS,
    *completions.COMMANDS,
    *index.COMMANDS,
    *kernel.COMMANDS,
    *kernel_start.COMMANDS,
    *lab.COMMANDS,
    *trust.COMMANDS,
)
BY_NAME: Mapping[str, Command] = {command.name: command for command in COMMANDS}


def commands_below(noun: str) -> tuple[Command, ...]:
    """Return the commands whose first word is the noun, as `source add` for `source`."""
    return tuple(command for command in COMMANDS if command.name.startswith(f"{noun} "))
