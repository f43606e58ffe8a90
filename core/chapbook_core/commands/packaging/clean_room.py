"""CleanRoom: a throw-away project that requires nothing but a wheel, in which the wheel is tried."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING
from zipfile import ZipFile

from chapbook_core.commands.command import Invocation
from chapbook_core.commands.declarations.environment import ENV_USE
from chapbook_core.commands.declarations.installing import INSTALL
from chapbook_core.commands.declarations.locking import LOCK
from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.project_environment import require_environment
from chapbook_core.commands.session import open_session
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.errors import ChapbookError
from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE
from chapbook_core.project.settings import PROJECT_SETTINGS
from chapbook_core.project.toml_text import value_text
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.project.toml_text import Value

_NAME = "trial-of-a-wheel"
_GROUP = "tests"
_OF_SOURCES = frozenset({"export", "tasks", "data", "stamp"})
"""What `[tool.chapbook]` says of the project and not of packages."""
_OWN_ENVIRONMENT = {
    "CHAPBOOK_VIRTUALENVS_IN_PROJECT": "true",
    "CHAPBOOK_VIRTUALENVS_CREATE": "true",
    "CHAPBOOK_VIRTUALENVS_OPTIONS_SYSTEM_SITE_PACKAGES": "false",
}
_GLANCE = 0.1
_IMPORT_ALL = """\
import importlib, json, os, sys, traceback
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
told = {}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
        told[name] = ""
    except BaseException as error:
        whole = traceback.TracebackException.from_exception(error)
        whole.stack[:] = [one for one in whole.stack if one.filename != "<string>" and "importlib" not in one.filename]
        told[name] = "".join(whole.format())
out.write(json.dumps(told))
out.flush()
os._exit(0)
"""


@frozen
class ImportFailure:
    """A module of the wheel that cannot be imported."""

    module: str
    traceback: str

    @property
    def message(self) -> str:
        """The last line."""
        return next(reversed(self.traceback.strip().splitlines()), "")


class CleanRoom:
    """One folder with an environment of its own; whoever made the folder removes it."""

    def __init__(
        self, folder: Path, wheel: Path, manifest: Manifest, surroundings: Surroundings, watcher: Watcher
    ) -> None:
        self.folder = folder
        self._wheel = wheel
        self._manifest = manifest
        self._watcher = watcher
        # Its environment goes with it, whatever a person wants for those of projects.
        variables = {**surroundings.variables, **_OWN_ENVIRONMENT}
        variables.pop("VIRTUAL_ENV", None)
        self.surroundings = replace(
            surroundings, folder=folder, project=folder, variables=variables, ask=None, kernel=None, notebook=None
        )

    def install(self, python: Path | None = None) -> int:
        """Install the wheel with what it requires, and return how many packages these are.

        `python` is that of the project's environment, if there is one: the wheel is tried with the same.
        """
        self.folder.mkdir(parents=True)
        for name in (LOCK_FILE, PROJECT_SETTINGS):
            # The versions that the project locks are kept wherever the wheel allows them.
            if (self._manifest.folder / name).is_file():
                shutil.copyfile(self._manifest.folder / name, self.folder / name)
        (self.folder / PROJECT_FILE).write_text("".join(self._lines()), "utf-8")
        if python is not None:
            perform(Invocation(ENV_USE, {"python": str(python)}), self.surroundings, self._watcher)
        perform(Invocation(LOCK, {}), self.surroundings, self._watcher)
        perform(Invocation(INSTALL, {"only": ("main",)}), self.surroundings, self._watcher)
        environment = require_environment(open_session(self.surroundings, self._watcher))
        return sum(1 for one in scan_site_packages(environment.site_packages) if one.name != "pip")

    def install_for_tests(self) -> None:
        """Install what tests need besides: everything that the groups of the project require."""
        perform(Invocation(INSTALL, {}), self.surroundings, self._watcher)

    def import_all(self) -> tuple[int, tuple[ImportFailure, ...]]:
        """Import every module of the wheel, and return how many there are, and those that cannot be imported."""
        names = tuple(modules_of(self._wheel))
        python = require_environment(open_session(self.surroundings, self._watcher)).python
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        child = subprocess.Popen(  # noqa: S603  the wheel's own modules, which the person wants to be tried
            [str(python), "-I", "-c", _IMPORT_ALL, *names],
            cwd=empty,
            env=dict(self.surroundings.variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # An interruption is ours to hear.
            start_new_session=True,
        )
        try:
            out, err = self._waited(child)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        try:
            told: dict[str, str] = json.loads(out)
        except ValueError:
            last = err.decode("utf-8", "replace").strip()[-2000:]
            raise ChapbookError(f"importing the modules of the wheel ended Python itself:\n{last}") from None
        return len(names), tuple(ImportFailure(name, text) for name, text in told.items() if text)

    def _waited(self, child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
        while True:
            self._watcher.checkpoint()
            try:
                return child.communicate(timeout=_GLANCE)
            except subprocess.TimeoutExpired:
                continue

    def _lines(self) -> Iterator[str]:
        manifest = self._manifest
        name = manifest.name or ""
        python = manifest.requires_python or manifest.python.specifier_text()
        yield f'[project]\nname = "{_NAME}"\nversion = "0"\n'
        if python:
            yield f"requires-python = {value_text(python)}\n"
        yield f"dependencies = [{value_text(f'{name} @ {self._wheel.as_uri()}')}]\n\n"
        others = dict.fromkeys(
            one.pep508_text()
            for group in manifest.groups[1:]
            for one in group.requirements
            if isinstance(one.origin, IndexOrigin)
        )
        if others:
            yield f"[dependency-groups]\n{_GROUP} = {value_text(tuple(others))}\n\n"
        yield "[tool.poetry]\npackage-mode = false\n"
        if sources := _table(manifest, "poetry").get("source"):
            yield f"source = {value_text(_plain(sources))}\n"
        for one in manifest.main.requirements:
            if isinstance(one.origin, IndexOrigin) and one.origin.source is not None:
                pinned = {"version": "*", "source": one.origin.source}
                yield f"dependencies.{value_text(one.pretty_name)} = {value_text(pinned)}\n"
        yield "\n[tool.chapbook]\n"
        for key, value in manifest.tool.items():
            if key not in _OF_SOURCES:
                yield f"{value_text(key)} = {value_text(_plain(value))}\n"


def modules_of(wheel: Path) -> Iterator[str]:
    """Yield the modules of a wheel by the names that they are imported by."""
    with ZipFile(wheel) as archive:
        for member in sorted(archive.namelist()):
            *folders, file = member.split("/")
            stem, _, ending = file.rpartition(".")
            if ending != "py" or stem == "__main__" or (folders and folders[0].endswith((".dist-info", ".data"))):
                continue
            parts = folders if stem == "__init__" else [*folders, stem]
            if parts and all(part.isidentifier() for part in parts):
                yield ".".join(parts)


def _table(manifest: Manifest, name: str) -> dict[str, object]:
    tools = manifest.data.get("tool")
    table = tools.get(name) if isinstance(tools, dict) else None
    return table if isinstance(table, dict) else {}


def _plain(value: object) -> Value:
    """Return a parsed value as one to write; a date is written as the text that stands for it."""
    match value:
        case bool() | int() | str():
            return value
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return str(value)
