"""Speculation: reads ahead of the solver, along what packages require, while the answers are still coming in.

The solver asks for a page when it reaches the package, which is one journey to the index for each step of the longest
path. Here the metadata of the version that will most likely be chosen is asked for as soon as a page arrives, and the
pages of what that requires as soon as the metadata does, in the threads that fetched them. A wrong guess costs one
request and changes nothing about the solution.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.metadata import Metadata as IndexMetadata
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.diagram import implies, is_disjoint
from chapbook_core.requirements.name import canonical_name
from chapbook_core.resolver.catalogue import python_region
from chapbook_core.resolver.index_facts import metadata_of
from chapbook_core.resolver.problem import Resolution

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Future

    from chapbook_core.index.metadata_fetch import NeedBuild
    from chapbook_core.index.offer import Offers
    from chapbook_core.index.page_summary import PageSummary
    from chapbook_core.index.policy import Policy
    from chapbook_core.index.reader import IndexReader
    from chapbook_core.resolver.facts import Dependency
    from chapbook_core.resolver.problem import Problem


class Speculation:
    """Guesses for one problem; used from many threads at once."""

    def __init__(self, reader: IndexReader, policies: Sequence[Policy], problem: Problem) -> None:
        self._reader = reader
        self._policies = policies
        self._region = problem.environments
        self._newest = problem.policy.resolution is Resolution.NEWEST
        self._locked = {locked.name: locked.version for locked in problem.locked}
        self._lock = threading.Lock()
        self._constraints: dict[str, set[str]] = {}
        self._extras: dict[str, set[str]] = {}
        roots = [requirement.dependency for requirement in problem.requirements]
        own_name = canonical_name(problem.name)
        self._not_asked = {own_name, *problem.excludes, *(root.name for root in roots if root.origin is not None)}
        """Packages that the project does not want, or takes from elsewhere: no index need hear of them."""
        for root in roots:
            self._note(root)

    def page_came(self, name: str, source: str | None, page: Future[Offers]) -> None:
        """Ask for the metadata of the version that is likely to be chosen."""
        if page.cancelled() or page.exception() is not None:
            return
        version = self._likely(page.result().summary)
        if version and self._reader.known_metadata(name, version, source) is None:
            self._reader.want_metadata(name, version, source)

    def metadata_came(self, name: str, answer: Future[IndexMetadata | NeedBuild]) -> None:
        """Ask for the pages of what a release requires."""
        if answer.cancelled() or answer.exception() is not None:
            return
        found = answer.result()
        if not isinstance(found, IndexMetadata) or found.version != self._locked.get(name, found.version):
            return
        try:
            dependencies = metadata_of(found).dependencies.under(self._extras.get(name, ()))
        except ChapbookError:
            # Whoever really needs this release will be told.
            return
        applicable = self._applicable(name, dependencies)
        # All bounds are noted before any page is asked for, because its answer may come at once.
        for dependency in applicable:
            self._note(dependency)
        for dependency in applicable:
            if self._reader.known_versions(dependency.name) is None:
                self._reader.want_versions(dependency.name)

    def _applicable(self, name: str, dependencies: Iterable[Dependency]) -> list[Dependency]:
        extras = self._extras.get(name, ())
        return [
            dependency
            for dependency in dependencies
            if dependency.origin is None
            and dependency.name not in self._not_asked
            and (not dependency.extra or dependency.extra in extras)
            and not is_disjoint(dependency.region, self._region)
        ]

    def _note(self, dependency: Dependency) -> None:
        with self._lock:
            self._constraints.setdefault(dependency.name, set()).add(dependency.constraint)
            self._extras.setdefault(dependency.name, set()).update(dependency.extras)

    def _likely(self, summary: PageSummary) -> str:
        """Return the version that will most likely be chosen, as far as is known; nothing when that is unclear."""
        if locked := self._locked.get(summary.name):
            return locked if locked in summary.versions else ""
        if not self._newest:
            return ""
        mask = summary.every & ~summary.prereleases & ~summary.yanked
        for policy in self._policies:
            mask &= ~policy.refusal(summary).versions
        with self._lock:
            constraints = list(self._constraints.get(summary.name, ()))
        for text in constraints:
            allowed = 0
            for key in parse_constraint(text).keys:
                allowed ^= summary.every & -(1 << bisect_left(summary.keys, key))
            mask &= allowed
        while mask:
            place = mask.bit_length() - 1
            if self._runs_everywhere(summary.requires_python[place]):
                return summary.versions[place]
            mask ^= 1 << place
        return ""

    def _runs_everywhere(self, demands: tuple[str, ...]) -> bool:
        """Whether a release is for every Python of the project; upper bounds are not heeded, as in solving."""
        return not demands or implies(self._region, python_region(" || ".join(demands), ignore_upper_bounds=True))
