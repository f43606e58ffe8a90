"""Settings that had another name in earlier versions of Poetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.project.config_file import change_config_file, read_config_file
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path


@frozen
class Move:
    """An entry of a file that has another name today."""

    former: str
    name: str
    value: bool | None
    """What it comes to under the name of today; None for the default."""


def former_settings(file: Path) -> tuple[Move, ...]:
    """Return what the file says in words of the past; raises FileMistakes."""
    settings = read_config_file(file)
    found = []
    for former, (name, meaning) in _NAMES.items():
        value = settings.get(tuple(former.split(".")))
        if isinstance(value, bool):
            found.append(Move(former, name, meaning[value]))
    return tuple(found)


def migrate(file: Path) -> tuple[Move, ...]:
    """Say the same in today's words, and return what was changed; a name of today that is there already stays."""
    moves = former_settings(file)
    for move in moves:
        path = tuple(move.name.split("."))
        if move.value is not None and read_config_file(file).get(path) is None:
            change_config_file(file, path, move.value, is_private=False)
        change_config_file(file, tuple(move.former.split(".")), None, is_private=False)
    return moves


# What was said by the default is not said any more: to prefer the active Python is not to use Poetry's.
_NAMES: dict[str, tuple[str, dict[bool, bool | None]]] = {
    "experimental.system-git-client": ("system-git-client", {True: True, False: False}),
    "virtualenvs.prefer-active-python": ("virtualenvs.use-poetry-python", {True: None, False: True}),
}
