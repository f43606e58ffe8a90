"""How long is waited before another try."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapbook_core.index.retry import Patience, retry_after_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("soon", None),
        ("-5", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(text, 10.0) == seconds


@given(st.integers(1, 6), st.floats(0.0, 100.0))
def test_waits_grow_within_their_bounds_and_never_outlast_the_time_left(tried: int, left: float) -> None:
    patience = Patience()
    wait = patience.wait(tried, None, left)
    if wait is not None:
        longest = min(patience.longest_wait, patience.first_wait * 2 ** (tried - 1))
        assert longest / 2 <= wait <= longest
        assert wait < left
    if tried >= patience.tries:
        assert wait is None
