"""A project file under edit: comments, order, quotes and line endings stay as their author left them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError, FileMistakes
from chapbook_core.project.dependency_place import (
    GROUPS,
    POETRY,
    PROJECT,
    Place,
    PoetryPlace,
    StandardPlace,
    group_tables,
    place_for,
    spelled,
)
from chapbook_core.project.dependency_removal import (
    extras_in,
    groups_in,
    indexes_of,
    remove_from_extra,
    remove_from_group,
    remove_from_main,
)
from chapbook_core.project.groups import MAIN
from chapbook_core.project.manifest import Manifest, parse_manifest
from chapbook_core.project.requirement_text import poetry_value, standard_form
from chapbook_core.project.source import Priority, Source
from chapbook_core.project.toml_editor import TomlEditor
from chapbook_core.project.writing import write_file
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.project.toml_text import Value
    from chapbook_core.requirements.requirement import Requirement

# What makes an addition of `[tool.poetry]` belong to one way of requiring a package, and to no other.
_BINDING = frozenset({"version", "git", "path", "file", "url", "develop"})


class NotRequired(ChapbookError):
    """A package cannot be removed from where it is not."""

    def __init__(self, names: tuple[str, ...], where: str) -> None:
        self.names = names
        words = " and ".join(f"`{name}`" for name in names)
        super().__init__(
            f"{words} {'is' if len(names) == 1 else 'are'} not required {where}",
            hints=["`chapbook show --top-level` lists what the project requires"],
        )


class NoSuchSource(ChapbookError):
    """No source of the project has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no source `{name}`", hints=["`chapbook source show` lists the sources of the project"]
        )


