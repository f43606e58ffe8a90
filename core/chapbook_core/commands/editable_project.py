"""EditableProject: a project in a folder that is to be imported from there, held against what is installed of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chapbook_core.builder.editable_way import EditableWay, editable_way
from chapbook_core.builder.notebook.export_rules import exports_notebooks
from chapbook_core.builder.tree_fingerprint import settings_fingerprint
from chapbook_core.errors import ChapbookError
from chapbook_core.installer.editable import BUILT_FROM, EditableArrival, built_from
from chapbook_core.project.manifest import read_manifest
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.environment.site_packages import Distribution
    from chapbook_core.installer.schemes import InstallPaths
    from chapbook_core.project.manifest import Manifest


@frozen
class EditableProject:
    """A project that is to be imported from its own folder."""

    folder: Path
    name: str
    """Canonical."""
    paths: InstallPaths
    interpreter: Interpreter
    manifest: Manifest | None
    """None when only its backend can read what it says of itself."""
    way: EditableWay
    origin: Mapping[str, object] | None = None
    """Where the folder came from, as `direct_url.json` has it; None for a folder that is nobody else's."""

    @property
    def direct_url(self) -> Mapping[str, object]:
        """What `direct_url.json` says of it."""
        return self.origin or {"url": self.folder.as_uri(), "dir_info": {"editable": True}}

    @property
    def script(self) -> str | None:
        """The build script of a Poetry project."""
        return None if self.manifest is None else self.manifest.poetry.build_script

    @property
    def key(self) -> str:
        """What the outcome depends on, as far as it is built; empty when it is not."""
        if self.way is EditableWay.PATHS and self.script is None:
            return ""
        python = (self.interpreter.implementation, self.interpreter.version, str(self.interpreter.executable))
        script = _content(self.folder / self.script) if self.script is not None else b""
        return _hash_of(settings_fingerprint(self.folder), *python, script.hex())

    @property
    def is_built_from_more(self) -> bool:
        """Whether files besides the project file say what is put in."""
        return self.script is not None or any((self.folder / name).exists() for name in ("setup.py", "setup.cfg"))

    @property
    def by_paths(self) -> EditableArrival:
        """What is put in without its backend; the manifest has a name and a version then."""
        if self.manifest is None:
            raise LookupError("a project that nothing is known of")
        return EditableArrival(self.manifest, self.paths, self.key, _hook(self.manifest), self.origin)

    def is_there(self, installed: Distribution | None) -> bool:
        """Tell whether an installed distribution is this one as it would be put in."""
        if installed is None:
            return False
        if self.way is EditableWay.PATHS:
            return self.by_paths.is_there(installed)
        manifest = self.manifest
        is_moved = _content(installed.folder / "direct_url.json") != _direct_url_text(self.folder)
        is_other = manifest is not None and manifest.version is not None and installed.version != manifest.version
        if is_moved:
            return False
        if self.can_go_by_paths and self.by_paths.is_there(installed):
            # Its backend could not do it.
            return True
        return not is_other and _content(installed.folder / BUILT_FROM) == built_from(self.key)

    @property
    def can_go_by_paths(self) -> bool:
        """Whether enough is known of it to do without its backend."""
        return self.manifest is not None and self.manifest.name is not None and self.manifest.version is not None


def editable_project(
    folder: Path, name: str, paths: InstallPaths, interpreter: Interpreter, manifest: Manifest | None = None
) -> EditableProject:
    """Look at a project that is to be editable; raises FileMistakes when nobody but Poetry could build it."""
    way = editable_way(folder)
    if manifest is None:
        try:
            manifest = read_manifest(folder / "pyproject.toml", only_built=True)
        except (ChapbookError, OSError):
            if way is EditableWay.PATHS:
                raise
    return EditableProject(folder, canonical_name(name), paths, interpreter, manifest, way)


def _hook(manifest: Manifest) -> Mapping[str, bytes]:
    if not exports_notebooks(manifest):
        return {}
    from chapbook_core.builder.notebook.editable_files import editable_files  # as most projects have no need of it

    return editable_files(manifest)


def _direct_url_text(folder: Path) -> bytes:
    return json.dumps({"url": folder.as_uri(), "dir_info": {"editable": True}}).encode()


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _hash_of(*parts: str) -> str:
    import hashlib  # only where something is built

    return hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()
