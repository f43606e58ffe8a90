"""The builds of one command: made when nothing else tells the metadata, unless the person forbids it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from chapbook_core.builder.frontend import Frontend
from chapbook_core.builder.isolation import Supply
from chapbook_core.errors import ChapbookError
from chapbook_core.index.mode import Mode
from chapbook_core.index.policy import read_projects
from chapbook_core.index.sources import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.session import Session
    from chapbook_core.index.metadata import Metadata
    from chapbook_core.index.metadata_fetch import NeedBuild
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.index.sources import Place

_LARGEST_ARCHIVE = 2_000_000_000
_SETUPTOOLS = "setuptools"


class BuildForbidden(ChapbookError):
    """Only a build could tell, and the person wants none."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"it tells what it requires only when it is built, and {reason}")


class Builds:
    """Builds releases and source trees as far as their metadata; whoever opens it closes it."""

    def __init__(self, session: Session, index: OpenIndex, mode: Mode, *, is_allowed: bool) -> None:
        self._session = session
        self._index = index
        self._mode = mode
        self._is_allowed = is_allowed
        self._never_built = read_projects(session.settings.names("installer.only-binary"))
        self._frontend: Frontend | None = None

    def of_release(self, need: NeedBuild) -> Metadata:
        """Build a release of an index, and let the index remember what it told; raises ChapbookError."""
        self._check(need.name)
        with tempfile.TemporaryDirectory(prefix="chapbook-") as folder:
            path = Path(folder, "archive")
            with path.open("wb") as stream:
                hashes = dict(need.file.hashes)
                self._index.client.download(need.file.url, stream, hashes=hashes, size=_LARGEST_ARCHIVE)
            what = f"{need.name} {need.version}"
            metadata = self._opened().metadata_of_archive(path, need.file.filename, what)
        metadata.check_identity(need.name, need.version)
        self._index.reader.learn(need, metadata)
        return metadata

    def of_tree(self, tree: Path, name: str) -> Metadata:
        """Build a source tree; raises ChapbookError."""
        self._check(name)
        return self._opened().metadata_of_tree(tree, name)

    def close(self) -> None:
        """Remove what the builds left."""
        if self._frontend is not None:
            self._frontend.close()

    def _check(self, name: str) -> None:
        if not self._is_allowed:
            raise BuildForbidden("`--no-build` forbids that")
        if name in self._never_built:
            raise BuildForbidden("`installer.only-binary` forbids that")
        if self._mode is Mode.OFFLINE:
            raise BuildForbidden("`--offline` keeps a build from what it needs")

    def _opened(self) -> Frontend:
        if self._frontend is None:
            session = self._session
            cache = session.settings.text("cache-dir")
            self._frontend = Frontend(
                session.surroundings.variables,
                session.watcher,
                supply=Supply(tuple(self._addresses(Shape.INDEX)), tuple(self._addresses(Shape.LINKS))),
                cache_folder=Path(cache).expanduser() if cache and session.surroundings.cache else None,
            )
        return self._frontend

    def _addresses(self, shape: Shape) -> Iterator[str]:
        """Yield where the tools of builds come from, with the credentials for it."""
        for places in self._session.sources.searched(_SETUPTOOLS):
            yield from (self._address(place) for place in places if place.shape is shape)

    def _address(self, place: Place) -> str:
        login = self._session.login(place.name)
        scheme, _, rest = place.url.partition("://")
        if place.credentials is not None:
            user, password = place.credentials.username, place.credentials.password
        elif login is not None:
            user, password = login[0], login[1].reveal()
        else:
            return place.url
        return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"
