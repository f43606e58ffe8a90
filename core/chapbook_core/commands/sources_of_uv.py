"""Where uv alone takes packages from: `[tool.uv.sources]`, which nobody else reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.events import Notice
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.events import Watcher
    from chapbook_core.project.manifest import Manifest

_PLACE = ("tool", "uv", "sources")


@frozen
class Unread:
    """A package that comes from an index, and for uv from elsewhere."""

    place: tuple[str, ...]
    message: str
    hint: str


def sources_of_uv(manifest: Manifest) -> Iterator[Unread]:
    """Yield what is required and would come from another place than the one that is written down for it.

    Under a private name an index may hold anything.
    """
    table: object = manifest.data
    for key in _PLACE:
        table = table.get(key) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        return
    from_index = {
        requirement.name
        for group in manifest.groups
        for requirement in group.requirements
        if isinstance(requirement.origin, IndexOrigin) and not requirement.origin.source
    }
    for name, entry in table.items():
        if canonical_name(name) in from_index:
            yield Unread((*_PLACE, name), f"only uv reads this; here `{name}` comes from an index", _hint(name, entry))


def warn_of_sources_of_uv(manifest: Manifest, watcher: Watcher) -> None:
    """Say so to whoever locks, and so may get a package of somebody else."""
    for unread in sources_of_uv(manifest):
        message = f"{PROJECT_FILE}: {'.'.join(unread.place)}: {unread.message}"
        watcher.emit(Notice("warning", message, (unread.hint,)))


def _hint(name: str, entry: object) -> str:
    match entry:
        case {"index": str(source)}:
            return f"run `chapbook source add --priority=explicit {source} URL`, and name it where `{name}` is required"
        case {"git": str(address)}:
            where = f"git+{address.removeprefix('git+')}"
        case {"url": str(where)}:
            pass
        case {"path": str(where)}:
            # A bare word would be the name of a package.
            where = where if where.startswith((".", "/")) else f"./{where}"
        case _:
            where = "PATH"
    return f"run `chapbook add {where}` to take it from there"
