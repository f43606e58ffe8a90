"""The Poetry that a project asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.commands.session import POETRY_VERSION, other_poetry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """Look for one that every other command would refuse to be."""
    needed = other_poetry(subject.manifest)
    if needed is not None:
        yield Finding(
            Severity.ERROR,
            f"Chapbook works as Poetry {POETRY_VERSION} does, which is not in `{needed}`",
            ("tool", "poetry", "requires-poetry"),
            "change it, or use that Poetry",
        )
