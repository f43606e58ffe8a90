"""The modules that the notebooks of a project export, checked and as files."""

from __future__ import annotations

import ast
import sys
import warnings
from itertools import chain
from typing import TYPE_CHECKING

from chapbook_core.builder.cannot_build import CannotBuild
from chapbook_core.builder.notebook.export_rules import export_rules
from chapbook_core.builder.notebook.hook.collecting import collect
from chapbook_core.builder.notebook.hook.mistake import NotebookMistake
from chapbook_core.builder.notebook.hook.public_names import public_names
from chapbook_core.builder.notebook.hook.python_text import cell_name
from chapbook_core.builder.notebook.import_order import circular_imports
from chapbook_core.builder.notebook.module_text import module_text, package_text
from chapbook_core.builder.notebook.present_file import FileState, file_state
from chapbook_core.builder.notebook.side_effects import side_effects
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.builder.notebook.hook.collecting import Collected
    from chapbook_core.builder.notebook.hook.module import Module, Piece
    from chapbook_core.builder.notebook.hook.rule import Rule
    from chapbook_core.project.manifest import Manifest

_HINT_OTHER_NAME = "give it another name by `#| default_exp NAME`, or under `package` of [tool.chapbook.export]"


class BadNotebooks(CannotBuild):
    """Notebooks that cannot become modules; everything that is wrong in them is told at once."""

    def __init__(self, mistakes: Iterable[NotebookMistake]) -> None:
        self.mistakes = tuple(dict.fromkeys(mistakes))
        hints = dict.fromkeys(mistake.hint for mistake in self.mistakes if mistake.hint)
        super().__init__("\n".join(mistake.message for mistake in self.mistakes), hints=hints)


@frozen
class ExportedFile:
    """A file that is made from notebooks."""

    path: str
    """From the project's folder, with `/`."""
    target: str
    """From the folder that packages are imported from."""
    module: str
    """By which it is imported."""
    text: str
    names: tuple[str, ...]
    """What it gives to whoever imports it."""


