"""The policies that a project and its settings ask for, about what an index offers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chapbook_core.index.policy import NoBinary, OnlyBinary, Policy, exclude_newer, minimum_age, read_projects
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from chapbook_core.commands.session import Session


def policies_of(session: Session) -> tuple[Policy, ...]:
    """Return what is ruled out, whoever asks for it."""
    policies: list[Policy] = []
    settings = session.settings
    if moment := session.wishes.exclude_newer:
        policies.append(exclude_newer(datetime.fromisoformat(moment)))
    if days := settings.number("solver.min-release-age"):
        now = datetime.fromtimestamp(session.surroundings.now(), UTC)
        excluded = (canonical_name(name) for name in settings.names("solver.min-release-age-exclude"))
        policies.append(minimum_age(now, days, excluded))
    if names := settings.names("installer.no-binary"):
        policies.append(NoBinary(read_projects(names)))
    if names := settings.names("installer.only-binary"):
        policies.append(OnlyBinary(read_projects(names)))
    return tuple(policies)