class Document:
    """A `pyproject.toml` with changes that are not written yet; valid TOML at every moment."""

    def __init__(self, content: bytes, file: Path) -> None:
        self.file = file
        self._before = content
        self._editor = TomlEditor(content.decode())

    def text(self) -> str:
        """Return the whole text, as edited so far."""
        return self._editor.text

    def content(self) -> bytes:
        """Return the bytes to write."""
        return self._editor.text.encode()

    @property
    def data(self) -> Mapping[str, object]:
        """The parsed text, as edited so far."""
        return self._editor.data

    @property
    def before(self) -> bytes:
        """The bytes that were read."""
        return self._before

    @property
    def is_changed(self) -> bool:
        """Whether anything was edited."""
        return self.content() != self._before

    def manifest(self) -> Manifest:
        """Return what the edited text says; raises FileMistakes when an edit has made it wrong."""
        manifest, mistakes = parse_manifest(self.content(), self.file)
        if manifest is None or mistakes:
            raise FileMistakes(self.file, mistakes)
        return manifest

    def write(self) -> None:
        """Replace the file, when there is a change; raises WriteFailed."""
        if self.is_changed:
            write_file(self.file, self.content())

    def requires(self, name: str, *, group: str = MAIN, extra: str | None = None) -> bool:
        """Tell whether a package is required in a group or an extra."""
        editor = self._editor
        if extra is not None:
            key = spelled(editor.table((*PROJECT, "optional-dependencies")), extra)
            former = spelled(editor.table((*POETRY, "extras")), extra)
            return any(
                indexes_of(editor, array, name)
                for array in ((*PROJECT, "optional-dependencies", key or extra), (*POETRY, "extras", former or extra))
            )
        is_main = canonical_name(group) == MAIN
        array = (*PROJECT, "dependencies") if is_main else (*GROUPS, spelled(editor.table(GROUPS), group) or group)
        tables = group_tables(editor, group)
        return bool(indexes_of(editor, array, name)) or any(
            spelled(editor.table(table), name) is not None for table in tables
        )

    def add_requirement(
        self,
        requirement: Requirement,
        *,
        group: str = MAIN,
        extra: str | None = None,
        conditions: Mapping[str, Value] | None = None,
    ) -> None:
        """Require a package in a group or an extra; where it is required already, this takes the place of that.

        `conditions` are what stands for `markers` where the keys are Poetry's own, as `python` and `platform`.
        """
        place: Place = place_for(self._editor, group, extra)
        match place:
            case StandardPlace():
                self._add_standard(requirement, place)
            case PoetryPlace():
                self._add_to_poetry(requirement, place, conditions or {})

    def remove_requirement(self, name: str, *, group: str | None = None, extra: str | None = None) -> tuple[str, ...]:
        """Remove a package from a group, an extra, or everywhere; return the groups it was in.

        Raises NotRequired when it is in none of them.
        """
        editor = self._editor
        if extra is not None:
            removed = [MAIN] if remove_from_extra(editor, name, extra) else []
            where = f"in the extra `{extra}`"
        elif group is not None:
            is_main = canonical_name(group) == MAIN
            found = remove_from_main(editor, name) if is_main else remove_from_group(editor, name, group)
            removed = [group] if found else []
            where = "by the project itself" if is_main else f"in the group `{group}`"
        else:
            in_extras = [remove_from_extra(editor, name, known) for known in extras_in(editor)]
            removed = [MAIN] if any([remove_from_main(editor, name), *in_extras]) else []
            removed += [known for known in groups_in(editor) if remove_from_group(editor, name, known)]
            where = "by this project"
        if not removed:
            raise NotRequired((name,), where)
        return tuple(removed)

    def set_version(self, version: str) -> None:
        """Write the project's version wherever it stands."""
        paths = [path for path in ((*PROJECT, "version"), (*POETRY, "version")) if self._editor.get(path) is not None]
        first = PROJECT if "project" in self.data else POETRY
        for path in paths or [(*first, "version")]:
            self._editor.set(path, version)

    def set_python(self, constraint: str) -> None:
        """Write which Python versions the project works with, wherever that stands."""
        paths = [(*PROJECT, "requires-python"), (*POETRY, "dependencies", "python")]
        present = [path for path in paths if self._editor.get(path) is not None]
        for path in present or [paths[0] if "project" in self.data else paths[1]]:
            self._editor.set(path, constraint)

    def add_source(self, source: Source) -> None:
        """Name a package index; one of the same name is changed. Credentials are never written."""
        pairs: dict[str, Value] = {"name": source.name}
        if source.url is not None:
            pairs["url"] = source.url
        pairs["priority"] = source.priority.value
        index = self._source_index(source.name)
        if index is None:
            self._editor.add_section((*POETRY, "source"), pairs)
            return
        for key, value in pairs.items():
            path = (*POETRY, "source", index, key)
            # Nothing is written where nothing else is meant.
            is_default = key == "priority" and source.priority is Priority.PRIMARY and self._editor.get(path) is None
            if key != "name" and not is_default:
                self._editor.set(path, value)

    def remove_source(self, name: str) -> None:
        """Forget a package index; raises NoSuchSource."""
        index = self._source_index(name)
        if index is None:
            raise NoSuchSource(name)
        self._editor.remove_table_entry((*POETRY, "source"), index)

    def set(self, path: tuple[str | int, ...], value: Value) -> None:
        """Write any other key or entry, such as `("tool", "poetry", "package-mode")`."""
        self._editor.set(path, value)

    def remove(self, path: tuple[str | int, ...]) -> None:
        """Remove any key, and the table that it leaves empty."""
        self._editor.remove(path, prune=True)

    def _source_index(self, name: str) -> int | None:
        sources = self._editor.get((*POETRY, "source"))
        names = [
            str(source.get("name", "")).lower() if isinstance(source, Mapping) else ""
            for source in (sources if isinstance(sources, list) else [])
        ]
        return names.index(name.lower()) if name.lower() in names else None

    def _add_standard(self, requirement: Requirement, place: StandardPlace) -> None:
        form = standard_form(requirement, self.file.parent)
        indexes = indexes_of(self._editor, place.array, requirement.name)
        for index in reversed(indexes[1:]):
            self._editor.remove_entry(place.array, index)
        if indexes:
            self._editor.set((*place.array, indexes[0]), form.text)
        else:
            self._editor.append(place.array, form.text)
        key = spelled(self._editor.table(place.additions), requirement.name)
        old = self._editor.get((*place.additions, key)) if key is not None else None
        if form.keys:
            additions = self._optional(requirement) if place.is_split else form.keys
            self._editor.set((*place.additions, key or requirement.pretty_name), additions)
        elif key is not None and not (isinstance(old, Mapping) and _BINDING.isdisjoint(old)):
            self._editor.remove((*place.additions, key), prune=True)

    def _add_to_poetry(self, requirement: Requirement, place: PoetryPlace, conditions: Mapping[str, Value]) -> None:
        key = spelled(self._editor.table(place.table), requirement.name) or requirement.pretty_name
        value = self._conditional(poetry_value(requirement, self.file.parent), conditions)
        if place.extra is not None:
            value = self._conditional(self._optional(requirement), conditions)
        self._editor.set((*place.table, key), value)
        if place.extra is not None:
            array = (*POETRY, "extras", place.extra)
            if not indexes_of(self._editor, array, requirement.name):
                self._editor.append(array, key)

    def _conditional(self, value: Value, conditions: Mapping[str, Value]) -> Value:
        if not conditions or not isinstance(value, Mapping):
            return value
        return {**{key: held for key, held in value.items() if key != "markers"}, **conditions}

    def _optional(self, requirement: Requirement) -> dict[str, Value]:
        value = poetry_value(requirement, self.file.parent)
        return {**(value if isinstance(value, Mapping) else {"version": value}), "optional": True}


def read_document(file: Path) -> Document:
    """Open a project file for editing; raises FileMistakes with everything that is wrong in it."""
    try:
        content = file.read_bytes()
    except OSError as cause:
        raise _unreadable(file, cause) from cause
    manifest, mistakes = parse_manifest(content, file)
    if manifest is None or mistakes:
        raise FileMistakes(file, mistakes)
    return Document(content, file)


def _unreadable(file: Path, cause: OSError) -> ChapbookError:
    return ChapbookError(f"cannot read `{file}`: {cause.strerror or cause}")
