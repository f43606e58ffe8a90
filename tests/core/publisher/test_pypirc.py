from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.default_index import distlib_root
from chapbook_core.project.settings import read_settings
from chapbook_core.publisher.pypirc import PypircUnreadable, find_section
from chapbook_core.publisher.repository import UnknownRepository, find_repository, login_in_file

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.publisher.repository import Repository

SECRET = "t0p%s3cret;"
FILE = f"""\
[distutils]
index-servers =
    pypi
    Work

[Work]
repository: https://example.org/legacy
username = me
password = {SECRET}

[pypi]
username = __token__
password = {SECRET}

[testpypi]
username = me
password = {SECRET}

[bare]
username = me

[server-login]
repository = https://example.org/general/
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".pypirc").write_text(FILE, "utf-8")
    return tmp_path


def repository(home: Path, name: str | None, **variables: str) -> Repository:
    return find_repository(name, read_settings(None, variables=variables, home=home), home)


def test_a_repository_that_no_setting_knows_is_that_of_the_file(home: Path) -> None:
    found = repository(home, "work")
    assert ("work", "https://example.org/legacy/", "https://example.org/simple/") == (
        found.name,
        found.url,
        found.page_root,
    )
    login = login_in_file(found, home)
    assert login is not None
    assert ("me", SECRET) == (login.user, login.password.reveal())
    assert f"the section [Work] of `{home / '.pypirc'}`" == login.found
    assert SECRET not in repr(login) + repr(find_section(home, "work"))


def test_a_setting_goes_before_the_file_and_its_repository_gets_no_password_of_another(home: Path) -> None:
    elsewhere = repository(home, "work", CHAPBOOK_REPOSITORIES_WORK_URL="https://other.example.org/")
    assert "https://other.example.org/" == elsewhere.url
    assert None is login_in_file(elsewhere, home)
    same = repository(home, "work", CHAPBOOK_REPOSITORIES_WORK_URL="https://example.org/legacy/")
    assert login_in_file(same, home) is not None
    elsewhere = repository(home, None, CHAPBOOK_REPOSITORIES_PYPI_URL="https://other.example.org/")
    assert None is login_in_file(elsewhere, home)


def test_the_public_index_and_that_for_trials_need_no_address(home: Path) -> None:
    host = distlib_root().split("/")[2]
    for name, url in ((None, f"https://upload.{host}/legacy/"), ("testpypi", f"https://test.{host}/legacy/")):
        found = repository(home, name)
        assert url == found.url
        assert login_in_file(found, home) is not None


@pytest.mark.parametrize("name", ["bare", "nothere", "server-login", "distutils"])
def test_what_has_no_address_is_unknown(home: Path, name: str) -> None:
    with pytest.raises(UnknownRepository):
        repository(home, name)


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert None is find_section(tmp_path, "work")
    (tmp_path / ".pypirc").mkdir()
    assert None is find_section(tmp_path, "work")


@pytest.mark.parametrize("content", [b"password = t0p%s3cret;\n", b"[work\n", b"[work]\nx\n", b"\xff\xfe\x00"])
def test_a_file_that_is_none_is_told_without_what_is_in_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".pypirc").write_bytes(content)
    with pytest.raises(PypircUnreadable) as raised:
        find_section(tmp_path, "work")
    assert "s3cret" not in raised.value.message
