"""Client, cache and reader put together from what a command knows; everything is closed in one place.

with open_index(sources, variables=..., home=..., watcher=..., cache_folder=...) as index:
    index.reader.versions("a")
    index.client.download(url, stream, hashes=..., size=...)
"""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import TYPE_CHECKING, Self

from chapbook_core.errors import Cancelled
from chapbook_core.index.address import origin_of
from chapbook_core.index.cache import Cache
from chapbook_core.index.keepsake import Keepsake
from chapbook_core.index.memory import Memory
from chapbook_core.index.mode import Mode
from chapbook_core.index.reader import WORKERS, IndexReader
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from chapbook_core.events import Watcher
    from chapbook_core.index.client import Client
    from chapbook_core.index.keyring import Keyring
    from chapbook_core.index.retry import Patience
    from chapbook_core.index.sources import Sources
    from chapbook_core.index.transport import Limits
    from chapbook_core.index.trust import Trust
    from chapbook_core.project.secret import Secret

INDEX_FOLDER = "index"
CACHE_BOUND = 1_000_000_000
"""Bytes the index cache may take."""
_HASTE = 0.5
"""Seconds that threads get to end when nobody waits for their results any more."""


class Connector:
    """Makes the client when something has to be fetched: with all in the cache no run needs sockets and logins."""

    def __init__(self, make: Callable[[], Client]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._is_closed = False

    def __call__(self) -> Client:
        """Give the client."""
        with self._lock:
            if self._is_closed:
                raise Cancelled
            if self._client is None:
                self._client = self._make()
        return self._client

    def close(self) -> None:
        """Close the client if there is one."""
        with self._lock:
            self._is_closed = True
            if self._client is not None:
                self._client.close()


@frozen
class OpenIndex:
    """The parts of an index in use."""

    reader: IndexReader
    connector: Connector
    cache: Cache
    memory: Memory

    def keepsake(self, project: Path) -> Keepsake:
        """Return the keepsake of a project."""
        return Keepsake(self.cache.folder, project, self.memory)

    @property
    def client(self) -> Client:
        """The client, made when it is first asked for."""
        return self.connector()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is not None:
            # Nobody waits for the answers any more: who reads them is woken up.
            self.connector.close()
            self.reader.close(patience=_HASTE)
        self.close()

    def close(self) -> None:
        """Close reader, cache and connections."""
        self.reader.close()
        self.cache.close()
        self.connector.close()


def open_cache(cache_folder: Path | None, watcher: Watcher, *, now: Callable[[], float] = time.time) -> Cache:
    """Open the index cache in the folder that holds all caches of the tool."""
    folder = None if cache_folder is None else cache_folder / INDEX_FOLDER
    return Cache(folder, watcher, bound=CACHE_BOUND, now=now)


def open_index(
    sources: Sources,
    *,
    variables: Mapping[str, str],
    home: Path,
    watcher: Watcher,
    cache_folder: Path | None,
    mode: Mode = Mode.ONLINE,
    configured: Callable[[str], tuple[str, Secret] | None] = lambda _source: None,
    trusted: Callable[[str], Trust | None] = lambda _source: None,
    keyring: bool = True,
    memory: Memory | None = None,
    workers: int = WORKERS,
    limits: Limits | None = None,
    patience: Patience | None = None,
    now: Callable[[], float] = time.time,
) -> OpenIndex:
    """Open the index of a project.

    `cache_folder` holds all caches of the tool, and is absent for `--no-cache`; `configured` gives a source's
    `http-basic`, `trusted` its `certificates`. `memory` is that of a process which opens indexes again and again.
    """

    def make() -> Client:
        # Imported here for the reason that `Connector` gives.
        from chapbook_core.index.client import Client
        from chapbook_core.index.connection import Connections
        from chapbook_core.index.credentials import Credentials
        from chapbook_core.index.retry import Patience
        from chapbook_core.index.transport import Limits

        trusts = {
            origin_of(place.url): trust
            for place in sources.places
            if place.url.startswith("https://") and (trust := trusted(place.name)) is not None
        }

        @cache
        def ring() -> Keyring:
            # Imported here because starting programs costs an import that most runs do not need.
            from chapbook_core.index.keyring import Keyring

            return Keyring(variables, watcher)

        netrc = variables.get("NETRC", "")
        credentials = Credentials(
            sources.places,
            variables=variables,
            configured=configured,
            netrc=home / (netrc or ".netrc"),
            keyring=lambda url: ring()(url) if keyring else None,
        )
        transport = Connections(variables, bound=workers, trusts=trusts)
        return Client(
            transport,
            credentials,
            watcher=watcher,
            patience=patience or Patience(),
            limits=limits or Limits(),
            now=now,
        )

    connector = Connector(make)
    memory = memory or Memory()
    kept = open_cache(cache_folder, watcher, now=now)
    reader = IndexReader(sources, connector, kept, watcher=watcher, mode=mode, memory=memory, workers=workers, now=now)
    return OpenIndex(reader, connector, kept, memory)
