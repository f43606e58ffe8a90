"""Unpacks a checked wheel into an empty folder, file by file, and checks each against RECORD on the way.

Most wheels are unpacked by `usual_wheel` where `swift` is there; all others, and those that are not as they should be,
come here.
"""

from __future__ import annotations

import hashlib
import os
from functools import partial
from typing import TYPE_CHECKING

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.manifest import Manifest, StoredFile
from chapbook_core.installer.record import Row, base64_digest, expected_digest
from chapbook_core.installer.starting import runs_at_start
from chapbook_core.installer.wheel import open_archive, read_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import Self

    from chapbook_core.events import Watcher
    from chapbook_core.installer.archive import Archive, ArchiveLimits, Member
    from chapbook_core.installer.manifest import Outline
    from chapbook_core.installer.wheel import WheelFile

_LOOKED_AT = 8192
"""A file is text unless there is a zero byte this near to its start."""
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_PIECE = 1 << 20


class AnyWheel:
    """An open wheel of any kind, read and understood."""

    def __init__(self, path: Path, filename: str, limits: ArchiveLimits, *, is_lenient: bool = False) -> None:
        """Raise BadWheel for what is none, and OSError."""
        self._archive = open_archive(path, filename, limits)
        try:
            self._wheel = read_wheel(self._archive, filename, is_lenient=is_lenient)
        except BaseException:
            self._archive.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._archive.close()

    def sha256(self) -> str:
        """Return the digest of all of it, hexadecimal."""
        return self._archive.sha256()

    def unpack(self, sha256: str, tree: Path, watcher: Watcher) -> Manifest:
        """Write its files, read-only, and return what was written; raises BadWheel and OSError.

        The folder must not exist. Watched, the work can be stopped between two files.
        """
        return _unpack(self._archive, self._wheel, sha256, tree, watcher)


def _unpack(archive: Archive, wheel: WheelFile, sha256: str, tree: Path, watcher: Watcher) -> Manifest:
    members = [member for member in archive.members if not member.is_folder]
    _make_folders(tree, members)
    files: list[StoredFile] = []
    starting: list[str] = []
    try:
        for member in members:
            watcher.checkpoint()
            file, start = write_member(archive, member, wheel.digests.get(member.path), tree)
            files.append(file)
            if runs_at_start(file.path, start, is_whole=len(start) == file.size):
                starting.append(file.path)
    except Refusal as problem:
        raise problem.of(wheel.filename) from None
    return manifest_of(wheel, sha256, starting, sorted(files, key=partial(_order, wheel.data)))


def manifest_of(
    wheel: WheelFile, sha256: str, starting: Iterable[str], files: Sequence[StoredFile], noted: Outline | None = None
) -> Manifest:
    """Return the manifest of a wheel that was unpacked; `noted` is what is known of the files, if they are as read."""
    return Manifest(
        filename=wheel.filename,
        sha256=sha256.lower(),
        name=wheel.name.name,
        version=wheel.metadata.version,
        dist_info=wheel.dist_info,
        data=wheel.data,
        is_pure=wheel.is_pure,
        tags=wheel.tags,
        scripts=wheel.scripts,
        starting=tuple(sorted(starting)),
        complaints=wheel.complaints,
        files=files if noted else tuple(files),
        noted=noted,
    )


def _order(data: str, file: StoredFile) -> tuple[bool, tuple[str, str, str]]:
    return file.path.partition("/")[0] == data, file.path.rpartition("/")


def _make_folders(tree: Path, files: Sequence[Member]) -> None:
    tree.mkdir()
    made = {""}
    for folder in sorted({member.path.rpartition("/")[0] for member in files}):
        parts = folder.split("/")
        for count in range(1, len(parts) + 1):
            inner = "/".join(parts[:count])
            if inner not in made:
                os.mkdir(f"{tree}/{inner}")  # noqa: PTH102  a hundred thousand paths are made faster as texts
                made.add(inner)


def write_member(
    archive: Archive, member: Member, expected: str | None, tree: Path
) -> tuple[StoredFile, bytes | bytearray]:
    """Write one file, of which RECORD may tell the digest; return what is to be remembered of it, and how it begins."""
    sha256 = hashlib.sha256()
    algorithm = "sha256" if expected is None else expected.partition("=")[0]
    other = sha256 if algorithm == "sha256" else hashlib.new(algorithm)
    start: bytes | bytearray = b""
    descriptor = os.open(f"{tree}/{member.path}", _NEW_FILE, 0o555 if member.is_executable else 0o444)
    try:
        for piece in archive.pieces(member):
            start = start or piece
            sha256.update(piece)
            if other is not sha256:
                other.update(piece)
            written = os.write(descriptor, piece)
            while written < len(piece):
                written += os.write(descriptor, memoryview(piece)[written:])
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    digest = base64_digest(sha256.digest())
    if expected is not None and expected != f"sha256={digest}":
        _check_digest(member.path, expected, other.digest())
    is_text = start.find(b"\0", 0, _LOOKED_AT) < 0
    return StoredFile(member.path, status.st_size, status.st_mtime_ns, digest, member.is_executable, is_text), start


def _check_digest(path: str, expected: str, digest: bytes) -> None:
    """Raise Refusal unless it is the one that RECORD gives, in whichever of the ways that there are to write it."""
    if expected_digest(Row(path, expected))[1] != digest:
        raise Refusal("a file differs from RECORD", path)


def file_digest(path: Path, *, is_record: bool = False) -> str:
    """Return the SHA-256 of a file, in hexadecimal or as RECORD writes it."""
    with path.open("rb", buffering=0) as stream:
        digest = hashlib.sha256()
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return base64_digest(digest.digest()) if is_record else digest.hexdigest()
