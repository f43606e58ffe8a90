"""Reach: which places nobody need ask any more in this run."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from chapbook_core.index.failure import IndexFailure, NoAnswer, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chapbook_core.index.body import Brief
    from chapbook_core.index.client import Client
    from chapbook_core.index.sources import Place
    from chapbook_core.index.transport import Answer


class Reach:
    """Asks places, and remembers those of which nothing comes: to wait again for each page would take minutes.

    Used from many threads at once.
    """

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._lost: dict[str, IndexFailure] = {}
        """By place: why it cannot be had."""
        self._told: set[str] = set()
        self._answered: dict[str, float] = {}
        """When a place has last answered anybody."""

    def ask(self, place: Place, url: str, headers: Mapping[str, str], brief: Brief | None = None) -> Answer:
        """Ask a place, unless somebody has waited for it in vain; whoever waits with them is let go as well."""
        if (known := self._silence(place)) is not None:
            raise known
        began = time.monotonic()
        try:
            answer = self._client().get(
                url, headers=headers, is_vain=lambda: self._silence(place) is not None, brief=brief
            )
        except NoAnswer as failure:
            with self._lock:
                # One that answers others meanwhile is slow, and lives.
                if self._answered.get(place.url, began) <= began:
                    self._lost.setdefault(place.url, failure)
            raise
        with self._lock:
            self._answered[place.url] = time.monotonic()
        return answer

    def is_lost(self, place: Place) -> bool:
        """Tell whether a place could not be reached, or answers nobody."""
        return place.url in self._lost

    def lose(self, place: Place, failure: IndexFailure) -> bool:
        """Take note of a failure; false where the person was told of the place already."""
        with self._lock:
            if isinstance(failure, Unreachable):
                self._lost.setdefault(place.url, failure)
            if place.url not in self._lost:
                return True
            is_first = place.url not in self._told
            self._told.add(place.url)
            return is_first

    def _silence(self, place: Place) -> NoAnswer | None:
        known = self._lost.get(place.url)
        return known if isinstance(known, NoAnswer) else None
