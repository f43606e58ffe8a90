"""The connections of one upload: the repository and its pages, with the certificates that settings and options name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chapbook_core.index.address import origin_of
from chapbook_core.index.client import Client
from chapbook_core.index.connection import Connections
from chapbook_core.index.credentials import Credentials
from chapbook_core.index.keyring import Keyring
from chapbook_core.index.retry import Patience
from chapbook_core.index.sources import index_place
from chapbook_core.index.trust import Trust
from chapbook_core.publisher.courier import Courier
from chapbook_core.publisher.page import RepositoryPages
from chapbook_core.publisher.upload import PATIENCE
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.index.address import Login
    from chapbook_core.project.settings import Settings
    from chapbook_core.publisher.repository import Repository

_SHORT = Patience(tries=2, total=20.0)
"""Pages tell beforehand what the upload would tell anyway."""


@frozen
class Room:
    """What an upload needs of the network."""

    repository: Repository
    transport: Connections
    courier: Courier
    keyring: Keyring | None
    patience: Patience
    watcher: Watcher

    def pages(self, login: Login | None) -> RepositoryPages:
        """Return the repository's pages; the login goes there only when they are at the origin of the uploads."""
        place = index_place(self.repository.name, self.repository.page_root)
        is_same = login is not None and origin_of(place.url) == self.repository.origin
        pair = (login.user, login.password) if login is not None and is_same else None
        credentials = Credentials([place], configured=lambda _name: pair)
        client = Client(self.transport, credentials, watcher=self.watcher, patience=_SHORT)
        return RepositoryPages(client, place.url, self.watcher)


@contextmanager
def open_room(
    repository: Repository, settings: Settings, surroundings: Surroundings, watcher: Watcher, invocation: Invocation
) -> Iterator[Room]:
    """Open the way to a repository."""
    trust = _trust(repository, settings, surroundings, invocation)
    trusts = {} if trust is None else {repository.origin: trust}
    transport = Connections(surroundings.variables, trusts=trusts)
    keyring = Keyring(surroundings.variables, watcher) if settings.flag("keyring.enabled") else None
    tries = settings.number("requests.max-retries") or 0
    patience = replace(PATIENCE, tries=max(PATIENCE.tries, tries + 1))
    try:
        yield Room(repository, transport, Courier(transport, watcher), keyring, patience, watcher)
    finally:
        transport.close()


def _trust(
    repository: Repository, settings: Settings, surroundings: Surroundings, invocation: Invocation
) -> Trust | None:
    """Return the certificates for a repository; as in Poetry, `false` in place of a file switches the check off."""

    def told(option: str) -> str | None:
        text = invocation.text(option)
        return None if text is None else str(surroundings.folder / text)

    authorities = told("cert") or settings.text(f"certificates.{repository.name}.cert")
    client = told("client-cert") or settings.text(f"certificates.{repository.name}.client-cert")
    if authorities is None and client is None:
        return None
    is_nobody = authorities is not None and authorities.lower() == "false"
    found = "--cert" if invocation.text("cert") else f"certificates.{repository.name}.cert"
    return Trust("" if authorities is None or is_nobody else authorities, client or "", not is_nobody, found)
