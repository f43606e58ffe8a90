"""The extras of a project in their former form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """Look for extras that name what is not required."""
    required = {canonical_name(name) for name in subject.table("tool", "poetry", "dependencies")}
    for extra in subject.table("tool", "poetry", "extras"):
        for place, name in subject.texts("tool", "poetry", "extras", extra):
            if canonical_name(name) not in required:
                message = f"the extra `{extra}` names `{name}`, which the project does not require"
                hint = "add it to [tool.poetry.dependencies] with `optional = true`"
                yield Finding(Severity.ERROR, message, place, hint)
