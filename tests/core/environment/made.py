"""What is in an environment that was made, to be held against another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def tree(folder: Path) -> dict[str, Any]:
    """Return everything in an environment but our own state."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = path.readlink()
        elif not name.startswith(".chapbook"):
            found[name] = None if path.is_dir() else (path.stat().st_mode, path.read_bytes())
    return found
