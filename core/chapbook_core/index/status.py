"""The status of a project on its index, as PEP 792 words it."""

from __future__ import annotations

from enum import Enum

from chapbook_core.value import frozen


class Status(Enum):
    """What an index says about a whole project."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    """No more releases are to be expected."""
    QUARANTINED = "quarantined"
    """Thought to be unsafe; the index offers no files."""
    DEPRECATED = "deprecated"
    """Its owners advise against it."""


@frozen
class ProjectStatus:
    """A status with the reason its owners or the index gave."""

    status: Status = Status.ACTIVE
    reason: str = ""

    @property
    def notice(self) -> str:
        """What a person should hear before taking the project on; empty for an active one."""
        match self.status:
            case Status.ACTIVE:
                return ""
            case Status.ARCHIVED:
                told = "is archived: no more releases are to be expected"
            case Status.QUARANTINED:
                told = "is quarantined by its index: it is thought to be unsafe"
            case Status.DEPRECATED:
                told = "is deprecated by its owners"
        return f"{told} ({self.reason})" if self.reason else told


ACTIVE = ProjectStatus()


def read_status(marker: object, reason: object) -> ProjectStatus:
    """Return the status a page tells; a word of some later standard counts as active."""
    try:
        status = Status(marker)
    except ValueError:
        return ACTIVE
    return ProjectStatus(status, reason if isinstance(reason, str) else "")
