"""The `[tool.poetry]` table: Poetry's own keys, and the forms that came before `[project]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.project.dependency_entry import Entry, read_entries
from chapbook_core.project.project_table import checked_project_name, checked_version
from chapbook_core.project.reading import Table
from chapbook_core.project.source import Priority, Source
from chapbook_core.requirements.constraint import Constraint, parse_constraint
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.url import split_userinfo
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path as Folder


_FORMATS = frozenset({"sdist", "wheel"})
_FORMER_PRIORITIES = {"default": "use `primary`", "secondary": "use `supplemental`"}


@frozen
class PackageInclude:
    """A package, or a module, that goes into the distribution."""

    include: str
    source: str | None
    """The folder it stands in, `from`."""
    target: str | None
    """The folder it goes to, `to`."""
    formats: frozenset[str]


@frozen
class FileInclude:
    """A file, or a pattern of files, that goes into the distribution."""

    path: str
    formats: frozenset[str]


@frozen
class PoetryTable:
    """What `[tool.poetry]` declares; everything has its default when there is no such table."""

    name: str | None = None
    version: str | None = None
    package_mode: bool = True
    python: Constraint | None = None
    entries: tuple[Entry, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    packages: tuple[PackageInclude, ...] = ()
    includes: tuple[FileInclude, ...] = ()
    excludes: tuple[str, ...] = ()
    build_script: str | None = None
    generate_setup_file: bool = False
    build_constraints: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    requires_poetry: Constraint | None = None
    requires_plugins: tuple[Entry, ...] = ()


def read_poetry_table(table: Table, folder: Folder) -> PoetryTable:
    """Read everything in `[tool.poetry]` but the groups and what describes the project."""
    dependencies = table.subtable("dependencies")
    script, generate_setup_file = _build(table)
    return PoetryTable(
        name=checked_project_name(table),
        version=checked_version(table),
        package_mode=table.flag("package-mode", default=True),
        python=_python(dependencies),
        entries=read_entries(dependencies, folder),
        extras=_extras(table),
        sources=_sources(table),
        packages=tuple(_package(entry) for entry in table.tables("packages")),
        includes=_includes(table),
        excludes=table.texts("exclude"),
        build_script=script,
        generate_setup_file=generate_setup_file,
        build_constraints=_build_constraints(table, folder),
        requires_poetry=_constraint(table, "requires-poetry"),
        requires_plugins=read_entries(table.subtable("requires-plugins"), folder),
    )


def _constraint(table: Table, key: str) -> Constraint | None:
    text = table.text(key)
    return None if text is None else table.findings.attempt((*table.path, key), parse_constraint, text)


def _python(dependencies: Table) -> Constraint | None:
    key = next((name for name in dependencies.names() if name.lower() == "python"), None)
    return None if key is None else _constraint(dependencies, key)


def _extras(table: Table) -> dict[str, tuple[str, ...]]:
    extras = table.subtable("extras")
    return {canonical_name(extra): extras.texts(extra) for extra in extras.names()}


def _sources(table: Table) -> tuple[Source, ...]:
    sources: dict[str, Source] = {}
    for entry in table.tables("source"):
        source = _source(entry)
        if source is None:
            continue
        if source.name.lower() in sources:
            table.findings.add((*entry.path, "name"), f"there are two sources named `{source.name}`", "rename one")
        sources[source.name.lower()] = source
    return tuple(sources.values())


def _source(table: Table) -> Source | None:
    name, url, priority = table.text("name"), table.text("url"), table.text("priority") or "primary"
    if not name:
        table.findings.add(table.path, "a source needs a `name`")
        return None
    if not url and name.lower() != "pypi":
        table.findings.add(table.path, f"the source `{name}` needs a `url`")
    if url and name.lower() == "pypi":
        table.findings.add((*table.path, "url"), "the default index has no `url` of its own", "use another name")
    if priority not in {known.value for known in Priority}:
        hint = _FORMER_PRIORITIES.get(priority, "use `primary`, `supplemental` or `explicit`")
        table.findings.add((*table.path, "priority"), f"`{priority}` is not a priority", hint)
        priority = "primary"
    table.flag("links", default=False)
    table.flag("indexed", default=False)
    for key in table.names():
        if key not in {"name", "url", "priority", "links", "indexed"}:
            table.findings.add((*table.path, key), f"a source cannot have `{key}`")
    shown, credentials = split_userinfo(url) if url else (None, None)
    return Source(name, shown, Priority(priority), credentials)


def _formats(table: Table, default: frozenset[str]) -> frozenset[str]:
    if "format" not in table:
        return default
    single = table.data["format"]
    formats = (single,) if isinstance(single, str) else table.texts("format")
    for wrong in sorted(set(formats) - _FORMATS):
        table.findings.add((*table.path, "format"), f"`{wrong}` is not a format", "use `sdist` or `wheel`")
    return frozenset(formats) & _FORMATS


def _package(table: Table) -> PackageInclude:
    include = table.required_text("include")
    return PackageInclude(include, table.text("from"), table.text("to"), _formats(table, _FORMATS))


def _includes(table: Table) -> tuple[FileInclude, ...]:
    included = []
    for path, value in table.entries("include"):
        match value:
            case str():
                included.append(FileInclude(value, frozenset({"sdist"})))
            case dict():
                entry = Table(value, path, table.findings)
                included.append(FileInclude(entry.required_text("path"), _formats(entry, frozenset({"sdist"}))))
            case _:
                table.wrong_type(path, value, "a string or a table")
    return tuple(included)


def _build(table: Table) -> tuple[str | None, bool]:
    if isinstance(table.data.get("build"), str):
        return table.text("build"), False
    build = table.table("build")
    if build is None:
        return None, False
    return build.text("script"), build.flag("generate-setup-file", default=False)


def _build_constraints(table: Table, folder: Folder) -> dict[str, tuple[Entry, ...]]:
    constraints = table.subtable("build-constraints")
    return {canonical_name(name): read_entries(constraints.subtable(name), folder) for name in constraints.names()}
