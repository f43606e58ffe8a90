from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.default_index import distlib_root
from chapbook_core.project.secret import Secret
from chapbook_core.project.settings import read_settings
from chapbook_core.publisher.credentials import configured_login, kept_login, told_login
from chapbook_core.publisher.repository import UnknownRepository, UnusableAddress, find_repository, repository_at
from tests.fakes.publishing import login

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.project.settings import Settings


def settings(home: Path, **variables: str) -> Settings:
    return read_settings(None, variables=variables, home=home)


def test_the_public_index_is_derived_and_not_named(tmp_path: Path) -> None:
    repository = find_repository(None, settings(tmp_path), tmp_path)
    host = distlib_root().split("/")[2]
    assert (repository.name, repository.url) == ("pypi", f"https://upload.{host}/legacy/")
    assert (repository.page_root, repository.is_public) == (distlib_root(), True)


def test_a_setting_says_where_a_repository_is(tmp_path: Path) -> None:
    told = settings(tmp_path, POETRY_REPOSITORIES_WORK_URL="https://user:t0psecret@example.org/legacy")
    repository = find_repository("work", told, tmp_path)
    assert repository.url == "https://example.org/legacy/"
    assert repository.login is not None
    assert (repository.login.user, repository.login.password.reveal()) == ("user", "t0psecret")
    assert "t0psecret" not in repr(repository)


def test_the_public_index_can_be_somewhere_else(tmp_path: Path) -> None:
    repository = find_repository(
        None, settings(tmp_path, CHAPBOOK_REPOSITORIES_PYPI_URL="https://example.org/up/"), tmp_path
    )
    assert (repository.url, repository.is_public) == ("https://example.org/up/", False)


def test_the_public_index_is_known_by_its_address_too(tmp_path: Path) -> None:
    url = find_repository(None, settings(tmp_path), tmp_path).url
    again = find_repository("work", settings(tmp_path, CHAPBOOK_REPOSITORIES_WORK_URL=url.rstrip("/")), tmp_path)
    assert (again.name, again.url, again.is_public) == ("work", url, True)


def test_an_unknown_repository_is_told_with_the_command_that_makes_it_known(tmp_path: Path) -> None:
    with pytest.raises(UnknownRepository) as raised:
        find_repository("work", settings(tmp_path), tmp_path)
    assert "chapbook config repositories.work URL" in raised.value.hints[0]


@pytest.mark.parametrize("url", ["ftp://example.org/", "example.org", "https://"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(UnusableAddress):
        repository_at("work", url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://upload.example.org/legacy/", "https://example.org/simple/"),
        ("https://example.org/legacy/", "https://example.org/simple/"),
        ("https://example.org/", "https://example.org/simple/"),
        ("https://example.org", "https://example.org/simple/"),
        ("https://example.org/api/pypi", "https://example.org/api/pypi/simple/"),
    ],
)
def test_the_pages_are_beside_the_uploads(url: str, expected: str) -> None:
    assert repository_at("work", url).page_root == expected


def test_credentials_are_looked_for_in_order(tmp_path: Path) -> None:
    repository = repository_at("work", "https://u:p@example.org/")
    everything = {
        "CHAPBOOK_PYPI_TOKEN_WORK": "ours",
        "POETRY_PYPI_TOKEN_WORK": "poetry's",
        "POETRY_HTTP_BASIC_WORK_USERNAME": "someone",
        "POETRY_HTTP_BASIC_WORK_PASSWORD": "secret",
    }
    found = []
    for name in ("", *everything):
        everything.pop(name, None)
        known = configured_login(repository, settings(tmp_path, **everything))
        assert known is not None
        found.append((known.user, known.password.reveal()))
    assert found[0] == ("__token__", "ours")
    assert found[1] == ("__token__", "poetry's")
    assert found[2] == ("someone", "secret")
    assert found[-1] == ("u", "p")


def test_it_is_said_where_credentials_come_from(tmp_path: Path) -> None:
    repository = repository_at("work", "https://example.org/")
    told = configured_login(repository, settings(tmp_path, POETRY_PYPI_TOKEN_WORK="x"))
    assert told is not None
    assert told.found == "the environment variable POETRY_PYPI_TOKEN_WORK"
    here = settings(tmp_path)
    here.change("pypi-token.work", ["t0ken"])
    kept = configured_login(repository, settings(tmp_path))
    assert kept is not None
    assert kept.found.startswith("the setting pypi-token.work in `")
    assert kept.found.endswith("auth.toml`")


def test_a_password_alone_is_a_token() -> None:
    alone, pair = told_login(None, Secret("x")), told_login("me", Secret("x"))
    assert alone is not None
    assert pair is not None
    assert [alone.user, pair.user] == ["__token__", "me"]
    assert told_login("me", None) is None


def test_the_keyring_is_asked_by_the_name_that_poetry_gave_it() -> None:
    repository = repository_at("work", "https://example.org/")
    stored = {
        ("poetry-repository-work", "__token__"): Secret("t0ken"),
        ("poetry-repository-work", "me"): Secret("mine"),
    }
    found = kept_login(repository, None, lambda _: None, lambda *key: stored.get(key))
    assert found is not None
    assert (found.user, found.password.reveal()) == ("__token__", "t0ken")
    mine = kept_login(repository, "me", lambda _: None, lambda *key: stored.get(key))
    assert mine is not None
    assert mine.password.reveal() == "mine"


def test_a_login_of_the_keyring_for_somebody_else_is_none_of_ours() -> None:
    repository = repository_at("work", "https://example.org/")
    other = login(user="other")
    assert kept_login(repository, "me", lambda _: other, lambda *_: None) is None
    assert kept_login(repository, None, lambda _: other, lambda *_: None) is other
