"""Make a new project in a new folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.outlining import ask_outline, read_outline
from chapbook_core.commands.report import Block, Line, Message, Result, Span
from chapbook_core.errors import Cancelled, ChapbookError, UsageError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.locations import find_locations
from chapbook_core.project.placing import place_files, require_free
from chapbook_core.project.scaffold import Layout, project_files
from chapbook_core.project.standard_modules import STANDARD_MODULES, hidden_by_python
from chapbook_core.project.trust import note_trust
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

_OTHER_NAME = "give it another name by `--name` while it is empty"
_READMES = late_pattern(r"[A-Za-z0-9]+")


@frozen
class Made(Result):
    """A new project."""

    name: str
    folder: Path
    shown: str
    """The folder as it was typed."""
    layout: Layout
    files: tuple[str, ...]
    hidden: str = ""
    """The module that Python would not find, as it has one of that name itself."""

    def report(self) -> tuple[Block, ...]:
        """Tell what was made, and what comes next."""
        kinds = {Layout.NOTEBOOKS: "a project of notebooks", Layout.NOTEBOOK_PACKAGE: "a package made of notebooks"}
        kind = kinds.get(self.layout, "a package")
        notebooks = [file for file in self.files if file.endswith(".ipynb")]
        opening = (Line(f"open `{Path(self.shown, notebooks[0])}` to start"),) if notebooks else ()
        return (
            Line(("Made ", Span(self.name, "name"), f", {kind}, in `{self.shown}`")),
            *(Line(f"  {file}", detail=1) for file in self.files),
            *opening,
            *((Message("warning", hidden_by_python(self.hidden), (_OTHER_NAME,)),) if self.hidden else ()),
        )


def run(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> Made:
    """Make it, whole or not at all."""
    shown = invocation.text("path") or "."
    try:
        folder = _without_links(surroundings.folder / Path(shown).expanduser())
    except RuntimeError as cause:
        raise UsageError(f"`{shown}` names the home folder of nobody known here") from cause
    require_free(folder)
    layout, notebook = _layout(invocation, surroundings, folder)
    outline = read_outline(invocation, surroundings, folder, layout)
    outline = replace(outline, readme=f"README.{_readme(invocation)}")
    if invocation.flag("interactive"):
        if surroundings.ask is None:
            raise UsageError(
                "`--interactive` needs somebody to ask", hints=["run it in a terminal, without `--no-interaction`"]
            )
        outline = ask_outline(outline, surroundings.ask, surroundings, invocation.values)
        surroundings.ask.tell("\n" + project_files(outline, folder)["pyproject.toml"])
        if not surroundings.ask.confirm("make this project?", default=True):
            raise Cancelled
    files = project_files(outline, folder, notebook=notebook)
    place_files(folder, files)
    note_trust(folder, find_locations(surroundings.variables, surroundings.home))
    module = outline.package_path[0] if layout is not Layout.NOTEBOOKS else ""
    hidden = module if module in STANDARD_MODULES else ""
    return Made(outline.name, folder, shown, layout, tuple(sorted(files)), hidden)


def _layout(invocation: Invocation, surroundings: Surroundings, folder: Path) -> tuple[Layout, bool]:
    """Return the layout, and whether there is a first notebook."""
    if invocation.flag("notebook-package"):
        return Layout.NOTEBOOK_PACKAGE, True
    asked = invocation.flag("notebook")
    said = next((Layout(name) for name in ("src", "flat") if invocation.flag(name)), None)
    if said is not None:
        return said, asked
    if invocation.flag("no-notebook"):
        return Layout.SRC, False
    notebook = asked or any(_holds_notebooks(near) for near in (surroundings.folder, folder.parent))
    return (Layout.NOTEBOOKS, True) if notebook else (Layout.SRC, False)


def _holds_notebooks(folder: Path) -> bool:
    try:
        return any(path.suffix == ".ipynb" for path in folder.iterdir())
    except OSError:
        return False


def _readme(invocation: Invocation) -> str:
    ending = (invocation.text("readme") or "md").removeprefix(".")
    if _READMES.fullmatch(ending) is None:
        raise UsageError(f"`--readme`: `{ending}` is not the ending of a file", hints=["write it as in `md` or `rst`"])
    return ending


def _without_links(path: Path) -> Path:
    """Resolve what exists, so that `new ..` knows its folder's name."""
    try:
        return path.resolve()
    except (OSError, RuntimeError) as cause:
        # Up to Python 3.12 a loop of links is a RuntimeError.
        raise ChapbookError(f"`{path}` cannot be reached: {cause}") from cause
