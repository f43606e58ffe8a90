"""What a project offers to other programs under names that they look for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject

_GROUP = late_pattern(r"\w+(?:\.\w+)*")
_REFERENCE = late_pattern(
    r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\s*(?::\s*[^\W\d]\w*(?:\.[^\W\d]\w*)*)?\s*(?:\[.*\])?",
)
_TABLES = (("project", "entry-points"), ("tool", "poetry", "plugins"))


def check(subject: Subject) -> Iterator[Finding]:
    """Look for groups that the standard has no room for, and references that lead to nothing."""
    for group in subject.table("project", "entry-points"):
        if _GROUP.fullmatch(group) is None:
            message = f"`{group}` is not the name of a group"
            hint = "use letters, digits and `_`, and dots between them"
            yield Finding(Severity.ERROR, message, ("project", "entry-points", group), hint)
    for table in _TABLES:
        for group, entries in subject.table(*table).items():
            for name, reference in entries.items() if isinstance(entries, Mapping) else ():
                if isinstance(reference, str) and _REFERENCE.fullmatch(reference.strip()) is None:
                    message = f"`{reference}` names nothing that can be imported"
                    hint = "write it as `package.module` or `package.module:name`"
                    yield Finding(Severity.WARNING, message, (*table, group, name), hint)
