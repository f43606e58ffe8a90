"""What the files of a source tree say of its project, as far as they do without running any of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.index.metadata import UnreadableMetadata, parse_metadata
from chapbook_core.index.sdist import SourceFiles
from chapbook_core.index.source_metadata import told_metadata
from chapbook_core.project.discovery import PROJECT_FILE, is_project
from chapbook_core.project.manifest import inspect_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.index.metadata import Metadata
    from chapbook_core.project.manifest import Manifest

_LARGEST = 16_000_000


def read_tree(tree: Path) -> Manifest | Metadata | None:
    """Read a source tree: its project file if that tells everything, else its metadata; nothing when it must be built.

    That a project is no package is all there is to tell of it.
    The `.egg-info` of a tree is not believed: it is as old as the last build.
    """
    manifest, mistakes = inspect_manifest(tree, only_built=True) if (tree / PROJECT_FILE).is_file() else (None, ())
    if manifest is not None and not mistakes:
        is_told = manifest.name and manifest.version and not _is_dynamic(manifest)
        if is_told or not manifest.package_mode:
            return manifest
    top = {name: content for name in ("setup.cfg", "setup.py") if (content := _content(tree / name)) is not None}
    information = _content(tree / "PKG-INFO")
    try:
        if information is not None and (told := parse_metadata(information)).is_static:
            return told
        return None if manifest is not None and is_project(manifest.data) else told_metadata(SourceFiles(top))
    except UnreadableMetadata:
        return None


def _is_dynamic(manifest: Manifest) -> bool:
    """Tell whether the build has a say in what the lock repeats; Poetry's own table may fill in for it."""
    poetry = manifest.poetry
    filled = {
        "version": poetry.version is not None,
        "requires-python": poetry.python is not None,
        "dependencies": bool(poetry.entries),
        "optional-dependencies": bool(poetry.entries),
    }
    return any(not filled[field] for field in manifest.dynamic & filled.keys())


def _content(file: Path) -> bytes | None:
    if not file.is_file() or file.stat().st_size > _LARGEST:
        return None
    return file.read_bytes()
