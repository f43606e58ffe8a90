"""The build system of a source tree: what its `[build-system]` table says, or what stands for it (PEP 517, PEP 518)."""

from __future__ import annotations

import tomllib
from pathlib import Path

from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.value import frozen

LEGACY = "setuptools.build_meta:__legacy__"
_SETUPTOOLS = ("setuptools>=40.8.0",)
_FILES_OF_SETUPTOOLS = ("setup.py", "setup.cfg")


@frozen
class BuildSystem:
    """What the `[build-system]` table of a project says."""

    requires: tuple[str, ...] = _SETUPTOOLS
    backend: str = LEGACY
    path: tuple[str, ...] = ()
    """Folders to import the backend from, relative to the project."""


def read_build_system(tree: Path) -> BuildSystem:
    """Read how a tree is built: as its `[build-system]` says, or with setuptools. Raises ValueError."""
    file = tree / "pyproject.toml"
    if not file.is_file():
        if not any((tree / name).is_file() for name in _FILES_OF_SETUPTOOLS):
            raise ValueError("it has neither a pyproject.toml nor a setup.py")
        return BuildSystem()
    try:
        table = tomllib.loads(file.read_text("utf-8")).get("build-system")
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"its pyproject.toml cannot be read: {problem}") from None
    if table is None:
        return BuildSystem()
    match table:
        case {"requires": list() as requires} if all(isinstance(text, str) for text in requires):
            pass
        case _:
            raise ValueError("its `[build-system]` has no list `requires`")
    backend, path = table.get("build-backend", LEGACY), table.get("backend-path", [])
    if not isinstance(backend, str) or not isinstance(path, list) or not all(isinstance(part, str) for part in path):
        raise ValueError("its `[build-system]` has a `build-backend` or `backend-path` of the wrong type")
    root = tree.resolve()
    for part in path:
        if Path(part).is_absolute() or not (root / part).resolve().is_relative_to(root):
            raise ValueError(f"its `backend-path` leads out of its source tree: {part}")
    return BuildSystem(tuple(map(checked_requirement, requires)), backend, tuple(path))


def checked_requirement(requirement: object) -> str:
    """Return what a build requires; raises ValueError unless it is a requirement."""
    try:
        parse_requirement(str(requirement))
    except ChapbookError as problem:
        raise ValueError(problem.message) from None
    return str(requirement)
