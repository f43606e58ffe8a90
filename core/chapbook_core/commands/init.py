"""Make the present folder a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.outline_wishes import read_wishes, with_sources, with_wishes
from chapbook_core.commands.outlining import ask_outline, read_outline
from chapbook_core.commands.report import Block, Line, Message, Result, Span
from chapbook_core.errors import Cancelled, ChapbookError, FileMistakes
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.distribution_names import distribution_of
from chapbook_core.project.locations import find_locations
from chapbook_core.project.manifest import inspect_manifest, parse_manifest
from chapbook_core.project.notebook_imports import Imports, Unread, find_imports, holds_notebooks
from chapbook_core.project.scaffold import Layout, Outline, pyproject_text
from chapbook_core.project.trust import note_trust
from chapbook_core.project.writing import write_file
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.requirement import Requirement, parse_requirement
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Asker, Surroundings
    from chapbook_core.events import Watcher

_NO_IMPORTS = Imports((), (), ())


class AlreadyProject(ChapbookError):
    """The folder's pyproject.toml describes a project."""

    def __init__(self, file: Path, table: str) -> None:
        self.file = file
        hint = "run `chapbook check` to see whether it is sound, or `chapbook add NAME` to add a package"
        if table == "build-system":
            hint = f"add [project] to it by hand, because [{table}] says how that is to be read"
        super().__init__(f"`{file}` has a [{table}] table already", hints=[hint])


@frozen
class Bringing:
    """What the folder imports, as far as it is known who brings it."""

    known: Mapping[str, tuple[str, ...]]
    """The files that need it, by distribution."""
    unknown: Mapping[str, tuple[str, ...]]
    """The files that need it, by module."""
    unread: tuple[Unread, ...] = ()


@frozen
class Initialised(Result):
    """A folder that is a project from here on."""

    name: str
    file: Path
    layout: Layout
    added_to_file: bool
    """There was a pyproject.toml, which only configured tools."""
    required: tuple[str, ...]
    offered: tuple[str, ...]
    """Imported and known, but not required."""
    imports: Bringing
    remarks: tuple[str, ...] = ()
    """What of the files given with `--from` is not taken over, or not as it stands."""

    def report(self) -> tuple[Block, ...]:
        """Tell what was made, and what is left to do."""
        kind = "a project of notebooks" if self.layout is Layout.NOTEBOOKS else "a package"
        verb = "added to" if self.added_to_file else "written to"
        blocks: list[Block] = [Line((Span(self.name, "name"), f", {kind}, was {verb} {PROJECT_FILE}"))]
        if self.required:
            blocks.append(Line(f"it requires {', '.join(self.required)}"))
        if self.offered:
            names = " ".join(self.offered)
            hints: tuple[str, ...] = (f"run `chapbook add {names}`",)
            blocks.append(Message("note", f"what is here imports {', '.join(self.offered)}", hints))
        for module, files in self.imports.unknown.items():
            hints = ("find out which package brings it, and run `chapbook add NAME`",)
            blocks.append(Message("note", f"`{files[0]}` imports `{module}`, and who brings that is not known", hints))
        blocks += [Message("note", remark) for remark in self.remarks]
        blocks += [Message("warning", f"`{file.file}` was passed over: {file.reason}") for file in self.imports.unread]
        return tuple(blocks)


