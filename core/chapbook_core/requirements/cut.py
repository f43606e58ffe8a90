"""A cut: a place between versions where a set of versions begins or ends.

PEP 440 bounds do not lie on versions but beside them: `<2.0` ends before `2.0.dev0`, `<=2.0` after every local variant
of `2.0`, `>2.0` begins after its post releases. A cut is such a place; its key sorts among the version keys, and two
cuts with no version between them have the same key.
"""

from __future__ import annotations

from enum import Enum

from packaging.version import Version

from chapbook_core.requirements.version_key import key_above_locals, key_above_only, key_above_posts, key_of
from chapbook_core.value import field, frozen


class Side(Enum):
    """Where a cut lies, relative to the version that its author wrote."""

    FLOOR = "below every version"
    BEFORE = "right below the version"
    BEFORE_DEV = "below the version and its pre-releases"
    ABOVE_ONLY = "above the version, below its local variants"
    ABOVE_LOCALS = "above the version and its local variants"
    ABOVE_POSTS = "above the version and its post releases"


@frozen
class Cut:
    """A place between versions, and the words for it."""

    key: bytes
    side: Side = field(compare=False)
    version: Version = field(compare=False)


_LOWEST = Version("0.dev0")
_LOWEST_KEY = key_of(_LOWEST)
FLOOR = Cut(b"", Side.FLOOR, _LOWEST)


def before(version: Version) -> Cut:
    """Return where `>=` begins."""
    if version.dev == 0 and version.pre is None and version.local is None:
        return _before_dev(version.__replace__(dev=None), version)
    return Cut(key_of(version), Side.BEFORE, version)


def before_family(version: Version) -> Cut:
    """Return where `<` ends: below the version and, unless it is a pre-release itself, below its pre-releases."""
    if version.is_prerelease or version.local:
        return before(version)
    return _before_dev(version, version.__replace__(dev=0))


def above_only(version: Version) -> Cut:
    """Return where `===` ends."""
    return Cut(key_above_only(version), Side.ABOVE_ONLY, version)


def above_locals(version: Version) -> Cut:
    """Return where `<=` and `==` end."""
    return Cut(key_above_locals(version), Side.ABOVE_LOCALS, version)


def above(version: Version) -> Cut:
    """Return where `>` begins: above the post releases too, unless the version is one or has none."""
    if version.post is not None or version.dev is not None or version.local:
        return above_locals(version)
    return Cut(key_above_posts(version), Side.ABOVE_POSTS, version)


def _before_dev(version: Version, first: Version) -> Cut:
    # Nothing sorts below `0.dev0`, so that place is the floor; it keeps its words, for `==0.*` to be printed again.
    key = key_of(first)
    return Cut(b"" if key <= _LOWEST_KEY else key, Side.BEFORE_DEV, version)
