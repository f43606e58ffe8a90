"""What a project says about itself to those who only read: people, texts, links, scripts."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.project.reading import Table, noun
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

_PERSON = late_pattern(r"\s*(?P<name>[^<>]*?)\s*(?:<(?P<email>[^<>]*)>)?\s*")
_LINKS = {"homepage": "Homepage", "repository": "Repository", "documentation": "Documentation"}
_RESERVED = {"console_scripts": "scripts", "gui_scripts": "gui-scripts"}
_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_GROUPS: Mapping[str, Mapping[str, str]] = MappingProxyType({})


@frozen
class Person:
    """An author or a maintainer."""

    name: str | None
    email: str | None


@frozen
class Readme:
    """The long description: files of one type, or a text."""

    files: tuple[str, ...] = ()
    text: str | None = None
    content_type: str | None = None


@frozen
class About:
    """The part of a manifest that ends up in a package's metadata, requirements aside."""

    description: str = ""
    readme: Readme = Readme()
    license: str | None = None
    """An SPDX expression, or whatever else the author wrote."""
    license_file: str | None = None
    """The file of the deprecated form `license = {file = ...}`."""
    license_files: tuple[str, ...] | None = None
    """Globs; None leaves the choice to the builder, an empty tuple asks for none."""
    authors: tuple[Person, ...] = ()
    maintainers: tuple[Person, ...] = ()
    keywords: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ()
    urls: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    scripts: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    file_scripts: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Scripts that are files of the project, which only `[tool.poetry.scripts]` can say."""
    gui_scripts: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    entry_points: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: _NO_GROUPS)


def read_about(project: Table, poetry: Table) -> About:
    """Read both tables; what `[project]` says comes first, as in Poetry."""
    license_text, license_file = _license(project, poetry)
    poetry_scripts, file_scripts = _poetry_scripts(poetry)
    return About(
        description=project.text("description") or poetry.text("description") or "",
        readme=_readme(project, poetry),
        license=license_text,
        license_file=license_file,
        license_files=_license_files(project),
        authors=_people(project, "authors") or _poetry_people(poetry, "authors"),
        maintainers=_people(project, "maintainers") or _poetry_people(poetry, "maintainers"),
        keywords=project.texts("keywords") or poetry.texts("keywords"),
        classifiers=project.texts("classifiers") or poetry.texts("classifiers"),
        urls=project.text_table("urls") or _poetry_urls(poetry),
        scripts=project.text_table("scripts") or poetry_scripts,
        file_scripts=file_scripts,
        gui_scripts=project.text_table("gui-scripts"),
        entry_points=_entry_points(project, "entry-points") or _entry_points(poetry, "plugins"),
    )


def _license(project: Table, poetry: Table) -> tuple[str | None, str | None]:
    if isinstance(project.data.get("license"), dict):
        table = project.table("license")
        if table is not None:
            if "license-files" in project:
                project.findings.add((*project.path, "license"), "must be a string when `license-files` is given")
            return table.text("text"), table.text("file")
    return project.text("license") or poetry.text("license"), None


def _license_files(project: Table) -> tuple[str, ...] | None:
    for path, glob in project.numbered_texts("license-files"):
        if "\\" in glob or ".." in glob.split("/") or glob.startswith("/"):
            project.findings.add(path, f"`{glob}` must stay inside the project, with `/` between folders")
    return project.texts("license-files") if "license-files" in project else None


def _readme(project: Table, poetry: Table) -> Readme:
    value = project.data.get("readme")
    if isinstance(value, str):
        return Readme(files=(value,))
    if value is not None:
        table = project.table("readme")
        if table is None:
            return Readme()
        file, text, content_type = table.text("file"), table.text("text"), table.text("content-type")
        if (file is None) == (text is None):
            project.findings.add(table.path, "needs exactly one of `file` and `text`")
        if content_type is None:
            project.findings.add(table.path, "needs `content-type`", 'add `content-type = "text/markdown"`')
        return Readme(files=(file,) if file else (), text=text, content_type=content_type)
    if isinstance(poetry.data.get("readme"), list):
        return Readme(files=poetry.texts("readme"))
    single = poetry.text("readme")
    return Readme(files=(single,) if single is not None else ())


def _people(project: Table, key: str) -> tuple[Person, ...]:
    people = []
    for table in project.tables(key):
        person = Person(table.text("name"), table.text("email"))
        if person.name is None and person.email is None:
            project.findings.add(table.path, "needs a `name` or an `email`")
        people.append(person)
    return tuple(people)


def _poetry_people(poetry: Table, key: str) -> tuple[Person, ...]:
    people = []
    for path, text in poetry.numbered_texts(key):
        match = _PERSON.fullmatch(text)
        if match is None:
            poetry.findings.add(path, f"`{text}` is not of the form `Name <address>`")
            continue
        people.append(Person(match["name"] or None, match["email"] or None))
    return tuple(people)


def _poetry_urls(poetry: Table) -> dict[str, str]:
    links = {label: text for key, label in _LINKS.items() if (text := poetry.text(key)) is not None}
    return links | poetry.text_table("urls")


def _poetry_scripts(poetry: Table) -> tuple[dict[str, str], dict[str, str]]:
    """Return the console scripts and the file scripts."""
    console: dict[str, str] = {}
    files: dict[str, str] = {}
    table = poetry.subtable("scripts")
    for name in table.names():
        value = table.data[name]
        if isinstance(value, str):
            console[name] = value
            continue
        if not isinstance(value, dict):
            table.findings.add((*table.path, name), f"expected a string or a table, found {noun(value)}")
            continue
        script = Table(value, (*table.path, name), table.findings)
        # `callable` is how the first versions wrote it.
        reference = script.text("reference") or script.text("callable")
        kind = script.text("type") or "console"
        if reference is None:
            table.findings.add(script.path, "needs `reference`")
        elif kind not in {"console", "file"}:
            table.findings.add((*script.path, "type"), f"`{kind}` is not a type of script", "use `console` or `file`")
        else:
            (files if kind == "file" else console)[name] = reference
    return console, files


def _entry_points(table: Table, key: str) -> dict[str, dict[str, str]]:
    groups = table.subtable(key)
    found = {}
    for group in groups.names():
        if group in _RESERVED and key == "entry-points":
            groups.findings.add((*groups.path, group), "is reserved", f"use `[project.{_RESERVED[group]}]`")
        found[group] = groups.text_table(group)
    return found
