"""Metadata of a source archive as its files tell it, with no code of it run.

From the surest to the least sure: a PKG-INFO that promises to stay (Metadata 2.2), an older one with requirements, the
`.egg-info` of setuptools, a static `pyproject.toml`, a `setup.cfg` whose `setup.py` computes nothing.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.metadata import Metadata, UnreadableMetadata, parse_metadata
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chapbook_core.index.sdist import SourceFiles

_SECTION = late_pattern(r"\[(?P<extra>[^:\]]*)(?::(?P<marker>.*))?\]")
_MAY_CHANGE = frozenset({"dependencies", "optional-dependencies", "requires-python"})
_COMPUTES = late_pattern(rb"requires|\*\*|\bexec\b")


def is_final(information: bytes) -> bool:
    """Tell whether a PKG-INFO alone settles the metadata."""
    try:
        return parse_metadata(information).is_static
    except UnreadableMetadata:
        return False


def told_metadata(files: SourceFiles, name: str = "", version: str = "") -> Metadata | None:
    """Return what the files of an archive tell; nothing when only a build can. Name and version are of the file name.

    Raises UnreadableMetadata when a file that must be right is not.
    """
    if files.information is None:
        base = Metadata(name, version) if name and version else None
    else:
        base = parse_metadata(files.information, f"{name} {version}".strip() or "the archive")
        if base.is_static or base.requires_dist:
            return base
        if (found := _of_egg_info(files, base)) is not None:
            return found
    if (found := _of_pyproject(files, base)) is not None:
        return found
    return _of_setup_cfg(files, base)


def _of_egg_info(files: SourceFiles, base: Metadata) -> Metadata | None:
    """Read the requirements that setuptools wrote beside PKG-INFO; it writes no file when there are none."""
    egg_info = files.egg_info(lambda project: canonical_name(project) == canonical_name(base.name))
    text = egg_info.get("requires.txt")
    if text is None:
        sources = egg_info.get("SOURCES.txt", b"requires.txt")
        if b"requires.txt" in sources:
            return None
        text = b""
    extras, requirements = read_requires_text(text.decode("utf-8", "replace"))
    return replace(base, requires_dist=requirements, provides_extra=base.provides_extra or extras)


def read_requires_text(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the extras and, as Requires-Dist has them, the requirements of a `requires.txt`."""
    extras: dict[str, None] = {}
    requirements: list[str] = []
    conditions: list[str] = []
    for line in map(str.strip, text.splitlines()):
        if section := _SECTION.fullmatch(line):
            marker, extra = (section["marker"] or "").strip(), section["extra"].strip()
            conditions = [f"({marker})"] if marker else []
            if extra:
                extras[extra] = None
                conditions.append(f'extra == "{canonical_name(extra)}"')
        elif line and not line.startswith("#"):
            requirements.append(_under(line, conditions))
    return tuple(extras), tuple(requirements)


def _under(text: str, conditions: Iterable[str]) -> str:
    """Return a requirement, in its author's words, that holds under further conditions."""
    requirement, separator, own = text.partition(" ;" if "@" in text else ";")
    whole = [f"({own.strip()})", *conditions] if separator else [*conditions]
    return f"{requirement.strip()} ; {' and '.join(whole)}" if whole else text


def _of_pyproject(files: SourceFiles, base: Metadata | None) -> Metadata | None:
    content = files.top.get("pyproject.toml")
    if content is None:
        return None
    import tomllib  # costs a start 10 ms, and next to no archive comes here

    try:
        data = tomllib.loads(content.decode())
        match data:
            case {"project": dict() as project}:
                return _of_project(project, base)
            case {"tool": {"poetry": dict()}}:
                return _of_poetry(content, base)
            case _:
                return None
    except (ValueError, TypeError, ChapbookError):
        # Whoever wrote it knows how to build it nevertheless.
        return None


