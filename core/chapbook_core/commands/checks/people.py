"""The people behind a project, as [project] names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.commands.checks.subject import Subject
    from chapbook_core.project.layout import Path as Place

_ADDRESS = late_pattern(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>]+")
_KEYS = ("name", "email")


def check(subject: Subject) -> Iterator[Finding]:
    """Look for names and addresses that no index would show."""
    for key in ("authors", "maintainers"):
        for place, person in subject.tables("project", key):
            yield from _person(place, person)


def _person(place: Place, person: Mapping[str, object]) -> Iterator[Finding]:
    for key in person:
        if key not in _KEYS:
            hint = "take it out: other tools refuse the file"
            yield Finding(Severity.ERROR, f"a person has `name` and `email`, and no `{key}`", (*place, key), hint)
    name, email = (person.get(key) for key in _KEYS)
    if isinstance(name, str) and not name.strip():
        yield Finding(Severity.ERROR, "the name is empty", (*place, "name"), "write it, or drop the key")
    if isinstance(name, str) and "," in name:
        message = f"`{name}` is read as several people, because of its comma"
        yield Finding(Severity.WARNING, message, (*place, "name"), "write an entry for each, or drop the comma")
    if isinstance(email, str) and _ADDRESS.fullmatch(email) is None:
        message = f"`{email}` is not an address"
        yield Finding(Severity.ERROR, message, (*place, "email"), "write it as in `jane@example.org`")
