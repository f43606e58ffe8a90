"""What a lock repeats of each selected release: its metadata, its files and where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from chapbook_core.lock.lockfile import LockedFile, LockedSource
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.resolver.index_facts import demands_of
from chapbook_core.resolver.locking import Details

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from chapbook_core.commands.index_answers import IndexAnswers
    from chapbook_core.index.file import File
    from chapbook_core.index.memory import Note
    from chapbook_core.index.metadata import Metadata
    from chapbook_core.index.offer import Offer
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.index.sources import Place
    from chapbook_core.resolver.problem import Selected

_STRONGEST_FIRST = ("sha512", "sha384", "sha256")
_LARGEST_FILE = 8_000_000_000


class LockedDetails:
    """Answers for the packages of a solution; the indexes were asked about all of them already."""

    def __init__(self, index: OpenIndex, answers: IndexAnswers) -> None:
        self._index = index
        self._answers = answers

    def __call__(self, selected: Selected) -> Details:
        """Return what the lock says of a release."""
        if selected.origin is not None and not isinstance(selected.origin, IndexOrigin):
            return self._answers.reference_details(selected.name, selected.origin)
        metadata = self._answers.metadata(selected.name, selected.version, selected.origin)
        source = selected.origin.source if isinstance(selected.origin, IndexOrigin) else None
        offers = self._index.reader.versions(selected.name, source)
        offer = offers.offer_of(selected.version)
        if offer is None:
            raise LookupError(f"{selected.name} {selected.version} was selected and is on no page")
        if self._answers.is_of_build(selected.name, selected.version, selected.origin):
            # Whoever uses the page next may hear something else, and finds nothing of this there.
            return self._made(offer, selected.version, metadata, {})
        key = (Details, selected.version, offer.place.name, offer.place.is_default)
        known = offer.remembered.derived.get(key)
        if known is None:
            known = offer.remembered.derived[key] = self._made(
                offer, selected.version, metadata, offer.remembered.notes
            )
        return cast("Details", known)

    def _made(self, offer: Offer, version: str, metadata: Metadata, notes: MutableMapping[Note, object]) -> Details:
        place = offer.place
        return Details(
            demands=demands_of(metadata),
            requires_python=metadata.requires_python or "",
            summary=metadata.summary,
            files=tuple(map(LockedFile._make, self._hashes(offer, version))),
            source=None if place.is_default else LockedSource("legacy", place.url.rstrip("/"), place.name),
            notes=notes,
        )

    def _hashes(self, offer: Offer, version: str) -> Iterable[tuple[str, str]]:
        """Return the files of a release, each with its hash, in the words of a lock."""
        place, notes = offer.place, offer.remembered.notes
        about = ("hashes", version, place.is_default)
        if about not in notes:
            files = _offered(offer.files(version), place)
            notes[about] = tuple([(file.filename, self._hash(file, place)) for file in files])
        return cast("Iterable[tuple[str, str]]", notes[about])

    def _hash(self, file: File, place: Place) -> str:
        for algorithm in ("sha256",) if place.is_default else _STRONGEST_FIRST:
            if digest := file.digest(algorithm):
                return f"{algorithm}:{digest}"
        return f"sha256:{self._computed(file)}"

    def _computed(self, file: File) -> str:
        """Return the hash that the index does not tell."""
        # Imported here because nearly every index tells its hashes.
        import hashlib
        import tempfile

        with tempfile.TemporaryFile() as stream:
            self._index.client.download(file.url, stream, hashes=dict(file.hashes), size=_LARGEST_FILE)
            stream.seek(0)
            return hashlib.file_digest(stream, "sha256").hexdigest()


def _offered(files: Iterable[File], place: Place) -> list[File]:
    """Leave out what is yanked, as Poetry does for all indexes but the default one, unless everything is."""
    files = list(files)
    if place.is_default:
        return files
    return [file for file in files if not file.yanked] or files
