"""Show the project's version, or set the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.report import Block, Line, Result, Span
from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.project.discovery import PROJECT_FILE, find_project
from chapbook_core.project.document import read_document
from chapbook_core.project.version import next_version
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.project.manifest import Manifest


class NoVersion(ChapbookError):
    """The project file states no version."""

    def __init__(self, file: Path, *, dynamic: bool) -> None:
        self.file = file
        reason = "leaves its version to the build (`dynamic`)" if dynamic else "has no version"
        hint = "set the version where the build takes it from" if dynamic else 'add `version = "0.1.0"` under [project]'
        super().__init__(f"`{file}` {reason}", hints=[hint])


@frozen
class VersionResult(Result):
    """The version, and what it was before."""

    name: str
    version: str
    before: str | None
    """Absent when nobody asked for another one."""
    written: bool
    short: bool

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        version = Span(self.version, "version")
        if self.short:
            return (Line((version,)),)
        if self.before is None:
            return (Line((Span(self.name, "name"), " ", version)),)
        verb = "Bumped" if self.written else "Would bump"
        return (Line((f"{verb} ", Span(self.name, "name"), " from ", Span(self.before, "version"), " to ", version)),)


def run(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> VersionResult:
    """Show or set it."""
    rule = invocation.text("version")
    next_phase = invocation.flag("next-phase")
    if next_phase and rule != "prerelease":
        raise UsageError(
            "`--next-phase` goes with the rule `prerelease`", hints=["run `chapbook version prerelease --next-phase`"]
        )
    document = read_document(find_project(surroundings.start) / PROJECT_FILE)
    manifest = document.manifest()
    name = manifest.name or manifest.folder.name
    short = invocation.flag("short")
    if rule is None:
        return VersionResult(name, _version(manifest), None, written=False, short=short)
    before = _version(manifest)
    after = next_version(before, rule, next_phase=next_phase)
    written = not invocation.flag("dry-run")
    if written:
        document.set_version(after)
        document.write()
    return VersionResult(name, after, before, written=written, short=short)


def _version(manifest: Manifest) -> str:
    if manifest.version is None:
        raise NoVersion(manifest.file, dynamic="version" in manifest.dynamic)
    return manifest.version
