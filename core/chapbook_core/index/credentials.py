"""Which login goes with which request: the URL's, the environment's, the settings', netrc's, and the keyring's last."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chapbook_core.index.address import Login, Origin, origin_of
from chapbook_core.project.secret import Secret
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.index.sources import Place

_PREFIXES = ("CHAPBOOK", "POETRY")


@frozen
class _KnownPlace:
    """A source that credentials may belong to."""

    name: str
    origin: Origin
    path: str
    logins: tuple[Login, ...]


class Credentials:
    """Knows the logins of the declared sources; asks slow places only after a server has refused."""

    def __init__(
        self,
        places: Iterable[Place] = (),
        *,
        variables: Mapping[str, str] | None = None,
        configured: Callable[[str], tuple[str, Secret] | None] = lambda _name: None,
        netrc: Path | None = None,
        keyring: Callable[[str], Login | None] = lambda _url: None,
    ) -> None:
        """Take the places; `configured` answers for a source's name, `keyring` for a URL."""
        self._netrc = netrc
        self._netrc_hosts: Mapping[str, Login] | None = None
        self._keyring = keyring
        self._learned: dict[Origin, Login] = {}
        self._asked: dict[str, Login | None] = {}
        self._lock = threading.Lock()
        self._known_places = tuple(
            known
            for place in places
            if (known := _known_place(place, variables or {}, configured(place.name))) is not None
        )

    def offer(self, url: str, *, redirected: bool = False) -> Login | None:
        """Give the login to send at once; after a redirect only one that was declared for this very origin."""
        return next(self._known(url, redirected=redirected), None)

    def _known(self, url: str, *, redirected: bool) -> Iterator[Login]:
        try:
            origin = origin_of(url)
        except ValueError:
            return
        learned = self._learned.get(origin)
        if learned is not None:
            yield learned
        path = urlsplit(url).path
        # The source whose path is the longest beginning of this one's speaks first.
        places = [place for place in self._known_places if place.origin == origin]
        for place in sorted(places, key=lambda place: (not path.startswith(place.path), -len(place.path))):
            yield from place.logins
        # netrc knows hosts, not origins: beyond declared sources it is believed over https alone, never in a redirect.
        if places or (origin.scheme == "https" and not redirected):
            login = self._from_netrc(origin.host)
            if login is not None:
                yield login

    def after_refusal(self, url: str, tried: Sequence[Login]) -> Login | None:
        """Give a login that was not tried; the keyring is asked when nothing else is left, once an origin."""
        for login in self._known(url, redirected=False):
            if login not in tried:
                return login
        origin = str(origin_of(url))
        with self._lock:
            if origin not in self._asked:
                self._asked[origin] = self._keyring(url)
        found = self._asked[origin]
        return found if found is not None and found not in tried else None

    def learn(self, origin: Origin, login: Login) -> None:
        """Remember a login that opened an origin."""
        self._learned[origin] = login

    def source_of(self, url: str) -> str | None:
        """Name the source that a URL belongs to."""
        try:
            origin = origin_of(url)
        except ValueError:
            return None
        return next((place.name for place in self._known_places if place.origin == origin), None)

    def _from_netrc(self, host: str) -> Login | None:
        if self._netrc is None:
            return None
        if self._netrc_hosts is None:
            self._netrc_hosts = read_netrc(self._netrc)
        return self._netrc_hosts.get(host)


def _known_place(
    place: Place, variables: Mapping[str, str], configured: tuple[str, Secret] | None
) -> _KnownPlace | None:
    try:
        origin = origin_of(place.url)
    except ValueError:
        return None
    login = _login_of(place)
    logins = [login] if login and login.password else []
    logins += environment_logins(place.name, variables)
    if configured is not None:
        logins.append(Login(configured[0], configured[1], f"the setting http-basic.{place.name}"))
    if login and not login.password:
        logins.append(login)
    return _KnownPlace(place.name, origin, urlsplit(place.url).path.rstrip("/"), tuple(logins))


def _login_of(place: Place) -> Login | None:
    if place.credentials is None:
        return None
    told = place.credentials
    return Login(told.username, Secret(told.password), f"the URL of source {place.name}")


def environment_logins(name: str, variables: Mapping[str, str]) -> list[Login]:
    """Read `CHAPBOOK_HTTP_BASIC_<NAME>_USERNAME` and `_PASSWORD`, and Poetry's variables after ours."""
    middle = "".join(letter if letter.isalnum() else "_" for letter in name).upper()
    logins: list[Login] = []
    for prefix in _PREFIXES:
        stem = f"{prefix}_HTTP_BASIC_{middle}"
        user, password = variables.get(f"{stem}_USERNAME"), variables.get(f"{stem}_PASSWORD")
        if user or password:
            logins.append(Login(user or "", Secret(password or ""), f"{stem}_USERNAME and _PASSWORD"))
    return logins


def read_netrc(path: Path) -> dict[str, Login]:
    """Read the hosts of a netrc file; a file that cannot be read knows none."""
    # Imported here because most people have no such file.
    import netrc

    try:
        entries = netrc.netrc(str(path)).hosts
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
        return {}
    # `default` would send a login to hosts that nobody named.
    return {
        host: Login(user or "", Secret(password or ""), f"netrc ({path})")
        for host, (user, _account, password) in entries.items()
        if host != "default" and password
    }
