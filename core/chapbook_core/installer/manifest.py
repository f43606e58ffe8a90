"""Manifest: everything that placing a stored wheel needs to know, in one file that is read at once."""

from __future__ import annotations

import json
import zlib
from typing import NamedTuple

from chapbook_core.installer.script import Script
from chapbook_core.value import frozen

_HEAD = b"chapbook-manifest 1 "


class DamagedManifest(ValueError):
    """Not the bytes of a manifest, or of another version of it."""


class StoredFile(NamedTuple):
    """A file of an unpacked wheel. Wheels have thousands: a tuple is made several times faster than a dataclass."""

    path: str
    """Below the tree, with `/` between parts."""
    size: int
    mtime: int
    """In nanoseconds, when it was stored; a file that has another one was written to."""
    sha256: str
    """As RECORD writes it, base64 without padding."""
    is_executable: bool
    is_text: bool
    """Whether a person could edit it."""


@frozen
class Manifest:
    """An unpacked wheel."""

    filename: str
    sha256: str
    """Of the wheel, hexadecimal."""
    name: str
    """Canonical."""
    version: str
    """As METADATA writes it."""
    dist_info: str
    data: str
    is_pure: bool
    tags: tuple[str, ...]
    scripts: tuple[Script, ...]
    starting: tuple[str, ...]
    """The files that make every start of Python run code."""
    complaints: tuple[str, ...]
    """What its RECORD has wrong, where that was borne."""
    files: tuple[StoredFile, ...]
    """Sorted, so that those of one folder stand together."""

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)

    def blob(self) -> bytes:
        """Return the manifest as bytes, with a checksum before them."""
        columns = [list(column) for column in zip(*self.files, strict=True)]
        facts = {
            "filename": self.filename,
            "sha256": self.sha256,
            "name": self.name,
            "version": self.version,
            "dist_info": self.dist_info,
            "data": self.data,
            "is_pure": self.is_pure,
            "tags": self.tags,
            "scripts": self.scripts,
            "starting": self.starting,
            "complaints": self.complaints,
            "files": columns,
        }
        body = json.dumps(facts, separators=(",", ":")).encode()
        return _HEAD + f"{zlib.crc32(body):08x}\n".encode() + body


def read_manifest(blob: bytes) -> Manifest:
    """Return the manifest that `blob()` has written; raises DamagedManifest."""
    start = len(_HEAD) + 9
    body = blob[start:]
    if blob[:start] != _HEAD + f"{zlib.crc32(body):08x}\n".encode():
        raise DamagedManifest("its checksum is wrong")
    facts = json.loads(body)
    return Manifest(
        filename=facts["filename"],
        sha256=facts["sha256"],
        name=facts["name"],
        version=facts["version"],
        dist_info=facts["dist_info"],
        data=facts["data"],
        is_pure=facts["is_pure"],
        tags=tuple(facts["tags"]),
        scripts=tuple(Script(*fields) for fields in facts["scripts"]),
        starting=tuple(facts["starting"]),
        complaints=tuple(facts["complaints"]),
        files=tuple(map(StoredFile._make, zip(*facts["files"], strict=True))),
    )
