"""The known versions of a package in order, where a set of them is an int.

Bit 0 of such a set, a *mask*, stands for "not selected"; bit `i + 1` stands for the release at place `i`, oldest first.
So `&` and `|` are the whole algebra, and PubGrub's positive and negative terms are one kind of thing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.version import Version

from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.version_key import version_key
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chapbook_core.requirements.origin import Origin

ABSENT = 1
"""The mask of not being selected."""

_FINAL = late_pattern(r"v?[0-9!.]+(?:\.post[0-9]+)?(?:\+.*)?", re.ASCII)


@frozen
class Release:
    """One version of a package as its index, or a direct reference, offers it."""

    version: str
    requires_python: str = ""
    """The text of Requires-Python; empty when there is none."""
    yanked: bool = False
    unusable: str = ""
    """Why no file of it can be installed anywhere, as in `it has no wheel`; empty when one can."""
    origin: Origin | None = None
    """Where it comes from; None is the default index."""
    usable_region: int | None = None
    """The environments that have a file of it to install; None is all of them."""


class Versions:
    """The releases of one package, oldest first, with masks for what they have in common."""

    __slots__ = (
        "_masks",
        "by_origin",
        "full",
        "keys",
        "missing",
        "name",
        "prereleases",
        "releases",
        "requires_python",
        "stopped_by_python",
        "unusable",
        "usable_region",
        "yanked",
    )

    def __init__(self, name: str, releases: Iterable[Release] = (), *, missing: str = "") -> None:
        """Sort the releases; of two equal versions the one given later is preferred to the earlier one.

        `missing` tells why there are none: it completes the sentence "NAME ...", as in `is not on the index`.
        """
        self.name = name
        self.missing = missing
        self.releases: Sequence[Release] = sorted(releases, key=_release_key)
        self.keys: Sequence[bytes] = [version_key(release.version) for release in self.releases]
        self.full: int = (2 << len(self.releases)) - 1
        """Every release, and absence."""
        self.prereleases = 0
        self.yanked = 0
        requires_python: defaultdict[str, int] = defaultdict(int)
        unusable: defaultdict[str, int] = defaultdict(int)
        usable_region: defaultdict[int, int] = defaultdict(int)
        by_origin: defaultdict[Origin | None, int] = defaultdict(int)
        bit = 2
        for release in self.releases:
            by_origin[release.origin] |= bit
            if release.requires_python:
                requires_python[release.requires_python] |= bit
            if release.yanked:
                self.yanked |= bit
            if release.unusable:
                unusable[release.unusable] |= bit
            if release.usable_region is not None:
                usable_region[release.usable_region] |= bit
            if is_prerelease(release.version):
                self.prereleases |= bit
            bit <<= 1
        self.requires_python: Mapping[str, int] = dict(requires_python)
        self.unusable: Mapping[str, int] = dict(unusable)
        self.usable_region: Mapping[int, int] = dict(usable_region)
        self.by_origin: Mapping[Origin | None, int] = dict(by_origin)
        self.stopped_by_python: dict[tuple[int, bool], list[tuple[str, int, int]]] = {}
        """What the catalogue finds out about `requires_python`; one page is locked from again and again."""
        self._masks: dict[str, int] = {}

    @classmethod
    def of_page(
        cls,
        name: str,
        releases: Sequence[Release],
        keys: Sequence[bytes],
        *,
        prereleases: int,
        yanked: int,
        requires_python: Mapping[str, int],
        unusable: Mapping[str, int],
        origin: Origin | None,
        missing: str,
    ) -> Versions:
        """Return versions of which all that is computed above is known already, and `releases` need not exist yet."""
        made = cls(name, missing=missing)
        made.releases = releases
        made.keys = keys
        made.full = (2 << len(keys)) - 1
        made.prereleases = prereleases
        made.yanked = yanked
        made.requires_python = requires_python
        made.unusable = unusable
        made.by_origin = {origin: made.full ^ ABSENT} if keys else {}
        return made

    def matching(self, constraint: str) -> int:
        """Return the mask of the releases that a constraint allows; absence is not among them."""
        mask = self._masks.get(constraint)
        if mask is None:
            mask = self._masks[constraint] = self._matching(constraint)
        return mask

    def _matching(self, constraint: str) -> int:
        mask = 0
        for key in parse_constraint(constraint).keys:
            # Everything from this place upwards changes sides.
            mask ^= self.full & -(2 << bisect_left(self.keys, key))
        return mask

    def release(self, bit: int) -> Release:
        """Return the release that a mask of one version stands for."""
        return self.releases[bit.bit_length() - 2]

    def bit(self, version: str, origin: Origin | None = None) -> int:
        """Return the mask of exactly this version from this origin; 0 when it is not known."""
        key = version_key(version)
        place = bisect_left(self.keys, key)
        while place < len(self.keys) and self.keys[place] == key:
            if self.releases[place].origin == origin:
                return 2 << place
            place += 1
        return 0

    def texts(self, mask: int) -> list[str]:
        """Return the versions in a mask, oldest first."""
        return [self.release(bit).version for bit in bits(mask & ~ABSENT)]


def merged(name: str, parts: Iterable[Versions]) -> Versions:
    """Return the versions of a package that several origins offer."""
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    releases = [release for part in parts for release in part.releases]
    missing = "" if releases else next((part.missing for part in parts if part.missing), "")
    return Versions(name, releases, missing=missing)


def bits(mask: int) -> Iterator[int]:
    """Take a mask apart, lowest bit first."""
    while mask:
        lowest = mask & -mask
        yield lowest
        mask ^= lowest


@lru_cache(maxsize=65536)
def is_prerelease(version: str) -> bool:
    """Tell whether a version is an alpha, beta, candidate or dev release."""
    return _FINAL.fullmatch(version) is None and Version(version).is_prerelease


def _release_key(release: Release) -> bytes:
    return version_key(release.version)
