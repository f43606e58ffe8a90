"""The name of a distribution, a group or an extra, in the one spelling that compares."""

from __future__ import annotations

import re
from functools import lru_cache

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern

_VALID = late_pattern(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE | re.ASCII)
_SEPARATORS = late_pattern(r"[-_.]+")


class InvalidName(ChapbookError):
    """A name that no index would accept."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"`{text}` is not a valid name",
            hints=["a name has ASCII letters, digits, `-`, `_` and `.`, and begins and ends with a letter or digit"],
        )


@lru_cache(maxsize=16384)
def canonical_name(text: str) -> str:
    """Return the normalised spelling of PEP 503 and PEP 685: `Jaraco.Classes` becomes `jaraco-classes`."""
    return _SEPARATORS.sub("-", text).lower()


def is_valid_name(text: str) -> bool:
    """Tell whether the text is a name at all, by the grammar of PEP 508."""
    return _VALID.fullmatch(text) is not None


def checked_name(text: str) -> str:
    """Return the normalised spelling of a name that a person typed; raises InvalidName."""
    if not is_valid_name(text):
        raise InvalidName(text)
    return canonical_name(text)
