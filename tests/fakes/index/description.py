"""Worlds written as TOML.

dialect = "json"                    # each of these four may be left out
latency-ms = 20
max-age = 600
elsewhere = false                   # files on a second origin

[generated]                         # a large random world underneath; fields of `generated.Shape`
packages = 300
seed = 1

[[package]]                         # the long form: fields of `release.Release`, spelled with - or _
name = "a"
version = "1.0"
requires = ["b>=1"]
python = ">=3.9"
extras = { x = ["c"] }
tags = ["py3-none-any"]
sdist = "dynamic"
yanked = "broken"
files = { "a/__init__.py" = "x = 1" }

[packages.b]                        # the short form: requirements, or a table with fields
"1.0" = []
"2.0" = ["c<2; python_version < '3.12'"]
"3.0" = { requires = ["c"], python = ">=3.10" }

[status]
b = "archived"
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, cast, get_args

from tests.fakes.index.dialect import DIALECTS
from tests.fakes.index.generated import Shape, generated_world
from tests.fakes.index.release import Release
from tests.fakes.index.world import Status, World, describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.fakes.index.world import Description

Table = dict[str, object]

_FIELDS = frozenset(field.name for field in fields(Release))
_TOP = frozenset({"dialect", "latency-ms", "max-age", "elsewhere", "generated", "package", "packages", "status"})


class WorldMistake(Exception):
    """The description of a world says something that it cannot mean."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A world, and how the index that serves it behaves."""

    world: World
    dialect: str = "json"
    latency: float = 0.0
    max_age: int | None = 600
    files_elsewhere: bool = False


def read_scene(text: str) -> Scene:
    """Return what a TOML text describes."""
    data = tomllib.loads(text)
    unknown = sorted(data.keys() - _TOP)
    if unknown:
        raise WorldMistake(f"unknown keys: {', '.join(unknown)}")
    dialect = str(data.get("dialect", "json"))
    if dialect not in DIALECTS:
        raise WorldMistake(f"unknown dialect `{dialect}`: there are {', '.join(DIALECTS)}")
    return Scene(
        read_world(data),
        dialect,
        float(data.get("latency-ms", 0)) / 1000,
        int(data.get("max-age", 600)),
        bool(data.get("elsewhere", False)),
    )


def read_world(data: Mapping[str, object]) -> World:
    """Return the world of a parsed description; keys that are not about packages are left alone."""
    world = generated_world(_shape(_table(data, "generated"))) if "generated" in data else World()
    world.add(*_long(data), *short_releases(_table(data, "packages")))
    for name, status in _table(data, "status").items():
        if status not in get_args(Status):
            raise WorldMistake(f"unknown status `{status}` of `{name}`")
        world.set_status(name, cast("Status", status))
    return world


def short_releases(packages: Mapping[str, object]) -> Iterator[Release]:
    """Yield the releases of the short form: name to version to requirements or fields."""
    for name, versions in packages.items():
        if not isinstance(versions, dict):
            raise WorldMistake(f"`packages.{name}` is no table of versions")
        for version, said in versions.items():
            table = {"requires": said} if isinstance(said, list) else said
            yield _release(name, str(version), table)


def _long(data: Mapping[str, object]) -> Iterator[Release]:
    packages = data.get("package", [])
    if not isinstance(packages, list):
        raise WorldMistake("`package` is no array of tables")
    for package in packages:
        if not isinstance(package, dict) or not {"name", "version"} <= package.keys():
            raise WorldMistake(f"a package without name or version: {package}")
        table = {key: value for key, value in package.items() if key not in ("name", "version")}
        yield _release(package["name"], package["version"], table)


def _release(name: str, version: str, table: object) -> Release:
    if not isinstance(table, dict):
        raise WorldMistake(f"`{name} {version}` is neither requirements nor a table")
    described = {key.replace("-", "_"): value for key, value in table.items()}
    unknown = sorted(described.keys() - _FIELDS)
    if unknown:
        raise WorldMistake(f"unknown fields of `{name} {version}`: {', '.join(unknown)}")
    return describe(name, version, **cast("Description", described))


def _shape(table: Table) -> Shape:
    named = {key.replace("-", "_"): value for key, value in table.items()}
    unknown = sorted(named.keys() - {field.name for field in fields(Shape)})
    if unknown:
        raise WorldMistake(f"unknown fields of `generated`: {', '.join(unknown)}")
    return Shape(**named)  # type: ignore[arg-type]  # names are checked, values by use


def _table(data: Mapping[str, object], key: str) -> Table:
    table = data.get(key, {})
    if not isinstance(table, dict):
        raise WorldMistake(f"`{key}` is no table")
    return table
