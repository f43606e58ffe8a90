"""What this kernel has loaded of its environment, and how it takes notice of what has changed there."""

from __future__ import annotations

import importlib
import os
import re
import site
import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Collection, Dict, Iterable, Iterator, List, Optional, Tuple

    Versions = Dict[str, str]
    Stamp = Optional[Tuple[int, int]]
    Entries = Dict[str, List[str]]

_INFORMATION = ".dist-info"
_FOLDERS = ("site-packages", "dist-packages")
_SEPARATORS = re.compile(r"[-_.]+")
_SHOWN = 3


def package_folders() -> list[str]:
    """Return the folders on the path that packages of this environment are in; an overlay's are not among them."""
    top = sys.prefix.rstrip(os.sep) + os.sep
    found = [entry for entry in sys.path if entry.startswith(top) and os.path.basename(entry) in _FOLDERS]  # noqa: PTH119  no pathlib in a kernel
    return list(dict.fromkeys(found))


def loaded_modules(folders: Iterable[str] | None = None) -> dict[str, str]:
    """Return the files of the loaded modules that lie in the folders of packages, by name.

    Only what a module's own dictionary says is read: asking a lazy module for an attribute would import it.
    """
    tops = tuple(folder + os.sep for folder in (package_folders() if folders is None else folders))
    found = {}
    for name, module in list(sys.modules.items()):
        file = _facts(module).get("__file__")
        if isinstance(file, str) and file.startswith(tops):
            found[name] = file
    return found


def installed_versions(folders: Iterable[str] | None = None) -> Versions:
    """Return the versions of the installed distributions, from the names in the folders alone."""
    return _versions(entries_of(package_folders() if folders is None else folders))


def entries_of(folders: Iterable[str]) -> Entries:
    """Return the names that are in folders."""
    found = {}
    for folder in folders:
        with suppress(OSError):
            found[folder] = os.listdir(folder)  # noqa: PTH208  no pathlib in a kernel
    return found


def _versions(entries: Entries) -> Versions:
    found: Versions = {}
    for names in entries.values():
        for entry in names:
            if entry.endswith(_INFORMATION):
                name, dash, version = entry[: -len(_INFORMATION)].rpartition("-")
                if dash and name[:1].isalnum():
                    found.setdefault(_SEPARATORS.sub("-", name).lower(), version)
    return found


class Liveness:
    """The kernel's memory of its environment: made when the magics are loaded, and asked with each command.

    It begins with what somebody has noted before: the names in the folders of packages, and the stamp of the lock.
    """

    def __init__(self, noted: Entries | None = None, lock: Stamp = None) -> None:
        self._folders = package_folders()
        entries = noted or entries_of(self._folders)
        self.versions = _versions(entries)
        """The versions of the distributions as this process would have them, or has them already."""
        self._installed = dict(self.versions)
        self._lines = _path_files(entries)
        self._project = ""
        self._lock: Stamp = None
        folder = os.path.dirname(sys.prefix)  # noqa: PTH120  no pathlib in a kernel
        if os.path.isfile(os.path.join(folder, "pyproject.toml")):  # noqa: PTH113, PTH118  no pathlib in a kernel
            self._remember(folder)
            self._lock = lock if noted else self._lock

    def parameters(self, *, fresh: bool = False) -> dict[str, object]:
        """Return what the engine is told of this kernel; `fresh` when nothing of the person's was run in it."""
        return {
            "prefix": sys.prefix,
            "pid": os.getpid(),
            "version": ".".join(map(str, sys.version_info[:3])),
            "modules": loaded_modules(self._folders),
            "started": self.versions,
            "fresh": fresh,
        }

    def drift(self, project: str = "") -> str:
        """Return a line about what others have changed since the last command; empty when nobody has.

        Called before a command; what is told once is not told again. Nothing is imported anew: what has changed is
        noticed by `changed`, which is called here too.
        """
        project = project or self._project
        now = installed_versions(self._folders)
        is_locked_anew = project == self._project and _lock_stamp(project) != self._lock
        moved = sorted(name for name in {*now, *self._installed} if now.get(name) != self._installed.get(name))
        before, text = self._installed, ""
        if moved:
            loaded = self._loaded(moved)
            changes = ", ".join(_change(name, before.get(name), now.get(name)) for name in moved[:_SHOWN])
            more = f" and {len(moved) - _SHOWN} more" if len(moved) > _SHOWN else ""
            text = f"the environment was changed outside of this kernel: {changes}{more}"
            if loaded:
                text += "; restart the kernel, which has loaded {}".format(", ".join(loaded[:_SHOWN]))
            self._settle(now, loaded)
        elif is_locked_anew:
            text = "`poetry.lock` was changed outside of this kernel: `%poetry install` puts in what it says"
        self._remember(project)
        return text

    def changed(self, project: str = "", stale: Collection[str] = ()) -> None:
        """Take notice of what a command of this kernel has changed, so that it can be imported in the next line.

        `stale` are the distributions that were changed while they were loaded: of those this process keeps what it has.
        """
        self._settle(installed_versions(self._folders), stale)
        self._remember(project or self._project)

    def _settle(self, now: Versions, stale: Collection[str]) -> None:
        kept = {name: self.versions[name] for name in stale if name in self.versions}
        self.versions = dict(now, **kept)
        self._installed = now
        lines = _path_files(entries_of(self._folders))
        refresh(self._lines, lines)
        self._lines = lines

    def _remember(self, project: str) -> None:
        self._project = project
        self._lock = _lock_stamp(project)

    def _loaded(self, names: Iterable[str]) -> list[str]:
        """Return those of the distributions of which something is loaded; the lists of their files tell."""
        loaded = {file[len(folder) + 1 :] for folder in self._folders for file in loaded_modules([folder]).values()}
        tops = {file.replace(os.sep, "/") for file in loaded}
        return [name for name in names if any(path in tops for path in self._files(name))]

    def _files(self, name: str) -> Iterator[str]:
        for folder in self._folders:
            with suppress(OSError):
                for entry in os.listdir(folder):  # noqa: PTH208  no pathlib in a kernel
                    base = entry[: -len(_INFORMATION)].rpartition("-")[0] if entry.endswith(_INFORMATION) else ""
                    if base and _SEPARATORS.sub("-", base).lower() == name:
                        record = os.path.join(folder, entry, "RECORD")  # noqa: PTH118  no pathlib in a kernel
                        with open(record, encoding="utf-8", errors="replace") as rows:  # noqa: PTH123  as above
                            yield from [row.partition(",")[0] for row in rows]


