"""A package index that the project file names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit, urlunsplit

from chapbook_core.project.secret import Secret


class Priority(Enum):
    """When an index is asked."""

    PRIMARY = "primary"
    """Always, with the other primary ones."""
    SUPPLEMENTAL = "supplemental"
    """Only for packages that no primary index has."""
    EXPLICIT = "explicit"
    """Only for requirements that name it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of `[[tool.poetry.source]]`."""

    name: str
    url: str | None
    """Without any credentials; None for the default index, which is listed by its name."""
    priority: Priority = Priority.PRIMARY
    credentials: Secret | None = None
    """What stood before the `@` in the URL, as `user:password`."""


def without_credentials(url: str) -> tuple[str, Secret | None]:
    """Split a URL into the part that may be shown and the `user:password` it carried."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    return urlunsplit(parts._replace(netloc=host)), Secret(userinfo) if userinfo else None
