"""The group `dev` as Poetry wrote it before there were groups; every tool still reads it, and warns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.events import Notice
from chapbook_core.project.discovery import PROJECT_FILE

if TYPE_CHECKING:
    from chapbook_core.events import Watcher
    from chapbook_core.project.manifest import Manifest

PLACE = ("tool", "poetry", "dev-dependencies")
MESSAGE = "is the former way to write the group `dev`"
HINT = "move it to `dev` under [dependency-groups]"


def warn_of_former_dev_group(manifest: Manifest, watcher: Watcher) -> None:
    """Say so to whoever locks, as Poetry does."""
    value: object = manifest.data
    for key in PLACE:
        value = value.get(key) if isinstance(value, dict) else None
    if value is not None:
        watcher.emit(Notice("warning", f"{PROJECT_FILE}: {'.'.join(PLACE)}: {MESSAGE}", (HINT,)))
