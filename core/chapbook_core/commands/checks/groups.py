"""The groups of a project in Poetry's table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject

_GROUP = ("tool", "poetry", "group")


def check(subject: Subject) -> Iterator[Finding]:
    """Look for groups that say nothing."""
    for name, group in subject.table(*_GROUP).items():
        if isinstance(group, Mapping) and not group.keys() & {"dependencies", "include-groups", "optional"}:
            hint = f"take it out, or require something in [tool.poetry.group.{name}.dependencies]"
            yield Finding(
                Severity.ERROR, "the group says nothing, for which Poetry refuses the file", (*_GROUP, name), hint
            )
