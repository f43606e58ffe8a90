"""Taking a requirement out of a project file, with the groups and the references that it leaves empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.project.dependency_place import GROUPS, POETRY, PROJECT, group_tables, spelled
from chapbook_core.project.groups import MAIN
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from chapbook_core.project.layout import Path
    from chapbook_core.project.toml_editor import TomlEditor

_NAME = late_pattern(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def indexes_of(editor: TomlEditor, array: Path, name: str) -> list[int]:
    """Return where an array of PEP 508 texts requires a package."""
    wanted = canonical_name(name)
    values = editor.get(array)
    return [
        index
        for index, value in enumerate(values if isinstance(values, list) else [])
        if isinstance(value, str) and (match := _NAME.match(value)) and canonical_name(match[1]) == wanted
    ]


def remove_from_main(editor: TomlEditor, name: str) -> bool:
    """Remove a package from the project's own requirements."""
    array: Path = (*PROJECT, "dependencies")
    removed = False
    for index in reversed(indexes_of(editor, array, name)):
        is_fresh = editor.is_fresh(array)
        editor.remove_entry(array, index)
        removed = True
        if is_fresh and editor.get(array) == []:
            editor.remove(array)
    if not any(indexes_of(editor, extra, name) for extra in _extra_arrays(editor)):
        removed = _remove_from_tables(editor, MAIN, name) or removed
        _remove_from_poetry_extras(editor, name)
    return removed


def remove_from_extra(editor: TomlEditor, name: str, extra: str) -> bool:
    """Remove a package from an extra, and with it the extra that is left empty."""
    removed = False
    for array in _extra_arrays(editor):
        if canonical_name(str(array[-1])) != canonical_name(extra):
            continue
        for index in reversed(indexes_of(editor, array, name)):
            editor.remove_entry(array, index)
            removed = True
        if removed and editor.get(array) == []:
            editor.remove(array, prune=True)
    if removed:
        elsewhere = [*_extra_arrays(editor), (*PROJECT, "dependencies")]
        if not any(indexes_of(editor, array, name) for array in elsewhere):
            _remove_from_tables(editor, MAIN, name)
        return True
    return _remove_from_poetry_extra(editor, name, extra)


def remove_from_group(editor: TomlEditor, name: str, group: str) -> bool:
    """Remove a package from a group; a group left empty goes, and so does every mention of it."""
    key = spelled(editor.table(GROUPS), group)
    removed = False
    if key is not None:
        array = (*GROUPS, key)
        for index in reversed(indexes_of(editor, array, name)):
            editor.remove_entry(array, index)
            removed = True
        if removed and editor.get(array) == []:
            editor.remove(array, prune=True)
    removed = _remove_from_tables(editor, group, name) or removed
    if removed and not _is_group(editor, group):
        _remove_mentions(editor, group)
    return removed


def groups_in(editor: TomlEditor) -> tuple[str, ...]:
    """Return the names of all groups but the main one, each once."""
    names = [*editor.table(GROUPS), *editor.table((*POETRY, "group"))]
    names += ["dev"] if "dev-dependencies" in editor.table(POETRY) else []
    return tuple({canonical_name(name): name for name in reversed(names)}.values())[::-1]


def extras_in(editor: TomlEditor) -> tuple[str, ...]:
    """Return the names of all extras."""
    return tuple(editor.table((*PROJECT, "optional-dependencies")))


def _extra_arrays(editor: TomlEditor) -> list[Path]:
    table = (*PROJECT, "optional-dependencies")
    return [(*table, extra) for extra in editor.table(table)]


def _remove_from_tables(editor: TomlEditor, group: str, name: str) -> bool:
    removed = False
    for table in group_tables(editor, group):
        while (key := spelled(editor.table(table), name)) is not None:
            editor.remove((*table, key), prune=True)
            removed = True
        if removed and table[:3] == (*POETRY, "group"):
            for parent in (table[:-1], table[:-2]):
                editor.remove_if_empty(parent)
    return removed


def _remove_from_poetry_extras(editor: TomlEditor, name: str) -> None:
    """Drop a package that is required no more from the lists of `[tool.poetry.extras]`."""
    if spelled(editor.table((*POETRY, "dependencies")), name) is None:
        for extra in list(editor.table((*POETRY, "extras"))):
            _drop(editor, (*POETRY, "extras", extra), name)


def _remove_from_poetry_extra(editor: TomlEditor, name: str, extra: str) -> bool:
    """Drop a package from one list of `[tool.poetry.extras]`, and its requirement with the last one."""
    extras = editor.table((*POETRY, "extras"))
    key = spelled(extras, extra)
    if key is None or not _drop(editor, (*POETRY, "extras", key), name):
        return False
    wanted = canonical_name(name)
    others = (names for names in editor.table((*POETRY, "extras")).values() if isinstance(names, list))
    if not any(canonical_name(str(other)) == wanted for names in others for other in names):
        _remove_from_tables(editor, MAIN, name)
    return True


def _drop(editor: TomlEditor, array: Path, name: str) -> bool:
    indexes = indexes_of(editor, array, name)
    for index in reversed(indexes):
        editor.remove_entry(array, index)
    if indexes and editor.get(array) == []:
        editor.remove(array, prune=True)
    return bool(indexes)


def _is_group(editor: TomlEditor, group: str) -> bool:
    return any(canonical_name(name) == canonical_name(group) for name in groups_in(editor))


def _remove_mentions(editor: TomlEditor, gone: str) -> None:
    """Remove every inclusion of a group, and then the groups that are left empty by that."""
    for group in groups_in(editor):
        emptied = False
        for array, mentions in _mentions(editor, group, canonical_name(gone)):
            for index in reversed(mentions):
                editor.remove_entry(array, index)
            if mentions and editor.get(array) == []:
                editor.remove(array, prune=True)
                emptied = True
        key = spelled(editor.table((*POETRY, "group")), group)
        if emptied and key is not None:
            editor.remove_if_empty((*POETRY, "group", key))
            editor.remove_if_empty((*POETRY, "group"))
        if emptied and not _is_group(editor, group):
            _remove_mentions(editor, group)


def _mentions(editor: TomlEditor, group: str, gone: str) -> list[tuple[Path, list[int]]]:
    """Return the arrays of a group that can include another, and where they include the one that is gone."""
    found: list[tuple[Path, list[int]]] = []
    standard, poetry = spelled(editor.table(GROUPS), group), spelled(editor.table((*POETRY, "group")), group)
    arrays: list[Path] = [] if standard is None else [(*GROUPS, standard)]
    arrays += [] if poetry is None else [(*POETRY, "group", poetry, "include-groups")]
    for array in arrays:
        values = editor.get(array)
        names = [
            value.get("include-group") if isinstance(value, Mapping) else value if array[0] == "tool" else None
            for value in (values if isinstance(values, list) else [])
        ]
        places = [index for index, name in enumerate(names) if isinstance(name, str) and canonical_name(name) == gone]
        found.append((array, places))
    return found
