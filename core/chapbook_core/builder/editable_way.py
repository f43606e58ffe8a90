"""How a project becomes editable: by paths to its folders, or by what its backend makes of it (PEP 660)."""

from __future__ import annotations

import tomllib
from enum import Enum
from typing import TYPE_CHECKING

from chapbook_core.builder.build_system import BuildSystem, read_build_system

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_OURS = "chapbook_core.builder.backend"
_BUILT_KEYS = frozenset({"data", "headers", "version"})
"""Of `[tool.chapbook]`: what our own backend makes besides paths and the hook for notebooks."""
_OF_POETRY = frozenset({"poetry.core.masonry.api", "poetry.masonry.api", "poetry_core.masonry.api"})


class EditableWay(Enum):
    """Which of the two."""

    PATHS = "paths"
    """What the backend would make is known without it."""
    HOOK = "hook"


def editable_way(tree: Path) -> EditableWay:
    """Return how a project becomes editable; a tree whose build system is unreadable is left to its backend."""
    try:
        system = read_build_system(tree)
        data = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return EditableWay.HOOK
    if "build-system" not in data:
        # Poetry takes such a project for one of its own; one that setuptools alone knows has none of these tables.
        tools = data.get("tool")
        is_told = "project" in data or (isinstance(tools, dict) and "poetry" in tools)
        return EditableWay.PATHS if is_told else EditableWay.HOOK
    return EditableWay.PATHS if is_of_poetry(system) or _is_plainly_ours(system, data) else EditableWay.HOOK


def is_of_poetry(system: BuildSystem) -> bool:
    """Tell whether Poetry's backend builds a project."""
    return system.backend in _OF_POETRY and not system.path


def _is_plainly_ours(system: BuildSystem, data: Mapping[str, object]) -> bool:
    """Tell whether our own backend builds a project, and would do nothing that is not done without it."""
    tools = data.get("tool")
    own = tools.get("chapbook") if isinstance(tools, dict) else None
    return system.backend == _OURS and not system.path and not (isinstance(own, dict) and own.keys() & _BUILT_KEYS)
