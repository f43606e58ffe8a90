"""What `[tool.chapbook]` says about building: where the version comes from, and files beside the packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import FileMistakes, Mistake
from chapbook_core.project.reading import Findings, Table, place_text
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_TAGS = "v*"
OWN_BACKENDS = frozenset(
    {"chapbook_core.builder.backend", "poetry.core.masonry.api", "poetry_core.masonry.api", "poetry.masonry.api"}
)
"""The backends that read what we read, and build the same from it."""


@frozen
class VersionSource:
    """Where a dynamic version is read: a file of the project, or the tags of its git repository."""

    file: str | None = None
    pattern: str | None = None
    """A regular expression whose group `version`, or whose first group, is the version."""
    git: bool = False
    tags: str = DEFAULT_TAGS
    """Which tags are versions, as git matches names."""
    local: bool = True
    """Whether a version between two tags tells its commit, as in `1.3.dev4+g0a1b2c3`."""
    fallback: str | None = None


@frozen
class Placed:
    """Files that an installation puts into a folder of the environment instead of beside the packages."""

    folder: str
    """Below the prefix of the environment, or below its folder of headers."""
    patterns: tuple[str, ...]
    """Files, folders or globs of the project."""


@frozen
class BuildTable:
    """The wishes of a project on its build; everything has its default when there are none."""

    version: VersionSource | None = None
    data: tuple[Placed, ...] = ()
    """From `[tool.chapbook.data]`: what belongs below the prefix, such as `share/jupyter/kernels/x`."""
    headers: tuple[Placed, ...] = ()
    """From `[tool.chapbook.headers]`."""


def read_build_table(tool: Mapping[str, object], file: Path) -> BuildTable:
    """Read the keys about building in the `[tool.chapbook]` of a project file; raises FileMistakes."""
    findings = Findings()
    table = Table(tool, ("tool", "chapbook"), findings)
    read = BuildTable(_version(table), _placed(table, "data"), _placed(table, "headers"))
    if findings.found:
        mistakes = [Mistake(found.message, place_text(found.path), hint=found.hint) for found in findings.found]
        raise FileMistakes(file, mistakes)
    return read


def has_version_elsewhere(data: Mapping[str, object]) -> bool:
    """Tell whether a project file as parsed leaves its version to `[tool.chapbook.version]` or to a foreign backend."""
    tool, system = data.get("tool"), data.get("build-system")
    chapbook = tool.get("chapbook") if isinstance(tool, dict) else None
    if isinstance(chapbook, dict) and isinstance(chapbook.get("version"), dict):
        return True
    backend = system.get("build-backend") if isinstance(system, dict) else None
    return isinstance(backend, str) and backend not in OWN_BACKENDS


def _version(table: Table) -> VersionSource | None:
    version = table.table("version")
    if version is None:
        return None
    for key in version.names():
        if key not in {"file", "pattern", "git", "tags", "local", "fallback"}:
            hint = "known here: file, pattern, git, tags, local, fallback"
            version.findings.add((*version.path, key), f"a version source cannot have `{key}`", hint)
    source = VersionSource(
        file=version.text("file"),
        pattern=version.text("pattern"),
        git=version.flag("git", default=False),
        tags=version.text("tags") or DEFAULT_TAGS,
        local=version.flag("local", default=True),
        fallback=version.text("fallback"),
    )
    if (source.file is None) == (not source.git):
        version.findings.add(version.path, "needs either `file` or `git = true`", 'add `file = "src/x/__init__.py"`')
    return source


def _placed(table: Table, key: str) -> tuple[Placed, ...]:
    folders = table.subtable(key)
    placed = []
    for folder in folders.names():
        path = (*folders.path, folder)
        if folder.startswith("/") or "\\" in folder or ".." in folder.split("/"):
            folders.findings.add(path, f"`{folder}` must stay inside the environment, with `/` between folders")
        value = folders.data[folder]
        patterns = (value,) if isinstance(value, str) else folders.texts(folder)
        placed.append(Placed(folder.strip("/"), patterns))
    return tuple(placed)