@frozen
class Export:
    """Everything that notebooks give to a package."""

    files: tuple[ExportedFile, ...]
    """In the order of their paths."""
    notebooks: tuple[str, ...]
    """From the project's folder; every notebook in the folders that are exported, in order."""
    doubts: tuple[str, ...]
    """What may not be meant, in sentences."""
    modules: tuple[Module, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The notebooks that something is exported from."""
        return tuple(sorted({notebook for module in self.modules for notebook in module.notebooks}))


def export_notebooks(manifest: Manifest) -> Export:
    """Make the modules of a project; raises BadNotebooks and FileMistakes.

    An export without files is that of a project whose notebooks are no sources, or export nothing.
    """
    rules = export_rules(manifest)
    collected = collect(str(manifest.folder), rules)
    trees, wrong = _parsed(collected)
    outside = _outside(collected, manifest.folder)
    mistakes = [*collected.mistakes, *wrong, *_misnamed(collected, manifest), *outside]
    if not mistakes:
        mistakes += _circular(collected, trees)
    if mistakes:
        raise BadNotebooks(mistakes)
    files = sorted(_files(collected, trees, rules, manifest.folder), key=lambda file: file.path)
    if written := list(_written_by_person(manifest.folder, files)):
        raise BadNotebooks(written)
    doubts = (*collected.doubts, *_effects(collected, trees))
    return Export(tuple(files), collected.notebooks, doubts, tuple(collected.modules.values()))


Trees = dict[str, list[ast.Module]]


def _parsed(collected: Collected) -> tuple[Trees, list[NotebookMistake]]:
    trees: Trees = {}
    mistakes = []
    for name, module in collected.modules.items():
        found = trees[name] = []
        for piece in module.pieces:
            tree = _tree(piece)
            if isinstance(tree, NotebookMistake):
                mistakes.append(tree)
            else:
                found.append(tree)
    return trees, mistakes


def _tree(piece: Piece) -> ast.Module | NotebookMistake:
    """Parse one cell as part of a module, where more is wrong than in a cell, such as `await` outside a function."""
    try:
        with warnings.catch_warnings():
            # What is odd about a person's strings is not ours to tell.
            warnings.simplefilter("ignore")
            tree = ast.parse(piece.python, piece.mark)
            compile(tree, piece.mark, "exec", dont_inherit=True)
    except SyntaxError as problem:
        line = (problem.lineno or 1) + piece.cell.line - 1
        text = f": `{problem.text.strip()}`" if problem.text and problem.text.strip() else ""
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return NotebookMistake(
            f"{cell_name(piece.notebook, piece.cell)}, line {line}: {problem.msg}{text}",
            f"the cell is exported and must be valid Python {python}, as its module is",
        )
    except (ValueError, RecursionError) as problem:
        return NotebookMistake(f"{cell_name(piece.notebook, piece.cell)} cannot be compiled: {problem}")
    return tree


def _outside(collected: Collected, folder: Path) -> Iterator[NotebookMistake]:
    top = folder.resolve()
    for notebook in collected.notebooks:
        target = (folder / notebook).resolve()
        if not target.is_relative_to(top):
            yield NotebookMistake(
                f"`{notebook}` is a link to `{target}`, which lies outside the project",
                "move what is packed into the project",
            )


def _misnamed(collected: Collected, manifest: Manifest) -> Iterator[NotebookMistake]:
    shadowing: dict[str, Module] = {}
    for name, module in collected.modules.items():
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names:
            shadowing.setdefault(top, module)
    for top, module in shadowing.items():
        yield NotebookMistake(
            f"`{module.notebooks[0]}` would become `{module.name}`, but `{top}` is a module of the standard library, "
            "and which of the two is imported would be chance",
            _HINT_OTHER_NAME,
        )
    if not collected.modules and not collected.mistakes:
        folders = ", ".join(f"`{rule.folder or '.'}`" for rule in export_rules(manifest))
        if folders and not _has_modules(manifest):
            yield NotebookMistake(
                f"no cell of the notebooks in {folders} is exported, and there is no other module",
                "begin the cells that belong into the package with `#| export`, or tag them `export`",
            )


def _has_modules(manifest: Manifest) -> bool:
    places = (manifest.folder / rule.source / rule.package.replace(".", "/") for rule in export_rules(manifest))
    return any(place.is_dir() or place.with_suffix(".py").is_file() for place in places)


def _circular(collected: Collected, trees: Trees) -> Iterator[NotebookMistake]:
    for circle in circular_imports(trees):
        first, *others = circle.chain
        told = f"`{first}` imports " + "".join(f"`{name}`, which imports " for name in others) + f"`{first}`"
        wanted = "all its names are" if circle.name == "*" else f"`{circle.name}` is"
        notebooks = dict.fromkeys(collected.modules[name].notebooks[0] for name in circle.chain)
        yield NotebookMistake(
            f"{told} before {wanted} defined there (in {', '.join(f'`{name}`' for name in notebooks)})",
            "move what both need into a notebook of its own, or import it inside the function that uses it",
        )


def _files(collected: Collected, trees: Trees, rules: Sequence[Rule], folder: Path) -> Iterator[ExportedFile]:
    made = {}
    packages: dict[str, Module] = {}
    for name, module in collected.modules.items():
        is_package = module.is_package or any(other.startswith(f"{name}.") for other in collected.modules)
        file = module._replace(is_package=is_package)
        made[name] = _file(file, name, module_text(file, trees[name]), _names(file, trees[name]))
        parts = name.split(".")
        for length in range(1, len(parts)):
            packages.setdefault(".".join(parts[:length]), module)
    yield from made.values()
    namespaces = {name for rule in rules for name in rule.namespaces}
    for name, module in packages.items():
        file = module._replace(name=name, is_package=True)
        if name not in made and name not in namespaces and not _is_by_person(folder / _path(file)):
            yield _file(file, name, package_text(module.notebooks), ())


def _file(module: Module, name: str, text: str, names: tuple[str, ...]) -> ExportedFile:
    return ExportedFile(_path(module), module.file, name, text, names)


def _path(module: Module) -> str:
    return f"{module.rule.source}/{module.file}" if module.rule.source else module.file


def _names(module: Module, trees: Sequence[ast.Module]) -> tuple[str, ...]:
    public = (public_names(tree) for piece, tree in zip(module.pieces, trees, strict=True) if piece.cell.is_public)
    return tuple(dict.fromkeys(chain.from_iterable(public)))


def _is_by_person(path: Path) -> bool:
    return file_state(path) is FileState.WRITTEN


def _written_by_person(folder: Path, files: Iterable[ExportedFile]) -> Iterator[NotebookMistake]:
    for file in files:
        match file_state(folder / file.path):
            case FileState.WRITTEN:
                yield NotebookMistake(
                    f"`{file.path}` was written by hand, but a notebook exports the module `{file.module}` too",
                    "rename one of the two, or remove the file when the notebook has taken its place",
                )
            case FileState.EDITED:
                yield NotebookMistake(
                    f"`{file.path}` was made from a notebook and edited since, which making it again would undo",
                    "carry the edit over into the notebook, then remove the file",
                )
            case FileState.ABSENT | FileState.GENERATED:
                continue


def _effects(collected: Collected, trees: Mapping[str, Sequence[ast.Module]]) -> Iterator[str]:
    for name, module in collected.modules.items():
        for piece, tree in zip(module.pieces, trees[name], strict=True):
            found = side_effects(tree, piece.python)
            if found:
                line, text = found[0]
                others = f" and {len(found) - 1} more" if len(found) > 1 else ""
                where = f"{cell_name(piece.notebook, piece.cell)}, line {piece.cell.line + line - 1}"
                yield f"{where}: `{text}`{others} is run whenever `{name}` is imported"
