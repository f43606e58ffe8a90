"""Checkouts: source trees of repositories inside an environment, for a person to work in (`develop = true`).

    <environment>/src/NAME             the first one of a package
    <environment>/src/NAME-COMMIT      one of another commit, while the first one is still there

A checkout appears by one rename, and before the change that needs it; nobody imports from it until that has happened.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.commands.installed import SOURCES, is_checkout
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.events import Notice
from chapbook_core.pattern import late_pattern
from chapbook_core.project.removal import remove_folder
from chapbook_core.requirements.origin import GitOrigin
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.workbench import Workbench
    from chapbook_core.environment.environment import Environment
    from chapbook_core.events import Watcher
    from chapbook_core.lock.lockfile import LockedPackage
    from chapbook_core.requirements.url import Userinfo

_DRAFT = late_pattern(r"\.[0-9a-f]{12}\.tmp")
_MARK = ".git/chapbook.json"
_MADE_FOLDERS = frozenset({".git", "__pycache__", "build"})
_MADE_ENDINGS = (".egg-info", ".pyc", ".so", ".pyd")
"""What running and building leave in a tree; nobody's work."""


@frozen
class _Checkout:
    name: str
    commit: str
    files: dict[str, list[int]]
    """Size and time of each file as it was laid out."""


def check_out(bench: Workbench, environment: Path, package: LockedPackage, userinfo: Userinfo | None) -> Path:
    """Return the folder with a locked package's repository at the locked commit; raises GitFailed."""
    source = package.source
    if source is None:
        raise LookupError(package.name)
    commit = source.resolved_reference
    top = environment / SOURCES
    folder = top / package.name
    for folder in (top / package.name, top / f"{package.name}-{commit[:8]}"):
        there = _read(folder)
        if there is not None and (there.name, there.commit) == (package.name, commit):
            return folder / source.subdirectory
        if not os.path.lexists(folder):
            break
    origin = GitOrigin(source.url, revision=commit, userinfo=userinfo)
    with bench.git_lock:
        tree = bench.repositories.tree(origin, bench.repositories.commit(origin, commit))
    top.mkdir(exist_ok=True)
    draft = top / f".{os.urandom(6).hex()}.tmp"
    try:
        shutil.copytree(tree, draft, symlinks=True)
        mark = {"name": package.name, "commit": commit, "files": dict(_files(draft))}
        (draft / _MARK).write_text(json.dumps(mark), "utf-8")
        draft.rename(folder)
    finally:
        remove_folder(draft)
    return folder / source.subdirectory


def sweep_checkouts(environment: Environment, watcher: Watcher) -> None:
    """Remove the checkouts that no installed distribution came from, unless somebody has worked in them."""
    top = environment.path / SOURCES
    if not top.is_dir() or top.is_symlink():
        return
    used = set(_installed(environment))
    for folder in sorted(top.iterdir()):
        if _DRAFT.fullmatch(folder.name):
            remove_folder(folder)
        there = _read(folder)
        if there is None or (there.name, there.commit) in used:
            continue
        if _is_untouched(folder, there):
            remove_folder(folder)
        else:
            watcher.emit(Notice("warning", f"`{folder}` is used no more, and stays because of the work in it"))
    if environment.is_virtual:
        # Others may have had the folder before.
        with suppress(OSError):
            top.rmdir()


def _installed(environment: Environment) -> Iterator[tuple[str, str]]:
    for distribution in scan_site_packages(environment.site_packages):
        match distribution.direct_url:
            case {"vcs_info": {"commit_id": str(commit)}} if is_checkout(distribution):
                yield distribution.name, commit
            case _:
                pass


def _read(folder: Path) -> _Checkout | None:
    if folder.is_symlink():
        return None
    try:
        data = json.loads((folder / _MARK).read_bytes())
        return _Checkout(str(data["name"]), str(data["commit"]), dict(data["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_untouched(folder: Path, there: _Checkout) -> bool:
    """Tell whether a tree is as it was laid out; git is not asked, as its settings may run programs."""
    try:
        head = (folder / ".git" / "HEAD").read_text("utf-8").strip()
    except (OSError, ValueError):
        return False
    return head == there.commit and dict(_files(folder)) == there.files


def _files(top: Path) -> Iterator[tuple[str, list[int]]]:
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in _MADE_FOLDERS and not name.endswith(_MADE_ENDINGS)]
        for name in names:
            if not name.endswith(_MADE_ENDINGS):
                path = f"{folder}/{name}"
                status = os.lstat(path)
                yield os.path.relpath(path, top), [status.st_size, status.st_mtime_ns]
