"""The lines that tell pip where the packages of a lock are."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from chapbook_core.index.credentials import Credentials
from chapbook_core.project.source import Priority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.session import Session
    from chapbook_core.index.address import Login
    from chapbook_core.index.sources import Place
    from chapbook_core.lock.lockfile import Lock
    from chapbook_core.project.secret import Secret


def index_options(session: Session, lock: Lock, *, with_credentials: bool = False) -> tuple[str, ...]:
    """Return one option for each index that a locked package comes from; none for the default one, which pip knows.

    As with Poetry, the first primary source takes the place of pip's own index unless the project asks that one too.
    """
    used = {
        package.source.url.rstrip("/")
        for package in lock.packages
        if package.source is not None and package.source.type == "legacy"
    }
    if not used:
        return ()
    return tuple(dict.fromkeys(_options(session, used, with_credentials=with_credentials)))


def _options(session: Session, used: set[str], *, with_credentials: bool) -> Iterator[str]:
    places = session.sources.places
    asks_default = any(place.is_default for place in places)
    primary = next((place for place in places if place.priority is Priority.PRIMARY), None)
    logins = _logins(session) if with_credentials else None
    for place in sorted(places, key=lambda place: place is not primary):
        url = place.url.rstrip("/")
        if place.is_default or url not in used:
            continue
        used.discard(url)
        replaces = place is primary and not asks_default
        yield from _lines(url, replaces=replaces, login=logins.offer(place.url) if logins else None)
    for url in sorted(used):
        # A source that the lock was made with and that has left the project since.
        yield from _lines(url, replaces=False, login=None)


def _lines(url: str, *, replaces: bool, login: Login | None) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.scheme == "http":
        yield f"--trusted-host {parts.netloc}"
    yield f"--{'index-url' if replaces else 'extra-index-url'} {_with_login(url, login)}"


def _with_login(url: str, login: Login | None) -> str:
    if login is None:
        return url
    userinfo = f"{quote(login.user, safe='')}:{quote(login.password.reveal(), safe='')}"
    return url.replace("://", f"://{userinfo}@", 1)


def _logins(session: Session) -> Credentials:
    def configured(source: str) -> tuple[str, Secret] | None:
        login = session.settings.login(source)
        return None if login is None or login.password is None else (login.username, login.password)

    places: tuple[Place, ...] = session.sources.places
    return Credentials(places, variables=session.surroundings.variables, configured=configured)
