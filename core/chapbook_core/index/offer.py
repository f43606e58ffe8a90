"""What sources offer of one package: each source's page, and all of them as one."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chapbook_core.index.page_summary import PageSummary
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chapbook_core.index.file import File
    from chapbook_core.index.memory import Remembered
    from chapbook_core.index.sources import Place


class Offer:
    """One source's page of a package; its files are read when somebody asks for them."""

    __slots__ = ("_read", "place", "remembered")

    def __init__(self, place: Place, page: Remembered, read: Callable[[str], tuple[File, ...]]) -> None:
        self.place = place
        self.remembered = page
        """What is known of the page; whoever computes something from it may leave it here."""
        self._read = read

    @property
    def summary(self) -> PageSummary:
        """What the page says of each version."""
        return self.remembered.summary

    def files(self, version: str) -> tuple[File, ...]:
        """Give the files of a release."""
        files = self.remembered.files.get(version)
        if files is None:
            files = self.remembered.files[version] = self._read(version)
        return files


@frozen
class Offers:
    """The offers of all sources that were asked, in the order of the project."""

    name: str
    offers: tuple[Offer, ...]

    @cached_property
    def summary(self) -> PageSummary:
        """The versions of all sources as one page; a version that several have is the first source's."""
        if len(self.offers) == 1:
            return self.offers[0].summary
        return merged([offer.summary for offer in self.offers])

    def offer_of(self, version: str) -> Offer | None:
        """Give the offer that a version is taken from."""
        if len(self.offers) == 1:
            return self.offers[0]
        return self._owners.get(version)

    @cached_property
    def _owners(self) -> dict[str, Offer]:
        owners: dict[str, Offer] = {}
        known: set[bytes] = set()
        for offer in self.offers:
            for version, key in zip(offer.summary.versions, offer.summary.keys, strict=True):
                if key not in known:
                    known.add(key)
                    owners[version] = offer
        return owners

    def files(self, version: str) -> tuple[File, ...]:
        """Give the files of a release, from the source it is taken from."""
        offer = self.offer_of(version)
        return offer.files(version) if offer is not None else ()


def merged(summaries: Sequence[PageSummary]) -> PageSummary:
    """Put the pages of several sources together, earlier ones first."""
    rows: dict[bytes, tuple[PageSummary, int]] = {}
    for summary in summaries:
        for index, key in enumerate(summary.keys):
            rows.setdefault(key, (summary, index))
    ordered = [(key, *rows[key]) for key in sorted(rows)]

    def mask(of: Callable[[PageSummary], int]) -> int:
        return sum(1 << bit for bit, (_key, summary, index) in enumerate(ordered) if of(summary) >> index & 1)

    return PageSummary(
        name=summaries[0].name,
        versions=tuple(summary.versions[index] for _key, summary, index in ordered),
        keys=tuple(key for key, _summary, _index in ordered),
        requires_python=tuple(summary.requires_python[index] for _key, summary, index in ordered),
        upload_times=tuple(summary.upload_times[index] for _key, summary, index in ordered),
        yanked=mask(lambda summary: summary.yanked),
        wheels=mask(lambda summary: summary.wheels),
        sdists=mask(lambda summary: summary.sdists),
        prereleases=mask(lambda summary: summary.prereleases),
        status=summaries[0].status,
    )
