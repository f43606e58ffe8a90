"""The spellings of a project's name: canonical for addresses, escaped for file names."""

from __future__ import annotations

import re
from functools import lru_cache

_SEPARATORS = re.compile(r"[-_.]+")
_NOT_IN_MODULES = re.compile(r"\W+")


@lru_cache(maxsize=20_000)
def canonical(name: str) -> str:
    """Return the name as PEP 503 writes it in addresses."""
    return _SEPARATORS.sub("-", name).lower()


def escaped(name: str) -> str:
    """Return the name as the wheel and sdist specifications write it in file names."""
    return _SEPARATORS.sub("_", name).lower()


def module(name: str) -> str:
    """Return a name that Python can import."""
    return _NOT_IN_MODULES.sub("_", escaped(name))
