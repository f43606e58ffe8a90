"""Where this tool and Poetry keep a person's configuration, data and caches."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

_APPLICATION = "chapbook"
_POETRY = "pypoetry"
_VARIABLES = (
    "APPDATA",
    "LOCALAPPDATA",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "CHAPBOOK_CONFIG_DIR",
    "POETRY_CONFIG_DIR",
)
"""Those that have a say."""


@frozen
class Locations:
    """The folders of one person on one machine."""

    config: Path
    poetry_config: Path
    """Poetry's own; it is read and never written."""
    data: Path
    cache: Path


def find_locations(variables: Mapping[str, str], home: Path, *, platform: str = sys.platform) -> Locations:
    """Return the folders by the platform's custom, from a given environment and home.

    The libraries that know these customs ask the process for both, which is wrong where one process works for several
    people, and for a test.
    """
    return _found(tuple(variables.get(name, "").strip() for name in _VARIABLES), home, platform)


@lru_cache(maxsize=16)
def _found(values: tuple[str, ...], home: Path, platform: str) -> Locations:
    variables = dict(zip(_VARIABLES, values, strict=True))
    match platform:
        case "win32":
            roaming = _folder(variables, "APPDATA", home / "AppData" / "Roaming")
            local = _folder(variables, "LOCALAPPDATA", home / "AppData" / "Local")
            found = Locations(
                roaming / _APPLICATION, roaming / _POETRY, local / _APPLICATION, local / _APPLICATION / "Cache"
            )
        case "darwin":
            support = home / "Library" / "Application Support"
            caches = home / "Library" / "Caches"
            found = Locations(support / _APPLICATION, support / _POETRY, support / _APPLICATION, caches / _APPLICATION)
        case _:
            config = _folder(variables, "XDG_CONFIG_HOME", home / ".config")
            data = _folder(variables, "XDG_DATA_HOME", home / ".local" / "share")
            cache = _folder(variables, "XDG_CACHE_HOME", home / ".cache")
            found = Locations(config / _APPLICATION, config / _POETRY, data / _APPLICATION, cache / _APPLICATION)
    return Locations(
        config=_folder(variables, "CHAPBOOK_CONFIG_DIR", found.config),
        poetry_config=_folder(variables, "POETRY_CONFIG_DIR", found.poetry_config),
        data=found.data,
        cache=found.cache,
    )


def _folder(variables: Mapping[str, str], name: str, default: Path) -> Path:
    value = variables[name]
    # A relative folder would be another one in every working directory; the customs say to ignore it.
    return Path(value) if value and Path(value).is_absolute() else default