def refresh(before: dict[str, str], after: dict[str, str]) -> None:
    """Let the import system see what has come and gone; the dictionaries hold the `.pth` files by their paths."""
    importlib.invalidate_caches()
    _drop_entries(before, after)
    for file in sorted(after):
        if before.get(file) != after[file]:
            _take_in(file)
    for module in list(sys.modules.values()):
        path = _facts(module).get("__path__")
        if type(path).__name__ == "_NamespacePath":
            _look_again(path)
    _refresh_resources()


def _facts(module: object) -> dict[str, object]:
    try:
        facts = object.__getattribute__(module, "__dict__")
    except (AttributeError, TypeError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _path_files(entries: Entries) -> dict[str, str]:
    """Return the content of the files that put folders on the path; there are few, and they are short."""
    found = {}
    for folder, names in entries.items():
        for entry in names:
            if entry.endswith(".pth"):
                path = os.path.join(folder, entry)  # noqa: PTH118  no pathlib in a kernel
                with suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123  as above
                    found[path] = file.read()
    return found


def _take_in(file: str) -> None:
    """Do what Python does at its start with one `.pth` file, and put what it adds behind the packages themselves."""
    folder, name = os.path.split(file)
    count = len(sys.path)
    site.addpackage(folder, name, None)
    added = sys.path[count:]
    if added and folder in sys.path[:count]:
        # What an overlay brings stays behind everything of the project.
        del sys.path[count:]
        place = sys.path.index(folder) + 1
        sys.path[place:place] = added


def _drop_entries(before: dict[str, str], after: dict[str, str]) -> None:
    """Take folders off the path that no file names any more."""
    kept = {line for text in after.values() for line in _entries(text)}
    gone = {line for text in before.values() for line in _entries(text)} - kept
    if gone:
        sys.path[:] = [entry for entry in sys.path if entry not in gone]


def _entries(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if os.path.isabs(line)]  # noqa: PTH117  no pathlib in a kernel


def _look_again(path: object) -> None:
    """Let a namespace package find the parts that were added; before Python 3.11 no cache knows of it."""
    recalculate = getattr(path, "_recalculate", None)
    if recalculate is None:
        return
    with suppress(Exception):
        path._last_parent_path = ()  # type: ignore[attr-defined]  # noqa: SLF001  it has no public way
        recalculate()


def _refresh_resources() -> None:
    """Tell `pkg_resources`, which remembers every distribution from its own import on."""
    resources = sys.modules.get("pkg_resources")
    working_set = _facts(resources).get("working_set") if resources is not None else None
    rebuild = getattr(working_set, "__init__", None)
    if rebuild is not None:
        with suppress(Exception):
            rebuild()


def _lock_stamp(project: str) -> Stamp:
    if not project:
        return None
    try:
        status = os.stat(os.path.join(project, "poetry.lock"))  # noqa: PTH116, PTH118  no pathlib in a kernel
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _change(name: str, before: str | None, after: str | None) -> str:
    if before is None:
        return f"{name} {after} came"
    return f"{name} {before} went" if after is None else f"{name} {before} -> {after}"
