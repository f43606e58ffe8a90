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
