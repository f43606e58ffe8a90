"""The commands there are, in the order of the help."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.command import Command

_DECLARED: Mapping[str, tuple[str, ...]] = {
    "project": ("new", "init", "version", "check", "about", "help", "list"),
    "changing": ("add", "remove", "update", "up"),
    "installing": ("install", "sync"),
    "locking": ("lock", "merge-driver install", "merge-driver run"),
    "environment": ("run", "shell", "env info", "env list", "env use", "env remove", "env activate"),
    "history": ("history", "undo", "redo"),
    "inspecting": ("status", "show", "why", "debug resolve"),
    "imports": ("find-module", "stamp", "verify", "pack", "unpack"),
    "building": ("build",),
    "testing": ("test",),
    "packaging": ("package",),
    "notebooks": ("export-modules",),
    "publishing": ("publish",),
    "interchange": ("export", "import"),
    "settings": ("config", "source add", "source remove", "source show"),
    "completions": ("completions",),
    "index": ("search", "cache list", "cache info", "cache clear", "cache prune"),
    "kernel": ("kernel install", "kernel list", "kernel remove", "kernel prune"),
    "kernel_start": ("kernel prepare",),
    "lab": ("lab",),
    "trust": ("trust",),
}
"""The modules of `commands.declarations`, each with the commands of its `COMMANDS`."""


class _Commands(Mapping[str, "Command"]):
    """The commands by their names; the module of a declaration is imported when the command is asked for."""

    def __init__(self, declared: Mapping[str, tuple[str, ...]]) -> None:
        self._module = {name: module for module, names in declared.items() for name in names}
        self._known: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._known:
            # All of them would take a start two hundredths of a second; one command is run.
            module = import_module(f"chapbook_core.commands.declarations.{self._module[name]}")
            self._known.update((command.name, command) for command in module.COMMANDS)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._module)

    def __len__(self) -> int:
        return len(self._module)

    def __contains__(self, name: object) -> bool:
        """Answer without an import, which the answer of `Mapping` would need."""
        return name in self._module


BY_NAME: Mapping[str, Command] = _Commands(_DECLARED)


def every_command() -> tuple[Command, ...]:
    """Return them all, in the order of the help."""
    return tuple(BY_NAME.values())


def commands_below(noun: str) -> tuple[Command, ...]:
    """Return the commands whose first word is the noun, as `source add` for `source`."""
    return tuple(BY_NAME[name] for name in BY_NAME if name.startswith(f"{noun} "))
