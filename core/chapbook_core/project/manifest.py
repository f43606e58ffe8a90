"""The manifest: what a `pyproject.toml` says, as frozen values."""

from __future__ import annotations

import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.errors import FileMistakes, Mistake
from chapbook_core.project.about import About, read_about
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.enrichment import built_requirements, locked_requirements
from chapbook_core.project.groups import MAIN, Group, read_groups
from chapbook_core.project.poetry_table import PoetryTable, read_poetry_table
from chapbook_core.project.project_table import ProjectTable, read_project_table
from chapbook_core.project.reading import Findings, Table, place_text
from chapbook_core.project.small_file import read_small
from chapbook_core.project.toml_mistake import UNREADABLE, toml_mistake
from chapbook_core.requirements.constraint import ANY, Constraint
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chapbook_core.project.dependency_entry import Entry
    from chapbook_core.project.source import Source
    from chapbook_core.requirements.requirement import Requirement


_MARKS_OF_PATHS = (b"path", b"\\")
"""The key of a path, or what it may be written with in another way."""


@frozen
class Manifest:
    """One project: its name, what it requires and where from, and what it says about itself."""

    file: Path
    name: str | None
    """As its author wrote it; a project that is no package may have none."""
    version: str | None
    package_mode: bool
    """Whether the project is itself something to install."""
    python: Constraint
    """The Python versions that the lock must work for."""
    python_text: str
    """The same as its author wrote it, which is what a lock file repeats."""
    requires_python: str | None
    """What a built package declares."""
    groups: tuple[Group, ...]
    """The main one first."""
    built_requirements: tuple[Requirement, ...]
    """What a built package declares; the main group holds what is locked."""
    extras: Mapping[str, tuple[str, ...]]
    """The normalised name of each extra, and the names of what it holds."""
    dynamic: frozenset[str]
    sources: tuple[Source, ...]
    about: About
    poetry: PoetryTable
    """What only `[tool.poetry]` can say: packages, includes, build script, constraints on builds and tools."""
    data: Mapping[str, object] = field(repr=False)
    """The whole file as parsed."""

    @property
    def folder(self) -> Path:
        """The folder that the file stands in."""
        return self.file.parent

    @property
    def main(self) -> Group:
        """The group of the project's own requirements."""
        return self.groups[0]

    @property
    def description(self) -> str:
        """The one-line summary."""
        return self.about.description

    @property
    def readme(self) -> tuple[str, ...]:
        """The files of the long description."""
        return self.about.readme.files

    @property
    def scripts(self) -> Mapping[str, str]:
        """The console scripts and what each one calls."""
        return self.about.scripts

    @property
    def tool(self) -> Mapping[str, object]:
        """The `[tool.chapbook]` table, unread."""
        return _subtable(_subtable(self.data, "tool"), "chapbook")

    @property
    def python_place(self) -> str:
        """Where the file says which Pythons the lock must work for, in words."""
        poetry = _subtable(_subtable(_subtable(self.data, "tool"), "poetry"), "dependencies")
        return "`python` of `[tool.poetry.dependencies]`" if "python" in poetry else "`requires-python` of the project"

    def group(self, name: str) -> Group | None:
        """Return the group of that name, in any spelling."""
        wanted = canonical_name(name)
        return next((group for group in self.groups if group.name == wanted), None)


def read_manifest(path: Path, *, only_built: bool = False, read: Callable[[Path], bytes] = read_small) -> Manifest:
    """Read a `pyproject.toml`, or the one in a folder; raises FileMistakes with everything that is wrong in it.

    With `only_built` nothing is said of what is wrong with groups: whoever gets the package sees nothing of them, and
    they must not keep it from being built (PEP 735). `read` is for who has read the file.
    """
    manifest, mistakes = inspect_manifest(path, only_built=only_built, read=read)
    if manifest is None or mistakes:
        raise FileMistakes(_file(path), mistakes)
    return manifest


def inspect_manifest(
    path: Path, *, only_built: bool = False, read: Callable[[Path], bytes] = read_small
) -> tuple[Manifest | None, tuple[Mistake, ...]]:
    """Read as far as possible: what could be understood, if anything, and everything that is wrong."""
    file = _file(path)
    try:
        content = read(file)
    except OSError as cause:
        return None, (Mistake(f"cannot be read: {cause.strerror or cause}"),)
    return parse_manifest(content, file, only_built=only_built)


def parse_manifest(
    content: bytes, file: Path, *, only_built: bool = False
) -> tuple[Manifest | None, tuple[Mistake, ...]]:
    """Do what `inspect_manifest` does, for bytes that would be written to `file`."""
    # What is found at a path has a say in what it means; without one the bytes alone tell it all.
    parse = _parsed if any(mark in content for mark in _MARKS_OF_PATHS) else _parsed_once
    return parse(content, os.fspath(file), only_built=only_built)


def _parsed(content: bytes, name: str, *, only_built: bool) -> tuple[Manifest | None, tuple[Mistake, ...]]:
    file = Path(name)
    try:
        text = content.decode()
        data = tomllib.loads(text)
    except UNREADABLE as error:
        return None, (toml_mistake(error, content),)
    findings = Findings()
    manifest = _read(data, file, findings, only_built=only_built)
    return manifest, _located(findings, text)


