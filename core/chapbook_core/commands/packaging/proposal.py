"""What the project file of a package must say, proposed where it does not: name, version, exports, build system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.notebook.export_rules import exports_notebooks
from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.project.build_table import OWN_BACKENDS
from chapbook_core.project.discovery import PROJECT_FILE, declares_project
from chapbook_core.project.document import Document, read_document
from chapbook_core.project.scaffold import (
    BACKEND,
    BACKEND_REQUIREMENT,
    Layout,
    default_requires_python,
    module_name,
    name_of_folder,
)
from chapbook_core.project.version import parse_version
from chapbook_core.requirements.name import canonical_name, checked_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chapbook_core.commands.surroundings import Asker, Surroundings

_FIRST_VERSION = "0.1.0"
_BACKEND = ("build-system", "build-backend")


class ForeignBackend(ChapbookError):
    """The project is built by something that knows nothing of notebooks."""

    def __init__(self, backend: str) -> None:
        super().__init__(
            f"the project is built by `{backend}`, which leaves out what is in notebooks",
            hints=[f'write `build-backend = "{BACKEND}"` and `requires = ["{BACKEND_REQUIREMENT}"]` in [build-system]'],
        )


@frozen
class Wanted:
    """What a person says of the package."""

    name: str | None
    version: str | None


def propose(folder: Path, wanted: Wanted, surroundings: Surroundings) -> Document:
    """Return the project file with everything that a package needs; asks for what only a person knows.

    Raises UsageError for a name or a version that is none, and FileMistakes.
    """
    file = folder / PROJECT_FILE
    content = file.read_bytes() if file.is_file() else b""
    is_project = declares_project(content)
    document = read_document(file) if is_project else Document(content, file)
    data = document.data
    poetry = _table(_table(data, "tool"), "poetry")
    home: tuple[str, ...] = ("tool", "poetry") if "project" not in data and "name" in poetry else ("project",)
    known = _table(data, "project") if home == ("project",) else poetry
    was_package = is_project and document.manifest().package_mode
    # What is read again after each edit must be right, so the table that asks for a name comes last.
    name = _name(wanted, known.get("name"), folder, surroundings.ask)
    if name != known.get("name"):
        document.set((*home, "name"), name)
    dynamic = known.get("dynamic")
    is_dynamic = isinstance(dynamic, list) and "version" in dynamic
    version = _version(wanted, None if is_dynamic else known.get("version"), surroundings.ask, is_needed=not is_dynamic)
    if version is not None and version != known.get("version"):
        document.set((*home, "version"), version)
    if not is_project:
        _complete(document, folder, surroundings)
    if "package-mode" in poetry and not was_package:
        document.remove(("tool", "poetry", "package-mode"))
    _add_exports(document, name)
    _add_build_system(document, was_package=was_package)
    document.manifest()
    return document


def _complete(document: Document, folder: Path, surroundings: Surroundings) -> None:
    readme = next((name for name in ("README.md", "README.rst") if (folder / name).is_file()), None)
    if readme is not None:
        document.set(("project", "readme"), readme)
    document.set(("project", "requires-python"), default_requires_python(surroundings.python, Layout.SRC))
    document.set(("project", "dependencies"), [])


def _add_exports(document: Document, name: str) -> None:
    manifest = document.manifest()
    if exports_notebooks(manifest):
        return
    package = manifest.poetry.packages[0].include.rstrip("/").replace("/", ".") if manifest.poetry.packages else ""
    is_name = all(part.isidentifier() for part in package.split("."))
    default = module_name(canonical_name(name).replace("-", "_"))
    document.set(("tool", "chapbook", "export", "package"), package if is_name else default)


def _add_build_system(document: Document, *, was_package: bool) -> None:
    system = _table(document.data, "build-system")
    backend = system.get("build-backend")
    if backend is None or (not was_package and backend in OWN_BACKENDS - {BACKEND}):
        document.set(("build-system", "requires"), [BACKEND_REQUIREMENT])
        document.set(_BACKEND, BACKEND)
    elif backend not in OWN_BACKENDS:
        raise ForeignBackend(str(backend))


def _name(wanted: Wanted, known: object, folder: Path, ask: Asker | None) -> str:
    if wanted.name is not None:
        try:
            return checked_name(wanted.name)
        except ChapbookError as error:
            raise UsageError(f"`--name`: {error.message}", hints=error.hints) from error
    if isinstance(known, str):
        return known
    proposed = name_of_folder(folder.name)
    return proposed if ask is None else checked_name(ask.ask("name of the package", proposed, _mistake(checked_name)))


def _version(wanted: Wanted, known: object, ask: Asker | None, *, is_needed: bool) -> str | None:
    if wanted.version is not None:
        try:
            return str(parse_version(wanted.version))
        except ChapbookError as error:
            raise UsageError(f"`--set-version`: {error.message}", hints=error.hints) from error
    if isinstance(known, str) or not is_needed:
        return known if isinstance(known, str) else None
    return _FIRST_VERSION if ask is None else ask.ask("its version", _FIRST_VERSION, _mistake(parse_version))


def _mistake(read: Callable[[str], object]) -> Callable[[str], str | None]:
    def check(text: str) -> str | None:
        try:
            read(text)
        except ChapbookError as error:
            return error.message
        return None

    return check


def _table(data: object, key: str) -> dict[str, object]:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}
