"""[tool.chapbook]: keys that nothing reads, and values that some command would stumble over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.notebook.export_rules import export_rules
from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.commands.checks.unknown_keys import unknown
from chapbook_core.errors import FileMistakes
from chapbook_core.pattern import late_pattern
from chapbook_core.project.build_table import read_build_table
from chapbook_core.project.resolution_table import read_resolution_table
from chapbook_core.project.tasks import read_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chapbook_core.commands.checks.subject import Subject

KEYS = frozenset(
    {
        "conflicts",
        "constraints",
        "data",
        "environments",
        "exclude",
        "exclude-newer",
        "export",
        "fork-strategy",
        "headers",
        "overrides",
        "prefer",
        "prereleases",
        "resolution",
        "stamp",
        "tasks",
        "version",
    }
)
_TABLE = ("tool", "chapbook")
_KEY = late_pattern(r"tool\.chapbook\.([\w-]+)")


def check(subject: Subject) -> Iterator[Finding]:
    """Read it as every command does that reads some of it."""
    manifest = subject.manifest
    yield from unknown(subject, _TABLE, KEYS, Severity.WARNING)
    yield from _mistakes(subject, lambda: read_resolution_table(manifest.tool, manifest.file))
    yield from _mistakes(subject, lambda: read_tasks(manifest.tool, manifest.file))
    yield from _mistakes(subject, lambda: read_build_table(manifest.tool, manifest.file))
    yield from _mistakes(subject, lambda: export_rules(manifest))


def _mistakes(subject: Subject, read: Callable[[], object]) -> Iterator[Finding]:
    try:
        read()
    except FileMistakes as found:
        for mistake in found.mistakes:
            key = _KEY.match(mistake.place)
            line = mistake.line or (subject.line((*_TABLE, key[1])) if key is not None else None)
            message = f"{mistake.place}: {mistake.message}" if mistake.place else mistake.message
            yield Finding(Severity.ERROR, message, hint=mistake.hint, line=line)
