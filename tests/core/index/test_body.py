"""Packed bodies."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.index import body


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
        assert body._at_a_stroke(several, 100) in {expected, None}


def test_a_body_of_one_member_is_inflated_at_a_stroke() -> None:
    pytest.importorskip("deflate")
    assert b"x" * 1000 == body._at_a_stroke(gzip.compress(b"x" * 1000), 1000)
    assert body._at_a_stroke(gzip.compress(b"x" * 1001), 1000) is None


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
