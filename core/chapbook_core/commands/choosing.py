"""Which release a requirement is to begin with, when nobody has said it."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.constraint import ANY, InvalidConstraint, parse_constraint
from chapbook_core.requirements.marker import python_marker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chapbook_core.commands.newest import ListedVersion, Listing
    from chapbook_core.index.failure import PackageNotFound
    from chapbook_core.requirements.constraint import Constraint
    from chapbook_core.requirements.marker import Marker


class PackagesNotFound(ChapbookError):
    """No source knows some of the names."""

    def __init__(self, failures: Sequence[PackageNotFound]) -> None:
        self.names = tuple(failure.name for failure in failures)
        lines = [failure.message for failure in failures]
        super().__init__("\n".join(lines), hints=dict.fromkeys(hint for one in failures for hint in one.hints))


class NoSuchRelease(ChapbookError):
    """A package has no release that is allowed."""

    def __init__(self, name: str, constraint: Constraint, listing: Listing, *, prereleases: bool) -> None:
        notice = listing.notice
        newest = listing.best("0", prereleases=True, refused=True)
        hints = []
        if constraint.text:
            message = f"`{name}` has no release that `{constraint}` allows"
        else:
            message = f"`{name}` has no release that can be taken"
        if notice:
            message += f": it {notice}"
        elif newest is not None:
            refused = listing.listed(newest).refused
            hints.append(f"the newest release is {newest}{f', which {refused}' if refused else ''}")
            if not prereleases and listing.listed(newest).is_prerelease:
                hints.append("add `--allow-prereleases` to take pre-releases")
        super().__init__(message, hints=hints)


def newest_release(
    listing: Listing, region: Marker, constraint: Constraint = ANY, *, prereleases: bool
) -> ListedVersion | None:
    """Return the newest release that runs on every Python of a region, or else the newest of all.

    Yanked releases are left out, and pre-releases too unless they are asked for or there are no others.
    """
    usable = [listed for listed in listing.versions if not (listed.is_yanked or listed.refused)]
    usable = [listed for listed in usable if constraint.allows(listed.version)]
    finals = [listed for listed in usable if not listed.is_prerelease]
    candidates = usable if prereleases or constraint.allows_prereleases else finals or usable
    return next(_running(candidates, region), candidates[0] if candidates else None)


def has_release(listing: Listing, constraint: Constraint) -> bool:
    """Tell whether a constraint that a person stated allows anything; a yanked release they may insist on."""
    return any(constraint.allows(listed.version) and not listed.refused for listed in listing.versions)


def runs_on(listed: ListedVersion, region: Marker) -> bool:
    """Tell whether a release runs on every Python of a region."""
    if not listed.requires_python:
        return True
    try:
        allowed = reduce(or_, map(parse_constraint, listed.requires_python))
    except InvalidConstraint:
        return True
    return region.implies(python_marker(allowed))


def _running(candidates: Sequence[ListedVersion], region: Marker) -> Iterator[ListedVersion]:
    return (listed for listed in candidates if runs_on(listed, region))
