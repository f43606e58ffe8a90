"""Gives a build what comes of notebooks: modules in a wheel, these and the notebooks in an sdist, else a hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.ignored import ignored_files
from chapbook_core.builder.member import Member
from chapbook_core.builder.notebook.editable_files import editable_files
from chapbook_core.builder.notebook.export_rules import export_rules
from chapbook_core.builder.notebook.exporting import export_notebooks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.builder.distribution import Distribution
    from chapbook_core.builder.generated import Kind
    from chapbook_core.builder.notebook.exporting import Export


_OURS = "chapbook_core.builder.backend"


def notebook_members(distribution: Distribution, kind: Kind) -> list[Member]:
    """Return what belongs into an archive of that kind; a `Generator`. Raises BadNotebooks and FileMistakes."""
    if kind == "editable":
        files = editable_files(distribution.manifest)
        return [Member(name, content=content) for name, content in files.items()]
    export = export_notebooks(distribution.manifest)
    if kind == "wheel":
        for doubt in (*export.doubts, *_foreign_backend(distribution)):
            distribution.warn(doubt)
        return [Member(file.target, content=file.text.encode()) for file in export.files]
    made = [Member(file.path, content=file.text.encode()) for file in export.files]
    return [*made, *(Member(name, str(distribution.folder / name)) for name in _packed(distribution, export))]


def _foreign_backend(distribution: Distribution) -> Iterator[str]:
    """Tell that others would build the project without its notebooks."""
    system = distribution.manifest.data.get("build-system")
    backend = system.get("build-backend") if isinstance(system, dict) else None
    if backend != _OURS:
        shown = f"`{backend}`" if isinstance(backend, str) else "the default one"
        yield (
            f"whoever installs this folder itself, as by `pip install .`, gets no module of a notebook: its build "
            f'backend is {shown}; write `requires = ["chapbook"]` and `build-backend = "{_OURS}"` under [build-system]'
        )


def _packed(distribution: Distribution, export: Export) -> list[str]:
    """Return the notebooks of a source distribution: what is exported from, and the rest of a folder named for that.

    Where the whole project is looked through, other notebooks may be anybody's drafts.
    """
    sources = set(export.sources)
    folders = [rule for rule in export_rules(distribution.manifest) if rule.folder]
    others = [name for name in export.notebooks if name not in sources and any(rule.holds(name) for rule in folders)]
    ignored = ignored_files(distribution.folder, distribution.warn) if others else frozenset()
    return sorted([*sources, *(name for name in others if name not in ignored)])
