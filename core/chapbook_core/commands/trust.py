"""Trust a project, or trust it no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.report import Block, Line, Result, Span, Table
from chapbook_core.project.discovery import find_project
from chapbook_core.project.locations import find_locations
from chapbook_core.project.trust import TrustedProject, distrust, trust, trusted_projects
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

_STATES = {"trusted": "", "replaced": "another project is there by now, and is not trusted", "gone": "gone"}


@frozen
class TrustChanged(Result):
    """Whether a project is trusted from here on."""

    project: Path
    is_trusted: bool
    is_changed: bool

    def report(self) -> tuple[Block, ...]:
        """Tell what it means."""
        shown = Span(str(self.project), "name")
        if self.is_trusted:
            return (Line((shown, " is trusted" if self.is_changed else " was trusted already")),)
        if not self.is_changed:
            return (Line((shown, " was not trusted")),)
        return (Line((shown, " is not trusted from here on: its kernels install nothing by themselves")),)


@frozen
class TrustListed(Result):
    """The projects that a person trusts."""

    projects: tuple[TrustedProject, ...]

    def report(self) -> tuple[Block, ...]:
        """Tell each on a line."""
        if not self.projects:
            return (Line("No project is trusted"),)
        rows = tuple((Span(str(one.folder), "name"), Span(_STATES[one.state], "dim")) for one in self.projects)
        return (Table(rows),)


def run(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> TrustChanged | TrustListed:
    """Change the record, or list what is on it."""
    locations = find_locations(surroundings.variables, surroundings.home)
    if invocation.flag("list"):
        return TrustListed(trusted_projects(locations))
    project = find_project(surroundings.start)
    if invocation.flag("remove"):
        return TrustChanged(project, is_trusted=False, is_changed=distrust(project, locations))
    return TrustChanged(project, is_trusted=True, is_changed=trust(project, locations))
