"""What of redirects is followed."""

from __future__ import annotations

import pytest

from chapbook_core.index.client import _next_hop
from chapbook_core.index.failure import RedirectRefused


@pytest.mark.parametrize(
    ("url", "location", "words"),
    [
        ("https://example.org/a/", "http://example.org/a/", "away from https"),
        ("https://example.org/a/", "file:///etc/passwd", "not the web"),
        ("https://example.org/a/", "ftp://example.org/", "not the web"),
        ("https://example.org/a/", "https://[::1/", "malformed"),
    ],
)
def test_redirects_that_are_refused(url: str, location: str, words: str) -> None:
    with pytest.raises(RedirectRefused, match=words):
        _next_hop(url, location)


def test_userinfo_in_a_redirect_is_dropped() -> None:
    assert _next_hop("https://example.org/a/", "https://u:p@example.com/b#c") == "https://example.com/b"
    assert _next_hop("https://example.org/a/", "../b/") == "https://example.org/b/"
