from __future__ import annotations

import random
import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer import archive as archives
from chapbook_core.installer import inflating
from chapbook_core.installer.archive import Archive
from chapbook_core.installer.bad_wheel import Refusal

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"import numpy\n" * 500
needs_libdeflate = pytest.mark.skipif(not inflating.MOST_AT_ONCE, reason="there is no libdeflate here")


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def trailer(content: bytes) -> bytes:
    return struct.pack("<II", zlib.crc32(content), len(content))


def archive_of(folder: Path, packed: bytes, content: bytes, *, size: int | None = None) -> Path:
    """Write an archive that holds a file of these packed bytes, and calls it what the content is."""
    size = len(content) if size is None else size
    facts = struct.pack("<HHHHHIII", 20, 0, 8, 0, 33, zlib.crc32(content), len(packed), size)
    record = b"PK\x03\x04" + facts + struct.pack("<HH", 1, 0) + b"a" + packed
    entry = b"PK\x01\x02" + b"\x14\x03" + facts + struct.pack("<HHHHHII", 1, 0, 0, 0, 0, 0o100644 << 16, 0) + b"a"
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(record), 0)
    path = folder / "archive.zip"
    path.write_bytes(record + entry + end)
    return path


def read(path: Path) -> bytes | str:
    """Return what the file holds, or why it is refused."""
    with Archive(path) as archive:
        try:
            return archive.content(archive.members[0])
        except Refusal as refusal:
            return refusal.what


def told_in_pieces(path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes | str:
    with monkeypatch.context() as patch:
        patch.setattr(archives, "MOST_AT_ONCE", 0)
        return read(path)


@needs_libdeflate
@pytest.mark.parametrize("content", [b"", b"x", CONTENT, random.Random(5).randbytes(70_000), b"\0" * 300_000])
def test_a_good_file_comes_at_a_stroke(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive_of(tmp_path, deflated(content), content)
    with Archive(path) as archive:
        pieces = list(archive.pieces(archive.members[0]))
    # What nothing is in has a trailer of zeros, which are found too early.
    assert pieces == ([content] if content else [b""])
    assert told_in_pieces(path, monkeypatch) == content


@pytest.mark.parametrize(
    ("hidden", "what"),
    [
        (b"\0", "longer"),
        (b"hidden bytes", "longer"),
        (trailer(CONTENT), "longer"),
        (trailer(CONTENT) + b"hidden bytes", "longer"),
        (trailer(CONTENT)[:4], "longer"),
        (deflated(b"another file"), "longer"),
    ],
)
def test_bytes_behind_the_end_are_not_overlooked(
    tmp_path: Path, hidden: bytes, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive_of(tmp_path, deflated(CONTENT) + hidden, CONTENT)
    told = read(path)
    assert isinstance(told, str)
    assert what in told
    assert told == told_in_pieces(path, monkeypatch)


@pytest.mark.parametrize("other", [CONTENT[::-1], CONTENT[:-1], b"x", CONTENT + b"x"])
@pytest.mark.parametrize("hidden", [b"", b"hidden bytes"])
def test_another_file_with_its_own_trailer_is_refused(
    tmp_path: Path, other: bytes, hidden: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive_of(tmp_path, deflated(other) + trailer(other) + hidden, CONTENT)
    told = read(path)
    assert isinstance(told, str)
    assert told == told_in_pieces(path, monkeypatch)


def test_a_trailer_that_repeats_itself_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of size and checksum zero: any zeros behind the end look like its beginning.
    for hidden in (b"\0", b"\0" * 7, b"\0" * 8, b"\0" * 9):
        path = archive_of(tmp_path, deflated(b"") + hidden, b"")
        assert isinstance(read(path), str)
        assert read(path) == told_in_pieces(path, monkeypatch)


@pytest.mark.parametrize("size", [0, 1, len(CONTENT) - 1, len(CONTENT) + 1, 3 * len(CONTENT)])
def test_a_size_that_is_not_the_files_is_refused(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive_of(tmp_path, deflated(CONTENT), CONTENT, size=size)
    told = read(path)
    assert isinstance(told, str)
    assert told == told_in_pieces(path, monkeypatch)


def test_both_ways_agree_on_whatever_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(20)
    good = deflated(CONTENT)
    verdicts = set()
    for _ in range(600):
        packed = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            packed[chance.randrange(len(packed))] = chance.randrange(256)
        cut = chance.choice([None, chance.randrange(1, len(packed))])
        path = archive_of(tmp_path, bytes(packed[:cut]) + chance.randbytes(chance.choice([0, 0, 5])), CONTENT)
        told = read(path)
        assert told == told_in_pieces(path, monkeypatch)
        verdicts.add(told)
    assert len(verdicts) > 2


@needs_libdeflate
def test_a_large_file_comes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_AT_ONCE", 1000)
    path = archive_of(tmp_path, deflated(CONTENT * 100), CONTENT * 100)
    with Archive(path) as archive:
        pieces = list(archive.pieces(archive.members[0]))
    assert len(pieces) > 1
    assert b"".join(pieces) == CONTENT * 100
