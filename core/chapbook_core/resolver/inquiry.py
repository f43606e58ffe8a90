"""Inquiry: what the search has to know before it goes on, as questions with hints of what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.resolver.facts import Need, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from chapbook_core.resolver.assignment import PartialSolution
    from chapbook_core.resolver.catalogue import Catalogue
    from chapbook_core.resolver.facts import Dependency, Facts, Want
    from chapbook_core.resolver.order import Order
    from chapbook_core.resolver.preference import Preference

    Asking = Generator[Need, Facts, None]


class Inquiry:
    """Asks for facts and admits the packages they make known to the partial solution."""

    def __init__(
        self,
        catalogue: Catalogue,
        assigned: PartialSolution,
        order: Order,
        preference: Preference,
        steps: Callable[[], int],
    ) -> None:
        """`steps` tells how far the search is."""
        self._catalogue = catalogue
        self._assigned = assigned
        self._order = order
        self._preference = preference
        self._steps = steps
        self._known = 0
        self._fresh: list[str] = []
        """Packages met since the last question."""

    def introduce(self, dependencies: Sequence[tuple[Dependency, int]]) -> Asking:
        """Make the versions of packages known that are required somewhere."""
        for dependency, region in dependencies:
            self._catalogue.meet(dependency, region)
        names = dict.fromkeys(dependency.name for dependency, _ in dependencies)
        unknown = [name for name in names if name not in self._assigned.pieces]
        if unknown:
            yield from self.ask([want for name in unknown for want in self._catalogue.wanted(name)])
        if self._catalogue.admits:
            for dependency, _ in dependencies:
                self._catalogue.admit(dependency)
        for name in unknown:
            self._known += 1
            self._fresh.append(name)
            self._order.meet(name)
            self._assigned.add(name, self._catalogue.versions(name).full, self._catalogue.given(name))

    def ask(self, wants: Iterable[Want]) -> Asking:
        """Ask what is not known yet."""
        missing = tuple(want for want in wants if want not in self._catalogue.facts)
        if missing:
            facts = yield Need(missing, self._hints(missing), self._progress())
            self._catalogue.learn(facts)

    def _hints(self, wanted: Iterable[Want]) -> tuple[Want, ...]:
        """Return the metadata of releases that are likely to be decided, among packages met since the last question."""
        hints: dict[Want, None] = {}
        for package in self._fresh:
            versions = self._catalogue.versions(package)
            for mask in self._assigned.pending(package):
                release = versions.release(self._preference.best(versions, mask))
                hints[self._catalogue.metadata_wanted(package, release)] = None
        self._fresh.clear()
        return tuple(hint for hint in hints if hint not in self._catalogue.facts and hint not in wanted)

    def _progress(self) -> Progress:
        return Progress(self._assigned.decided_packages, self._known, self._steps(), self._order.suspect)
