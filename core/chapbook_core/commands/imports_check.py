"""Hold what notebooks and modules import against what the project requires."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

from chapbook_core.commands.project_modules import (
    locked_here,
    owners_of_project,
    readable_lock,
    usable_environment,
)
from chapbook_core.commands.report import Block, Data, Line, Message, Result, Span, as_data
from chapbook_core.commands.session import open_session
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.project.import_sites import find_sites
from chapbook_core.project.notebook_imports import UNREAD, code_files, code_pieces, own_modules, reason_unread
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.module_owners import ModuleOwners, Owners
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.site_packages import Distribution
    from chapbook_core.events import Watcher

Case = Literal["missing", "transitive", "optional", "unknown"]
_OF_KERNELS = frozenset({"IPython", "chapbook", "ipykernel"})
"""What every notebook's kernel has, whatever the project requires."""
_TOOLS = frozenset({"ipykernel", "jupyterlab", "notebook", "nbclient", "voila", "pip", "setuptools", "wheel"})
_SHOWN = 3


@frozen
class Use:
    """A place where something is imported."""

    file: str
    line: int
    cell: int | None = None
    """In a notebook, counted from 1, cells of text too."""
    is_optional: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.cell is None else f"{self.file}, cell {self.cell}, line {self.line}"


@frozen
class Undeclared:
    """Something that is imported, and that the project does not require."""

    case: Case
    module: str
    """As it is imported first."""
    distributions: tuple[str, ...]
    """Who brings it; several when it is to be chosen among them."""
    uses: tuple[Use, ...]
    through: tuple[str, ...] = ()
    """Which packages bring it along, when it is only there because of them."""

    @property
    def is_certain(self) -> bool:
        """Whether it is known what has to be required."""
        return self.case in {"missing", "transitive"} and len(self.distributions) == 1

    def message(self) -> Message:
        """Tell it."""
        names = " or ".join(f"`{name}`" for name in self.distributions)
        hints = (f"run `chapbook add {self.distributions[0]}`",) if len(self.distributions) == 1 else ()
        match self.case:
            case "missing":
                text = f"imports `{self.module}`, which the project does not require; {names} brings it"
                return Message("error", self._placed(text), hints)
            case "transitive":
                text = f"imports `{self.module}` from {names}, which is only there because of {_list(self.through)}"
                return Message("warning", self._placed(text), hints)
            case "optional":
                text = f"imports `{self.module}` where it is there; {names or 'who brings it is not known'}"
                return Message("note", self._placed(text))
            case "unknown":
                text = f"imports `{self.module}`, and which package brings that is not known"
                return Message("warning", self._placed(text), ("find out, and run `chapbook add NAME`",))

    def _placed(self, text: str) -> str:
        more = len(self.uses) - 1
        return f"{self.uses[0]}: {text}" + (f" ({more} more place{'' if more == 1 else 's'})" if more else "")


@frozen
class Unimported:
    """Something that the project requires, and that nothing imports."""

    name: str
    reason: str = ""
    """Why it may be needed all the same; empty when none is known."""


@frozen
class ImportsChecked(Result):
    """How imports and requirements agree."""

    files: int
    undeclared: tuple[Undeclared, ...]
    unimported: tuple[Unimported, ...]
    unread: Mapping[str, str]
    """What is wrong with the files that could not be looked into, by name."""
    installing: tuple[str, ...] = ()
    """Notebooks and modules that install packages by themselves."""
    strict: bool = False
    fixed: tuple[str, ...] = ()
    """What was added to the project."""
    fixing: tuple[Block, ...] = field(default=(), repr=False)

    @property
    def exit_status(self) -> int:
        """Fails for what is missing elsewhere, and with `strict` for what may be."""
        failing = {"missing", "transitive", "unknown"} if self.strict else {"missing"}
        left = [one for one in self.undeclared if not set(one.distributions) & set(self.fixed)]
        return int(any(one.case in failing for one in left) or (self.strict and bool(self.unread)))

    def report(self) -> tuple[Block, ...]:
        """Tell what is missing, what may be, and what is too much."""
        left = [one for one in self.undeclared if not set(one.distributions) & set(self.fixed)]
        blocks: list[Block] = [*self.fixing, *(one.message() for one in left)]
        blocks += [
            Message("warning", f"{file}: {reason}", ("its imports are not looked at; mend it, or move it away",))
            for file, reason in self.unread.items()
        ]
        for file in self.installing:
            hint = f"run `chapbook import {file}` to lock what it installs, and take the line out"
            blocks.append(Message("note", f"{file} installs packages by itself, which no lock knows", (hint,)))
        if unused := [one.name for one in self.unimported if not one.reason]:
            names = ", ".join(f"`{name}`" for name in unused)
            hint = f"if nothing else needs them, run `chapbook remove {' '.join(unused)}`"
            blocks.append(Message("note", f"nothing imports {names}", (hint,)))
        if others := [one for one in self.unimported if one.reason]:
            told = ", ".join(f"{one.name} ({one.reason})" for one in others)
            blocks.append(Line(Span(f"required without being imported, as it may be: {told}", "dim")))
        if not left and not self.unread:
            count = f"{self.files} file{'' if self.files == 1 else 's'}"
            blocks.append(Line((Span("Every import is required by the project", "good"), f" ({count})")))
        return tuple(blocks)

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return {
            "files": self.files,
            "undeclared": as_data(self.undeclared),
            "unimported": as_data(self.unimported),
            "unread": as_data(self.unread),
            "installing": list(self.installing),
            "fixed": list(self.fixed),
        }


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> ImportsChecked:
    """Look into every notebook and module, and add what is certain when asked to."""
    session = open_session(surroundings, watcher)
    folder = session.manifest.folder
    files = code_files(folder)
    imports, unread, installing = _read(files, folder)
    owners = owners_of_project(session)
    own = own_modules(folder, files)
    outside = {name: uses for name, uses in imports.items() if _is_foreign(name, own, session)}
    brought = {name: owners.of(name) for name in outside}
    undeclared = tuple(_undeclared(outside, brought, session))
    checked = ImportsChecked(
        files=len(files),
        undeclared=undeclared,
        unimported=tuple(_unimported(brought.values(), session, owners)),
        unread=unread,
        installing=installing,
        strict=invocation.flag("strict"),
    )
    return _fixed(checked, surroundings, watcher) if invocation.flag("fix") else checked


