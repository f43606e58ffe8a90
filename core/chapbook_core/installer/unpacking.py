"""Unpacks a checked wheel into an empty folder, and checks each file against RECORD on the way.

Where `swift` is there, most files are taken out many at a time; all others, and those that are not as they should be,
are taken out here one by one.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from chapbook_core.installer.archive_directory import DEFLATED
from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.handful import Handfuls
from chapbook_core.installer.inflating import PIECE
from chapbook_core.installer.manifest import Manifest, StoredFile
from chapbook_core.installer.record import Row, base64_digest, expected_digest
from chapbook_core.installer.starting import may_run_at_start, runs_at_start
from chapbook_core.installer.swift import swift

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.events import Watcher
    from chapbook_core.installer.archive import Archive, Member
    from chapbook_core.installer.wheel import WheelFile

_LOOKED_AT = 8192
"""A file is text unless there is a zero byte this near to its start."""
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_PIECE = 1 << 20


def unpack_wheel(archive: Archive, wheel: WheelFile, sha256: str, tree: Path, watcher: Watcher) -> Manifest:
    """Write the files of a wheel, read-only, and return what was written; raises BadWheel and OSError.

    The folder must not exist. Watched, the work can be stopped between two files.
    """
    _make_folders(tree, wheel.files)
    files: list[StoredFile] = []
    starting: list[str] = []
    helper = swift()
    try:
        with ExitStack() as stack:
            handfuls = None if helper is None else stack.enter_context(Handfuls(helper, archive, tree))
            while len(files) < len(wheel.files):
                watcher.checkpoint()
                taken = _grab(handfuls, wheel, len(files)) if handfuls is not None else ()
                for file, start in taken or (_write(archive, wheel, wheel.files[len(files)], tree),):
                    files.append(file)
                    if runs_at_start(file.path, start, is_whole=len(start) == file.size):
                        starting.append(file.path)
    except Refusal as problem:
        raise problem.of(wheel.filename) from None
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
        files=tuple(sorted(files, key=partial(_order, wheel.data))),
    )


def _order(data: str, file: StoredFile) -> tuple[bool, tuple[str, str, str]]:
    return file.path.partition("/")[0] == data, file.path.rpartition("/")


def _make_folders(tree: Path, files: tuple[Member, ...]) -> None:
    tree.mkdir()
    made = {""}
    for folder in sorted({member.path.rpartition("/")[0] for member in files}):
        parts = folder.split("/")
        for count in range(1, len(parts) + 1):
            inner = "/".join(parts[:count])
            if inner not in made:
                os.mkdir(f"{tree}/{inner}")  # noqa: PTH102  a hundred thousand paths are made faster as texts
                made.add(inner)


def _grab(handfuls: Handfuls, wheel: WheelFile, place: int) -> list[tuple[StoredFile, bytes | bytearray]]:
    """Write some of the files from a place on; return of each what `_write` does, but the begin where nobody asks."""
    taken: list[tuple[StoredFile, bytes | bytearray]] = []
    digests = wheel.digests
    for number, (member, told) in enumerate(handfuls.grab(wheel.files, place)):
        path = member.path
        digest = told.digest.decode() if told.has_digest else _digest_of(handfuls.content(number))
        expected = digests.get(path)
        if expected is not None and expected != f"sha256={digest}":
            content = handfuls.content(number)
            _check_digest(path, expected, hashlib.new(expected.partition("=")[0], content).digest())
        start = handfuls.content(number) if may_run_at_start(path) else b""
        if member.method != DEFLATED:
            # As much as `_write` sees of it: what comes of a wheel does not depend on who has taken it out.
            start = start[:PIECE]
        taken.append(
            (StoredFile(path, member.size, told.time, digest, member.is_executable, bool(told.is_text)), start)
        )
    return taken


def _digest_of(content: bytes) -> str:
    return base64_digest(hashlib.sha256(content).digest())


def _write(archive: Archive, wheel: WheelFile, member: Member, tree: Path) -> tuple[StoredFile, bytes | bytearray]:
    """Write one file; return what is to be remembered of it, and how it begins."""
    expected = wheel.digests.get(member.path)
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
