"""Reads `Pipfile` and `Pipfile.lock`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chapbook_core.commands.import_formats.harvest import constraint_around, exact_version
from chapbook_core.commands.import_formats.pip_requirement import read_pip_requirement
from chapbook_core.errors import ChapbookError
from chapbook_core.project.groups import MAIN
from chapbook_core.project.source import Priority
from chapbook_core.project.toml_mistake import UNREADABLE, toml_mistake
from chapbook_core.requirements.marker import ALWAYS, Marker, parse_marker
from chapbook_core.requirements.requirement import UNSTATED
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.import_formats.harvest import Harvest
    from chapbook_core.requirements.requirement import Requirement

_GROUPS = {"packages": MAIN, "dev-packages": "dev", "default": MAIN, "develop": "dev"}
_OTHER_TABLES = frozenset({"source", "requires", "scripts", "pipenv", "pipfile", "_meta"})
_MARKERS = ("os_name", "sys_platform", "platform_machine", "platform_system", "python_version", "python_full_version")


def read_pipfile(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with what the file asks for, in the versions of a lock beside it."""
    try:
        document = tomllib.loads(text)
    except UNREADABLE as error:
        harvest.mistakes.setdefault(file, []).append(toml_mistake(error, text.encode()))
        return
    before = len(harvest.pins)
    lock = file.with_name("Pipfile.lock")
    if lock.is_file():
        _read_lock(lock.read_text("utf-8", errors="replace"), lock, harvest, is_asked_for=False)
    versions = {pin.name: pin.version for pin in harvest.pins[before:]}
    _sources(document, file, harvest)
    for group, requirement in _requirements(document, file, harvest):
        version = versions.get(requirement.name) if requirement.constraint == UNSTATED else None
        harvest.wish(_around(requirement, version), group=group)


def read_pipfile_lock(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with the versions; which packages were asked for, a `Pipfile` beside it tells."""
    pipfile = file.with_name("Pipfile")
    if pipfile.is_file():
        read_pipfile(pipfile.read_text("utf-8", errors="replace"), pipfile, harvest)
    else:
        harvest.remark(file, "no Pipfile beside it says which packages were asked for, so all of them are added")
        _read_lock(text, file, harvest, is_asked_for=True)


def _read_lock(text: str, file: Path, harvest: Harvest, *, is_asked_for: bool) -> None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        harvest.mistake(file, "it is not JSON", line=line, hint="make it anew: `pipenv lock`")
        return
    if not isinstance(document, dict):
        harvest.mistake(file, "it is no lock", hint="make it anew: `pipenv lock`")
        return
    if is_asked_for:
        meta = document.get("_meta")
        _sources({"source": meta.get("sources") if isinstance(meta, dict) else None}, file, harvest)
    for group, requirement in _requirements(document, file, harvest):
        version = exact_version(requirement.constraint)
        if version is not None:
            harvest.pin(requirement.name, version, requirement.marker, _hashes(document, requirement.pretty_name))
        if is_asked_for:
            harvest.wish(_around(requirement, version), group=group)


def _hashes(document: Mapping[str, object], name: str) -> list[object]:
    tables = (document.get(table) for table in ("default", "develop"))
    entries = (table.get(name) for table in tables if isinstance(table, dict))
    found = (entry.get("hashes") for entry in entries if isinstance(entry, dict))
    return [text for hashes in found if isinstance(hashes, list) for text in hashes]


def _around(requirement: Requirement, version: str | None) -> Requirement:
    """Return the requirement on a locked version and what is compatible with it; without one, as it is."""
    return requirement if version is None else replace(requirement, constraint=constraint_around([version]))


def _sources(document: Mapping[str, object], file: Path, harvest: Harvest) -> None:
    sources = document.get("source")
    for number, source in enumerate(sources if isinstance(sources, list) else []):
        if isinstance(source, dict) and isinstance(url := source.get("url"), str):
            priority = Priority.SUPPLEMENTAL if number else Priority.PRIMARY
            harvest.source(url, priority, file, name=str(source.get("name", "")))


def _requirements(document: Mapping[str, object], file: Path, harvest: Harvest) -> Iterator[tuple[str, Requirement]]:
    """Yield what can be read of either file, with its group; the rest are mistakes of the harvest."""
    for table, entries in document.items():
        if table in _OTHER_TABLES or not isinstance(entries, dict):
            continue
        for name, value in entries.items():
            requirement = _requirement(name, value, f"{table}.{name}", file, harvest)
            if requirement is not None:
                yield _GROUPS.get(table) or table, requirement


def _requirement(name: str, value: object, place: str, file: Path, harvest: Harvest) -> Requirement | None:
    text = _text(name, value)
    if text is None:
        harvest.mistake(file, "it should be a version or a table", place=place)
        return None
    try:
        is_editable = isinstance(value, Mapping) and bool(value.get("editable"))
        read = read_pip_requirement(text, file.parent, editable=is_editable)
        marker = _marker(value)
    except ChapbookError as error:
        harvest.mistake(file, error.message, place=place, hint=error.hints[0] if error.hints else "")
        return None
    return replace(read.requirement, marker=marker)


def _text(name: str, value: object) -> str | None:
    """Return the entry as pip would have it, without its markers."""
    if isinstance(value, str):
        return name if value.strip() in {"", "*"} else f"{name} {value}"
    if not isinstance(value, Mapping):
        return None
    extras = value.get("extras")
    named = f"{name}[{','.join(map(str, extras))}]" if isinstance(extras, list) and extras else name
    if isinstance(git := value.get("git"), str):
        address = git if git.startswith("git+") or "://" not in git else f"git+{git}"
        revision = f"@{value['ref']}" if value.get("ref") else ""
        folder = f"#subdirectory={value['subdirectory']}" if value.get("subdirectory") else ""
        return f"{named} @ {address}{revision}{folder}"
    for key in ("file", "path"):
        if isinstance(place := value.get(key), str):
            is_path = "://" not in place and not place.startswith((".", "/"))
            return f"{named} @ {'./' if is_path else ''}{place}"
    version = value.get("version", "*")
    return named if not isinstance(version, str) or version.strip() in {"", "*"} else f"{named} {version}"


def _marker(value: object) -> Marker:
    """Return the condition of an entry, which may be spread over several keys."""
    marker = ALWAYS
    if isinstance(value, Mapping):
        if isinstance(text := value.get("markers"), str):
            marker &= parse_marker(text)
        for name in _MARKERS:
            if isinstance(comparison := value.get(name), str):
                marker &= parse_marker(f"{name} {comparison}")
    return marker