def _read(files: Iterable[Path], folder: Path) -> tuple[dict[str, list[Use]], dict[str, str], tuple[str, ...]]:
    """Return the places of each import by its name, what could not be read, and what installs packages."""
    found: dict[str, list[Use]] = {}
    unread: dict[str, str] = {}
    installing = []
    for file in files:
        shown = file.relative_to(folder).as_posix()
        try:
            pieces = code_pieces(file)
        except UNREAD as error:
            unread[shown] = reason_unread(error)
            continue
        is_notebook = file.suffix == ".ipynb"
        for number, piece in enumerate(pieces, start=1):
            for site in find_sites(piece):
                top = site.name.partition(".")[0]
                if not (is_notebook and top in _OF_KERNELS):
                    use = Use(shown, site.line, number if is_notebook else None, site.is_optional)
                    found.setdefault(site.name, []).append(use)
        if any(_installs(piece, file) for piece in pieces):
            installing.append(shown)
    return found, unread, tuple(installing)


def _installs(piece: str, file: Path) -> bool:
    if "install" not in piece and " add " not in piece:
        return False
    # Reads what other tools write; most code installs nothing.
    from chapbook_core.commands.import_formats.cells import read_script
    from chapbook_core.commands.import_formats.harvest import Harvest

    harvest = Harvest(file.parent)
    read_script(piece, file, harvest)
    return bool(harvest.wishes)


def _is_foreign(name: str, own: frozenset[str], session: Session) -> bool:
    top = name.partition(".")[0]
    project = canonical_name(session.manifest.name) if session.manifest.name else ""
    return top not in sys.stdlib_module_names | own and canonical_name(top) != project


def _undeclared(
    imports: Mapping[str, list[Use]], brought: Mapping[str, Owners], session: Session
) -> Iterator[Undeclared]:
    required = {one.name for group in session.manifest.groups for one in group.requirements}
    lock = readable_lock(session)
    locked = {one.name: one for one in locked_here(session, lock, usable_environment(session))}
    cases: dict[tuple[str, ...], list[str]] = {}
    for name, owners in brought.items():
        # What somebody else brings as well is no mistake.
        if not required & set(owners.names):
            cases.setdefault(owners.names or (name.partition(".")[0],), []).append(name)
    for names, modules in cases.items():
        owners = brought[modules[0]]
        uses = sorted((use for module in modules for use in imports[module]), key=lambda use: use.is_optional)
        through = sorted(
            {one.name for one in locked.values() if {canonical_name(name) for name in one.dependencies} & set(names)}
        )
        case: Case = "missing"
        if all(use.is_optional for use in uses):
            case = "optional"
        elif owners.knowledge == "unknown":
            case = "unknown"
        elif through and set(names) & locked.keys():
            case = "transitive"
        module = min(modules, key=lambda module: (module.count("."), module)).partition(".")[0]
        yield Undeclared(case, module, owners.names, tuple(uses), tuple(through) if case == "transitive" else ())


def _unimported(brought: Iterable[Owners], session: Session, owners: ModuleOwners) -> Iterator[Unimported]:
    used = {name for one in brought for name in one.names}
    environment = usable_environment(session)
    present = scan_site_packages(environment.site_packages).distributions if environment is not None else {}
    seen: set[str] = set()
    for group in session.manifest.groups:
        for requirement in group.requirements:
            name = requirement.name
            if name not in used | seen:
                seen.add(name)
                yield Unimported(name, _reason(name, present, owners))


def _reason(name: str, present: Mapping[str, Distribution], owners: ModuleOwners) -> str:
    """Say why something may be required that nothing imports."""
    if name.startswith("types-") or name.endswith("-stubs"):
        return "types"
    if name in _TOOLS:
        return "a tool"
    if not owners.modules_of(name):
        return "its modules are not known"
    if name in present and (present[name].folder / "entry_points.txt").is_file():
        return "it has commands or plugins"
    return ""


def _fixed(checked: ImportsChecked, surroundings: Surroundings, watcher: Watcher) -> ImportsChecked:
    """Add what is certain; what only tests import goes to the developers' group."""
    # The solver, which looking does without.
    from chapbook_core.commands.add import run as add
    from chapbook_core.commands.registry import BY_NAME
    from chapbook_core.commands.words import parse
    from chapbook_core.value import replace

    certain = [one for one in checked.undeclared if one.is_certain]
    tests = [one.distributions[0] for one in certain if all(_is_test(use.file) for use in one.uses)]
    others = [one.distributions[0] for one in certain if one.distributions[0] not in tests]
    blocks: list[Block] = []
    for words, names in ((["add"], others), (["add", "--group", "dev"], tests)):
        if names:
            invocation = parse([*words, *names], BY_NAME).invocation
            if invocation is not None:
                blocks += add(invocation, surroundings, watcher).report()
    return replace(checked, fixed=tuple(sorted({*tests, *others})), fixing=tuple(blocks))


def _is_test(file: str) -> bool:
    *folders, name = file.split("/")
    return "tests" in folders or name.startswith("test_") or name == "conftest.py"


def _list(names: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
