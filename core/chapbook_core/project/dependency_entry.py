"""One requirement as `[tool.poetry]` writes it: a constraint, a table of keys, or a list of these."""

from __future__ import annotations

import re
from pathlib import Path as File
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.project.reading import Table, noun
from chapbook_core.requirements.constraint import ANY, Constraint, parse_constraint
from chapbook_core.requirements.marker import ALWAYS, Marker, parse_marker, python_marker
from chapbook_core.requirements.name import canonical_name, is_valid_name
from chapbook_core.requirements.origin import (
    ARCHIVE_SUFFIXES,
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    Origin,
    UrlOrigin,
)
from chapbook_core.requirements.requirement import Requirement
from chapbook_core.requirements.url import split_userinfo
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path as Folder

    from chapbook_core.project.layout import Path
    from chapbook_core.project.reading import Findings

_COMMON = frozenset({"python", "platform", "markers"})
_PRERELEASES = frozenset({"allow-prereleases", "allows-prereleases"})
_CHOICE = frozenset({"optional", "extras"})
_KEYS = {
    "version": _COMMON | _PRERELEASES | _CHOICE | {"version", "source"},
    "git": _COMMON | _PRERELEASES | _CHOICE | {"git", "branch", "tag", "rev", "subdirectory", "develop"},
    "file": _COMMON | _CHOICE | {"file", "subdirectory"},
    "path": _COMMON | _CHOICE | {"path", "subdirectory", "develop"},
    "url": _COMMON | _CHOICE | {"url", "subdirectory"},
    # What only adds to a requirement that `[project]` or `[dependency-groups]` has.
    "": _COMMON | _PRERELEASES | {"source", "develop"},
}
_FORMS = ("git", "file", "path", "url", "version")
_FAMILY = late_pattern(r"={0,2}\s*(?P<minor>\d+\.\d+)")
_PLATFORM = late_pattern(r"(==|!=)?\s*([A-Za-z0-9_.-]+)")


@frozen
class Entry:
    """A requirement of `[tool.poetry]`, and what it can add to a standard one."""

    requirement: Requirement
    develop: bool
    path: Path


def read_entries(table: Table, folder: Folder) -> tuple[Entry, ...]:
    """Return every requirement of a dependency table but the one on Python."""
    entries: list[Entry] = []
    for name in table.names():
        path = (*table.path, name)
        if name.lower() == "python":
            continue
        if not is_valid_name(name):
            table.findings.add(path, f"`{name}` is not a valid name", "use letters, digits, `-`, `_` and `.`")
            continue
        value = table.data[name]
        alternatives = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        if not alternatives:
            table.findings.add(path, "an empty list requires nothing", 'write a constraint, such as `"*"`')
        for index, alternative in alternatives:
            entry_path = path if index is None else (*path, index)
            entry = _read_entry(name, alternative, entry_path, table.findings, folder)
            if entry is not None:
                entries.append(entry)
    return tuple(entries)


def _read_entry(name: str, value: object, path: Path, findings: Findings, folder: Folder) -> Entry | None:
    match value:
        case str():
            constraint = findings.attempt(path, parse_constraint, value)
            return None if constraint is None else Entry(_requirement(name, constraint), develop=False, path=path)
        case dict():
            return _read_table(name, Table(value, path, findings), folder)
        case _:
            findings.add(path, f"expected a constraint or a table, found {noun(value)}", 'write `"*"` for any version')
            return None


def _read_table(name: str, table: Table, folder: Folder) -> Entry | None:
    forms = [form for form in _FORMS if form in table]
    form = forms[0] if forms else ""
    for key in table.names():
        if key in _KEYS[form]:
            continue
        kind = f"a requirement with `{form}`" if form else "a requirement without `version`"
        table.findings.add((*table.path, key), f"{kind} cannot have `{key}`", _hint(form, key))
    written = table.text("version") or "*"
    constraint = table.findings.attempt((*table.path, "version"), parse_constraint, written)
    marker = _marker(table)
    if constraint is None or marker is None:
        return None
    spellings = [key for key in _PRERELEASES if key in table]
    develop = table.flag("develop", default=False)
    requirement = _requirement(
        name,
        constraint,
        marker=marker,
        extras=frozenset(canonical_name(extra) for extra in table.texts("extras")),
        origin=_origin(table, form, folder, develop=develop),
        allow_prereleases=table.flag(spellings[0], default=False) if spellings else None,
        optional=table.flag("optional", default=False),
    )
    return Entry(requirement, develop, table.path)


