"""The modules of notebooks as files of the project, for those who want to see or to commit them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.notebook.present_file import is_ours
from chapbook_core.project.writing import write_file
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.builder.notebook.exporting import Export, ExportedFile


@frozen
class ModuleFiles:
    """How the files of a project compare with its notebooks; the names are from the project's folder."""

    absent: tuple[str, ...]
    differing: tuple[str, ...]
    left: tuple[str, ...]
    """Made from notebooks that no longer export them."""

    @property
    def is_current(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.absent or self.differing or self.left)


def compare_modules(export: Export, folder: Path) -> ModuleFiles:
    """Compare the files that are there with those that the notebooks make."""
    absent, differing = [], []
    for file in export.files:
        present = _content(folder / file.path)
        if present is None:
            absent.append(file.path)
        elif present.replace(b"\r\n", b"\n") != file.text.encode():
            differing.append(file.path)
    return ModuleFiles(tuple(absent), tuple(differing), tuple(_left(export, folder)))


def write_modules(export: Export, folder: Path, compared: ModuleFiles) -> None:
    """Write what is absent or differs, and remove what is left; raises WriteFailed.

    Nothing that a person wrote is there: an export that would replace such a file is not made.
    """
    wanted = {*compared.absent, *compared.differing}
    for file in (file for file in export.files if file.path in wanted):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, file.text.encode())
    for name in compared.left:
        (folder / name).unlink(missing_ok=True)


def _left(export: Export, folder: Path) -> Iterator[str]:
    made = {file.path for file in export.files}
    for top in sorted({_top(file, folder) for file in export.files} - {folder}):
        for path in sorted(top.rglob("*.py")):
            name = path.relative_to(folder).as_posix()
            if name not in made and is_ours(path):
                yield name


def _top(file: ExportedFile, folder: Path) -> Path:
    """Return the folder of the package that a file belongs to; the project's for a module that stands by itself."""
    source = file.path.removesuffix(file.target)
    first, inner, _ = file.target.partition("/")
    return folder / source / first if inner else folder


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
