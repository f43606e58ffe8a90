"""The secret part of a URL, kept away from every text that could be shown or written."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    import re

_USERINFO = late_pattern(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<userinfo>[^\s/?#'\"<>`]*)@")
_WHOLE = late_pattern(r"(?i:https?)://[^\s/?#]+\S*|(?!(?i:https?):)[A-Za-z][A-Za-z0-9+.-]*:\S+")
_WEB = frozenset({"http", "https"})
MASK = "****"


@frozen(repr=False)
class Userinfo:
    """What stands before the `@` of a URL; it shows itself as asterisks only."""

    username: str
    password: str

    def __repr__(self) -> str:
        return MASK


def masked_url(text: str) -> str:
    """Return the text with the credentials of every URL in it replaced by asterisks.

    The user of an `ssh` address is part of the address (`ssh://git@host`) and stays.
    """
    return _USERINFO.sub(_masked, text)


def is_whole_url(text: str) -> bool:
    """Whether a text leads somewhere by itself: it has a scheme, a host where the web is meant, and no spaces."""
    if _WHOLE.fullmatch(text) is None:
        return False
    try:
        parts = urlsplit(text)
        # Reading the port tells whether it is one; other schemes have other words in its place.
        port = parts.port if parts.scheme in _WEB else None
    except ValueError:
        return False
    return port != 0


def split_userinfo(url: str) -> tuple[str, Userinfo | None]:
    """Return a URL without its credentials, and the credentials."""
    match = _USERINFO.match(url)
    if match is None or masked_url(match[0]) == match[0]:
        return url, None
    username, _, password = match["userinfo"].partition(":")
    address = f"{match['scheme']}://{username}@" if _is_ssh(match["scheme"]) else f"{match['scheme']}://"
    return address + url[match.end() :], Userinfo(unquote(username), unquote(password))


def _masked(match: re.Match[str]) -> str:
    scheme = match["scheme"]
    if not _is_ssh(scheme):
        return f"{scheme}://{MASK}@"
    username, separator, _ = match["userinfo"].partition(":")
    return f"{scheme}://{username}:{MASK}@" if separator else match[0]


def _is_ssh(scheme: str) -> bool:
    return scheme.lower().removeprefix("git+") == "ssh"
