"""What exported cells import, held against what a package of them would require."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

from chapbook_core.commands.project_modules import (
    locked_here,
    owners_of_project,
    readable_lock,
    usable_environment,
)
from chapbook_core.project.import_sites import find_sites
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chapbook_core.builder.notebook.hook.module import Module
    from chapbook_core.commands.module_owners import Owners
    from chapbook_core.commands.session import Session

Case = Literal["declared", "missing", "transitive", "elsewhere", "unknown"]
_OF_KERNELS = frozenset({"IPython"})


@frozen
class ExportedImport:
    """Something that exported cells import from outside the package."""

    module: str
    case: Case
    distributions: tuple[str, ...]
    """Who brings it; several when it is to be chosen among them."""
    places: tuple[str, ...]
    """The cells."""
    groups: tuple[str, ...] = ()
    """Groups that require it, when only these do."""

    @property
    def can_be_added(self) -> bool:
        """Whether it is known what has to be required."""
        return self.case in {"missing", "transitive", "elsewhere"} and len(self.distributions) == 1

    @property
    def sentence(self) -> str:
        """Tell it."""
        who = " or ".join(f"`{name}`" for name in self.distributions)
        match self.case:
            case "declared":
                return f"`{self.module}` is imported from {who}"
            case "missing":
                return f"{self.places[0]} imports `{self.module}`, which is not required; {who} brings it"
            case "transitive":
                return f"{self.places[0]} imports `{self.module}` from {who}, which is only there because of others"
            case "elsewhere":
                groups = ", ".join(f"`{name}`" for name in self.groups)
                return f"{self.places[0]} imports `{self.module}` from {who}, which only the group {groups} requires"
            case "unknown":
                return f"{self.places[0]} imports `{self.module}`, and which package brings that is not known"


def exported_imports(session: Session, modules: Sequence[Module]) -> tuple[ExportedImport, ...]:
    """Return what the modules import from outside the project, without what they can do without."""
    places = _places(session, modules)
    if not places:
        return ()
    owners = owners_of_project(session)
    locked = {one.name for one in locked_here(session, readable_lock(session), usable_environment(session))}
    found: dict[tuple[str, ...], ExportedImport] = {}
    for name, where in places.items():
        brought = owners.of(name)
        top = name.partition(".")[0]
        groups = tuple(_groups_with(brought, session))
        case = _case(brought, session, locked, groups)
        known = found.get(brought.names or (top,))
        if known is None and not (case == "unknown" and top in _OF_KERNELS):
            entry = ExportedImport(top, case, brought.names, tuple(dict.fromkeys(where)), groups)
            found[brought.names or (top,)] = entry
    return tuple(found.values())


def _places(session: Session, modules: Sequence[Module]) -> dict[str, list[str]]:
    """Return the cells in which each name is imported that is neither Python's nor the project's."""
    own = {module.name.partition(".")[0] for module in modules}
    own.add(canonical_name(session.manifest.name or "").replace("-", "_"))
    places: dict[str, list[str]] = {}
    for piece in (piece for module in modules for piece in module.pieces):
        for site in find_sites(piece.python):
            if not site.is_optional and site.name.partition(".")[0] not in sys.stdlib_module_names | own:
                places.setdefault(site.name, []).append(f"{piece.notebook}, cell {piece.cell.number}")
    return places


def _groups_with(brought: Owners, session: Session) -> Iterator[str]:
    for group in session.manifest.groups[1:]:
        if {one.name for one in group.requirements} & set(brought.names):
            yield group.name


def _case(brought: Owners, session: Session, locked: set[str], groups: tuple[str, ...]) -> Case:
    # Extras stand in the main group, and nobody who installs the package alone gets them.
    if {one.name for one in session.manifest.main.requirements if not one.optional} & set(brought.names):
        return "declared"
    if brought.knowledge == "unknown":
        return "unknown"
    if groups:
        return "elsewhere"
    return "transitive" if set(brought.names) & locked else "missing"
