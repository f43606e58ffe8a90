"""Reads `uv.lock`."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.commands.import_formats.harvest import constraint_around
from chapbook_core.commands.import_formats.pip_requirement import read_pip_requirement
from chapbook_core.errors import ChapbookError
from chapbook_core.project.groups import MAIN
from chapbook_core.project.source import Priority
from chapbook_core.project.toml_mistake import UNREADABLE, toml_mistake
from chapbook_core.requirements.marker import ALWAYS, Marker, parse_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.requirement import UNSTATED
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.import_formats.harvest import Harvest

Table = Mapping[str, object]


def read_uv_lock(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with the requirements of the project that the lock was made for, and all its versions."""
    try:
        document = tomllib.loads(text)
    except UNREADABLE as error:
        harvest.mistakes.setdefault(file, []).append(toml_mistake(error, text.encode()))
        return
    packages = _tables(document.get("package"))
    if not packages or any(not isinstance(package.get("name"), str) or "source" not in package for package in packages):
        harvest.mistake(file, "it is no lock of uv", hint="make it anew: `uv lock`")
        return
    _sources(packages, file, harvest)
    versions: dict[str, list[str]] = {}
    for package in packages:
        version = package.get("version")
        if isinstance(version, str) and "registry" in _table(package.get("source")):
            versions.setdefault(canonical_name(str(package["name"])), []).append(version)
            files = [_table(package.get("sdist")), *_tables(package.get("wheels"))]
            harvest.pin(str(package["name"]), version, _region(package), (file.get("hash") for file in files))
    for member in (package for package in packages if _is_project(package)):
        if _place(member) != ".":
            harvest.remark(file, f"`{member['name']}` in `{_place(member)}` is a project of its own, left aside")
            continue
        _Member(versions, file, harvest).take(_table(member.get("metadata")))


@frozen
class _Member:
    """The project that a lock was made for."""

    versions: Mapping[str, list[str]]
    file: Path
    harvest: Harvest

    def take(self, metadata: Table) -> None:
        """Take what it asks for, in its words."""
        for number, entry in enumerate(_tables(metadata.get("requires-dist"))):
            self._take(entry, MAIN, f"metadata.requires-dist[{number}]")
        for group, entries in _table(metadata.get("requires-dev")).items():
            for number, entry in enumerate(_tables(entries)):
                self._take(entry, group, f"metadata.requires-dev.{group}[{number}]")

    def _take(self, entry: Table, group: str, place: str) -> None:
        try:
            read = read_pip_requirement(_text(entry), self.file.parent, editable="editable" in entry)
            marker = parse_marker(str(entry.get("marker", "")))
        except ChapbookError as error:
            hint = error.hints[0] if error.hints else ""
            self.harvest.mistake(self.file, error.message, place=place, hint=hint)
            return
        requirement = read.requirement
        known = self.versions.get(requirement.name)
        if requirement.constraint == UNSTATED and known and not _is_direct(entry):
            requirement = replace(requirement, constraint=constraint_around(known))
        for extra in (*sorted(marker.extras()),) or (None,):
            condition = marker if extra is None else marker.with_extra(extra, active=True).without_extras()
            self.harvest.wish(replace(requirement, marker=condition), group=group, extra=extra)


def _text(entry: Table) -> str:
    extras = entry.get("extras")
    name = str(entry.get("name", ""))
    named = f"{name}[{','.join(map(str, extras))}]" if isinstance(extras, list) and extras else name
    if isinstance(git := entry.get("git"), str):
        return f"{named} @ {_git(git)}"
    for key in ("url", "path", "directory", "editable", "virtual"):
        if isinstance(place := entry.get(key), str):
            is_bare = "://" not in place and not place.startswith((".", "/"))
            return f"{named} @ {'./' if is_bare else ''}{place}"
    return f"{named} {entry['specifier']}" if entry.get("specifier") else named


def _git(address: str) -> str:
    """Turn `https://...?rev=main&subdirectory=x#commit` into what pip takes."""
    bare, _, query = address.partition("#")[0].partition("?")
    pairs = dict(pair.partition("=")[::2] for pair in query.split("&") if pair)
    revision = next((pairs[key] for key in ("rev", "tag", "branch") if key in pairs), "")
    folder = f"#subdirectory={pairs['subdirectory']}" if "subdirectory" in pairs else ""
    return f"git+{bare}{f'@{revision}' if revision else ''}{folder}"


def _is_direct(entry: Table) -> bool:
    return any(key in entry for key in ("git", "url", "path", "directory", "editable", "virtual"))


def _region(package: Table) -> Marker:
    markers = package.get("resolution-markers")
    if not isinstance(markers, list) or not markers:
        return ALWAYS
    try:
        return reduce(or_, (parse_marker(str(marker)) for marker in markers))
    except ChapbookError:
        # uv has markers of its own for extras that exclude each other.
        return ALWAYS


def _sources(packages: list[Table], file: Path, harvest: Harvest) -> None:
    """Take the index of most packages for the main one, and all others for such that are asked behind it."""
    counts = Counter(url for package in packages if (url := _registry(package)))
    for place, (url, _) in enumerate(counts.most_common()):
        harvest.source(url, Priority.SUPPLEMENTAL if place else Priority.PRIMARY, file)


def _registry(package: Table) -> str:
    registry = _table(package.get("source")).get("registry")
    return registry if isinstance(registry, str) and "://" in registry else ""


def _is_project(package: Table) -> bool:
    source = _table(package.get("source"))
    return "metadata" in package and bool({"virtual", "editable", "directory"} & source.keys())


def _place(package: Table) -> str:
    source = _table(package.get("source"))
    return next((str(source[key]) for key in ("virtual", "editable", "directory") if key in source), "")


def _tables(value: object) -> list[Table]:
    return list(_only_tables(value)) if isinstance(value, list) else []


def _only_tables(values: list[object]) -> Iterator[Table]:
    return (value for value in values if isinstance(value, dict))


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}
