"""The Pythons a project says it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.requirements.constraint import parse_constraint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject

_FAR = "9999"
"""A major version beyond every Python."""


def check(subject: Subject) -> Iterator[Finding]:
    """Look for a range that says nothing, is empty, or has no end."""
    poetry = ("tool", "poetry", "dependencies", "python")
    if subject.value(*poetry) == "*":
        yield Finding(Severity.WARNING, "`*` says nothing about Python", poetry, "write the range, as in `>=3.11,<4.0`")
    has_project = bool(subject.table("project"))
    declared = subject.value("project", "requires-python") is not None
    if (
        has_project
        and not declared
        and subject.value(*poetry) is not None
        and "requires-python" not in _dynamic(subject)
    ):
        yield Finding(
            Severity.WARNING,
            "only Poetry reads this, because `requires-python` is neither given nor dynamic",
            poetry,
            "write `requires-python` under [project]",
        )
    place = ("project", "requires-python") if declared else poetry
    python = subject.manifest.python
    if python.is_empty:
        yield Finding(Severity.ERROR, f"no Python is in `{python.text}`", place, "write a range, as in `>=3.11,<4.0`")
    elif python.is_any:
        message = "the project does not say which Pythons it is for"
        yield Finding(Severity.WARNING, message, (), 'add `requires-python = ">=3.11"` under [project]')
    elif not subject.manifest.package_mode and not python.is_disjoint(parse_constraint(f">={_FAR}")):
        yield Finding(
            Severity.REMARK,
            f"`{python.text}` has no upper end, so the lock must also suit Pythons that nobody has yet",
            place,
            "notebooks run on one Python: give the range an end, as in `>=3.11,<3.13`",
        )


def _dynamic(subject: Subject) -> frozenset[str]:
    return frozenset(text for _, text in subject.texts("project", "dynamic"))
