"""Manifest: everything that placing a stored wheel needs to know, in one file.

    chapbook-manifest <layout> <checksum of the rest>
    {...}                                         what concerns the wheel as a whole
    [[path, ...], [size, ...], ...]               its files, column by column
    [[path, ...], [size, ...], ...]               those of them that are in the folder of other schemes

Wheels have thousands of files, and hardly a command asks for each of them: they are taken apart when somebody does.
Those that do not go below the folder for packages are few, and each environment wants to know where they go.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, overload

from chapbook_core.installer.script import Script
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYOUT = 3
"""Its number changes with what is written here, and with what stands beside it in the store."""
_HEAD = f"chapbook-manifest {LAYOUT} ".encode()


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


class Outline(NamedTuple):
    """What is known of the files of a wheel without looking at each."""

    total: int
    roots: tuple[str, ...]
    """The names directly in the tree, without the folder of other schemes."""
    scattered: int
    """How many are in the folder of other schemes."""


class ListedFiles(Sequence[StoredFile]):
    """The files of a manifest that was read, as they were written until somebody looks at one."""

    __slots__ = ("_count", "_files", "_scattered", "_texts")

    def __init__(self, held: bytes, scattered: bytes, count: int) -> None:
        self._texts = held, scattered
        self._count = count
        self._scattered: tuple[StoredFile, ...] | None = None
        self._files: tuple[StoredFile, ...] | None = None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[StoredFile]:
        return iter(self._all())

    @overload
    def __getitem__(self, place: int) -> StoredFile: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[StoredFile, ...]: ...
    def __getitem__(self, place: int | slice) -> StoredFile | tuple[StoredFile, ...]:
        return self._all()[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all())

    @property
    def texts(self) -> tuple[bytes, bytes]:
        """The columns as they are written, of those elsewhere and of those in the folder of other schemes."""
        return self._texts

    @property
    def scattered(self) -> tuple[StoredFile, ...]:
        """Those in the folder of other schemes."""
        if self._scattered is None:
            self._scattered = _read_columns(self._texts[1])
        return self._scattered

    def _all(self) -> tuple[StoredFile, ...]:
        if self._files is None:
            self._files = _read_columns(self._texts[0]) + self.scattered
        return self._files


def _written(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _columns(files: Sequence[StoredFile]) -> bytes:
    return _written([list(column) for column in zip(*files, strict=True)])


def _read_columns(text: bytes) -> tuple[StoredFile, ...]:
    return tuple(map(StoredFile._make, zip(*json.loads(text), strict=True)))


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
    files: Sequence[StoredFile]
    """Sorted, so that those of one folder stand together; what is in the folder of other schemes comes last."""
    noted: Outline | None = field(default=None, repr=False, compare=False)
    """What was written down of them."""

    @cached_property
    def outline(self) -> Outline:
        """What its files are like as a whole."""
        if self.noted is not None:
            return self.noted
        roots = [file.path.partition("/")[0] for file in self.files]
        names = tuple(root for root in dict.fromkeys(roots) if root != self.data)
        return Outline(len(roots), names, roots.count(self.data))

    @cached_property
    def scattered(self) -> tuple[StoredFile, ...]:
        """The files in the folder of other schemes."""
        if not self.outline.scattered:
            return ()
        if isinstance(self.files, ListedFiles):
            return self.files.scattered
        return tuple(file for file in self.files if self.is_scattered(file))

    def is_scattered(self, file: StoredFile) -> bool:
        """Tell whether a file is in the folder of other schemes."""
        return file.path.partition("/")[0] == self.data

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)

    def blob(self) -> bytes:
        """Return the manifest as bytes, with a checksum before them."""
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
            "outline": self.outline,
        }
        body = b"\n".join((_written(facts), *self._texts()))
        return _HEAD + f"{zlib.crc32(body):08x}\n".encode() + body

    def _texts(self) -> tuple[bytes, bytes]:
        if isinstance(self.files, ListedFiles):
            return self.files.texts
        held = [file for file in self.files if not self.is_scattered(file)] if self.scattered else self.files
        return _columns(held), _columns(self.scattered)


def read_manifest(blob: bytes) -> Manifest:
    """Return the manifest that `blob()` has written; raises DamagedManifest."""
    start = len(_HEAD) + 9
    body = memoryview(blob)[start:]
    if blob[:start] != _HEAD + f"{zlib.crc32(body):08x}\n".encode():
        raise DamagedManifest("its checksum is wrong")
    end = blob.index(b"\n", start)
    middle = blob.index(b"\n", end + 1)
    facts = json.loads(blob[start:end])
    total, roots, scattered = facts["outline"]
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
        files=ListedFiles(blob[end + 1 : middle], blob[middle + 1 :], total),
        noted=Outline(total, tuple(roots), scattered),
    )
