"""Addresses and what may be shown of them."""

from __future__ import annotations

import pytest

from chapbook_core.index.address import Origin, masked, origin_of, request_target, split_login


def test_a_masked_url_shows_neither_userinfo_nor_query() -> None:
    text = masked("https://user:s3cret@example.org:8443/simple/?sig=s3cret#s3cret")
    assert text == "https://****@example.org:8443/simple/?****"


def test_userinfo_is_split_off_and_decoded() -> None:
    url, login = split_login("https://us%65r:p%3Ass@example.org/@a")
    assert url == "https://example.org/@a"
    assert login is not None
    assert (login.user, login.password.reveal()) == ("user", "p:ss")
    assert split_login("https://example.org/a@b") == ("https://example.org/a@b", None)


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("HTTPS://Example.ORG/x") == Origin("https", "example.org", 443)
    assert origin_of("http://[::1]:80/").authority == "[::1]"
    for url in ("file:///x", "https:///x", "https://example.org:x/"):
        with pytest.raises(ValueError, match=r".+"):
            origin_of(url)


def test_a_request_line_cannot_be_broken_by_a_url() -> None:
    assert request_target("https://example.org/a b\r\nX: y").isascii()
    assert " " not in request_target("https://example.org/a b")
    assert "\r" not in request_target("https://example.org/a\r\nX:y")
    assert request_target("https://example.org/é?q=ü") == "/%C3%A9?q=%C3%BC"
    assert request_target("https://example.org") == "/"
