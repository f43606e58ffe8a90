"""Selected: what a lock holds for one environment, with all that it requires, told once for each lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.lock.completeness import require_dependencies
from chapbook_core.lock.selection import select
from chapbook_core.project.recent import Recent
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chapbook_core.lock.lockfile import Lock, LockedPackage
    from chapbook_core.lock.wanted import Wanted
    from chapbook_core.project.groups import Group


@frozen
class _Chosen:
    """What was selected, and for what."""

    environment: Mapping[str, str]
    wanted: Wanted
    exempt: frozenset[str]
    packages: tuple[LockedPackage, ...]


_chosen: Recent[_Chosen] = Recent()
"""By the lock and the groups of the project, which are the same ones as long as their files are."""


def selected_packages(
    lock: Lock, environment: Mapping[str, str], wanted: Wanted, project: Sequence[Group], exempt: frozenset[str]
) -> tuple[LockedPackage, ...]:
    """Return what `select` does, once `require_dependencies` has nothing to say against it; raises as both do."""
    known = _chosen.recall(lock, project)
    if known is not None and (known.environment, known.wanted, known.exempt) == (environment, wanted, exempt):
        return known.packages
    packages = select(lock, environment, wanted.groups, wanted.extras, project=project, exempt=exempt)
    require_dependencies(lock, packages, environment, exempt)
    _chosen.keep(_Chosen(dict(environment), wanted, exempt, packages), lock, project)
    return packages
