"""What locking needs besides indexes, made when first asked for: a project with wheels alone never pays."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Self

from chapbook_core.requirements.requirement import Requirement
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from chapbook_core.commands.building import Builds
    from chapbook_core.commands.direct_references import DirectReferences
    from chapbook_core.commands.session import Session
    from chapbook_core.index.mode import Mode
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.lock.lockfile import LockedPackage
    from chapbook_core.requirements.origin import Origin
    from chapbook_core.resolver.facts import Dependency
    from chapbook_core.resolver.settling import Settling


class ProjectElsewhere:
    """Builds and direct references of one command on one project."""

    def __init__(
        self,
        session: Session,
        index: OpenIndex,
        mode: Mode,
        settling: Settling,
        *,
        locked: Iterable[LockedPackage],
        may_build: bool = True,
        builds: Builds | None = None,
    ) -> None:
        """`locked` are the packages of the present lock that are to stay; builds that are given stay open."""
        self._session = session
        self._index = index
        self._mode = mode
        self._settling = settling
        self._locked = tuple(locked)
        self._may_build = may_build
        self._given_builds = builds
        self._open = ExitStack()

    def builds(self) -> Builds:
        """Return what runs the builds."""
        return self._builds

    def references(self) -> DirectReferences:
        """Return what answers for packages that are on no index."""
        return self._references

    def settled(self, dependency: Dependency, base: Origin) -> Dependency:
        """Return a dependency with its direct reference in the one form there is; raises LeadsElsewhere."""
        if dependency.origin is None:
            return dependency
        required = Requirement(dependency.name, dependency.name, origin=dependency.origin)
        return replace(dependency, origin=self._settling.settled(required, base).origin)

    @cached_property
    def _builds(self) -> Builds:
        if self._given_builds is not None:
            return self._given_builds
        # Processes, archives and temporary folders: 20 ms that only a build pays.
        from chapbook_core.commands.building import open_builds

        builds = open_builds(self._session, self._index, self._mode, is_allowed=self._may_build)
        self._open.callback(builds.close)
        return builds

    @cached_property
    def _references(self) -> DirectReferences:
        # Likewise.
        from chapbook_core.commands.direct_references import DirectReferences
        from chapbook_core.commands.reference_reading import ReferenceReader

        reader = ReferenceReader(self._session, self._index, self._mode, self._builds, self._locked)
        self._open.callback(reader.close)
        return DirectReferences(self._session, reader, self._settling)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
