from __future__ import annotations

import io
import zipfile

import pytest

from chapbook_core.index.wheel_tail import Extent, UnreadableWheel, read_wheel_metadata

METADATA = b"Metadata-Version: 2.1\nName: Foo\nVersion: 1.0\n\n" + b"prose " * 500


def wheel(
    members: dict[str, bytes] | None = None, *, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b""
) -> bytes:
    members = members or {
        "foo/__init__.py": b"x = 1\n" * 5000,
        "Foo-1.0.dist-info/METADATA": METADATA,
        "Foo-1.0.dist-info/RECORD": b"",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for path, body in members.items():
            archive.writestr(path, body)
        archive.comment = comment
    return content.getvalue()


def read(content: bytes, tail: int, name: str = "foo", version: str = "1.0") -> tuple[bytes, list[Extent]]:
    steps = read_wheel_metadata(content[-tail:], len(content), name, version)
    asked: list[Extent] = []
    try:
        extent = next(steps)
        while True:
            asked.append(extent)
            extent = steps.send(content[extent.start : extent.stop])
    except StopIteration as done:
        return done.value, asked


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("comment", [b"", b"signed twice"])
def test_metadata_is_read_whatever_part_of_the_wheel_is_at_hand(method: int, comment: bytes) -> None:
    content = wheel(method=method, comment=comment)
    asked = set()
    for tail in (len(content), 5000, 1200, 300, 120, 22 + len(comment)):
        metadata, extents = read(content, tail)
        assert metadata == METADATA
        asked.add(len(extents))
    assert asked == {0, 1, 2}


def test_nothing_is_asked_for_when_the_tail_holds_it_all() -> None:
    content = wheel({"big.bin": bytes(range(256)) * 4000, "foo-1.0.dist-info/METADATA": METADATA})
    assert read(content, 4000) == (METADATA, [])


def test_only_the_metadata_is_asked_for_when_it_lies_before_the_tail() -> None:
    big = bytes(range(256)) * 4000
    content = wheel({"foo-1.0.dist-info/METADATA": METADATA, "big.bin": big}, method=zipfile.ZIP_STORED)
    metadata, (extent,) = read(content, 4000)
    assert metadata == METADATA
    assert extent.start == 0
    assert extent.stop < len(METADATA) + 700


@pytest.mark.parametrize("name", ["foo-1.0.0", "Foo-1.0", "FOO-1"])
def test_every_spelling_of_name_and_version_is_found(name: str) -> None:
    assert read(wheel({f"{name}.dist-info/METADATA": METADATA}), 4000)[0] == METADATA


ZERO, ONE, NINE = b"\0", b"\1", b"\x09"
# Where the change goes: into the local header of METADATA, its directory entry, or the end record; there, at an offset.
CHANGES = {
    "the end mark is gone": ("end", 0, ZERO),
    "the end is on another disk": ("end", 4, ONE),
    "the counts of members differ": ("end", 8, NINE),
    "there are fewer members than told": ("end", 8, b"\x09\0\x09\0"),
    "there are more members than told": ("end", 8, b"\2\0\2\0"),
    "the directory is too long": ("end", 12, (2**31).to_bytes(4, "little")),
    "the offset asks for ZIP64": ("end", 16, b"\xff" * 4),
    "the entry has no mark": ("entry", 0, ZERO),
    "the entry is encrypted": ("entry", 8, ONE),
    "the entry is packed in another way": ("entry", 10, b"\x0c"),
    "the entry has another checksum": ("entry", 16, b"\0\1\2\3"),
    "the entry tells a huge packed size": ("entry", 20, (2**20).to_bytes(4, "little")),
    "the entry tells a smaller size": ("entry", 24, (len(METADATA) - 1).to_bytes(4, "little")),
    "the entry tells a huge size": ("entry", 24, (2**30).to_bytes(4, "little")),
    "the entry has a longer name": ("entry", 29, b"\x40"),
    "the header has no mark": ("header", 0, ZERO),
    "the header is encrypted": ("header", 6, ONE),
    "the header is packed in another way": ("header", 8, ZERO),
    "the header has another name": ("header", 30, b"x"),
    "the header has a longer extra field": ("header", 28, b"\xff\xff"),
    "the content is changed": ("header", 61, b"\xff\xfe"),
}


def damaged(part: str, offset: int, change: bytes) -> bytes:
    content = bytearray(wheel())
    path = b"Foo-1.0.dist-info/METADATA"
    starts = {"header": content.index(path) - 30, "entry": content.rindex(path) - 46, "end": content.rindex(b"PK\5\6")}
    place = starts[part] + offset
    assert content[place : place + len(change)] != change
    content[place : place + len(change)] = change
    return bytes(content)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("tail", [100_000, 300, 30])
def test_a_damaged_wheel_is_refused(change: str, tail: int) -> None:
    with pytest.raises(UnreadableWheel):
        read(damaged(*CHANGES[change]), tail)


@pytest.mark.parametrize("tail", [100_000, 300, 30])
def test_bytes_around_the_archive_are_refused(tail: int) -> None:
    for content in (
        wheel() + b"x",
        b"x" * 40 + wheel(),
        wheel() + wheel(),
        wheel(comment=b"PK\5\6 in a comment" + bytes(22)),
    ):
        with pytest.raises(UnreadableWheel):
            read(content, tail)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"a.py": b""}, "0 `.dist-info` folders"),
        ({"foo-1.0.dist-info/METADATA": b"", "bar-1.0.dist-info/METADATA": b""}, "2 `.dist-info` folders"),
        ({"foo-1.0.dist-info/RECORD": b""}, "0 METADATA files"),
        ({"x/foo-1.0.dist-info/METADATA": b""}, "0 `.dist-info` folders"),
        ({"foo-1.1.dist-info/METADATA": b""}, "is not that of foo 1.0"),
        ({"bar-1.0.dist-info/METADATA": b""}, "is not that of foo 1.0"),
        ({"foo-x.dist-info/METADATA": b""}, "is not that of foo 1.0"),
        ({"foo-1.0.dist-info/METADATA": bytes(17 * 1024 * 1024)}, "more than 16777216 bytes"),
    ],
)
def test_a_wheel_without_its_own_single_metadata_is_refused(members: dict[str, bytes], reason: str) -> None:
    with pytest.raises(UnreadableWheel, match=reason):
        read(wheel(members), 4000)


def test_two_files_of_that_name_are_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("foo-1.0.dist-info/METADATA", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("foo-1.0.dist-info/METADATA", b"two")
    with pytest.raises(UnreadableWheel, match="2 METADATA files"):
        read(content.getvalue(), 4000)


def test_a_server_that_sends_another_range_is_found_out() -> None:
    content = wheel(method=zipfile.ZIP_STORED)
    steps = read_wheel_metadata(content[-100:], len(content), "foo", "1.0")
    next(steps)
    with pytest.raises(UnreadableWheel, match=r"bytes were asked for, 3 came"):
        steps.send(b"abc")


@pytest.mark.parametrize("content", [b"", b"PK", b"<html>" * 100, b"PK\x05\x06" + bytes(17)])
def test_what_is_no_zip_file_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableWheel):
        read(content, 4000)