def _of_project(project: Mapping[str, object], base: Metadata | None) -> Metadata | None:
    dynamic = project.get("dynamic")
    if not isinstance(dynamic, list | None) or _MAY_CHANGE.intersection(dynamic or ()):
        return None
    name, version = project.get("name"), project.get("version")
    requirements = [_valid(text) for text in _texts(project.get("dependencies"))]
    optional = project.get("optional-dependencies")
    extras = optional if isinstance(optional, dict) else {}
    for extra, texts in extras.items():
        requirements += [_in_extra(_valid(text), extra) for text in _texts(texts)]
    return _completed(
        base,
        name=name if isinstance(name, str) else "",
        version=version if isinstance(version, str) else "",
        requirements=requirements,
        requires_python=str(project.get("requires-python") or "") or None,
        extras=extras,
        summary=str(project.get("description") or ""),
    )


def _of_poetry(content: bytes, base: Metadata | None) -> Metadata | None:
    # Only archives of old Poetry projects without requirements come here.
    from pathlib import Path

    from chapbook_core.project.manifest import parse_manifest

    manifest, mistakes = parse_manifest(content, Path("pyproject.toml"), only_built=True)
    if manifest is None or mistakes:
        return None
    requirements = []
    for requirement in manifest.built_requirements:
        text = requirement.pep508_text()
        requirements += [_in_extra(text, extra) for extra in sorted(requirement.in_extras)] or [text]
    return _completed(
        base,
        name=manifest.name or "",
        version=manifest.version or "",
        requirements=requirements,
        requires_python=None if manifest.python.is_any else manifest.python.specifier_text(),
        extras=manifest.extras,
        summary=manifest.description,
    )


def _of_setup_cfg(files: SourceFiles, base: Metadata | None) -> Metadata | None:
    content = files.top.get("setup.cfg")
    if content is None or _COMPUTES.search(files.top.get("setup.py", b"")):
        return None
    from configparser import Error, RawConfigParser  # as for tomllib

    parser = RawConfigParser(delimiters=("=",))
    try:
        parser.read_string(content.decode())
        options = dict(parser.items("options"))
        requirements = [_valid(text) for text in _listed(options.get("install_requires", ""))]
        extras = dict(parser.items("options.extras_require")) if parser.has_section("options.extras_require") else {}
        for extra, texts in extras.items():
            requirements += [_in_extra(_valid(text), extra) for text in _listed(texts)]
        facts = dict(parser.items("metadata")) if parser.has_section("metadata") else {}
    except (Error, UnicodeDecodeError, ChapbookError):
        return None
    if not requirements and "install_requires" not in options:
        # Perhaps it is only there for a linter.
        return None
    version = facts.get("version", "")
    return _completed(
        base,
        name=facts.get("name", ""),
        version="" if ":" in version else version,
        requirements=requirements,
        requires_python=options.get("python_requires"),
        extras=extras,
        summary=facts.get("description", ""),
    )


def _completed(
    base: Metadata | None,
    *,
    name: str,
    version: str,
    requirements: Iterable[str],
    requires_python: str | None,
    extras: Iterable[str],
    summary: str,
) -> Metadata | None:
    """Put together what is known already and what a file adds; nothing when name or version are still unknown."""
    base = base or Metadata(name, version)
    if not base.name or not base.version:
        return None
    return replace(
        base,
        requires_dist=tuple(requirements),
        requires_python=base.requires_python or requires_python,
        provides_extra=base.provides_extra or tuple(extras),
        summary=base.summary or summary,
    )


def _in_extra(text: str, extra: str) -> str:
    return _under(text, [f'extra == "{canonical_name(extra)}"'])


def _valid(text: str) -> str:
    """Return the text of a requirement; raises InvalidRequirement."""
    parse_requirement(text)
    return text


def _texts(value: object) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError("not a list of texts")
    yield from value


def _listed(text: str) -> list[str]:
    """Take a list of setup.cfg apart: a line each, or in one line with semicolons."""
    if text.startswith("file:"):
        raise UnreadableMetadata("setup.cfg", "it refers to another file")
    parts = text.splitlines() if "\n" in text else _at_semicolons(text)
    return [part.strip() for part in parts if part.strip() and not part.strip().startswith("#")]


def _at_semicolons(text: str) -> list[str]:
    # In one line a semicolon may as well begin a marker.
    with suppress(ChapbookError):
        parse_requirement(text)
        return [text]
    return text.split(";")
