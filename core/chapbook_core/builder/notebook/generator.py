"""Gives a build what comes of notebooks: modules in a wheel, these and the notebooks in an sdist, else a hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.member import Member
from chapbook_core.builder.notebook.editable_files import editable_files
from chapbook_core.builder.notebook.exporting import export_notebooks

if TYPE_CHECKING:
    from chapbook_core.builder.distribution import Distribution
    from chapbook_core.builder.generated import Kind


def notebook_members(distribution: Distribution, kind: Kind) -> list[Member]:
    """Return what belongs into an archive of that kind; a `Generator`. Raises BadNotebooks and FileMistakes."""
    if kind == "editable":
        files = editable_files(distribution.manifest)
        return [Member(name, content=content) for name, content in files.items()]
    export = export_notebooks(distribution.manifest)
    if kind == "wheel":
        for doubt in export.doubts:
            distribution.warn(doubt)
        return [Member(file.target, content=file.text.encode()) for file in export.files]
    made = [Member(file.path, content=file.text.encode()) for file in export.files]
    return [*made, *(Member(name, str(distribution.folder / name)) for name in export.notebooks)]
