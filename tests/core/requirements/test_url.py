from __future__ import annotations

import pytest

from chapbook_core.requirements.url import Userinfo, is_whole_url, masked_url, split_userinfo


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:secret@example.org/simple/", "https://****@example.org/simple/"),
        ("https://secret@example.org/x", "https://****@example.org/x"),
        ("git+https://user:se%40cret@example.org/a.git@v1", "git+https://****@example.org/a.git@v1"),
        ("https://user:se@cret@example.org/a", "https://****@example.org/a"),
        ("git+ssh://git@example.org/a/b.git@main", "git+ssh://git@example.org/a/b.git@main"),
        ("ssh://git:secret@example.org/a", "ssh://git:****@example.org/a"),
        ("git@example.org:owner/repo.git", "git@example.org:owner/repo.git"),
        ("https://example.org/a@b", "https://example.org/a@b"),
        ("a @ https://u:secret@example.org/a.whl ; x", "a @ https://****@example.org/a.whl ; x"),
        (
            "two: http://u:secret@a.example/ and HTTPS://v:secret@b.example/",
            "two: http://****@a.example/ and HTTPS://****@b.example/",
        ),
    ],
)
def test_credentials_are_masked_wherever_a_url_is(text: str, shown: str) -> None:
    assert masked_url(text) == shown
    assert masked_url(shown) == shown


def test_credentials_are_taken_off_a_url_and_never_show_themselves() -> None:
    url, userinfo = split_userinfo("https://user:se%40cret@example.org/a")
    assert url == "https://example.org/a"
    assert userinfo == Userinfo("user", "se@cret")
    assert "cret" not in repr(userinfo)
    assert "cret" not in f"{userinfo}"


@pytest.mark.parametrize(
    "url", ["https://example.org/a", "ssh://git@example.org/a", "git@example.org:a/b", "file:///a@b"]
)
def test_a_url_without_a_secret_stays_as_it_is(url: str) -> None:
    assert split_userinfo(url) == (url, None)


def test_an_ssh_user_stays_and_its_password_goes() -> None:
    assert split_userinfo("ssh://git:secret@example.org/a") == ("ssh://git@example.org/a", Userinfo("git", "secret"))


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [
        ("https://example.org", True),
        ("HTTP://example.org/a?b#c", True),
        ("mailto:jane@example.org", True),
        ("file:///srv/simple", True),
        ("git+ssh://git@example.org/a.git", True),
        ("https://", False),
        ("https:///a", False),
        ("https:example.org", False),
        ("example.org", False),
        ("//example.org/a", False),
        ("/srv/simple", False),
        ("https://example.org/a b", False),
        ("https://[::1]:8080/simple/", True),
        ("https://[::1/simple/", False),
        ("https://example.org:port/", False),
        ("https://example.org:99999/", False),
        ("", False),
    ],
)
def test_a_whole_url_leads_somewhere_by_itself(text: str, *, is_whole: bool) -> None:
    assert is_whole_url(text) is is_whole
