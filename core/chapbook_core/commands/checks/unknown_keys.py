"""Keys that nobody knows: Poetry then refuses the whole file, or what they say is not heard."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.project.project_table import DYNAMIC_FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from chapbook_core.commands.checks.subject import Subject

_KEYS = frozenset(
    {
        "authors",
        "build",
        "build-constraints",
        "classifiers",
        "dependencies",
        "description",
        "dev-dependencies",
        "documentation",
        "exclude",
        "extras",
        "group",
        "homepage",
        "include",
        "keywords",
        "license",
        "maintainers",
        "name",
        "package-mode",
        "packages",
        "plugins",
        "readme",
        "repository",
        "requires-plugins",
        "requires-poetry",
        "scripts",
        "source",
        "urls",
        "version",
    }
)
_BUILD_KEYS = frozenset({"script", "generate-setup-file"})
_README_KEYS = frozenset({"file", "text", "content-type"})
_SCRIPT_KEYS = frozenset({"reference", "type", "extras", "callable"})
_PACKAGE_KEYS = frozenset({"include", "from", "format", "to"})
_STANDARD_KEYS = DYNAMIC_FIELDS | {"name", "dynamic"}


def check(subject: Subject) -> Iterator[Finding]:
    """Look for keys that have no meaning."""
    yield from unknown(subject, ("project",), _STANDARD_KEYS, Severity.WARNING)
    yield from unknown(subject, ("tool", "poetry"), _KEYS)
    yield from unknown(subject, ("tool", "poetry", "build"), _BUILD_KEYS)
    yield from unknown(subject, ("project", "readme"), _README_KEYS)
    for name in subject.table("tool", "poetry", "scripts"):
        yield from unknown(subject, ("tool", "poetry", "scripts", name), _SCRIPT_KEYS)
    for place, entry in subject.tables("tool", "poetry", "packages"):
        for key in entry:
            if key not in _PACKAGE_KEYS:
                yield Finding(Severity.ERROR, f"an entry has no `{key}`", (*place, key), _hint(key, _PACKAGE_KEYS))


def unknown(
    subject: Subject, table: tuple[str, ...], known: Collection[str], severity: Severity = Severity.ERROR
) -> Iterator[Finding]:
    """Yield the keys of a table that are none of the known ones."""
    for key in subject.table(*table):
        if key not in known:
            yield Finding(severity, f"[{'.'.join(table)}] has no `{key}`", (*table, key), _hint(key, known))


def _hint(key: str, known: Collection[str]) -> str:
    near = get_close_matches(key, sorted(known), n=1)
    return f"did you mean `{near[0]}`?" if near else "take it out, or move it to a table of your own"
