"""Which login goes with which request."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.address import Login
from chapbook_core.index.credentials import Credentials, read_netrc
from chapbook_core.index.failure import AccessDenied
from chapbook_core.index.keyring import Keyring
from chapbook_core.index.opening import open_index
from chapbook_core.index.sources import Sources, index_place
from chapbook_core.project.secret import Secret
from tests.fakes.index import FakeIndex, reply_faults
from tests.fakes.opened import opened
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "https://example.org/private/simple/"
PLACE = index_place("my-index", URL)
NAMED = index_place("my-index", "https://url-user:url-pass@example.org/private/simple/")
CHAPBOOK = {"CHAPBOOK_HTTP_BASIC_MY_INDEX_USERNAME": "ours", "CHAPBOOK_HTTP_BASIC_MY_INDEX_PASSWORD": "p"}
POETRY = {"POETRY_HTTP_BASIC_MY_INDEX_USERNAME": "poetry", "POETRY_HTTP_BASIC_MY_INDEX_PASSWORD": "p"}


def user(login: Login | None) -> str | None:
    return None if login is None else login.user


def configured(name: str) -> tuple[str, Secret] | None:
    return ("setting", Secret("p")) if name == "my-index" else None


def test_the_places_are_asked_in_their_order(tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine example.org login netrc password p\n")
    credentials = Credentials(
        [NAMED],
        variables={**POETRY, **CHAPBOOK},
        configured=configured,
        netrc=netrc,
        keyring=lambda _url: Login("keyring", Secret("p"), "the keyring"),
    )
    order: list[Login] = []
    login = credentials.offer(URL)
    while login is not None:
        order.append(login)
        login = credentials.after_refusal(URL, order)
    assert [one.user for one in order] == ["url-user", "ours", "poetry", "setting", "netrc", "keyring"]


def test_a_login_belongs_to_its_origin_alone() -> None:
    credentials = Credentials([NAMED])
    assert user(credentials.offer("https://example.org/files/a.whl")) == "url-user"
    for other in (
        "http://example.org/private/simple/",
        "https://example.org:8443/private/simple/",
        "https://files.example.org/a.whl",
        "https://example.com/",
    ):
        assert credentials.offer(other) is None


def test_of_two_sources_on_one_origin_the_path_decides() -> None:
    one = index_place("one", "https://one:p@example.org/one/simple/")
    two = index_place("two", "https://two:p@example.org/two/simple/")
    credentials = Credentials([one, two])
    assert user(credentials.offer("https://example.org/two/simple/a/")) == "two"
    assert user(credentials.offer("https://example.org/one/simple/a/")) == "one"


def test_netrc_is_believed_for_other_hosts_over_https_and_never_after_a_redirect(tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine files.example.org login netrc password p\ndefault login anybody password p\n")
    credentials = Credentials([PLACE], netrc=netrc)
    assert user(credentials.offer("https://files.example.org/a.whl")) == "netrc"
    assert credentials.offer("https://files.example.org/a.whl", redirected=True) is None
    assert credentials.offer("http://files.example.org/a.whl") is None
    assert credentials.offer("https://example.com/") is None


@pytest.mark.parametrize("text", ["machine", "\0\1", "machine a login"])
def test_a_netrc_that_cannot_be_read_knows_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / ".netrc").write_text(text)
    assert read_netrc(tmp_path / ".netrc") == {}
    assert read_netrc(tmp_path / "missing") == {}


def test_the_keyring_is_asked_once_an_origin_and_only_after_a_refusal() -> None:
    asked: list[str] = []
    credentials = Credentials([PLACE], keyring=asked.append)
    assert credentials.offer(URL) is None
    assert asked == []
    for _ in range(3):
        assert credentials.after_refusal(URL, []) is None
    assert asked == [URL]


PROGRAM = """
import json, sys
json.dump({"username": "keyring-user", "password": sys.argv[1].split("/")[2]}, sys.stdout)
"""


def ring(code: str, watcher: RecordingWatcher, patience: float = 5.0) -> Keyring:
    return Keyring({}, watcher, patience=patience, program=[sys.executable, "-c", code])


def test_a_keyring_answers_from_its_own_process() -> None:
    login = ring(PROGRAM, RecordingWatcher())("https://user:x@example.org/simple/")
    assert login is not None
    assert (login.user, login.password.reveal()) == ("keyring-user", "example.org")


@pytest.mark.parametrize("code", ["raise SystemExit(1)", "print('no json')", "print('[]')", "import os; os.abort()"])
def test_a_keyring_that_fails_knows_nothing(code: str) -> None:
    assert ring(code, RecordingWatcher())(URL) is None


def test_a_keyring_gives_the_password_of_a_user_by_the_name_of_a_service() -> None:
    password = ring("import sys; print(*sys.argv[1:], 'é')", RecordingWatcher()).password("a service", "me")
    assert password is not None
    assert password.reveal() == "a service me é"
    assert ring("raise SystemExit(1)", RecordingWatcher()).password("a service", "me") is None


def test_a_keyring_that_hangs_is_left_and_said_once() -> None:
    watcher = RecordingWatcher()
    hanging = ring("import subprocess, sys; subprocess.run(['sleep', '60'])", watcher, patience=0.4)
    began = time.monotonic()
    assert [hanging(URL), hanging(URL), hanging.password("a service", "me")] == [None, None, None]
    assert time.monotonic() - began < 30
    assert watcher.warnings == ["the keyring did not answer within 0 s; going on without it"]


@pytest.fixture
def private() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        index.serve("a", "1.0", requires=["b"])
        index.require_login("alice", "right")
        yield index


def test_a_private_index_opens_with_the_login_of_its_url(private: FakeIndex) -> None:
    place = index_place("fake", private.url_with("alice", "right"))
    with opened(place) as index:
        index.reader.metadata("a", "1.0")
    assert private.counts["refused"] == 0


def test_a_private_index_opens_with_the_second_login_when_the_first_is_refused(private: FakeIndex) -> None:
    place = index_place("fake", private.url_with("alice", "wrong"))
    variables = {"POETRY_HTTP_BASIC_FAKE_USERNAME": "alice", "POETRY_HTTP_BASIC_FAKE_PASSWORD": "right"}
    with opened(place, variables=variables) as index:
        index.reader.metadata("a", "1.0")
    assert private.counts["refused"] == 1


def test_an_error_names_every_place_whose_login_was_refused(private: FakeIndex) -> None:
    place = index_place("fake", private.url_with("alice", "wrong"))
    variables = {"POETRY_HTTP_BASIC_FAKE_USERNAME": "bob", "POETRY_HTTP_BASIC_FAKE_PASSWORD": "wrong"}
    with opened(place, variables=variables) as index, pytest.raises(AccessDenied) as failure:
        index.reader.versions("a")
    assert failure.value.cause == (
        "the server refuses the credentials from the URL of source fake and "
        "POETRY_HTTP_BASIC_FAKE_USERNAME and _PASSWORD (HTTP 401)"
    )
    assert failure.value.hints == ("set them with `chapbook config http-basic.fake USER`",)


def test_a_redirect_to_another_origin_carries_no_login(private: FakeIndex) -> None:
    private.faults.once("/simple/a/", reply_faults.redirect(f"{private.elsewhere}/simple/a/"))
    with opened(index_place("fake", private.url_with("alice", "right"))) as index:
        index.reader.versions("a")
    sent = {seen.origin: seen.has_credentials for seen in private.requests}
    assert sent == {0: True, 1: False}


def test_a_redirect_within_the_origin_carries_the_login(private: FakeIndex) -> None:
    private.faults.once("/simple/a/", reply_faults.redirect("/simple/a/?again"))
    with opened(index_place("fake", private.url_with("alice", "right"))) as index:
        index.reader.versions("a")
    assert all(seen.has_credentials for seen in private.requests)


def test_files_on_another_origin_are_fetched_without_the_login(private: FakeIndex) -> None:
    private.files_elsewhere = True
    with opened(index_place("fake", private.url_with("alice", "right"))) as index:
        index.reader.metadata("a", "1.0")
    assert {seen.origin: seen.has_credentials for seen in private.requests} == {0: True, 1: False}


def test_the_keyrings_login_is_used_from_then_on(private: FakeIndex, tmp_path: Path) -> None:
    place = index_place("fake", private.url)
    private.serve("b", "1.0")
    with open_index(
        Sources((place,)),
        variables={},
        home=tmp_path,
        watcher=RecordingWatcher(),
        cache_folder=None,
        keyring=False,
    ) as index:
        index.client._credentials._keyring = lambda _url: Login("alice", Secret("right"), "the keyring")
        index.reader.versions("a")
        index.reader.versions("b")
    assert private.counts["refused"] == 1
