from __future__ import annotations

import io
import random
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer import archive as archives
from chapbook_core.installer.archive import Archive, ArchiveLimits
from chapbook_core.installer.bad_wheel import Refusal
from tests.fakes.wheels import GOOD, Part, pack

if TYPE_CHECKING:
    from pathlib import Path

BIG = bytes(range(256)) * 12_000


def contents(path: Path, limits: ArchiveLimits | None = None) -> dict[str, bytes]:
    with Archive(path, limits or ArchiveLimits()) as archive:
        return {member.path: archive.content(member) for member in archive.members if not member.is_folder}


def written(folder: Path, body: bytes) -> Path:
    path = folder / "archive.zip"
    path.write_bytes(body)
    return path


class Unseekable(io.RawIOBase):
    """A stream that makes `zipfile` leave the sizes to a record behind each file."""

    def __init__(self) -> None:
        self.body = b""

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        self.body += bytes(piece)  # type: ignore[call-overload]  # whatever holds bytes
        return len(bytes(piece))  # type: ignore[call-overload]  # likewise


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("is_wide", [False, True])
@pytest.mark.parametrize("is_stream", [False, True])
def test_what_zipfile_writes_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: int, is_wide: bool, is_stream: bool
) -> None:
    expected = {"a/empty": b"", "a/small": b"small", "big": BIG, "a/\u00fc.txt": b"text"}
    stream: io.BytesIO | Unseekable = Unseekable() if is_stream else io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo("a/"), b"")
        for name, content in expected.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=is_wide) as member:
                member.write(content)
    path = written(tmp_path, stream.body if isinstance(stream, Unseekable) else stream.getvalue())
    assert expected == contents(path)
    # And one that is too large to be read into memory as a whole.
    monkeypatch.setattr(archives, "MOST_HELD", 0)
    assert expected == contents(path)


def test_a_changed_byte_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    body = GOOD.build()
    expected = contents(written(tmp_path, body))
    dice = random.Random(1)
    refused = 0
    for _ in range(400):
        place = dice.randrange(len(body))
        changed = body[:place] + bytes((body[place] ^ (1 << dice.randrange(8)),)) + body[place + 1 :]
        try:
            found = contents(written(tmp_path, changed))
        except Refusal:
            refused += 1
            continue
        # Times and versions of the format may differ, and so may a name in a place where both headers agree: nowhere.
        assert expected == found
    assert refused > 300


@pytest.mark.parametrize("length", [0, 1, 21, 22, 100, 1000])
def test_a_file_that_ends_too_soon_is_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(Refusal):
        contents(written(tmp_path, GOOD.build()[:length]))


def test_records_that_overlap_are_refused(tmp_path: Path) -> None:
    body = pack([Part("a", b"one"), Part("b", b"two")])
    at = body.rindex(b"PK\x01\x02") + 42
    with pytest.raises(Refusal, match="inconsistent"):
        contents(written(tmp_path, body[:at] + bytes(4) + body[at + 4 :]))


@pytest.mark.parametrize("told", [3, 4])
def test_a_wide_size_that_nobody_needs_has_to_be_the_other_one(tmp_path: Path, told: int) -> None:
    body = pack([Part("a", b"one")])
    start = body.index(b"PK\x01\x02")
    end = body.index(b"PK\x05\x06")
    extra = struct.pack("<HHQ", 1, 8, told)
    entry = body[start : start + 30] + struct.pack("<H", len(extra)) + body[start + 32 : end] + extra
    length = struct.pack("<I", len(entry))
    path = written(tmp_path, body[:start] + entry + body[end : end + 12] + length + body[end + 16 :])
    if told == 3:
        assert {"a": b"one"} == contents(path)
        return
    with pytest.raises(Refusal, match="two sizes"):
        contents(path)


def test_a_plain_comment_is_borne_and_an_archive_in_it_is_not(tmp_path: Path) -> None:
    parts = [Part("a", b"one")]
    assert {"a": b"one"} == contents(written(tmp_path, pack(parts, comment=b"signed")))
    with pytest.raises(Refusal):
        contents(written(tmp_path, pack(parts, comment=pack([Part("b", b"two")]))))


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (ArchiveLimits(members=1), "more than 1 files"),
        (ArchiveLimits(unpacked=10), "more than the 10 allowed"),
        (ArchiveLimits(unsuspected=10, ratio=1), "1 times its own size"),
        (ArchiveLimits(directory=10), "more than 10 bytes"),
    ],
)
def test_a_limit_is_named_when_it_is_exceeded(tmp_path: Path, limits: ArchiveLimits, named: str) -> None:
    body = pack([Part("a", BIG[:2000], is_deflated=True), Part("b", b"two")])
    with pytest.raises(Refusal, match=named):
        contents(written(tmp_path, body), limits)
