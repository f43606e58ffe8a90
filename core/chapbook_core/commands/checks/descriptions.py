"""The sentence that an index shows of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject

_SEVERITIES = {("project",): Severity.WARNING, ("tool", "poetry"): Severity.ERROR}
"""Of Poetry's table Poetry itself refuses it."""


def check(subject: Subject) -> Iterator[Finding]:
    """Look for more than one line."""
    for table, severity in _SEVERITIES.items():
        text = subject.value(*table, "description")
        if isinstance(text, str) and "\n" in text:
            hint = "write one line, and the rest into the readme"
            yield Finding(severity, "has more than one line", (*table, "description"), hint)
