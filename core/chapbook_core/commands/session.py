"""Session: one project opened for one command, with what it needs to reach its indexes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chapbook_core.commands.first_look import FirstLook
from chapbook_core.errors import ChapbookError
from chapbook_core.index.mode import Mode
from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE
from chapbook_core.project.manifest import read_manifest
from chapbook_core.project.own_cache import cache_place, own_cache
from chapbook_core.project.resolution_table import read_resolution_table
from chapbook_core.project.source import Priority
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.index.sources import Place, Sources
    from chapbook_core.index.trust import Trust
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.project.resolution_table import ResolutionTable
    from chapbook_core.project.secret import Secret
    from chapbook_core.project.settings import Settings

POETRY_VERSION = "2.5.1"
"""The Poetry whose files and rules these are."""


class EverySourceExplicit(ChapbookError):
    """No source may be asked about packages that name none."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"{file}: every source is explicit, so most packages come from nowhere",
            hints=["run `chapbook source add --priority=primary NAME URL` for one of them"],
        )


class OtherPoetryNeeded(ChapbookError):
    """The project says that it is for another Poetry."""

    def __init__(self, file: Path, needed: str) -> None:
        super().__init__(
            f"{file} requires Poetry {needed}, and Chapbook works as Poetry {POETRY_VERSION} does",
            hints=["change `requires-poetry` in `[tool.poetry]`, or use that Poetry"],
        )


@frozen
class Session:
    """What a command knows of its project."""

    manifest: Manifest
    settings: Settings
    surroundings: Surroundings
    watcher: Watcher

    @property
    def lock_file(self) -> Path:
        """Where the lock is, or will be."""
        return self.manifest.folder / LOCK_FILE

    @cached_property
    def wishes(self) -> ResolutionTable:
        """What `[tool.chapbook]` says about resolving."""
        return read_resolution_table(self.manifest.tool, self.manifest.file)

    @cached_property
    def sources(self) -> Sources:
        """Where the project's packages come from."""
        # Commands that only read files need no index.
        from chapbook_core.index.sources import arrange

        sources = arrange(self.manifest.sources, self._default_index, pinned=_pinned(self.manifest))
        if all(place.priority is Priority.EXPLICIT for place in sources.places):
            raise EverySourceExplicit(self.manifest.file)
        return sources

    @cached_property
    def cache(self) -> Path | None:
        """The folder of all caches; None when it is not to be used, or not this person's own."""
        return own_cache(cache_place(self.settings), self.watcher) if self.surroundings.cache else None

    def open_index(self, mode: Mode = Mode.ONLINE) -> OpenIndex:
        """Open the way to the indexes; the caller closes it."""
        from chapbook_core.index.opening import open_index  # loads sockets and the database, as `sources` does

        return open_index(
            self.sources,
            variables=self.surroundings.variables,
            home=self.surroundings.home,
            watcher=self.watcher,
            cache_folder=self.cache,
            mode=mode,
            configured=self.login,
            trusted=self._trust,
            memory=self.surroundings.memory if self.surroundings.cache else None,
            keyring=self.settings.flag("keyring.enabled"),
        )

    def _default_index(self) -> Place:
        from chapbook_core.index.default_index import default_index  # as above

        return default_index(self.surroundings.variables, self.surroundings.home)

    def login(self, source: str) -> tuple[str, Secret] | None:
        """Return what the settings have to log in to a source."""
        login = self.settings.login(source)
        return None if login is None or login.password is None else (login.username, login.password)

    def _trust(self, source: str) -> Trust | None:
        from chapbook_core.index.trust import Trust  # as above

        authorities = self.settings.text(f"certificates.{source}.cert")
        client = self.settings.text(f"certificates.{source}.client-cert")
        if authorities is None and client is None:
            return None
        # As in Poetry, `false` in place of a file switches the check off.
        is_nobody = authorities is not None and authorities.lower() == "false"
        return Trust(
            authorities="" if authorities is None or is_nobody else authorities,
            client_certificate=client or "",
            verify=not is_nobody,
            found=f"certificates.{source}.cert",
        )


def other_poetry(manifest: Manifest) -> str | None:
    """Return which Poetry a project is for, when that is one as which Chapbook does not work."""
    needed = manifest.poetry.requires_poetry
    return needed.text if needed is not None and not needed.allows(POETRY_VERSION) else None


def open_session(surroundings: Surroundings, watcher: Watcher, look: FirstLook | None = None) -> Session:
    """Find and read the project, unless it has been looked at; raises ProjectNotFound and FileMistakes."""
    look = look or FirstLook(surroundings)
    settings = look.settings
    manifest = read_manifest(look.folder / PROJECT_FILE, read=look.content)
    if (needed := other_poetry(manifest)) is not None:
        raise OtherPoetryNeeded(manifest.file, needed)
    return Session(manifest, settings, surroundings, watcher)


def _pinned(manifest: Manifest) -> Mapping[str, frozenset[str]]:
    """Return the packages whose requirements name a source: no other index may hear of them."""
    pinned: dict[str, frozenset[str]] = {}
    for group in manifest.groups:
        for requirement in group.requirements:
            match requirement.origin:
                case IndexOrigin(source=str(source)):
                    pinned[requirement.name] = pinned.get(requirement.name, frozenset()) | {source}
                case _:
                    pass
    return pinned
