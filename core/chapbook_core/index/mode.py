"""How the cache is used in one run, as the options `--offline`, `--refresh` and `--no-cache` say."""

from __future__ import annotations

from enum import Enum


class Mode(Enum):
    """What may be asked of indexes."""

    ONLINE = "online"
    """What is fresh in the cache is used; what is stale is asked about."""
    REFRESH = "refresh"
    """Every page is asked about once; an index that cannot answer is an error."""
    OFFLINE = "offline"
    """Nothing is asked; what the cache has is good, however old."""
