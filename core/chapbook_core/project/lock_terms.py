"""The terms of a project's lock: where it has to work, and which names need not be in it."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.requirements.marker import Marker, python_marker
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.project.resolution_table import ResolutionTable


def promised_environments(manifest: Manifest, wishes: ResolutionTable) -> Marker:
    """Return the region of the environments that the lock is for."""
    pythons = python_marker(manifest.python)
    return pythons & reduce(or_, wishes.environments) if wishes.environments else pythons


def exempt_names(manifest: Manifest, wishes: ResolutionTable) -> frozenset[str]:
    """Return the names that nobody need lock, whoever requires them.

    The project's own stands for what its extras ask for. An override with a marker may take a requirement away.
    """
    own = {canonical_name(manifest.name)} if manifest.name else set()
    replaced = {override.name for override in wishes.overrides if not override.marker.is_always}
    return frozenset(own | replaced | set(wishes.exclude))
