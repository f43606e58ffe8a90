"""Reads `pdm.lock`; what was asked for is in the `pyproject.toml` beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chapbook_core.commands.import_formats.harvest import constraint_around
from chapbook_core.commands.import_formats.locked_project import take_manifest
from chapbook_core.commands.import_formats.pip_requirement import read_pip_requirement
from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.groups import MAIN
from chapbook_core.project.source import Priority
from chapbook_core.project.toml_mistake import UNREADABLE, toml_mistake
from chapbook_core.requirements.marker import ALWAYS, Marker, parse_marker
from chapbook_core.requirements.name import canonical_name, is_valid_name
from chapbook_core.value import replace

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.import_formats.harvest import Harvest

Table = Mapping[str, object]

_PLACES = ("path", "url", "git")
_NAME = late_pattern(r"[A-Za-z0-9._-]+")
_HERE = late_pattern(r"file:/{2,3}\$\{PROJECT_ROOT\}/")
_EDITABLE = "-e "
_MAIN = "default"
"""What PDM calls the requirements of the project itself."""


def read_pdm_lock(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with the locked versions, and with what the project asks for."""
    document = _parsed(text, file, harvest)
    if document is None:
        return
    packages = _tables(document.get("package"))
    if any(not isinstance(package.get(key), str) for package in packages for key in ("name", "version")):
        harvest.mistake(file, "it is no lock of PDM", hint="make it anew: `pdm lock`")
        return
    indexed = [package for package in packages if not any(place in package for place in _PLACES)]
    for package in indexed:
        hashes = (file.get("hash") for file in _tables(package.get("files")))
        harvest.pin(str(package["name"]), str(package["version"]), _region(package), hashes)
    manifest = file.with_name(PROJECT_FILE)
    if take_manifest(manifest, harvest):
        own = _table(_table(_parsed(manifest.read_text("utf-8"), manifest, harvest) or {}, "tool"), "pdm")
        _take_own_words(own, manifest, harvest)
    else:
        harvest.remark(file, "no project file beside it says what was asked for; what nothing else asks for is added")
        _take_roots(indexed, file, harvest)


def _take_own_words(own: Table, file: Path, harvest: Harvest) -> None:
    """Take what only PDM reads in a project file: its sources, and its former groups for development."""
    for number, source in enumerate(_tables(own.get("source"))):
        if isinstance(url := source.get("url"), str):
            priority = Priority.SUPPLEMENTAL if number else Priority.PRIMARY
            harvest.source(url, priority, file, name=str(source.get("name", "")))
    for group, texts in _table(own, "dev-dependencies").items():
        for text in texts if isinstance(texts, list) else []:
            _wish(str(text), group, file, harvest)


def _take_roots(packages: list[Table], file: Path, harvest: Harvest) -> None:
    asked_for = {name for package in packages for name in _required(package)}
    for package in packages:
        name = str(package["name"])
        if canonical_name(name) in asked_for or package.get("extras"):
            continue
        groups = package.get("groups")
        for group in groups if isinstance(groups, list) else [_MAIN]:
            _wish(name, MAIN if group == _MAIN else str(group), file, harvest, version=str(package["version"]))


def _wish(text: str, group: str, file: Path, harvest: Harvest, *, version: str | None = None) -> None:
    if not is_valid_name(group):
        harvest.mistake(file, f"`{group}` is not a valid name for a group")
        return
    bare = _HERE.sub("./", text.removeprefix(_EDITABLE).strip())
    try:
        requirement = read_pip_requirement(bare, file.parent, editable=text.startswith(_EDITABLE)).requirement
        if version is not None:
            requirement = replace(requirement, constraint=constraint_around([version]))
    except (ChapbookError, ValueError) as error:
        hint = error.hints[0] if isinstance(error, ChapbookError) and error.hints else ""
        harvest.mistake(file, str(error), place=group, hint=hint)
        return
    harvest.wish(requirement, group=group)


def _required(package: Table) -> set[str]:
    texts = package.get("dependencies")
    found = (_NAME.match(str(text)) for text in (texts if isinstance(texts, list) else []))
    # An entry with extras asks for the package itself.
    return {canonical_name(match[0]) for match in found if match} - {canonical_name(str(package["name"]))}


def _region(package: Table) -> Marker:
    try:
        return parse_marker(str(package.get("marker", ""))).without_extras()
    except ChapbookError:
        return ALWAYS


def _parsed(text: str, file: Path, harvest: Harvest) -> Table | None:
    try:
        return tomllib.loads(text)
    except UNREADABLE as error:
        harvest.mistakes.setdefault(file, []).append(toml_mistake(error, text.encode()))
        return None


def _table(parent: Table, key: str) -> Table:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[Table]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
