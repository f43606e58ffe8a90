"""The constraints of a project file where they stand, to be read and replaced one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chapbook_core.project.constraint_bump import bumped, bumped_requirement, constraint_in
from chapbook_core.project.dependency_place import GROUPS, POETRY, PROJECT
from chapbook_core.project.groups import MAIN
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.project.layout import Path


@frozen
class DeclaredConstraint:
    """One text of a project file that says which versions of a package are required."""

    name: str
    """In the spelling that compares."""
    pretty_name: str
    group: str
    """In the spelling that compares."""
    path: Path
    text: str
    """What stands there: a constraint, or a whole requirement as PEP 508 has it."""
    is_requirement: bool

    @property
    def constraint(self) -> str:
        """The constraint alone."""
        return constraint_in(self.text) if self.is_requirement else self.text.strip()

    def raised(self, oldest: str, newest: str) -> str | None:
        """Return the text for newer releases, in its style; None when that has no place for them."""
        raise_ = bumped_requirement if self.is_requirement else bumped
        return raise_(self.text, oldest, newest)

    def constraint_of(self, text: str) -> str:
        """Return the constraint of another text for the same place."""
        return constraint_in(text) if self.is_requirement else text.strip()


def declared_constraints(data: Mapping[str, object]) -> Iterator[DeclaredConstraint]:
    """Yield every constraint that a project file states on a package of an index, in the order of the file's kinds."""
    yield from _standard(data, (*PROJECT, "dependencies"), MAIN)
    for extra in _table(data, (*PROJECT, "optional-dependencies")):
        yield from _standard(data, (*PROJECT, "optional-dependencies", extra), MAIN)
    for group in _table(data, GROUPS):
        yield from _standard(data, (*GROUPS, group), canonical_name(group))
    yield from _poetry(data, (*POETRY, "dependencies"), MAIN)
    yield from _poetry(data, (*POETRY, "dev-dependencies"), "dev")
    for group in _table(data, (*POETRY, "group")):
        yield from _poetry(data, (*POETRY, "group", group, "dependencies"), canonical_name(group))


def _standard(data: Mapping[str, object], array: Path, group: str) -> Iterator[DeclaredConstraint]:
    values = _at(data, array)
    for index, text in enumerate(values if isinstance(values, list) else []):
        if isinstance(text, str):
            requirement = parse_requirement(text)
            if isinstance(requirement.origin, IndexOrigin) and requirement.constraint.text:
                path = (*array, index)
                yield DeclaredConstraint(
                    requirement.name, requirement.pretty_name, group, path, text, is_requirement=True
                )


def _poetry(data: Mapping[str, object], table: Path, group: str) -> Iterator[DeclaredConstraint]:
    for key, value in _table(data, table).items():
        if key.lower() == "python":
            continue
        for path, text in _texts((*table, key), value):
            yield DeclaredConstraint(canonical_name(key), key, group, path, text, is_requirement=False)


def _texts(path: Path, value: object) -> Iterator[tuple[Path, str]]:
    match value:
        case str():
            yield path, value
        case {"version": str(version)}:
            yield (*path, "version"), version
        case list():
            for index, entry in enumerate(value):
                yield from _texts((*path, index), entry)
        case _:
            pass


def _table(data: Mapping[str, object], path: Path) -> Mapping[str, object]:
    value = _at(data, path)
    return value if isinstance(value, Mapping) else {}


def _at(data: Mapping[str, object], path: Path) -> object:
    value: object = data
    for part in path:
        value = value.get(str(part)) if isinstance(value, Mapping) else None
    return value
