"""Make a package of notebooks: from what they export to a wheel that was installed, imported and tested."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from chapbook_core.builder.notebook.exporting import export_notebooks
from chapbook_core.builder.notebook.hook.document import read_document
from chapbook_core.commands.command import Invocation
from chapbook_core.commands.declarations.building import BUILD
from chapbook_core.commands.declarations.changing import ADD
from chapbook_core.commands.declarations.kernel_start import KERNEL_PREPARE
from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.packaging.clean_room import CleanRoom
from chapbook_core.commands.packaging.exported_imports import exported_imports
from chapbook_core.commands.packaging.proposal import Wanted, propose
from chapbook_core.commands.part_of_more import PartOfMore
from chapbook_core.commands.project_modules import usable_environment
from chapbook_core.commands.report import (
    Blank,
    Block,
    Data,
    Heading,
    Line,
    Message,
    Result,
    Span,
    Table,
    Verbatim,
    as_data,
)
from chapbook_core.commands.session import open_session
from chapbook_core.commands.test import failure_blocks, outcomes_table, read_number
from chapbook_core.commands.testing.collecting import NotebookToRun, cells_to_run
from chapbook_core.commands.testing.driver import require_runner, run_trials
from chapbook_core.commands.testing.trial import Manner, Outcome, Trial
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Committed
from chapbook_core.project.attempt import undone_unless_kept
from chapbook_core.project.discovery import PROJECT_FILE, ProjectNotFound, find_project
from chapbook_core.project.locations import find_locations
from chapbook_core.project.pair_writing import FileChange, PairWriter
from chapbook_core.project.trust import note_trust
from chapbook_core.project.writing import WriteFailed
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chapbook_core.builder.notebook.exporting import Export
    from chapbook_core.builder.notebook.hook.cell import Cell
    from chapbook_core.commands.command import Given
    from chapbook_core.commands.packaging.clean_room import ImportFailure
    from chapbook_core.commands.packaging.exported_imports import ExportedImport
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.project.document import Document

_REQUIRE = "name the package that is meant, as in `chapbook package --require NAME`"
Step = Literal["exports", "requirements", "build", "install", "import", "tests"]
_TAKE = """\
import importlib, os, sys
sys.path[:] = [*(folder for folder in sys.path if folder not in ("", os.getcwd())), os.getcwd()]
globals().update({{
    name: value
    for name, value in vars(importlib.import_module({module!r})).items()
    if not (name.startswith("__") and name.endswith("__"))
}})
"""
"""Stands for exported cells: what they define is taken from what is installed, which comes before what lies here."""


class NotRequired(ChapbookError):
    """Exported cells import what nobody who installs the package would have."""

    def __init__(self, imports: Sequence[ExportedImport]) -> None:
        names = [entry.distributions[0] for entry in imports if entry.can_be_added]
        hints = [f"run `chapbook package --add` to require them, or `chapbook add {' '.join(names)}`"] if names else []
        if any(not entry.can_be_added for entry in imports):
            hints.append(_REQUIRE)
        super().__init__("\n".join(entry.sentence for entry in imports), hints=hints)


@frozen
class Check:
    """One step, and how it went."""

    step: Step
    is_good: bool
    told: str


@frozen
class Packaged(Result):
    """A package that was made and tried."""

    name: str
    version: str
    checks: tuple[Check, ...]
    files: tuple[Path, ...] = ()
    """Empty when something went wrong."""
    added: tuple[str, ...] = ()
    """What the project requires from here on."""
    imports: tuple[ImportFailure, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    is_unsure: bool = False
    """Whether something is imported of which nobody knows where it comes from."""

    @property
    def is_good(self) -> bool:
        """Whether every step went well."""
        return all(check.is_good for check in self.checks)

    @property
    def exit_status(self) -> int:
        """Fails with any step."""
        return 0 if self.is_good else 1

    def report(self) -> tuple[Block, ...]:
        """Tell what failed and why, then every step."""
        blocks: list[Block] = []
        # What keeps one module from being imported mostly keeps others that need it.
        for failure in {failure.message: failure for failure in reversed(self.imports)}.values():
            blocks += [Heading(f"importing {failure.module}"), Verbatim(failure.traceback.rstrip()), Blank()]
        failed = [outcome for outcome in self.outcomes if outcome.failure is not None]
        for outcome in failed:
            if outcome.failure is not None:
                blocks += failure_blocks(outcome.notebook, outcome.failure)
        if failed:
            blocks += [outcomes_table(self.outcomes), Blank()]
        blocks += [Message("warning", warning) for warning in self.warnings]
        rows = ((Span(check.step, "name"), _mark(check), check.told) for check in self.checks)
        blocks.append(Table(tuple(rows)))
        if self.is_good:
            blocks += [Line(("Made ", Span(str(file), "strong"))) for file in self.files]
        else:
            hints = (_REQUIRE,) if self.is_unsure and self.imports else ()
            blocks.append(Message("error", f"{self.name} {self.version} was not made; nothing was changed", hints))
        return tuple(blocks)

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return {
            "name": self.name,
            "version": self.version,
            "good": self.is_good,
            "checks": as_data(self.checks),
            "files": as_data(self.files),
            "added": list(self.added),
            "imports": as_data(self.imports),
            "tests": as_data(self.outcomes),
            "warnings": list(self.warnings),
        }


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Packaged:
    """Do every step, and keep what was made only when all of them went well."""
    seconds = invocation.text("cell-timeout")
    timeout = None if seconds is None else read_number(seconds, "--cell-timeout", "a number of seconds")
    if not invocation.flag("no-tests"):
        require_runner("running the tests of a package (see `--no-tests`)")
    folder = _folder(surroundings)
    wanted = Wanted(invocation.text("name"), invocation.text("set-version"))
    here = replace(surroundings, project=folder)
    with undone_unless_kept(folder) as attempt, TemporaryDirectory(prefix="chapbook-") as room:
        _write(propose(folder, wanted, surroundings), folder)
        note_trust(folder, find_locations(surroundings.variables, surroundings.home))
        packaging = _Packaging(invocation, here, PartOfMore(watcher), Path(room).resolve())
        packaged = packaging.done(timeout)
        if packaged.is_good:
            packaged = replace(packaged, files=tuple(_placed(packaged.files, _target(invocation, folder, here))))
            attempt.is_wanted = True
            watcher.emit(Committed())
    return packaged if packaged.is_good else replace(packaged, files=())


def _write(document: Document, folder: Path) -> None:
    file = folder / PROJECT_FILE
    before = file.read_bytes() if file.is_file() else None
    PairWriter(folder).replace([FileChange(PROJECT_FILE, before, document.content())])


class _Packaging:
    """The steps of one call."""

    def __init__(self, invocation: Invocation, surroundings: Surroundings, watcher: Watcher, room: Path) -> None:
        self._invocation = invocation
        self._surroundings = surroundings
        self._watcher = watcher
        self._room = room
        self._checks: list[Check] = []
        self._is_unsure = False

    def done(self, timeout: int | None) -> Packaged:
        """Go as far as it goes well; raises whatever keeps a step from being tried."""
        session = open_session(self._surroundings, self._watcher)
        export = export_notebooks(session.manifest)
        self._note("exports", f"{_counted(len(export.modules), 'module')}: {_listed(export)}")
        added = self._required(session, export)
        session = open_session(self._surroundings, self._watcher)
        files, warnings = self._built()
        (wheel,) = (file for file in files if file.suffix == ".whl")
        name, version = wheel.name.split("-")[:2]
        packaged = Packaged(name.replace("_", "-"), version, (), files, added, warnings=warnings)
        clean = CleanRoom(self._room / "trial", wheel, session.manifest, self._surroundings, self._watcher)
        present = usable_environment(session)
        installed = clean.install(None if present is None else present.python)
        self._note("install", f"{_counted(installed, 'package')} in an environment of its own")
        count, failures = clean.import_all()
        self._note("import", f"{count - len(failures)} of {_counted(count, 'module')}", is_good=not failures)
        outcomes: tuple[Outcome, ...] = ()
        if not failures and not self._invocation.flag("no-tests"):
            outcomes = self._tested(clean, export, session, timeout)
        checks = tuple(self._checks)
        return replace(packaged, checks=checks, imports=failures, outcomes=outcomes, is_unsure=self._is_unsure)

    def _required(self, session: Session, export: Export) -> tuple[str, ...]:
        """Hold imports against requirements, and add what is missing when that is wanted; raises NotRequired."""
        added = list(self._invocation.texts("require"))
        if added:
            session = self._add(added)
        imports = exported_imports(session, export.modules)
        wanted = self._wanted([entry for entry in imports if entry.case != "declared"])
        if wanted:
            imports = exported_imports(self._add(wanted), export.modules)
        lacking = [entry for entry in imports if entry.case != "declared"]
        # What nothing is known of may be there all the same; importing it will tell.
        if severe := [entry for entry in lacking if entry.case not in {"transitive", "unknown"}]:
            raise NotRequired(severe)
        self._is_unsure = any(entry.case == "unknown" for entry in lacking)
        declared = sorted({name for entry in imports if entry.case == "declared" for name in entry.distributions})
        told = [f"declared: {', '.join(declared)}"] if declared else []
        told += [f"added: {', '.join((*added, *wanted))}"] if added or wanted else []
        told += [entry.sentence for entry in lacking]
        self._note("requirements", "; ".join(told) or "exported cells need none")
        return (*added, *wanted)

    def _add(self, names: Sequence[str]) -> Session:
        from chapbook_core.commands.add import run as add  # the solver, which most calls do without

        # The project is held by this very command.
        add(Invocation(ADD, {"name": tuple(names), "lock": True}), self._surroundings, self._watcher)
        return open_session(self._surroundings, self._watcher)

    def _wanted(self, lacking: Sequence[ExportedImport]) -> list[str]:
        """Return what is to be required, as far as the person wants that."""
        names = list(dict.fromkeys(entry.distributions[0] for entry in lacking if entry.can_be_added))
        ask = self._surroundings.ask
        if self._invocation.flag("add"):
            return names
        if ask is None:
            return []
        for entry in lacking:
            ask.tell(entry.sentence)
        if names and not ask.confirm(f"require {', '.join(f'`{name}`' for name in names)}?", default=True):
            names = []
        for module in (entry.module for entry in lacking if not entry.can_be_added):
            name = ask.ask(f"the package that brings `{module}` (nothing to go on without)")
            names += [name] if name else []
        return names

    def _built(self) -> tuple[tuple[Path, ...], tuple[str, ...]]:
        from chapbook_core.commands.build import BuildResult  # most of what can be wrong is found without it

        values: dict[str, Given] = {"output": str(self._room / "dist"), "wheel-from-sdist": True}
        result = perform(Invocation(BUILD, values), self._surroundings, self._watcher)
        if not isinstance(result, BuildResult):
            raise TypeError(f"building returned {type(result).__name__}")
        self._note("build", ", ".join(built.path.name for built in result.files))
        return tuple(built.path for built in result.files), result.warnings

    def _tested(self, clean: CleanRoom, export: Export, session: Session, timeout: int | None) -> tuple[Outcome, ...]:
        """Run what is not exported against what is installed."""
        from chapbook_core.commands.kernel_preparation import Prepared  # whoever runs no tests needs no kernel

        notebooks = tuple(_against_installed(session.manifest.folder, export))
        if not notebooks:
            self._note("tests", "there are none")
            return ()
        clean.install_for_tests()
        prepared = perform(Invocation(KERNEL_PREPARE, {}), clean.surroundings, self._watcher)
        if not isinstance(prepared, Prepared):
            raise TypeError(f"preparing a kernel returned {type(prepared).__name__}")
        trials = [Trial(notebook, prepared.start) for notebook in notebooks]
        outcomes = run_trials(trials, Manner(cell_timeout=timeout), self._surroundings.variables, self._watcher)
        passed = sum(outcome.failure is None for outcome in outcomes)
        told = f"{passed} of {_counted(len(outcomes), 'notebook')} passed"
        self._note("tests", told, is_good=passed == len(outcomes))
        return outcomes

    def _note(self, step: Step, told: str, *, is_good: bool = True) -> None:
        self._watcher.checkpoint()
        self._checks.append(Check(step, is_good, told))


def _against_installed(folder: Path, export: Export) -> Iterator[NotebookToRun]:
    """Yield the notebooks with what is exported replaced by what is installed; without a test there is no point."""
    owners = {(piece.notebook, piece.cell.number): module.name for module in export.modules for piece in module.pieces}
    for notebook in export.notebooks:
        document = read_document(str(folder / notebook), notebook)
        taken: set[str] = set()

        def replaced(cell: Cell, notebook: str = notebook, taken: set[str] = taken) -> str | None:
            module = owners.get((notebook, cell.number))
            if module is None:
                return None
            is_first = module not in taken
            taken.add(module)
            return _TAKE.format(module=module) if is_first else ""

        cells = cells_to_run(document, replaced=replaced)
        if any((notebook, cell.number) not in owners for cell in cells):
            yield NotebookToRun(folder / notebook, notebook, cells)


def _folder(surroundings: Surroundings) -> Path:
    """Return the project's folder; one of notebooks that is no project yet becomes one."""
    try:
        return find_project(surroundings.start)
    except ProjectNotFound:
        from chapbook_core.project.notebook_imports import holds_notebooks  # projects need not be looked through

        start = surroundings.start.resolve()
        if not holds_notebooks(start):
            raise
        return start


def _target(invocation: Invocation, folder: Path, surroundings: Surroundings) -> Path:
    output = invocation.text("output")
    return folder / "dist" if output is None else surroundings.folder / Path(output).expanduser()


def _placed(files: Sequence[Path], target: Path) -> Iterator[Path]:
    """Yield the files where they belong; each is there whole or not at all."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        for file in files:
            passing = target / f".{file.name}.tmp"
            shutil.copyfile(file, passing)
            passing.replace(target / file.name)
            yield target / file.name
    except OSError as problem:
        raise WriteFailed(target, problem) from problem


def _mark(check: Check) -> Span:
    return Span("good", "good") if check.is_good else Span("failed", "bad")


def _listed(export: Export) -> str:
    return ", ".join(module.name for module in export.modules) or "none is exported"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