_parsed_once = lru_cache(maxsize=8)(_parsed)


def _read(data: dict[str, object], file: Path, findings: Findings, *, only_built: bool) -> Manifest:
    document = Table(data, (), findings)
    project_table = document.subtable("project")
    poetry_table = document.subtable("tool").subtable("poetry")
    project = read_project_table(project_table)
    poetry = read_poetry_table(poetry_table, file.parent)
    _check_identity(document, poetry_table, project.dynamic, package_mode=poetry.package_mode)
    entries, extras = _extras(project, poetry)
    is_dynamic = bool(project.dynamic & {"dependencies", "optional-dependencies"})
    built = built_requirements(project.dependencies, entries, is_dynamic=is_dynamic)
    locked = locked_requirements(built, project.dependencies, entries, findings)
    # What is found of groups that nobody needs is nobody's business.
    grouping = Table(data, (), Findings()) if only_built else document
    requires_python = project_table.text("requires-python")
    python = _python(project, poetry, findings)
    if python.is_empty and not only_built:
        words = "project.requires-python" if poetry.python is None else "tool.poetry.dependencies.python"
        findings.add(tuple(words.split(".")), f"no Python is in `{python}`", "write it as in `>=3.11,<4.0`")
    return Manifest(
        file=file,
        name=project.name or poetry.name,
        version=project.version or poetry.version,
        package_mode=poetry.package_mode,
        python=python,
        python_text=python.text,
        requires_python=requires_python,
        groups=read_groups(grouping, grouping.subtable("tool").subtable("poetry"), file.parent, locked),
        built_requirements=built,
        extras=extras,
        dynamic=project.dynamic,
        sources=poetry.sources,
        about=read_about(project_table, poetry_table),
        poetry=poetry,
        data=data,
    )


def _check_identity(document: Table, poetry: Table, dynamic: frozenset[str], *, package_mode: bool) -> None:
    """Note what is missing: a package has a name and a version, and `[project]` always has a name of its own."""
    project = document.data.get("project")
    if project is None:
        given, path, required = set(poetry.names()), poetry.path, set()
    elif isinstance(project, dict):
        given, path, required = {*project, *poetry.names()} - ({"name"} - project.keys()), ("project",), {"name"}
    else:
        # That it is no table is noted already.
        return
    for key in ("name", "version"):
        is_read_elsewhere = key == "version" and key in dynamic and _has_version_elsewhere(document.data)
        if key not in given and (package_mode or key in required) and not is_read_elsewhere:
            otherwise = ", or `package-mode = false` under [tool.poetry] if it is no package"
            hint = f'add `{key} = "..."` under [{place_text(path)}]{"" if key in required else otherwise}'
            message = "is dynamic, and [tool.poetry] does not give it" if key in dynamic else "is missing"
            document.findings.add((*path, key), message, hint)


def _extras(project: ProjectTable, poetry: PoetryTable) -> tuple[tuple[Entry, ...], Mapping[str, tuple[str, ...]]]:
    """Return the entries of `[tool.poetry.dependencies]` with their extras, and the extras of the project.

    `[tool.poetry.extras]` only counts when `[project]` requires nothing.
    """
    if project.dependencies or project.extras:
        return poetry.entries, project.extras
    names = {extra: {canonical_name(name) for name in held} for extra, held in poetry.extras.items()}
    entries = tuple(
        replace(
            entry,
            requirement=replace(
                entry.requirement,
                in_extras=frozenset(extra for extra, held in names.items() if entry.requirement.name in held),
            ),
        )
        for entry in poetry.entries
    )
    return entries, poetry.extras


def _python(project: ProjectTable, poetry: PoetryTable, findings: Findings) -> Constraint:
    """Return the Python versions to lock for: the narrower of the two declarations."""
    outer = project.python or ANY
    if poetry.python is None:
        return outer
    if not poetry.python.is_subset(outer):
        findings.add(
            ("tool", "poetry", "dependencies", "python"),
            f"`{poetry.python}` allows versions that `requires-python` does not: `{outer}`",
            "narrow it, or drop it to use `requires-python`",
        )
    return poetry.python


def _subtable(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _has_version_elsewhere(data: Mapping[str, object]) -> bool:
    from chapbook_core.project.build_table import has_version_elsewhere  # hardly a folder of notebooks is built

    return has_version_elsewhere(data)


def _file(path: Path) -> Path:
    return path / PROJECT_FILE if path.is_dir() else path


def _located(findings: Findings, text: str) -> tuple[Mistake, ...]:
    """Return the findings as mistakes with their lines."""
    if not findings.found:
        return ()
    from chapbook_core.project.layout import read_layout  # only who has made a mistake needs it

    layout = read_layout(text)
    mistakes = [
        Mistake(finding.message, place_text(finding.path), layout.line(finding.path), finding.hint)
        for finding in findings.found
    ]
    return tuple(sorted(mistakes, key=lambda mistake: mistake.line or 0))


__all__ = ["MAIN", "About", "Group", "Manifest", "inspect_manifest", "parse_manifest", "read_manifest"]
