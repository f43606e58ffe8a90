"""URLs of indexes: userinfo is split off where one is first read, and what is shown is masked."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from chapbook_core.project.secret import Secret
from chapbook_core.value import frozen

_PORTS = {"http": 80, "https": 443}


@frozen
class Origin:
    """What credentials belong to: scheme, host and port, all three."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as a request names them; the port only when it is unusual."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if _PORTS.get(self.scheme) == self.port else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@frozen
class Login:
    """A user name with its password; `found` says where, for the message when it is refused."""

    user: str
    password: Secret
    found: str


def split_login(url: str, found: str = "the URL") -> tuple[str, Login | None]:
    """Give a URL without its userinfo, and the userinfo as a login."""
    if "@" not in url:
        return url, None
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    user, _, password = userinfo.partition(":")
    bare = urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))
    login = Login(unquote(user), Secret(unquote(password)), found) if userinfo.strip(":") else None
    return bare, login


def masked(url: str) -> str:
    """Write a URL for people: no userinfo, no query values, no fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a malformed URL"
    userinfo, at, host = parts.netloc.rpartition("@")
    netloc = f"****@{host}" if at and userinfo else host
    return urlunsplit((parts.scheme, netloc, parts.path, "****" if parts.query else "", ""))


def origin_of(url: str) -> Origin:
    """Give the origin of an http or https URL; `ValueError` for anything else."""
    end = url.find("/", url.find("://") + 3)
    return _origin_of(url if end < 0 else url[:end])


@lru_cache(maxsize=256)
def _origin_of(url: str) -> Origin:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("its host or its port is written wrongly") from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        raise ValueError("not an http or https URL")
    host = parts.hostname
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    return Origin(scheme, host, port or _PORTS[scheme])


def request_target(url: str) -> str:
    """Give path and query as a request line holds them; spaces and non-ASCII are percent-encoded, controls refused."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if target.isascii() and target.isprintable() and " " not in target:
        return target
    return quote(target, safe="/?&=%~!$'()*+,;:@[]-._#")
