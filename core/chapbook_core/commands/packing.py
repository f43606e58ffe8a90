"""One file for a notebook and its project: packed to travel, unpacked to be worked on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.outline_wishes import read_wishes, with_sources, with_wishes
from chapbook_core.commands.report import Block, Line, Message, Result, Span
from chapbook_core.commands.session import open_session
from chapbook_core.errors import ChapbookError, FileMistakes
from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE
from chapbook_core.project.document import Document
from chapbook_core.project.manifest import parse_manifest
from chapbook_core.project.notebook_metadata import read_notebook_file
from chapbook_core.project.packed_notebook import packed, packed_files, unpacked
from chapbook_core.project.writing import write_file
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

_SUFFIX = ".ipynb"


class InTheWay(ChapbookError):
    """Something is where a file or folder is to be made."""

    def __init__(self, path: Path, option: str) -> None:
        super().__init__(f"`{path}` is there already", hints=[f"name another place: {option}"])


@frozen
class Packed(Result):
    """A notebook that travels alone."""

    file: Path
    size: int
    packages: int
    left_behind: tuple[str, ...] = ()
    """What it needs and cannot take along."""

    def report(self) -> tuple[Block, ...]:
        """Tell where it is, and what it does not carry."""
        count = f"{self.packages} locked package{'' if self.packages == 1 else 's'}"
        name = self.file.name
        blocks: list[Block] = [Line(("Packed into ", Span(name, "strong"), f": {count}, {self.size // 1024 + 1} KiB"))]
        blocks += [Message("warning", f"{one} stays behind, and the notebook needs it") for one in self.left_behind]
        return (*blocks, Line(f"whoever gets it runs `chapbook unpack {name}`"))


@frozen
class Unpacked(Result):
    """A project made of one notebook."""

    folder: Path
    files: tuple[str, ...]
    is_locked: bool
    remarks: tuple[str, ...] = ()

    def report(self) -> tuple[Block, ...]:
        """Tell what there is, and how to go on."""
        blocks: list[Block] = [Line(("Unpacked into ", Span(f"{self.folder}", "strong"), f": {', '.join(self.files)}"))]
        blocks += [Message("note", remark) for remark in self.remarks]
        if not self.is_locked:
            blocks.append(Message("note", "the notebook carried no lock", ("run `chapbook lock` there",)))
        hint = f"look at {PROJECT_FILE}, then run `chapbook install` in {self.folder}"
        return (*blocks, Message("note", "nothing was installed", (hint,)))


def pack(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Packed:
    """Write the notebook with its project in it; the notebook itself stays as it is."""
    from chapbook_core.commands.open_lock import open_lock  # `unpack` reads no lock of this project

    session = open_session(surroundings, watcher)
    file = surroundings.folder / Path(invocation.text("notebook") or "").expanduser()
    output = invocation.text("output")
    target = surroundings.folder / Path(output).expanduser() if output else file.with_suffix(f".packed{_SUFFIX}")
    text = read_notebook_file(file)
    if target.exists() and target != file and not packed_files(read_notebook_file(target), target):
        raise InTheWay(target, f"`chapbook pack {file.name} --output PATH`")
    opened = open_lock(session)
    if not opened.is_fresh:
        from chapbook_core.commands.lock_trouble import LockStale  # told only then

        raise LockStale(session.lock_file)
    document = Document(session.manifest.file.read_bytes(), session.manifest.file)
    if session.manifest.package_mode:
        # The package itself stays behind; what the lock was made from is the same.
        document.set(("tool", "poetry", "package-mode"), value=False)
    files = {PROJECT_FILE: document.text(), LOCK_FILE: session.lock_file.read_bytes().decode()}
    content = packed(text, files, _inline_metadata(session), file).encode()
    write_file(target, content)
    return Packed(target, len(content), len(opened.lock.packages), tuple(_left_behind(session, file)))


def unpack(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> Unpacked:
    """Make a folder with the notebook and the project that it carries, or what it says that it needs."""
    shown = invocation.text("notebook") or ""
    file = surroundings.folder / Path(shown).expanduser()
    text = read_notebook_file(file)
    stem = file.name.removesuffix(_SUFFIX).removesuffix(".packed")
    folder = surroundings.folder / Path(invocation.text("folder") or stem).expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InTheWay(folder, f"`chapbook unpack {shown} FOLDER`")
    carried = packed_files(text, file)
    remarks: tuple[str, ...] = ()
    if PROJECT_FILE not in carried:
        project, remarks = _made(shown, surroundings, folder, stem)
        carried = {PROJECT_FILE: project}
    # What a stranger has written is held against the rules before anything is made of it.
    _, mistakes = parse_manifest(carried[PROJECT_FILE].encode(), folder / PROJECT_FILE)
    if mistakes:
        raise FileMistakes(folder / PROJECT_FILE, mistakes)
    if LOCK_FILE in carried:
        from chapbook_core.lock.poetry_reader import read_lock  # only where there is one

        read_lock(carried[LOCK_FILE], folder / LOCK_FILE)
    known = {name: carried[name] for name in (PROJECT_FILE, LOCK_FILE) if name in carried}
    files = {**known, f"{stem}{_SUFFIX}": unpacked(text, file)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_file(folder / name, content.encode())
    return Unpacked(folder, tuple(files), LOCK_FILE in files, remarks)


def _made(shown: str, surroundings: Surroundings, folder: Path, stem: str) -> tuple[str, tuple[str, ...]]:
    """Return a project file for what the notebook says or installs in its cells."""
    from chapbook_core.project.scaffold import (  # a packed notebook brings its own
        Layout,
        Outline,
        default_requires_python,
        name_of_folder,
        pyproject_text,
    )

    harvest = read_wishes((shown,), surroundings, folder)
    python = default_requires_python(surroundings.python, Layout.NOTEBOOKS)
    outline = Outline(name=name_of_folder(stem), layout=Layout.NOTEBOOKS, requires_python=python)
    text = pyproject_text(with_wishes(outline, harvest), folder, "")
    return with_sources(text, folder / PROJECT_FILE, harvest), tuple(map(str, harvest.remarks))


def _inline_metadata(session: Session) -> str:
    """Return the block of PEP 723, for tools that know nothing of Chapbook."""
    lines = ["# /// script"]
    if session.manifest.requires_python:
        lines.append(f"# requires-python = {json.dumps(session.manifest.requires_python)}")
    lines.append("# dependencies = [")
    travelling = [one for one in session.manifest.main.requirements if not _is_local(one.origin) and not one.optional]
    lines += [f"#     {json.dumps(one.pep508_text())}," for one in travelling]
    return "\n".join([*lines, "# ]", "# ///"])


def _left_behind(session: Session, file: Path) -> Iterator[str]:
    """Yield what one file cannot carry."""
    from chapbook_core.project.import_sites import find_sites
    from chapbook_core.project.notebook_imports import code_files, code_pieces, own_modules  # for this alone

    for group in session.manifest.groups:
        for requirement in group.requirements:
            if _is_local(requirement.origin):
                yield f"`{requirement.pretty_name}`, which is required from a path,"
    folder = session.manifest.folder
    own = own_modules(folder, code_files(folder))
    imported = {site.name.partition(".")[0] for piece in code_pieces(file) for site in find_sites(piece)}
    for module in sorted(imported & own):
        yield f"the module `{module}` of this project"


def _is_local(origin: object) -> bool:
    return isinstance(origin, DirectoryOrigin | FileOrigin)
