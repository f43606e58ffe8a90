"""Logins guard what they are told to guard, and no secret is kept."""

from __future__ import annotations

import base64

from tests.fakes.asking import ask
from tests.fakes.index import FakeIndex


def basic(user: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}"}


def test_only_the_right_credentials_open_a_guarded_index() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        index.require_login("user", "pässword:1", realm="ours")
        refused = ask(f"{index.url}a/")
        assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Basic realm="ours"')
        assert ask(f"{index.url}a/", basic("user", "wrong")).status == 401
        assert ask(f"{index.url}a/", {"Authorization": "Basic %%%"}).status == 401
        assert ask(f"{index.url}a/", basic("user", "pässword:1")).status == 200
        assert index.counts["refused"] == 3


def test_a_login_may_guard_files_alone_and_not_the_other_origin() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        index.require_login("user", "secret", pattern="/files/*")
        url = index.url_of(index.files("a")[0])
        assert ask(f"{index.url}a/").status == 200
        assert ask(url).status == 401
        assert ask(url.replace(index.origin, index.elsewhere)).status == 200


def test_requests_are_remembered_without_secrets() -> None:
    with FakeIndex() as index:
        index.require_login("user", "s3cret")
        ask(index.url, {**basic("user", "s3cret"), "Cookie": "s3cret", "X-Other": "kept"})
        (seen,) = index.requests
        assert (seen.user, seen.has_credentials) == ("user", True)
        assert seen.headers["authorization"] == "Basic ***"
        assert seen.headers["x-other"] == "kept"
        kept = repr(seen)
        assert "s3cret" not in kept
        assert basic("user", "s3cret")["Authorization"] not in kept


def test_the_address_can_carry_credentials() -> None:
    with FakeIndex() as index:
        assert index.url_with("user", "secret") == index.url.replace("://", "://user:secret@")
