"""Write the modules of the project's notebooks into files, or tell whether that is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.notebook.export_rules import exports_notebooks
from chapbook_core.builder.notebook.exporting import export_notebooks
from chapbook_core.builder.notebook.module_files import compare_modules, write_modules
from chapbook_core.commands.report import Block, Line, Message, Result
from chapbook_core.errors import ChapbookError
from chapbook_core.project.discovery import find_project
from chapbook_core.project.manifest import read_manifest
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher


class NoNotebookSources(ChapbookError):
    """The notebooks of the project are not among its sources."""

    def __init__(self) -> None:
        super().__init__(
            "the notebooks of this project are no sources of its package",
            hints=[
                'add a table [tool.chapbook.export] to pyproject.toml, with `folder = "nbs"` when they are in a folder'
            ],
        )


@frozen
class ExportModulesResult(Result):
    """What was written or removed, or would have to be."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    modules: int
    is_check: bool
    warnings: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """A check fails when something would have to be written."""
        return int(self.is_check and bool(self.written or self.removed))

    def report(self) -> tuple[Block, ...]:
        """Name the files."""
        warnings = (Message("warning", warning) for warning in self.warnings)
        if not (self.written or self.removed):
            files = "file is as its notebook exports" if self.modules == 1 else "files are as the notebooks export"
            return (*warnings, Line(f"{self.modules} {files} {'it' if self.modules == 1 else 'them'}"))
        if self.is_check:
            hint = "run `chapbook export-modules`"
            differing = (
                Message("error", f"`{name}` is not as its notebook exports it", (hint,)) for name in self.written
            )
            left = (Message("error", f"no notebook exports `{name}` any longer", (hint,)) for name in self.removed)
            return (*warnings, *differing, *left)
        wrote = (Line(f"Wrote {name}") for name in self.written)
        return (*warnings, *wrote, *(Line(f"Removed {name}") for name in self.removed))


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> ExportModulesResult:
    """Compare the files with the notebooks and, unless that is all, write what differs."""
    manifest = read_manifest(find_project(surroundings.start))
    if not exports_notebooks(manifest):
        raise NoNotebookSources
    export = export_notebooks(manifest)
    compared = compare_modules(export, manifest.folder)
    watcher.checkpoint()
    is_check = invocation.flag("check")
    if not is_check:
        write_modules(export, manifest.folder, compared)
    written = tuple(sorted((*compared.absent, *compared.differing)))
    return ExportModulesResult(written, compared.left, len(export.files), is_check, export.doubts)
