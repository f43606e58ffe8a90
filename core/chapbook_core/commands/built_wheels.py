"""Built wheels: what was built out of a source is found again by the source, the Python and the settings.

    <folder>/ab/abcd...    what came out: the digest of a wheel in the store, or metadata

An entry appears by one rename; an entry whose wheel has gone from the store counts for nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from chapbook_core.index.blob import StaleBlob
from chapbook_core.index.metadata import Metadata, UnreadableMetadata, parse_metadata
from chapbook_core.project.last_use import note_use

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.installer.store import Store, StoredWheel

_FORMAT = 1


class BuiltWheels:
    """The entries in one folder; without a folder nothing is kept."""

    def __init__(self, folder: Path | None, store: Store) -> None:
        self._folder = folder
        self._store = store

    @staticmethod
    def key(*parts: object) -> str:
        """Return what an entry is found by."""
        return hashlib.sha256(repr((_FORMAT, *parts)).encode("utf-8", "surrogateescape")).hexdigest()

    def wheel(self, key: str) -> StoredWheel | None:
        """Return the wheel that was built, if it is still there."""
        entry = self._entry(key)
        digest = entry.get("sha256")
        if digest is None:
            return None
        stored = self._store.find(digest)
        return stored if stored is not None and stored.manifest.filename == entry.get("filename") else None

    def metadata(self, key: str) -> Metadata | None:
        """Return the metadata that a build told, with or without a wheel."""
        try:
            if (stored := self.wheel(key)) is not None:
                folder = next(stored.tree.glob("*.dist-info"))
                return parse_metadata((folder / "METADATA").read_bytes(), stored.manifest.filename)
            text = self._entry(key).get("metadata")
            return None if text is None else Metadata.from_blob(text.encode("latin-1"))
        except (OSError, StopIteration, UnreadableMetadata, StaleBlob):
            return None

    def keep_wheel(self, key: str, stored: StoredWheel) -> None:
        """Remember a wheel that is in the store."""
        self._keep(key, {"sha256": stored.manifest.sha256, "filename": stored.manifest.filename})

    def keep_metadata(self, key: str, metadata: Metadata) -> None:
        """Remember what a build without a wheel told."""
        if self.wheel(key) is None:
            self._keep(key, {"metadata": metadata.blob().decode("latin-1")})

    def _entry(self, key: str) -> dict[str, str]:
        if self._folder is None:
            return {}
        place = self._folder / key[:2] / key
        try:
            entry = json.loads(place.read_bytes())
        except (OSError, ValueError):
            return {}
        note_use(place)
        is_table = isinstance(entry, dict) and all(isinstance(text, str) for text in entry.values())
        return entry if is_table else {}

    def _keep(self, key: str, entry: dict[str, str]) -> None:
        if self._folder is None:
            return
        place = self._folder / key[:2] / key
        draft = place.with_name(f"{os.urandom(8).hex()}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(entry), "utf-8")
            draft.replace(place)
        except OSError:
            # A cache that cannot be written only costs time.
            draft.unlink(missing_ok=True)
