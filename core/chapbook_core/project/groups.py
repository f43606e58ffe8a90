"""The dependency groups of a project, from both tables that can hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.project.dependency_entry import Entry, read_entries
from chapbook_core.project.enrichment import built_requirements, locked_requirements
from chapbook_core.requirements.name import canonical_name, is_valid_name
from chapbook_core.requirements.requirement import Requirement, parse_requirement
from chapbook_core.value import field, frozen, mutable

if TYPE_CHECKING:
    from pathlib import Path as Folder

    from chapbook_core.project.layout import Path
    from chapbook_core.project.reading import Findings, Table

MAIN = "main"


@frozen
class Group:
    """Requirements that are installed together; `main` are those of the project itself."""

    name: str
    pretty_name: str
    optional: bool
    requirements: tuple[Requirement, ...]
    """What the lock is made from, with the requirements of included groups behind its own."""
    includes: tuple[str, ...] = ()
    """The normalised names of the groups it includes."""


@mutable
class _Draft:
    """A group while both tables are being read."""

    pretty_name: str
    path: Path
    optional: bool = False
    standard: list[Requirement] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    includes: list[tuple[str, Path]] = field(default_factory=list)

    def requirements(self, findings: Findings) -> tuple[Requirement, ...]:
        built = built_requirements(self.standard, self.entries, is_dynamic=False)
        return locked_requirements(built, self.standard, self.entries, findings)


def read_groups(document: Table, poetry: Table, folder: Folder, main: tuple[Requirement, ...]) -> tuple[Group, ...]:
    """Return every group, the given main one first."""
    drafts: dict[str, _Draft] = {}
    _read_standard(document, drafts)
    _read_poetry(poetry, folder, drafts)
    own = {name: draft.requirements(document.findings) for name, draft in drafts.items()}
    includes = _includes(drafts, document.findings)
    own[MAIN] = (*main, *own.get(MAIN, ()))
    groups = [
        Group(
            name,
            draft.pretty_name,
            draft.optional,
            _whole(name, own, includes, ()),
            tuple(dict.fromkeys(includes[name])),
        )
        for name, draft in drafts.items()
        if name != MAIN
    ]
    return (Group(MAIN, MAIN, optional=False, requirements=own[MAIN]), *groups)


def _read_standard(document: Table, drafts: dict[str, _Draft]) -> None:
    table = document.subtable("dependency-groups")
    for pretty in table.names():
        draft = _draft(pretty, (*table.path, pretty), drafts, table.findings)
        if draft is None:
            continue
        if canonical_name(pretty) == MAIN:
            table.findings.add(draft.path, "`main` stands for what the project itself requires", "rename the group")
        for path, value in table.entries(pretty):
            match value:
                case str():
                    requirement = table.findings.attempt(path, parse_requirement, value)
                    draft.standard += [] if requirement is None else [requirement]
                case {"include-group": str() as included, **rest} if not rest:
                    draft.includes.append((included, path))
                case dict():
                    table.findings.add(path, "a table here has the one key `include-group`")
                case _:
                    table.wrong_type(path, value, "a string or `{include-group = ...}`")


def _read_poetry(poetry: Table, folder: Folder, drafts: dict[str, _Draft]) -> None:
    groups = poetry.subtable("group")
    for pretty in groups.names():
        group = groups.table(pretty)
        draft = _draft(pretty, (*groups.path, pretty), drafts, groups.findings)
        if group is None or draft is None:
            continue
        for key in group.names():
            if key not in {"optional", "dependencies", "include-groups"}:
                group.findings.add((*group.path, key), f"a group cannot have `{key}`")
        draft.optional = group.flag("optional", default=False)
        draft.entries += read_entries(group.subtable("dependencies"), folder)
        draft.includes += [(included, path) for path, included in group.numbered_texts("include-groups")]
    former = poetry.table("dev-dependencies")
    if former is not None:
        drafts.setdefault("dev", _Draft("dev", former.path)).entries += read_entries(former, folder)


def _draft(pretty: str, path: Path, drafts: dict[str, _Draft], findings: Findings) -> _Draft | None:
    """Return the draft of a group; None when its name is invalid or spelled otherwise elsewhere."""
    if not is_valid_name(pretty):
        findings.add(path, f"`{pretty}` is not a valid name for a group", "use letters, digits, `-`, `_` and `.`")
        return None
    draft = drafts.setdefault(canonical_name(pretty), _Draft(pretty, path))
    if draft.pretty_name != pretty:
        message = f"the group `{canonical_name(pretty)}` is spelled both `{draft.pretty_name}` and `{pretty}`"
        findings.add(path, message, "use one spelling for a group everywhere")
        return None
    return draft


def _includes(drafts: dict[str, _Draft], findings: Findings) -> dict[str, list[str]]:
    """Return the groups that each group includes, without those that would make a circle."""
    includes: dict[str, list[str]] = {name: [] for name in drafts}
    for name, draft in drafts.items():
        for pretty, path in draft.includes:
            included = canonical_name(pretty)
            if included not in drafts and included != MAIN:
                findings.add(path, f"there is no group `{pretty}` to include", "correct the name or drop the line")
            elif circle := _way(included, name, includes):
                message = f"groups include each other in a circle: {' -> '.join([name, *circle])}"
                findings.add(path, message, "drop one of these inclusions")
            elif included in includes[name]:
                findings.add(path, f"the group `{pretty}` is included twice", "drop one of the two")
            else:
                includes[name].append(included)
    return includes


def _way(start: str, goal: str, includes: dict[str, list[str]]) -> list[str] | None:
    """Return a chain of inclusions from one group to another."""
    if start == goal:
        return [goal]
    for following in includes.get(start, []):
        if way := _way(following, goal, includes):
            return [start, *way]
    return None


def _whole(
    name: str, own: dict[str, tuple[Requirement, ...]], includes: dict[str, list[str]], seen: tuple[str, ...]
) -> tuple[Requirement, ...]:
    """Return the requirements of a group, and of all that it includes."""
    found = list(own[name])
    for included in includes.get(name, []):
        if included not in seen:
            found += _whole(included, own, includes, (*seen, name))
    return tuple(found)
