"""Who may read or write: HTTP Basic credentials for the whole index or a part of it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tests.fakes.index.message import Reply, plain

if TYPE_CHECKING:
    from tests.fakes.index.message import Request


@dataclass(frozen=True, slots=True)
class Login:
    """What a client must present for the addresses of one pattern."""

    user: str
    secret: str
    realm: str = "index"
    pattern: str = "*"
    origins: tuple[int, ...] = (0,)
    """The index's own origin; `elsewhere` asks nobody unless it is named here."""

    def guards(self, request: Request) -> bool:
        """Return whether the request needs this login."""
        return request.origin in self.origins and fnmatchcase(request.path, self.pattern)

    def refusal(self, request: Request) -> Reply | None:
        """Return why the request is refused; nothing when it is not."""
        if credentials(request) == (self.user, self.secret):
            return None
        return plain(401, "who are you?\n", www_authenticate=f'Basic realm="{self.realm}"')


def credentials(request: Request) -> tuple[str, str] | None:
    """Return the user and the secret of a request that carries them."""
    scheme, _, encoded = request.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, secret) if colon else None
