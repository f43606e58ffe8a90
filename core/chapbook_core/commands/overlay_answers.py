"""The answers of indexes to a kernel's questions, where everything that is installed already is a given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.index_answers import IndexAnswers
from chapbook_core.resolver.facts import Metadata, MetadataWanted, VersionsWanted
from chapbook_core.resolver.versions import Release, Versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chapbook_core.commands.elsewhere import ProjectElsewhere
    from chapbook_core.commands.own_release import OwnRelease
    from chapbook_core.events import Watcher
    from chapbook_core.index.policy import Policy
    from chapbook_core.index.reader import IndexReader
    from chapbook_core.requirements.marker import Marker
    from chapbook_core.resolver.facts import Unavailable, Want


class OverlayAnswers(IndexAnswers):
    """Of a package that is installed there is one release, and what that requires is installed with it.

    So no index is asked about it, wherever it came from.
    """

    def __init__(
        self,
        reader: IndexReader,
        policies: Sequence[Policy],
        watcher: Watcher,
        *,
        elsewhere: ProjectElsewhere,
        environments: Marker,
        own: OwnRelease,
        given: Mapping[str, str],
    ) -> None:
        """`given` are the installed versions by name."""
        super().__init__(reader, policies, watcher, elsewhere=elsewhere, environments=environments, own=own)
        self._given = given
        self.considered: dict[str, str | None] = {}
        """Each package that was asked about, and its installed version: what the answer depends on."""

    def ahead(self, wants: Iterable[Want]) -> None:
        """Begin to read what will be asked soon, as far as it is no given."""
        super().ahead(want for want in wants if want.name not in self._given)

    def tell(self, want: Want) -> Versions | Metadata | Unavailable:
        """Answer one question."""
        version = self._given.get(want.name)
        self.considered[want.name] = version
        if version is None:
            return super().tell(want)
        match want:
            case VersionsWanted(name, origin):
                return Versions(name, [Release(version, origin=origin)])
            case MetadataWanted():
                return Metadata()
