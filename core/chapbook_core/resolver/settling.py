"""Brings the direct references of all requirements into one form, so that two that lead to one place are one origin."""

from __future__ import annotations

import os.path
import posixpath
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.origin import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    UrlOrigin,
    reference_text,
)
from chapbook_core.requirements.url import masked_url
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Hashable

    from chapbook_core.requirements.origin import Origin
    from chapbook_core.requirements.requirement import Requirement


class LeadsElsewhere(ChapbookError):
    """A package that came over the network requires a file or folder of this machine."""

    def __init__(self, requirement: Requirement) -> None:
        reference = masked_url(reference_text(requirement.origin))
        super().__init__(f"it requires `{requirement.pretty_name}` from `{reference}`, which no other machine has")


class Settling:
    """Knows the places of one project's requirements; paths are made relative to its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._first: dict[Hashable, Origin] = {}

    def settled(self, requirement: Requirement, base: Origin | None = None) -> Requirement:
        """Return a requirement of the project, or of the package that came from `base`; raises LeadsElsewhere.

        Of two ways to require one place, such as editable and not, the first one holds.
        """
        origin = requirement.origin
        match origin:
            case IndexOrigin():
                return requirement
            case GitOrigin(url=url) if url.startswith("file:") and _is_remote(base):
                raise LeadsElsewhere(requirement)
            case GitOrigin() | UrlOrigin():
                pass
            case FileOrigin() | DirectoryOrigin():
                origin = self._local(requirement, origin, base)
        return replace(requirement, origin=self._first.setdefault(_place(origin), origin))

    def _local(self, requirement: Requirement, origin: FileOrigin | DirectoryOrigin, base: Origin | None) -> Origin:
        """Return where a path leads; inside a repository that is another folder of the repository."""
        match base:
            case GitOrigin() if not origin.path.is_absolute() and isinstance(origin, DirectoryOrigin):
                parts = (base.subdirectory or "", origin.path.as_posix(), origin.subdirectory or "")
                inside = posixpath.normpath(posixpath.join(*parts))
                if PurePosixPath(inside).parts[:1] == ("..",):
                    raise LeadsElsewhere(requirement)
                return replace(base, subdirectory=None if inside == "." else inside)
            case None:
                path = origin.path
            case DirectoryOrigin():
                path = base.path / origin.path
            case FileOrigin() if origin.path.is_absolute():
                path = origin.path
            case _:
                raise LeadsElsewhere(requirement)
        if isinstance(origin, DirectoryOrigin) and origin.subdirectory:
            return replace(origin, path=self._relative(path / origin.subdirectory), subdirectory=None)
        return replace(origin, path=self._relative(path))

    def _relative(self, path: Path) -> Path:
        whole = os.path.normpath(self._folder / path)
        try:
            return Path(os.path.relpath(whole, self._folder))
        except ValueError:
            # On another drive.
            return Path(whole)


def _is_remote(base: Origin | None) -> bool:
    match base:
        case None | DirectoryOrigin() | FileOrigin():
            return False
        case GitOrigin(url=url):
            return not url.startswith("file:")
        case IndexOrigin() | UrlOrigin():
            return True


def _place(origin: Origin) -> Hashable:
    """Return what two origins have in common that are one place."""
    match origin:
        case GitOrigin():
            url = origin.url.rstrip("/").removesuffix(".git")
            return "git", url, origin.reference, (origin.subdirectory or "").strip("/")
        case UrlOrigin() | FileOrigin() | IndexOrigin():
            return origin
        case DirectoryOrigin(path=path):
            return "directory", path
