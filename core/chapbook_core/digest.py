"""SHA-256 of what is small, without OpenSSL: a start takes longer to load that than to digest a lock."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from hashlib import _Hash

_MANY = 1 << 20
"""Bytes from which on OpenSSL is worth its loading."""
_OWN = "_sha2" if sys.version_info >= (3, 12) else "_sha256"
"""The module of Python that `hashlib` falls back to; some builds are without it."""


def sha256(content: bytes = b"") -> _Hash:
    """Return what `hashlib.sha256` returns, by whatever is there sooner."""
    if "hashlib" in sys.modules or len(content) > _MANY:
        import hashlib  # the reason above

        return hashlib.sha256(content)
    return _own()(content)


@cache
def _own() -> Callable[[bytes], _Hash]:
    found: Callable[[bytes], _Hash]
    try:
        found = import_module(_OWN).sha256
    except ImportError:
        from hashlib import sha256 as found  # the reason above
    return found
