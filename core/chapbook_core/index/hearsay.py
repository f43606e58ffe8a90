"""Hearsay: what somebody else knows of a package, for when the cache knows nothing and nobody may be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.index.memory import Remembered
from chapbook_core.index.offer import Offer, Offers
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chapbook_core.index.candidate import Page
    from chapbook_core.index.metadata import Metadata
    from chapbook_core.index.sources import Place


@frozen
class Hearsay:
    """Some releases of one package, all from one source."""

    source: str
    """The name of the source; empty for the default index."""
    page: Page
    metadata: Mapping[str, Metadata]
    """By version."""

    def is_of(self, place: Place) -> bool:
        """Tell whether it is about what a place has."""
        return place.name == self.source if self.source else place.is_default


def offers_by(told: Sequence[Hearsay], name: str, rounds: Sequence[Sequence[Place]]) -> Offers | None:
    """Return the offers of a package by hearsay; nothing when a place of it is not among those to be asked."""
    places = [place for places in rounds for place in places]
    found = [(place, one) for one in told for place in places if one.is_of(place)]
    if not found or len(found) != len(told):
        return None
    return Offers(name, tuple(_offer(place, one) for place, one in found))


def _offer(place: Place, told: Hearsay) -> Offer:
    page = Remembered(told.page.summary)
    page.metadata.update(told.metadata)
    return Offer(place, page, told.page.files.of)
