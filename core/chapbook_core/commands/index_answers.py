"""Answers the solver's questions from package indexes, and reads ahead of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from chapbook_core.events import Notice
from chapbook_core.index.dependency import UnreadableDependency
from chapbook_core.index.failure import PackageNotFound
from chapbook_core.index.metadata import Metadata as IndexMetadata
from chapbook_core.index.metadata import UnreadableMetadata
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.resolver.facts import MetadataWanted, Unavailable, VersionsWanted
from chapbook_core.resolver.index_facts import metadata_of, versions_of
from chapbook_core.resolver.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chapbook_core.events import Watcher
    from chapbook_core.index.policy import Policy
    from chapbook_core.index.reader import IndexReader
    from chapbook_core.requirements.origin import Origin
    from chapbook_core.resolver.facts import Metadata, Want


class IndexAnswers:
    """Knows what the indexes of a project say; one lives for one command."""

    def __init__(self, reader: IndexReader, policies: Sequence[Policy], watcher: Watcher) -> None:
        self._reader = reader
        self._policies = policies
        self._watcher = watcher
        self._read: dict[tuple[str, str, str | None], IndexMetadata] = {}

    def ahead(self, wants: Iterable[Want]) -> None:
        """Begin to read what will be asked soon."""
        for want in wants:
            match want:
                case VersionsWanted(name, origin) if _is_index(origin):
                    if self._reader.known_versions(name, _source(origin)) is None:
                        self._reader.want_versions(name, _source(origin))
                case MetadataWanted(name, version, origin) if _is_index(origin):
                    if self._reader.known_metadata(name, version, _source(origin)) is None:
                        self._reader.want_metadata(name, version, _source(origin))
                case _:
                    pass

    def tell(self, want: Want) -> Versions | Metadata | Unavailable:
        """Answer one question, waiting for the network if need be."""
        match want:
            case VersionsWanted(name, origin):
                return self._versions(name, origin)
            case MetadataWanted(name, version, origin):
                return self._metadata(name, version, origin)

    def metadata(self, name: str, version: str, origin: Origin | None) -> IndexMetadata:
        """Return the metadata of a release that was chosen."""
        return self._read[name, version, _source(origin)]

    def _versions(self, name: str, origin: Origin | None) -> Versions:
        try:
            offers = self._reader.versions(name, _source(origin))
        except PackageNotFound as missing:
            return Versions(name, missing=_why(missing))
        summary = offers.summary
        refusals = tuple(policy.refusal(summary) for policy in self._policies)
        if len(offers.offers) > 1:
            return versions_of(summary, refusals, origin)
        derived = offers.offers[0].remembered.derived
        key = (Versions, refusals, origin)
        if key not in derived:
            derived[key] = versions_of(summary, refusals, origin)
        return cast("Versions", derived[key])

    def _metadata(self, name: str, version: str, origin: Origin | None) -> Metadata | Unavailable:
        try:
            found = self._reader.metadata(name, version, _source(origin))
            if not isinstance(found, IndexMetadata):
                return Unavailable("tells what it requires only when it is built")
            facts = metadata_of(found)
        except (UnreadableMetadata, UnreadableDependency) as problem:
            self._watcher.emit(Notice("debug", f"{name} {version} is passed over: {problem.message}"))
            return Unavailable(f"has metadata that cannot be read ({problem.message})")
        self._read[name, version, _source(origin)] = found
        return facts


def _why(missing: PackageNotFound) -> str:
    """Complete the sentence "NAME ..."."""
    near = f"; did you mean {' or '.join(f'`{name}`' for name in missing.suggestions)}?" if missing.suggestions else ""
    return f"is on no index that was asked ({', '.join(missing.asked)}){near}"


def _is_index(origin: Origin | None) -> bool:
    return origin is None or isinstance(origin, IndexOrigin)


def _source(origin: Origin | None) -> str | None:
    return origin.source if isinstance(origin, IndexOrigin) else None
