"""Core metadata: what METADATA in a wheel and PKG-INFO in a source distribution say."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from chapbook_core.builder.cannot_build import CannotBuild, FileMissing
from chapbook_core.builder.license import license_files, read_license
from chapbook_core.builder.python_support import PREFIX, python_classifiers, requires_python
from chapbook_core.builder.requires_dist import requires_dist

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.builder.distribution import Distribution
    from chapbook_core.builder.license import License
    from chapbook_core.project.about import Person
    from chapbook_core.project.manifest import Manifest

_VERSION = "2.4"
_VERSION_WITH_IMPORT_NAMES = "2.5"
_CONTENT_TYPES = {".rst": "text/x-rst", ".md": "text/markdown", ".markdown": "text/markdown", ".ipynb": "text/markdown"}
_CONTINUED = " " * len("License: ")
_WELL_KNOWN_LINKS = {label.lower(): label for label in ("Homepage", "Repository", "Documentation")}


def metadata_text(distribution: Distribution) -> str:
    """Return the core metadata of a distribution; raises FileMissing, CannotBuild and NoSpecifier."""
    manifest = distribution.manifest
    lines = [f"{field}: {value}" for field, value in _fields(distribution)]
    description, content_type = _description(manifest)
    if content_type is not None:
        lines.append(f"Description-Content-Type: {content_type}")
    body = f"\n{description}\n" if description is not None else ""
    return "\n".join(lines) + "\n" + body


def _fields(distribution: Distribution) -> Iterator[tuple[str, str]]:
    manifest = distribution.manifest
    about = manifest.about
    imports = list(_import_names(manifest))
    licence = read_license(manifest)
    yield "Metadata-Version", _VERSION_WITH_IMPORT_NAMES if imports else _VERSION
    yield "Name", distribution.name
    yield "Version", distribution.version
    yield "Summary", " ".join(about.description.split("\n"))
    if licence.former:
        yield "License", licence.former.strip().replace("\n", f"\n{_CONTINUED}")
    if licence.expression:
        yield "License-Expression", licence.expression
    yield from (("License-File", name) for name in license_files(manifest))
    if about.keywords:
        yield "Keywords", ",".join(about.keywords)
    yield from _person("Author", about.authors)
    yield from _person("Maintainer", about.maintainers)
    if python := requires_python(manifest):
        yield "Requires-Python", python
    yield from (("Classifier", classifier) for classifier in _classifiers(manifest, licence))
    yield from (("Provides-Extra", extra) for extra in sorted(manifest.extras))
    yield from (("Requires-Dist", text) for text in requires_dist(manifest))
    yield from (("Project-URL", link) for link in _links(manifest))
    yield from imports


def _person(field: str, people: tuple[Person, ...]) -> Iterator[tuple[str, str]]:
    """Tell the first person, as Poetry does: indexes show these two fields as one name and one address."""
    if people:
        name, email = people[0].name, people[0].email
        if name or email:
            yield field, unicodedata.normalize("NFC", name or email or "")
        if name and email:
            yield f"{field}-email", unicodedata.normalize("NFC", email)


def _classifiers(manifest: Manifest, licence: License) -> list[str]:
    """Return the classifiers; what `[project]` says is final unless it calls them dynamic too."""
    declared = list(manifest.about.classifiers)
    project = manifest.data.get("project")
    if isinstance(project, dict) and project.get("classifiers") and "classifiers" not in manifest.dynamic:
        return declared
    pythons = python_classifiers(manifest)
    others = sorted({*declared, *([licence.classifier] if licence.classifier else [])} - set(pythons))
    return [
        *(classifier for classifier in others if classifier <= PREFIX),
        *pythons,
        *(classifier for classifier in others if classifier > PREFIX),
    ]


def _links(manifest: Manifest) -> list[str]:
    """Return the links, the well-known ones first under their usual names, then by their first letter."""
    known: dict[str, str] = {}
    others: dict[str, str] = {}
    for label, url in manifest.about.urls.items():
        usual = _WELL_KNOWN_LINKS.get(label.lower())
        (others if usual is None else known)[usual or label] = url
    ordered = {usual: known[usual] for usual in _WELL_KNOWN_LINKS.values() if usual in known} | others
    return sorted((f"{label}, {url}" for label, url in ordered.items()), key=lambda link: link[0])


def _import_names(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield the names of PEP 794, which a project asks for by declaring them."""
    project = manifest.data.get("project")
    for key, field in (("import-names", "Import-Name"), ("import-namespaces", "Import-Namespace")):
        names = project.get(key) if isinstance(project, dict) else None
        if names is None:
            continue
        if not isinstance(names, list) or not all(isinstance(name, str) and _is_import(name) for name in names):
            hint = 'write them as in `import-names = ["spam", "spam.eggs", "_spam; private"]`'
            raise CannotBuild(f"`{key}` under [project] must be an array of names to import", hints=[hint])
        # One empty field says that there is nothing to import.
        yield from ((field, name) for name in names or [""])


def _is_import(text: str) -> bool:
    name, separator, rest = text.partition(";")
    return all(part.isidentifier() for part in name.strip().split(".")) and (not separator or rest.strip() == "private")


def _description(manifest: Manifest) -> tuple[str | None, str | None]:
    """Return the long description and its type; several files stand one below the other."""
    readme = manifest.about.readme
    if readme.text is not None:
        return readme.text, readme.content_type
    files = [file for file in readme.files if file]
    if not files:
        return None, None
    text = "\n".join(_readme(manifest, file) for file in files)
    return text, readme.content_type or _CONTENT_TYPES.get(PurePosixPath(files[0]).suffix, "text/plain")


def _readme(manifest: Manifest, name: str) -> str:
    try:
        if name.endswith(".ipynb"):
            return _notebook_readme(manifest.folder / name, name)
        return (manifest.folder / name).read_text("utf-8")
    except FileNotFoundError:
        raise FileMissing("the readme", name) from None
    except IsADirectoryError:
        raise FileMissing("the readme", name, reason="is a folder") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise FileMissing("the readme", name, reason=f"cannot be read: {problem}") from None


def _notebook_readme(file: Path, name: str) -> str:
    from chapbook_core.builder.notebook.hook.mistake import NotebookMistake  # few readmes are notebooks
    from chapbook_core.builder.notebook.markdown import notebook_markdown

    try:
        return notebook_markdown(file.read_bytes(), name)
    except NotebookMistake as mistake:
        raise CannotBuild(mistake.message, hints=[mistake.hint] if mistake.hint else []) from None
