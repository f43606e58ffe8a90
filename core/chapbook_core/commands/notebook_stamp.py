"""The stamp of a notebook: which environment has produced its outputs, noted in its metadata."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chapbook_core.commands.project_environment import require_environment
from chapbook_core.commands.project_modules import owners_of_project, readable_lock
from chapbook_core.commands.session import open_session
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.events import Unwatched
from chapbook_core.project.discovery import ProjectNotFound
from chapbook_core.project.import_sites import find_sites
from chapbook_core.project.notebook_imports import UNREAD, code_files, code_pieces, own_modules
from chapbook_core.project.notebook_metadata import NoNotebook, own_metadata, read_notebook_file, with_own_metadata
from chapbook_core.project.writing import write_file
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.site_packages import SitePackages

_KEY = "stamp"
SETTING = "stamp"
"""Under `[tool.chapbook]`: `stamp = true` has notebooks stamped by whatever executes them."""


@frozen
class Stamp:
    """What the outputs of a notebook come from."""

    python: str
    """In full."""
    platform: str
    content_hash: str
    """Of the lock."""
    imports: Mapping[str, str]
    """The versions of the distributions that the notebook imports, by name."""
    below: Mapping[str, str]
    """The versions of what those need."""
    code: str
    """The digest of its code cells."""

    @property
    def versions(self) -> dict[str, str]:
        """Every version."""
        return {**self.below, **self.imports}


def stamp_if_wanted(surroundings: Surroundings, file: Path) -> Stamp | None:
    """Stamp a notebook whose project wants that of all that were executed; None where it does not, or is none.

    Called by whatever executes a notebook from its first cell to its last, when that has ended well.
    """
    try:
        session = open_session(surroundings, Unwatched())
    except ProjectNotFound:
        return None
    return stamp_notebook(session, file) if session.manifest.tool.get(SETTING) is True else None


def stamp_notebook(session: Session, file: Path) -> Stamp:
    """Note in a notebook what its outputs come from; raises NoNotebook, NoEnvironment and WriteFailed."""
    stamp = present_stamp(session, file)
    write_stamp(file, stamp)
    return stamp


def write_stamp(file: Path, stamp: Stamp) -> None:
    """Put a stamp into a notebook; raises NoNotebook and WriteFailed."""
    text = read_notebook_file(file)
    own = {**own_metadata(text, file), _KEY: _written(stamp)}
    write_file(file, with_own_metadata(text, own, file).encode())


def read_stamp(file: Path) -> Stamp | None:
    """Return the stamp of a notebook; None when it has none. Raises NoNotebook."""
    match own_metadata(read_notebook_file(file), file).get(_KEY):
        case {"python": str(python), **rest}:
            return Stamp(
                python,
                str(rest.get("platform", "")),
                str(rest.get("content-hash", "")),
                _texts(rest.get("imports")),
                _texts(rest.get("below")),
                str(rest.get("code", "")),
            )
        case _:
            return None


def present_stamp(session: Session, file: Path) -> Stamp:
    """Return what a notebook would be stamped with if it was run today; raises NoNotebook and NoEnvironment."""
    environment = require_environment(session)
    present = scan_site_packages(environment.site_packages)
    versions = _versions(session, environment, present)
    own_metadata(read_notebook_file(file), file)
    try:
        pieces = code_pieces(file)
    except UNREAD as error:
        raise NoNotebook(file, str(error)) from None
    lock = readable_lock(session)
    imported = _imported(session, pieces)
    needed = _below(imported & versions.keys(), present)
    return Stamp(
        environment.version,
        sys.platform,
        "" if lock is None else lock.content_hash,
        {name: versions[name] for name in sorted(imported & versions.keys())},
        {name: versions[name] for name in sorted((needed - imported) & versions.keys())},
        hashlib.sha256("\0".join(pieces).encode()).hexdigest(),
    )


def present_versions(session: Session) -> dict[str, str]:
    """Return the version of every distribution that a notebook could import today; raises NoEnvironment."""
    environment = require_environment(session)
    return _versions(session, environment, scan_site_packages(environment.site_packages))


def _versions(session: Session, environment: Environment, present: SitePackages) -> dict[str, str]:
    """Return what is installed, in the version that the running kernel has loaded if there is one."""
    kernel = session.surroundings.kernel
    loaded = kernel.started if kernel is not None and kernel.runs_in(environment.prefix) else {}
    return {one.name: loaded.get(one.name, one.version) for one in present}


def _imported(session: Session, pieces: Iterable[str]) -> set[str]:
    """Return the distributions that a notebook imports, also through modules of the project."""
    owners = owners_of_project(session)
    top = session.manifest.folder
    files = code_files(top)
    own = own_modules(top, files)
    names = {site.name for piece in pieces for site in find_sites(piece)}
    waiting = {name.partition(".")[0] for name in names} & own
    done: set[str] = set()
    while waiting - done:
        module = min(waiting - done)
        done.add(module)
        for file in files:
            if file.suffix == ".py" and module in {file.stem, *file.relative_to(top).parts[:-1]}:
                found = {site.name for piece in _pieces(file) for site in find_sites(piece)}
                names |= found
                waiting |= {name.partition(".")[0] for name in found} & own
    foreign = [name for name in names if name.partition(".")[0] not in sys.stdlib_module_names | own]
    return {owner for name in foreign for owner in owners.of(name).names}


def _pieces(file: Path) -> tuple[str, ...]:
    try:
        return code_pieces(file)
    except UNREAD:
        return ()


def _below(names: Iterable[str], present: SitePackages) -> set[str]:
    """Return the installed distributions that some need in the end, whatever the conditions are."""
    # Reading requirements costs a few milliseconds, which only this command pays.
    from packaging.requirements import InvalidRequirement, Requirement

    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found or name not in present.distributions:
            continue
        found.add(name)
        folder = present.distributions[name].folder
        text = (folder / "METADATA").read_text("utf-8", errors="replace") if (folder / "METADATA").is_file() else ""
        for line in text.partition("\n\n")[0].splitlines():
            key, _, value = line.partition(":")
            if key.lower() == "requires-dist":
                try:
                    requirement = Requirement(value.strip())
                except InvalidRequirement:
                    continue
                if requirement.marker is None or "extra" not in str(requirement.marker):
                    waiting.append(canonical_name(requirement.name))
    return found


def _written(stamp: Stamp) -> dict[str, object]:
    return {
        "python": stamp.python,
        "platform": stamp.platform,
        "content-hash": stamp.content_hash,
        "imports": dict(stamp.imports),
        "below": dict(stamp.below),
        "code": stamp.code,
    }


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {name: text for name, text in value.items() if isinstance(name, str) and isinstance(text, str)}
