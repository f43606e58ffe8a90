"""Answers the solver's questions from package indexes, and reads ahead of them; what is elsewhere others answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.events import Notice
from chapbook_core.index.cache import source_key
from chapbook_core.index.dependency import UnreadableDependency
from chapbook_core.index.failure import IndexFailure, PackageNotFound
from chapbook_core.index.keepsake import Used
from chapbook_core.index.metadata import Metadata as IndexMetadata
from chapbook_core.index.metadata import UnreadableMetadata
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.resolver.facts import Listed, Metadata, MetadataWanted, Unavailable, VersionsWanted
from chapbook_core.resolver.index_facts import metadata_of, versions_of
from chapbook_core.resolver.settling import LeadsElsewhere
from chapbook_core.resolver.versions import Versions
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chapbook_core.commands.building import Builds
    from chapbook_core.commands.direct_references import DirectReferences
    from chapbook_core.commands.own_release import OwnRelease
    from chapbook_core.events import Watcher
    from chapbook_core.index.metadata_fetch import NeedBuild
    from chapbook_core.index.offer import Offer, Offers
    from chapbook_core.index.policy import Policy
    from chapbook_core.index.reader import IndexReader
    from chapbook_core.requirements.marker import Marker
    from chapbook_core.requirements.origin import Origin
    from chapbook_core.resolver.facts import Dependency, Want
    from chapbook_core.resolver.locking import Details

_ANY_INDEX = IndexOrigin()


class Elsewhere(Protocol):
    """What only some projects need; each part is made when it is asked for, because it costs a start."""

    def builds(self) -> Builds:
        """Return what runs the builds of releases that tell nothing without."""

    def references(self) -> DirectReferences:
        """Return what answers for packages that are on no index."""

    def settled(self, dependency: Dependency, base: Origin) -> Dependency:
        """Return a dependency of a release of an index with its direct reference in the one form there is."""


class IndexAnswers:
    """Knows what the indexes of a project say; one lives for one command."""

    def __init__(
        self,
        reader: IndexReader,
        policies: Sequence[Policy],
        watcher: Watcher,
        *,
        elsewhere: Elsewhere,
        environments: Marker,
        own: OwnRelease,
    ) -> None:
        """`environments` are those that the lock has to work for, `own` is the project itself."""
        self._reader = reader
        self._policies = policies
        self._watcher = watcher
        self._elsewhere = elsewhere
        self._environments = environments
        self._own = own
        self._offers: dict[tuple[str, str | None], Offers] = {}
        self._read: dict[tuple[str, str, str | None], IndexMetadata] = {}
        self._of_builds: set[tuple[str, str, str | None]] = set()

    def at_hand(self, wants: Iterable[Want]) -> dict[Want, Versions | Metadata | Unavailable]:
        """Return answers that cost nothing: each spares a question."""
        known: dict[Want, Versions | Metadata | Unavailable] = {}
        for want in wants:
            if isinstance(want, MetadataWanted) and want.name != self._own.name and _is_index(want.origin):
                source = _source(want.origin)
                offers = self._offers.get((want.name, source))
                told = self._told_before(want, source, offers.offer_of(want.version)) if offers is not None else None
                if told is not None:
                    known[want] = told
        return known

    def ahead(self, wants: Iterable[Want]) -> None:
        """Begin to read what will be asked soon."""
        for want in wants:
            origin = want.origin
            if want.name == self._own.name or not _is_index(origin):
                continue
            source = _source(origin)
            if isinstance(want, VersionsWanted):
                if self._reader.known_versions(want.name, source) is None:
                    self._reader.want_versions(want.name, source)
            elif self._reader.known_metadata(want.name, want.version, source) is None:
                self._reader.want_metadata(want.name, want.version, source)

    def tell(self, want: Want) -> Versions | Metadata | Unavailable:
        """Answer one question, waiting for the network if need be."""
        origin = want.origin
        if want.name == self._own.name:
            return self._own.tell(want)
        if origin is None or isinstance(origin, IndexOrigin):
            return self._versions(want.name, origin) if isinstance(want, VersionsWanted) else self._metadata(want)
        references = self._elsewhere.references()
        if isinstance(want, VersionsWanted):
            return references.versions(want.name, origin)
        return references.metadata(want.name, origin)

    def metadata(self, name: str, version: str, origin: Origin | None) -> IndexMetadata:
        """Return the metadata of a release that was chosen."""
        return self._read[name, version, _source(origin)]

    def is_of_build(self, name: str, version: str, origin: Origin | None) -> bool:
        """Tell whether a build told the metadata of a release: another Python may have it told otherwise."""
        return (name, version, _source(origin)) in self._of_builds

    def used(self) -> Iterator[Used]:
        """Yield what was looked at: pages, each with the versions whose metadata was."""
        versions: dict[tuple[str, str | None], list[str]] = {}
        for name, version, source in self._read:
            versions.setdefault((name, source), []).append(version)
        for (name, source), offers in self._offers.items():
            for offer in offers.offers:
                yield Used(source_key(offer.place.url), name, offer.remembered, versions.get((name, source), ()))

    def reference_details(self, name: str, origin: Origin) -> Details:
        """Return what a lock says of a package that was chosen and is on no index."""
        return self._elsewhere.references().details(name, origin)

    def _versions(self, name: str, origin: Origin | None) -> Versions:
        try:
            offers = self._reader.versions(name, _source(origin))
        except PackageNotFound as missing:
            return Versions(name, missing=_why(missing))
        self._offers[name, _source(origin)] = offers
        summary = offers.summary
        refusals = tuple(policy.refusal(summary) for policy in self._policies)
        if len(offers.offers) > 1:
            return versions_of(summary, refusals, origin)
        derived = offers.offers[0].remembered.derived
        key = (Versions, refusals, origin)
        known = derived.get(key)
        if known is None:
            known = derived[key] = versions_of(summary, refusals, origin)
        return cast("Versions", known)

    def _metadata(self, want: MetadataWanted) -> Metadata | Unavailable:
        name, version, source = want.name, want.version, _source(want.origin)
        offer = self._reader.versions(name, source).offer_of(version)
        before = self._told_before(want, source, offer)
        if before is not None:
            return before
        told = self._facts(name, version, source)
        is_settled = isinstance(told, Unavailable) or isinstance(told.dependencies, Listed)
        if not (offer is None or is_settled or version not in offer.remembered.metadata):
            # Otherwise somebody else has a say in it.
            offer.remembered.derived[self._key_of(version)] = told
            self._read[name, version, source] = offer.remembered.metadata[version]
        return told

    def _told_before(self, want: MetadataWanted, source: str | None, offer: Offer | None) -> Metadata | None:
        """Return what a former run of this process found out about a release."""
        told = offer.remembered.derived.get(self._key_of(want.version)) if offer is not None else None
        if told is None or offer is None:
            return None
        self._read[want.name, want.version, source] = offer.remembered.metadata[want.version]
        return cast("Metadata", told)

    def _key_of(self, version: str) -> tuple[type, str, int]:
        return Metadata, version, self._environments.node

    def _facts(self, name: str, version: str, source: str | None) -> Metadata | Unavailable:
        if not self._has_usable_file(name, version, source):
            return Unavailable("has no source archive, and no wheel for any Python and platform of the project")
        try:
            told = self._reader.metadata(name, version, source)
            found = told if isinstance(told, IndexMetadata) else self._built(told)
            if isinstance(found, Unavailable):
                return found
            facts = self._settled(metadata_of(found))
        except LeadsElsewhere as problem:
            return Unavailable(f"cannot be taken: {problem.message}")
        except (UnreadableMetadata, UnreadableDependency) as problem:
            self._watcher.emit(Notice("debug", f"{name} {version} is passed over: {problem.message}"))
            return Unavailable(f"has metadata that cannot be read ({problem.message})")
        self._read[name, version, source] = found
        if found is not told:
            self._of_builds.add((name, version, source))
        return facts

    def _has_usable_file(self, name: str, version: str, source: str | None) -> bool:
        """Tell whether a release can be installed anywhere in the project's environments; sources always can."""
        offers = self._reader.versions(name, source)
        summary = offers.summary
        if summary.sdists >> summary.versions.index(version) & 1:
            return True
        offer = offers.offer_of(version)
        about = ("usable", version, str(self._environments))
        if offer is not None and about in offer.remembered.notes:
            return bool(offer.remembered.notes[about])
        # Imported here because most releases have sources.
        from chapbook_core.index.wheel_region import SUPPORTED, region_of

        is_usable = not (region_of(offers.files(version)) & SUPPORTED).is_disjoint(self._environments)
        if offer is not None:
            offer.remembered.notes[about] = is_usable
        return is_usable

    def _built(self, need: NeedBuild) -> IndexMetadata | Unavailable:
        try:
            return self._elsewhere.builds().of_release(need)
        except (Cancelled, IndexFailure):
            raise
        except ChapbookError as problem:
            self._watcher.emit(Notice("warning", f"{need.name} {need.version} is passed over: {problem.message}"))
            return Unavailable(f"cannot be built ({problem.message.splitlines()[0]})")

    def _settled(self, facts: Metadata) -> Metadata:
        """Return the facts of a release with its direct references, which are rare, in the form of all others."""
        if isinstance(facts.dependencies, Listed):
            settled = (self._elsewhere.settled(each, _ANY_INDEX) for each in facts.dependencies.every)
            return replace(facts, dependencies=Listed(tuple(settled)))
        return facts


def _why(missing: PackageNotFound) -> str:
    """Complete the sentence "NAME ..."."""
    near = f"; did you mean {' or '.join(f'`{name}`' for name in missing.suggestions)}?" if missing.suggestions else ""
    return f"is on no index that was asked ({', '.join(missing.asked)}){near}"


def _is_index(origin: Origin | None) -> bool:
    return origin is None or isinstance(origin, IndexOrigin)


def _source(origin: Origin | None) -> str | None:
    return origin.source if isinstance(origin, IndexOrigin) else None
