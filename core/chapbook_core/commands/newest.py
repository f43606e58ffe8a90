"""The newest releases that the indexes of a project offer of locked packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.policies import policies_of
from chapbook_core.index.failure import PackageNotFound
from chapbook_core.requirements.version_key import version_key
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chapbook_core.commands.session import Session
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.index.page_summary import PageSummary
    from chapbook_core.index.policy import Policy
    from chapbook_core.lock.lockfile import LockedPackage


@frozen
class ListedVersion:
    """A version on an index, and what speaks against it."""

    version: str
    requires_python: tuple[str, ...] = ()
    """The different demands of its files; one of them is enough."""
    is_yanked: bool = False
    is_prerelease: bool = False
    refused: str = ""
    """Why a policy of the project rules it out."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What speaks against it, in words."""
        notes = ["yanked"] if self.is_yanked else []
        notes += ["pre-release"] if self.is_prerelease else []
        notes += [f"Python {' or '.join(self.requires_python)}"] if self.requires_python else []
        return (*notes, self.refused) if self.refused else tuple(notes)


@frozen
class Listing:
    """Everything that is offered of one package."""

    summary: PageSummary
    refusals: Mapping[str, int]
    """By reason the versions that policies rule out."""

    @property
    def versions(self) -> tuple[ListedVersion, ...]:
        """Every version, newest first."""
        return tuple(self._listed(place) for place in reversed(range(len(self.summary.versions))))

    @property
    def notice(self) -> str:
        """What the index says of the whole project; empty for an active one."""
        return self.summary.status.notice

    def best(self, at_least: str, *, prereleases: bool, refused: bool = False) -> str | None:
        """Return the newest version from one on; a pre-release only when they are asked for or nothing else is left.

        Yanked versions never count, and what policies rule out only with `refused`.
        """
        summary = self.summary
        usable = summary.every & ~summary.yanked
        for versions in () if refused else self.refusals.values():
            usable &= ~versions
        least = version_key(at_least)
        newer = sum(1 << place for place, key in enumerate(summary.keys) if key >= least) & usable
        wanted = newer if prereleases else newer & ~summary.prereleases
        mask = wanted or newer
        return summary.versions[mask.bit_length() - 1] if mask else None

    def listed(self, version: str) -> ListedVersion:
        """Return what is said of a version that is offered."""
        return self._listed(self.summary.versions.index(version))

    def _listed(self, place: int) -> ListedVersion:
        summary = self.summary
        return ListedVersion(
            summary.versions[place],
            summary.requires_python[place],
            is_yanked=bool(summary.yanked >> place & 1),
            is_prerelease=bool(summary.prereleases >> place & 1),
            refused=next((reason for reason, versions in self.refusals.items() if versions >> place & 1), ""),
        )


def is_from_index(package: LockedPackage) -> bool:
    """Tell whether indexes know other versions of a locked package."""
    return package.source is None or package.source.type == "legacy"


def source_of(package: LockedPackage, session: Session) -> str | None:
    """Return the source that the project insists on for a package."""
    pinned = package.name in session.sources.pinned
    return package.source.reference if package.source is not None and pinned else None


def read_listings(
    packages: Iterable[LockedPackage], session: Session, index: OpenIndex
) -> dict[tuple[str, str | None], Listing]:
    """Ask for the pages of some packages at once; by name and source, without those that no index has."""
    wanted = ((package.name, source_of(package, session)) for package in packages if is_from_index(package))
    return listings_of(wanted, session, index)[0]


def listings_of(
    wanted: Iterable[tuple[str, str | None]], session: Session, index: OpenIndex
) -> tuple[dict[tuple[str, str | None], Listing], tuple[PackageNotFound, ...]]:
    """Ask for pages by name and source, all at once; also return what no index has."""
    wanted = dict.fromkeys(wanted)
    policies = policies_of(session)
    for name, source in wanted:
        index.reader.want_versions(name, source)
    listings, missing = {}, []
    for name, source in wanted:
        session.watcher.checkpoint()
        try:
            summary = index.reader.versions(name, source).summary
        except PackageNotFound as failure:
            missing.append(failure)
        else:
            listings[name, source] = Listing(summary, _refusals(summary, policies))
    return listings, tuple(missing)


def _refusals(summary: PageSummary, policies: Iterable[Policy]) -> dict[str, int]:
    refusals = (policy.refusal(summary) for policy in policies)
    return {refusal.reason: refusal.versions for refusal in refusals if refusal.versions}
