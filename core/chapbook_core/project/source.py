"""A package index that the project file names."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.requirements.url import Userinfo


class Priority(Enum):
    """When an index is asked."""

    PRIMARY = "primary"
    """Always, with the other primary ones."""
    SUPPLEMENTAL = "supplemental"
    """Only for packages that no primary index has."""
    EXPLICIT = "explicit"
    """Only for requirements that name it."""


@frozen
class Source:
    """One entry of `[[tool.poetry.source]]`."""

    name: str
    url: str | None
    """Without any credentials; None for the default index, which is listed by its name."""
    priority: Priority = Priority.PRIMARY
    credentials: Userinfo | None = None
    """What stood before the `@` in the URL."""