def run(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> Initialised:
    """Write the project file, or add to it."""
    folder = surroundings.start.resolve()
    file = folder / PROJECT_FILE
    before = _existing_text(file)
    imports = _NO_IMPORTS if invocation.flag("no-imports") else find_imports(folder)
    layout = _layout(invocation, folder, imports)
    outline = read_outline(invocation, surroundings, folder, layout)
    outline = replace(outline, readme=_readme(folder))
    harvest = read_wishes(invocation.texts("from"), surroundings, folder)
    outline = with_wishes(outline, harvest, is_python_given=invocation.text("python") is not None)
    bringing = _bringing(imports)
    wanted: Iterable[str] = bringing.known if invocation.flag("imports") else ()
    if surroundings.ask is not None:
        outline = ask_outline(outline, surroundings.ask, surroundings, invocation.values)
        if not invocation.flag("imports"):
            wanted = _chosen(bringing, surroundings.ask)
            # The person has seen what is imported, and decided.
            bringing = replace(bringing, known={}, unknown={})
    outline = _with_imports(outline, wanted)
    text = with_sources(pyproject_text(outline, folder, before or ""), file, harvest)
    _require_sound(text, file)
    if surroundings.ask is not None:
        surroundings.ask.tell("\n" + text)
        if not surroundings.ask.confirm(f"write this to {PROJECT_FILE}?", default=True):
            raise Cancelled
    write_file(file, text.encode())
    note_trust(folder, find_locations(surroundings.variables, surroundings.home))
    required = tuple(requirement.pretty_name for requirement in outline.dependencies)
    offered = tuple(name for name in bringing.known if name not in map(canonical_name, required))
    remarks = tuple(map(str, harvest.remarks))
    return Initialised(outline.name, file, layout, before is not None, required, offered, bringing, remarks)


def _existing_text(file: Path) -> str | None:
    """Return the text of the file when it can be added to; None when there is no file."""
    if not file.exists():
        return None
    manifest, mistakes = inspect_manifest(file)
    if manifest is None:
        raise FileMistakes(file, mistakes)
    tool = manifest.data.get("tool")
    tables = {"project": manifest.data, "build-system": manifest.data, "poetry": tool if isinstance(tool, dict) else {}}
    for name, table in tables.items():
        if name in table:
            raise AlreadyProject(file, "tool.poetry" if name == "poetry" else name)
    return file.read_bytes().decode()


def _layout(invocation: Invocation, folder: Path, imports: Imports) -> Layout:
    if invocation.flag("no-notebook"):
        notebooks = False
    else:
        notebooks = invocation.flag("notebook") or bool(imports.notebooks) or holds_notebooks(folder)
    if notebooks:
        return Layout.NOTEBOOKS
    return Layout.SRC if (folder / "src").is_dir() else Layout.FLAT


def _readme(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir() if path.stem.upper() == "README" and path.is_file())
    return next((name for name in names if name.lower().endswith((".md", ".rst", ".txt"))), "")


def _bringing(imports: Imports) -> Bringing:
    known: dict[str, list[str]] = {}
    unknown: dict[str, list[str]] = {}
    for found in imports.found:
        distribution = distribution_of(found.name)
        if distribution is not None:
            known.setdefault(distribution, []).extend(found.files)
        else:
            unknown.setdefault(found.name.partition(".")[0], []).extend(found.files)
    return Bringing(_sorted(known), _sorted(unknown), imports.unread)


def _sorted(files: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(dict.fromkeys(files[name])) for name in sorted(files)}


def _chosen(bringing: Bringing, ask: Asker) -> tuple[str, ...]:
    for module, files in bringing.unknown.items():
        ask.tell(f"`{files[0]}` imports `{module}`, and who brings that is not known")
    names = tuple(bringing.known)
    if not names:
        return ()
    return ask.choose("what is here imports these packages; which shall the project require?", names, names)


def _with_imports(outline: Outline, names: Iterable[str]) -> Outline:
    known = {requirement.name for requirement in outline.dependencies} | {canonical_name(outline.name)}
    more: list[Requirement] = [parse_requirement(name) for name in names if canonical_name(name) not in known]
    return replace(outline, dependencies=(*outline.dependencies, *more))


def _require_sound(text: str, file: Path) -> None:
    """Refuse what cannot be read back, as when the file spells `tool` in a way that nothing can be added to."""
    _, mistakes = parse_manifest(text.encode(), file)
    if mistakes:
        reasons = "; ".join(mistake.message for mistake in mistakes)
        hints = ["write its tools as tables, as in [tool.ruff], and try again"]
        raise ChapbookError(f"a project cannot be added to `{file}` as it is written: {reasons}", hints=hints)