def _hint(form: str, key: str) -> str:
    if key in _FORMS:
        return f"keep either `{form}` or `{key}`" if form else ""
    return 'add `version = "*"`' if not form and key in _CHOICE else f"known here: {', '.join(sorted(_KEYS[form]))}"


def _requirement(
    name: str,
    constraint: Constraint,
    *,
    marker: Marker = ALWAYS,
    extras: frozenset[str] = frozenset(),
    origin: Origin | None = None,
    allow_prereleases: bool | None = None,
    optional: bool = False,
) -> Requirement:
    return Requirement(
        name=canonical_name(name),
        pretty_name=name,
        constraint=constraint,
        extras=extras,
        marker=marker,
        origin=IndexOrigin(None) if origin is None else origin,
        allow_prereleases=allow_prereleases,
        in_extras=frozenset(),
        optional=optional,
    )


def _origin(table: Table, form: str, folder: Folder, *, develop: bool) -> Origin:
    subdirectory = table.text("subdirectory")
    location = table.text(form) or "" if form else ""
    match form:
        case "git":
            references = [table.text(key) for key in ("branch", "tag", "rev")]
            if sum(reference is not None for reference in references) > 1:
                table.findings.add(table.path, "`branch`, `tag` and `rev` exclude each other", "keep one of them")
            branch, tag, revision = references
            # Poetry, too, takes the address as a PEP 508 requirement has it.
            url, userinfo = split_userinfo(location.removeprefix("git+"))
            return GitOrigin(url, branch, tag, revision, subdirectory, develop, userinfo)
        case "url":
            url, userinfo = split_userinfo(location)
            return UrlOrigin(url, subdirectory, userinfo)
        case "file":
            return FileOrigin(File(location), subdirectory)
        case "path":
            path = File(location)
            if (folder / path).is_file() or path.name.lower().endswith(ARCHIVE_SUFFIXES):
                return FileOrigin(path, subdirectory)
            return DirectoryOrigin(path / subdirectory if subdirectory else path, None, develop)
        case _:
            return IndexOrigin(table.text("source"))


def _marker(table: Table) -> Marker | None:
    """Return the conjunction of `markers`, `python` and `platform`; None when one of them is wrong."""
    marker: Marker | None = ALWAYS
    for key, parse in (("markers", parse_marker), ("python", _python_marker), ("platform", _platform_marker)):
        text = table.text(key)
        if not text:
            continue
        part = table.findings.attempt((*table.path, key), parse, text)
        marker = None if marker is None or part is None else marker & part
    return marker


def _python_marker(text: str) -> Marker:
    """Read a constraint on Python, of which a bare `3.11` means every 3.11 here."""
    alternatives = [_FAMILY.fullmatch(alternative) for alternative in re.split(r"\s*\|\|?\s*", text.strip())]
    if all(alternatives):
        minors = (alternative["minor"] for alternative in alternatives if alternative is not None)
        return parse_marker(" or ".join(f'python_version == "{minor}"' for minor in minors))
    constraint = parse_constraint(text)
    return ALWAYS if constraint == ANY else python_marker(constraint)


def _platform_marker(text: str) -> Marker:
    """Read `win32`, `!=win32` or `linux || darwin` as what it says of `sys_platform`."""
    alternatives = []
    for alternative in re.split(r"\s*\|\|?\s*", text.strip()):
        terms = [
            f'sys_platform {operator or "=="} "{platform}"' for operator, platform in _PLATFORM.findall(alternative)
        ]
        alternatives.append(" and ".join(terms) if terms else f'sys_platform == "{alternative}"')
    return parse_marker(" or ".join(alternatives))
