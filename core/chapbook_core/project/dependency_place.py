"""Which table of a project file a requirement is written into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chapbook_core.project.groups import MAIN
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.project.layout import Path
    from chapbook_core.project.toml_editor import TomlEditor

POETRY = ("tool", "poetry")
PROJECT = ("project",)
GROUPS = ("dependency-groups",)


@frozen
class StandardPlace:
    """An array of PEP 508 texts, and the table of `[tool.poetry]` that can add to them."""

    array: Path
    additions: Path
    is_split: bool = False
    """Whether `[project]` holds the extras only: an addition that is not `optional` would be a requirement itself."""


@frozen
class PoetryPlace:
    """A table of `[tool.poetry]` that says everything itself."""

    table: Path
    extra: str | None = None
    """The extra whose list in `[tool.poetry.extras]` the requirement joins."""


Place = StandardPlace | PoetryPlace


def place_for(editor: TomlEditor, group: str, extra: str | None) -> Place:
    """Return where a requirement belongs, so that neither standard tools nor Poetry overlook it or what is there."""
    if extra is not None:
        return _extra_place(editor, extra)
    return _main_place(editor) if canonical_name(group) == MAIN else _group_place(editor, group)


def spelled(table: Mapping[str, object], name: str) -> str | None:
    """Return the key of a table that spells a name, in whatever way."""
    wanted = canonical_name(name)
    return next((key for key in table if canonical_name(key) == wanted), None)


def group_tables(editor: TomlEditor, group: str) -> tuple[Path, ...]:
    """Return the tables of `[tool.poetry]` that hold requirements of a group."""
    wanted = canonical_name(group)
    if wanted == MAIN:
        tables: list[Path] = [(*POETRY, "dependencies")]
    else:
        key = spelled(editor.table((*POETRY, "group")), group)
        tables = [] if key is None else [(*POETRY, "group", key, "dependencies")]
        tables += [(*POETRY, "dev-dependencies")] if wanted == "dev" else []
    return tuple(table for table in tables if isinstance(editor.get(table), Mapping))


def _main_place(editor: TomlEditor) -> Place:
    """Return where the project's own requirements stand.

    `[project]` it is, wherever there is one, unless it leaves them to `[tool.poetry]`, openly (`dynamic`) or by having
    no `dependencies` while that table has some: one entry in `[project]` would put those out of force.
    """
    project = editor.get(PROJECT)
    in_poetry = PoetryPlace((*POETRY, "dependencies"))
    if not isinstance(project, Mapping) or "dependencies" in _dynamic(editor):
        return in_poetry
    has_standard = "dependencies" in project or bool(project.get("optional-dependencies"))
    has_others = any(name.lower() != "python" for name in editor.table((*POETRY, "dependencies")))
    if has_others and not has_standard:
        return in_poetry
    return StandardPlace((*PROJECT, "dependencies"), (*POETRY, "dependencies"))


def _extra_place(editor: TomlEditor, extra: str) -> Place:
    main = _main_place(editor)
    is_project = isinstance(editor.get(PROJECT), Mapping)
    has_extras = bool(editor.table((*PROJECT, "optional-dependencies")))
    if (
        is_project
        and "optional-dependencies" not in _dynamic(editor)
        and (isinstance(main, StandardPlace) or has_extras)
    ):
        table = (*PROJECT, "optional-dependencies")
        key = spelled(editor.table(table), extra) or extra
        return StandardPlace((*table, key), (*POETRY, "dependencies"), is_split=isinstance(main, PoetryPlace))
    extras = editor.table((*POETRY, "extras"))
    return PoetryPlace((*POETRY, "dependencies"), spelled(extras, extra) or extra)


def _group_place(editor: TomlEditor, group: str) -> Place:
    """Return where a group stands; a new one joins the table that the project keeps its groups in."""
    standard = editor.table(GROUPS)
    poetry = editor.table((*POETRY, "group"))
    key = spelled(standard, group) or spelled(poetry, group) or group
    if spelled(standard, group) is not None:
        return StandardPlace((*GROUPS, key), (*POETRY, "group", key, "dependencies"))
    if tables := group_tables(editor, group):
        return PoetryPlace(tables[0])
    if spelled(poetry, group) is not None or (poetry and "dependency-groups" not in editor.data):
        return PoetryPlace((*POETRY, "group", key, "dependencies"))
    return StandardPlace((*GROUPS, key), (*POETRY, "group", key, "dependencies"))


def _dynamic(editor: TomlEditor) -> tuple[str, ...]:
    dynamic = editor.get((*PROJECT, "dynamic"))
    return tuple(dynamic) if isinstance(dynamic, list) else ()
