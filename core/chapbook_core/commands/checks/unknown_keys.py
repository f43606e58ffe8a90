"""Keys of [tool.poetry] that Poetry does not know; it then refuses the whole file."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity

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


def check(subject: Subject) -> Iterator[Finding]:
    """Look for keys that have no meaning."""
    yield from _unknown(subject, ("tool", "poetry"), _KEYS)
    yield from _unknown(subject, ("tool", "poetry", "build"), _BUILD_KEYS)


def _unknown(subject: Subject, table: tuple[str, ...], known: Collection[str]) -> Iterator[Finding]:
    for key in subject.table(*table):
        if key not in known:
            near = get_close_matches(key, sorted(known), n=1)
            hint = f"did you mean `{near[0]}`?" if near else "take it out, or move it to a table of your own"
            yield Finding(Severity.ERROR, f"[{'.'.join(table)}] has no `{key}`", (*table, key), hint)
