"""The frontend for other people's sources: asks their backend (PEP 517) for metadata, in an environment of its own."""

from __future__ import annotations

import json
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from chapbook_core.builder.child import ChildTookTooLong
from chapbook_core.builder.isolation import BuildRequirementsFailed, Isolation, Supply
from chapbook_core.builder.unpacking import unpack
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.index.metadata import parse_metadata
from chapbook_core.requirements.requirement import parse_requirement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from chapbook_core.events import Watcher
    from chapbook_core.index.metadata import Metadata

_RUNNER = Path(__file__).with_name("hook_runner.py")
_LEGACY = "setuptools.build_meta:__legacy__"
_LARGEST_METADATA = 32_000_000


class BuildFailed(ChapbookError):
    """A source tree whose metadata cannot be had from its backend."""

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        self.reason = reason
        super().__init__(
            f"building {what} failed: {reason}",
            hints=["the words above are its build's own; choose a version with a wheel, or tell its owners"],
        )


@dataclass(frozen=True, slots=True)
class BuildSystem:
    """What the `[build-system]` table of a project says."""

    requires: tuple[str, ...] = ("setuptools>=40.8.0",)
    backend: str = _LEGACY
    path: tuple[str, ...] = ()
    """Folders to import the backend from, relative to the project."""


class Frontend:
    """Builds one after another; environments are shared by builds that ask for the same, and go when it is closed."""

    def __init__(
        self, variables: Mapping[str, str], watcher: Watcher, *, supply: Supply, cache_folder: Path | None = None
    ) -> None:
        self._variables = variables
        self._watcher = watcher
        self._supply = supply
        self._temporary = tempfile.TemporaryDirectory(prefix="chapbook-build-", ignore_cleanup_errors=True)
        self._folder = Path(self._temporary.name).resolve()
        self._tools = (cache_folder or self._folder) / "virtualenv"
        self._isolations: dict[tuple[str, ...], Isolation] = {}
        self._count = 0
        self.builds = 0
        """How many trees were built; tests assert it."""

    def metadata_of_archive(self, archive: Path, filename: str, what: str, subdirectory: str = "") -> Metadata:
        """Build a source archive as far as its metadata; raises BuildFailed and UnsafeArchive."""
        tree = unpack(archive, filename, self._new_folder())
        return self.metadata_of_tree(tree / subdirectory if subdirectory else tree, what)

    def metadata_of_tree(self, tree: Path, what: str) -> Metadata:
        """Build a source tree as far as its metadata; raises BuildFailed."""
        self._watcher.emit(Notice("info", f"{what} tells what it requires only to its build backend; building it"))
        self.builds += 1
        try:
            system = read_build_system(tree)
            isolation = self._isolation(system.requires)
            more = self._call(isolation, system, tree, "get_requires_for_build_wheel")
            isolation.install([_checked(requirement) for requirement in more] if isinstance(more, list) else [])
            return parse_metadata(self._described(isolation, system, tree), what)
        except (BuildRequirementsFailed, ChildTookTooLong) as problem:
            raise BuildFailed(what, problem.message) from None
        except (ValueError, OSError, zipfile.BadZipFile, tomllib.TOMLDecodeError) as problem:
            raise BuildFailed(what, str(problem)) from None

    def _described(self, isolation: Isolation, system: BuildSystem, tree: Path) -> bytes:
        """Return the METADATA that the backend prepares, or that of the wheel which it builds if it cannot."""
        folder = self._new_folder()
        folder.mkdir()
        name = self._call(isolation, system, tree, "prepare_metadata_for_build_wheel", str(folder))
        if name is not None:
            return _small(_inside(folder, name) / "METADATA")
        name = self._call(isolation, system, tree, "build_wheel", str(folder))
        if name is None:
            raise ValueError("its backend has no hook to build a wheel")
        with zipfile.ZipFile(_inside(folder, name)) as wheel:
            for member in wheel.infolist():
                if member.filename.count("/") == 1 and member.filename.endswith(".dist-info/METADATA"):
                    with wheel.open(member) as file:
                        return file.read(_LARGEST_METADATA)
        raise ValueError("its backend built a wheel without METADATA")

    def _isolation(self, requires: tuple[str, ...]) -> Isolation:
        known = self._isolations.get(requires)
        if known is None:
            folder = self._new_folder()
            known = Isolation(folder, self._variables, self._watcher, app_data=self._tools, supply=self._supply)
            known.make()
            known.install(requires)
            self._isolations[requires] = known
        return known

    def _call(self, isolation: Isolation, system: BuildSystem, tree: Path, hook: str, *arguments: str) -> object:
        """Return what a hook returns, None when there is no such hook; raises ValueError with its words."""
        folder = self._new_folder()
        folder.mkdir()
        request, answer = folder / "request.json", folder / "answer.json"
        path = [str(tree / part) for part in system.path]
        asked = {"backend": system.backend, "path": path, "hook": hook, "arguments": arguments}
        request.write_text(json.dumps(asked), "utf-8")
        ended = isolation.run([str(_RUNNER), str(request), str(answer)], tree)
        if ended.status or not answer.is_file():
            raise ValueError(f"`{hook}` of its backend `{system.backend}` failed\n{ended.words}")
        told = json.loads(answer.read_text("utf-8"))
        return told.get("result")

    def _new_folder(self) -> Path:
        """Name a folder that is not there yet."""
        self._count += 1
        return self._folder / str(self._count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove everything."""
        self._temporary.cleanup()


def read_build_system(tree: Path) -> BuildSystem:
    """Read how a tree is built: as its `[build-system]` says, or with setuptools. Raises ValueError."""
    file = tree / "pyproject.toml"
    if not file.is_file():
        if not any((tree / name).is_file() for name in ("setup.py", "setup.cfg")):
            raise ValueError("it has neither a pyproject.toml nor a setup.py")
        return BuildSystem()
    table = tomllib.loads(file.read_text("utf-8")).get("build-system")
    if table is None:
        return BuildSystem()
    match table:
        case {"requires": list() as requires} if all(isinstance(text, str) for text in requires):
            pass
        case _:
            raise ValueError("its `[build-system]` has no list `requires`")
    backend, path = table.get("build-backend", _LEGACY), table.get("backend-path", [])
    if not isinstance(backend, str) or not isinstance(path, list) or not all(isinstance(part, str) for part in path):
        raise ValueError("its `[build-system]` has a `build-backend` or `backend-path` of the wrong type")
    root = tree.resolve()
    for part in path:
        if Path(part).is_absolute() or not (root / part).resolve().is_relative_to(root):
            raise ValueError(f"its `backend-path` leads out of its source tree: {part}")
    return BuildSystem(tuple(map(_checked, requires)), backend, tuple(path))


def _checked(requirement: object) -> str:
    """Return a requirement for pip's command line; raises ValueError unless it is one."""
    try:
        parse_requirement(str(requirement))
    except ChapbookError as problem:
        raise ValueError(problem.message) from None
    return str(requirement)


def _inside(folder: Path, name: object) -> Path:
    """Return what a hook has put into a folder; raises ValueError when its answer leads elsewhere."""
    if not isinstance(name, str) or Path(name).name != name or (folder / name).is_symlink():
        raise ValueError(f"its backend returned no file name but {name!r}")
    return folder / name


def _small(file: Path) -> bytes:
    if file.is_symlink() or file.stat().st_size > _LARGEST_METADATA:
        raise ValueError("its METADATA is a link, or larger than 32 MB")
    return file.read_bytes()
