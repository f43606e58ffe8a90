"""KernelStart: what the kernel of a project is started with, remembered for as long as nothing has changed.

Whoever starts a kernel looks here first: a few files are read and a few folders listed, and nothing is parsed but a
small JSON file. It is in the person's cache, where no project can write it.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from chapbook_core.digest import sha256
from chapbook_core.installer.condition_key import condition_key
from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE
from chapbook_core.project.locations import find_locations
from chapbook_core.project.own_cache import is_own
from chapbook_core.project.settings import PROJECT_SETTINGS
from chapbook_core.value import frozen, members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.project.locations import Locations

CACHE_FOLDER = "kernels"
"""In the person's cache."""
_STARTS = "starts"
_FORMAT = "2"
START_ENDING = f"-{_FORMAT}.json"
_PERSONAL = "config.toml"
_SELECTIONS = "envs.toml"
"""Beside environments that are not in their projects: which of them is used."""
_PYTHON = "python.exe" if os.name == "nt" else "python"
_NONE: Mapping[str, str] = MappingProxyType({})
_PREFIXES = ("CHAPBOOK_", "POETRY_")


@frozen
class KernelWants:
    """What a notebook wants of its project besides the groups that everybody gets."""

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The same as words that tell it from others."""
        return (f"groups={','.join(sorted(self.groups))}", f"extras={','.join(sorted(self.extras))}")


@frozen
class KernelStart:
    """An environment that is in order, and what its Python needs to be a kernel."""

    environment: str
    python: str
    library: str
    """The environment's folder of packages."""
    folders: tuple[str, ...]
    """What is appended to the path of modules, after everything the environment has."""
    arguments: tuple[str, ...]
    """Further words for ipykernel."""
    options: tuple[str, ...]
    """Words for the Python itself."""
    ipykernel: str
    """Its version."""
    programs: str = ""
    """A folder of programs for what the environment has none of; empty where there is none."""

    @property
    def has_encryption(self) -> bool:
        """Whether this kernel can encrypt what it sends."""
        major = self.ipykernel.split(".")[0]
        return major.isdecimal() and int(major) >= _ENCRYPTS_FROM

    @property
    def is_there(self) -> bool:
        """Whether the Python and all folders exist; a link to a Python that is gone does not count."""
        return all(map(os.path.exists, (self.python, *self.folders)))


_ENCRYPTS_FROM = 7


def read_start(fields: Mapping[str, object]) -> KernelStart:
    """Read a start that was written as JSON; raises KeyError, TypeError and ValueError for what is none."""

    def text(name: str) -> str:
        value = fields[name]
        if not isinstance(value, str):
            raise TypeError(name)
        return value

    def texts(name: str) -> tuple[str, ...]:
        value = fields[name]
        if not isinstance(value, list):
            raise TypeError(name)
        return tuple(map(str, value))

    return KernelStart(
        environment=text("environment"),
        python=text("python"),
        library=text("library"),
        folders=texts("folders"),
        arguments=texts("arguments"),
        options=texts("options"),
        ipykernel=text("ipykernel"),
        programs=text("programs"),
    )


class KernelStarts:
    """The starts that are remembered of one project, one for each set of wants."""

    def __init__(self, project: Path, wants: KernelWants, variables: Mapping[str, str], home: Path) -> None:
        self._project = project
        self._wants = wants
        self._variables = variables
        self._home = home

    def remembered(self) -> KernelStart | None:
        """Return what a kernel is started with; None when it has to be looked into."""
        if not is_own(self._locations.cache):
            return None
        try:
            entry = json.loads(self._file.read_bytes())
            start = read_start(entry["start"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        key = self.key(Path(start.environment), Path(start.library))
        if not start.is_there or entry.get("key") != key:
            return None
        return None if (folders := entry.get("folders")) and _is_changed(folders) else start

    def key(self, environment: Path, library: Path) -> str | None:
        """Return what tells whether anything has changed; taken before one looks at the environment."""
        needed = (self._project / PROJECT_FILE, self._project / LOCK_FILE, environment / "pyvenv.cfg")
        # Which environment the project uses may change with these.
        locations = self._locations
        settings = (self._project / PROJECT_SETTINGS, locations.config / _PERSONAL, locations.poetry_config / _PERSONAL)
        possible = (*settings, environment.parent / _SELECTIONS)
        files = (*needed, *(file for file in possible if file.exists()))
        try:
            return condition_key(map(str, files), self._words(), os.listdir(library))  # noqa: PTH208  names, not paths
        except OSError:
            return None

    def remember(self, start: KernelStart, key: str | None, folders: Mapping[str, str] = _NONE) -> None:
        """Write it down; a cache that cannot be written only makes the next start slower.

        `folders` are those that packages of the environment come from, as its state has them.
        """
        if key is None or not is_own(self._locations.cache):
            return
        temporary = self._file.with_suffix(f".{os.urandom(4).hex()}.tmp")
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            entry = {"key": key, "start": members(start), **({"folders": dict(folders)} if folders else {})}
            temporary.write_bytes(json.dumps(entry).encode())
            temporary.replace(self._file)

    @property
    def _file(self) -> Path:
        name = "\0".join((os.fspath(self._project), *self._wants.words, tool_python()))
        folder = self._locations.cache / CACHE_FOLDER / _STARTS
        return folder / f"{sha256(os.fsencode(name)).hexdigest()[:24]}{START_ENDING}"

    @property
    def _locations(self) -> Locations:
        return find_locations(self._variables, self._home)

    def _words(self) -> Iterator[str]:
        yield from (_FORMAT, tool_python(), *self._wants.words, thin_magics_stamp())
        for name in sorted(self._variables):
            if name.startswith(_PREFIXES) and name not in _PASSING:
                yield f"{name}={self._variables[name]}"


def _is_changed(folders: object) -> bool:
    from chapbook_core.builder.folder_content import is_any_changed  # hardly a project requires a folder

    return not isinstance(folders, dict) or is_any_changed(folders)


_PASSING = frozenset({"CHAPBOOK_PROJECT", "CHAPBOOK_NOTEBOOK", "CHAPBOOK_LOCK_TIMEOUT"})
"""Variables that have led here, and say nothing of the environment."""


def tool_python() -> str:
    """Return the Python that this runs on, by one name: programs and modules are started by different links to it."""
    plain = os.path.join(os.path.dirname(sys.executable), _PYTHON)  # noqa: PTH118, PTH120  texts
    return plain if sys.prefix != sys.base_prefix and os.path.lexists(plain) else sys.executable


def thin_magics_stamp() -> str:
    """Return a text that changes with the magics that are copied beside kernels."""
    return "\n".join(
        f"{file.name} {status.st_mtime_ns} {status.st_size}"
        for file in thin_magics_files()
        for status in (os.stat(file),)  # noqa: PTH116  the path is a path already
    )


def thin_magics_files() -> tuple[Path, ...]:
    """Return the files of the magics; empty where they are not installed."""
    top = _extension_folder()
    if top is None:
        return ()
    modules = sorted((top / "magics").rglob("*.py"))
    return (top / "__init__.py", *modules)


def _extension_folder() -> Path | None:
    """Return the folder of what people type; it is found and not imported."""
    # Only kernels ask.
    from importlib.util import find_spec

    spec = find_spec("chapbook")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent
