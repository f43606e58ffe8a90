"""What is looked at, a file for each noun; every check yields findings and raises nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks import (
    classifiers,
    descriptions,
    entry_points,
    extras,
    former_keys,
    groups,
    licenses,
    links,
    locks,
    locks_deep,
    notebooks,
    own_table,
    packages,
    people,
    poetrys,
    pythons,
    readmes,
    requirements,
    scripts,
    sources,
    unknown_keys,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chapbook_core.commands.checks.subject import Finding, Subject

CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    unknown_keys.check,
    own_table.check,
    poetrys.check,
    pythons.check,
    descriptions.check,
    people.check,
    licenses.check,
    classifiers.check,
    readmes.check,
    links.check,
    former_keys.check,
    groups.check,
    requirements.check,
    extras.check,
    scripts.check,
    entry_points.check,
    sources.check,
    packages.check,
    locks.check,
    locks_deep.check,
    notebooks.check,
)
"""In the order of the report."""
