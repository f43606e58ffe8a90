"""Packed bodies."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.index import body, room
from chapbook_core.index.room import Room


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=500), st.sampled_from(["gzip", "deflate", "gzip, gzip", "identity, gzip", ""]))
def test_a_packed_body_is_unpacked(content: bytes, encoding: str) -> None:
    packed = content
    for name in [part.strip() for part in encoding.split(",")]:
        match name:
            case "gzip":
                packed = gzip.compress(packed)
            case "deflate":
                packed = zlib.compress(packed)
    assert body.unpacked(packed, encoding, 1000) == content


@settings(deadline=None, max_examples=100)
@given(st.binary(min_size=1, max_size=60), st.integers(0), st.integers(0, 255), st.binary(max_size=20))
def test_a_body_is_inflated_at_a_stroke_as_it_is_in_pieces(content: bytes, place: int, byte: int, rest: bytes) -> None:
    packed = bytearray(gzip.compress(content, mtime=0))
    packed[place % len(packed)] ^= byte
    for several in (bytes(packed) + rest, bytes(packed) + gzip.compress(rest), bytes(packed) * 2):
        try:
            expected = body._inflated(several, 100)
        except (body.Broken, body.Overfull):
            expected = None
        found = body._at_a_stroke(several, 100)
        assert found is None or expected == bytes(found)


def test_a_body_of_one_member_is_inflated_at_a_stroke() -> None:
    pytest.importorskip("deflate")
    assert body._at_a_stroke(gzip.compress(b"x" * 1000), 1000) == bytearray(b"x" * 1000)
    assert body._at_a_stroke(gzip.compress(b"x" * 1001), 1000) is None


@settings(deadline=None, max_examples=100)
@given(st.binary(min_size=1, max_size=60), st.integers(0), st.integers(0, 255), st.binary(max_size=20))
def test_a_body_is_inflated_into_a_room_as_it_is_in_pieces(content: bytes, place: int, byte: int, rest: bytes) -> None:
    packed = bytearray(gzip.compress(content, mtime=0))
    packed[place % len(packed)] ^= byte
    inflated = Room()
    for several in (bytes(packed) + rest, bytes(packed) + gzip.compress(rest), bytes(packed) * 2):
        size = inflated.inflate(several, 100)
        if size is not None:
            assert body._inflated(several, 100) == inflated.content[:size]


def test_a_room_takes_one_body_after_another() -> None:
    pytest.importorskip("deflate")
    one = Room()
    for content in (b"x" * 1000, b"y" * (room._LEAST + 1), b"z" * 10, b"y" * room._MOST):
        size = one.inflate(gzip.compress(content), len(content))
        assert content == one.content[:size]
    assert one.inflate(gzip.compress(b"x" * 1001), 1000) is None
    assert one.inflate(gzip.compress(b"x" * (room._MOST + 1)), 1 << 30) is None
    assert one.inflate(gzip.compress(b"x") * 2, 1000) is None
    assert one.inflate(gzip.compress(b"x") + b"rest", 1000) is None
    assert one.inflate(b"", 1000) is None
    assert one.inflate(gzip.compress(b""), 1000) is None


def test_a_room_that_could_not_grow_is_not_taken_for_a_larger_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("deflate")
    one, large = Room(), gzip.compress(b"y" * room._MOST)
    assert one.inflate(gzip.compress(b"x"), 1) == 1
    with monkeypatch.context() as patched:
        patched.setattr(room, "_Place", lambda _content: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            one.inflate(large, room._MOST)
    assert one._place is None
    assert one.inflate(large, room._MOST) == room._MOST
    assert b"y" * room._MOST == one.content


def test_what_is_inflated_is_the_same_where_there_is_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b"a page")
    with_it = body.Digest().of(packed, "gzip", 100, lambda content, size: bytes(content[:size][::-1]))
    monkeypatch.setattr(room, "_libdeflate", lambda: None)
    without = body.Digest().of(packed, "gzip", 100, lambda content, size: bytes(content[:size][::-1]))
    assert b"egap a" == with_it == without


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, identity", ""])
def test_of_a_body_there_is_what_is_wanted_or_all(encoding: str) -> None:
    packed = {"": b"a page", "deflate": zlib.compress(b"a page")}.get(encoding, gzip.compress(b"a page"))
    digest = body.Digest()
    assert b"a page" == digest.of(packed, encoding, 100, lambda _content, _size: None)
    assert b"" == digest.of(packed, encoding, 100, lambda _content, _size: b"")
    assert b"age" == digest.of(packed, encoding, 100, lambda content, size: bytes(content[3:size]))


def test_of_a_body_too_large_for_a_room_there_is_what_is_wanted_or_all() -> None:
    content = b"a page" * room._MOST
    digest, packed = body.Digest(), gzip.compress(content, 1)
    assert content == digest.of(packed, "gzip", len(content), lambda _content, _size: None)
    assert b"age" == digest.of(packed, "gzip", len(content), lambda content, size: bytes(content[size - 3 : size]))
    with pytest.raises(body.Overfull):
        digest.of(packed, "gzip", len(content) - 1, lambda _content, _size: None)


def test_a_damaged_body_is_refused_whatever_is_wanted_of_it() -> None:
    with pytest.raises(body.Broken):
        body.Digest().of(gzip.compress(b"x" * 100, mtime=0)[:-9], "gzip", 1000, lambda _content, _size: b"")
    with pytest.raises(body.Overfull):
        body.Digest().of(gzip.compress(b"x" * 1001), "gzip", 1000, lambda _content, _size: b"")


def test_a_packed_body_over_its_limit_is_refused_however_small_it_came() -> None:
    with pytest.raises(body.Overfull):
        body.unpacked(gzip.compress(b"x" * 1001), "gzip", 1000)
    with pytest.raises(body.Overfull):
        body.unpacked(gzip.compress(b"x" * 600) * 2, "gzip", 1000)


# A time of day in the bytes would give the tests other names in each process that runs them.
@pytest.mark.parametrize(
    "packed", [b"x", gzip.compress(b"x" * 100, mtime=0)[:-9], gzip.compress(b"x", mtime=0) + b"rest"]
)
def test_a_damaged_packed_body_is_refused(packed: bytes) -> None:
    with pytest.raises(body.Broken):
        body.unpacked(packed, "gzip", 1000)
