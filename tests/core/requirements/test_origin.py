from __future__ import annotations

from pathlib import Path

import pytest

from chapbook_core.requirements.origin import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    Origin,
    UrlOrigin,
    is_git_address,
    parse_origin,
    path_origin,
    reference_text,
)

HTTPS = "https://example.org/owner/repo.git"
ORIGINS: list[tuple[str, Origin]] = [
    (f"git+{HTTPS}", GitOrigin(HTTPS)),
    (f"git+{HTTPS}@v1.0", GitOrigin(HTTPS, revision="v1.0")),
    (f"git+{HTTPS}@feature/x", GitOrigin(HTTPS, revision="feature/x")),
    (f"git+{HTTPS}#subdirectory=packages/a", GitOrigin(HTTPS, subdirectory="packages/a")),
    (f"git+{HTTPS}@v1#subdirectory=a", GitOrigin(HTTPS, revision="v1", subdirectory="a")),
    ("git+ssh://git@example.org/owner/repo.git", GitOrigin("ssh://git@example.org/owner/repo.git")),
    ("git+ssh://git@example.org:2222/owner/repo@1", GitOrigin("ssh://git@example.org:2222/owner/repo", revision="1")),
    ("git+file:///srv/repo.git@main", GitOrigin("file:///srv/repo.git", revision="main")),
    ("git+http://example.org/repo", GitOrigin("http://example.org/repo")),
    ("https://example.org/a-1.0-py3-none-any.whl", UrlOrigin("https://example.org/a-1.0-py3-none-any.whl")),
    ("https://example.org/a-1.0.tar.gz#subdirectory=b", UrlOrigin("https://example.org/a-1.0.tar.gz", "b")),
    (
        "https://example.org/a-1.0.tar.gz#sha256=00&subdirectory=b",
        UrlOrigin("https://example.org/a-1.0.tar.gz#sha256=00", "b"),
    ),
    ("file:///srv/a-1.0-py3-none-any.whl", FileOrigin(Path("/srv/a-1.0-py3-none-any.whl"))),
    ("file:///srv/a%20b/a-1.0.tar.gz#subdirectory=c", FileOrigin(Path("/srv/a b/a-1.0.tar.gz"), "c")),
    ("file:///srv/caf%C3%A9", DirectoryOrigin(Path("/srv/café"))),
    ("file:../sibling", DirectoryOrigin(Path("../sibling"))),
]
OTHER_SPELLINGS: list[tuple[str, Origin | None]] = [
    (f"git+{HTTPS}#v1.0", GitOrigin(HTTPS, revision="v1.0")),
    (f"git+{HTTPS}#v1&subdirectory=a", GitOrigin(HTTPS, revision="v1", subdirectory="a")),
    (f"git+{HTTPS}#subdirectory=a&egg=b", GitOrigin(HTTPS, subdirectory="a")),
    (f"GIT+{HTTPS}", GitOrigin(HTTPS)),
    (HTTPS, GitOrigin(HTTPS)),
    (f"{HTTPS}#v2", GitOrigin(HTTPS, revision="v2")),
    ("git@example.org:owner/repo.git", GitOrigin("git@example.org:owner/repo.git")),
    ("git@example.org:owner/repo.git@v1", GitOrigin("git@example.org:owner/repo.git", revision="v1")),
    ("git@example.org:owner/repo.git#v1", GitOrigin("git@example.org:owner/repo.git", revision="v1")),
    ("git+git@example.org:owner/repo.git", GitOrigin("git@example.org:owner/repo.git")),
    ("git+ssh://git@example.org:owner/repo.git", GitOrigin("git@example.org:owner/repo.git")),
    ("https://example.org/a.zip#egg=a", UrlOrigin("https://example.org/a.zip")),
    ("file://localhost/srv/a", DirectoryOrigin(Path("/srv/a"))),
    ("../sibling", DirectoryOrigin(Path("../sibling"))),
    ("file:///C:/srv/a", DirectoryOrigin(Path("C:/srv/a"))),
    ("ftp://example.org/a.zip", None),
    ("hg+https://example.org/a", None),
]


@pytest.mark.parametrize(("url", "origin"), [*ORIGINS, *OTHER_SPELLINGS])
def test_a_reference_is_read(url: str, origin: Origin | None) -> None:
    assert parse_origin(url) == origin


@pytest.mark.parametrize(("url", "origin"), ORIGINS)
def test_a_reference_is_written_as_it_was_read(url: str, origin: Origin) -> None:
    assert reference_text(origin) == url


def test_an_scp_address_is_written_as_a_url() -> None:
    assert reference_text(GitOrigin("git@example.org:a/b.git", tag="v1")) == "git+ssh://git@example.org/a/b.git@v1"


def test_an_index_has_no_reference() -> None:
    assert reference_text(IndexOrigin("private")) == ""


@pytest.mark.parametrize(
    "url",
    [
        "git+https://user:hunter2@example.org/owner/repo.git@v1",
        "https://user:hunter2@example.org/a-1.0.tar.gz",
        "https://hunter2@example.org/a.git",
        "git+ssh://git:hunter2@example.org/a/b.git",
    ],
)
def test_a_secret_is_neither_shown_nor_written_but_kept(url: str) -> None:
    origin = parse_origin(url)
    assert isinstance(origin, GitOrigin | UrlOrigin)
    assert "hunter2" not in repr(origin)
    assert "hunter2" not in reference_text(origin)
    assert origin.userinfo is not None
    assert "hunter2" in (origin.userinfo.username, origin.userinfo.password)


@pytest.mark.parametrize("name", ["a-1.0-py3-none-any.whl", "a-1.0.tar.gz", "A-1.0.ZIP", "a-1.0.tar.bz2"])
def test_the_suffix_tells_an_archive_from_a_folder(name: str) -> None:
    assert isinstance(path_origin(Path(name)), FileOrigin)
    assert isinstance(path_origin(Path(name) / "inside"), DirectoryOrigin)


@pytest.mark.parametrize(
    ("text", "is_address"),
    [
        ("git@host:a/b.git", True),
        ("name@^1", False),
        ("name@1:2", False),
        ("name @ ../a", False),
        ("git@h:b/c@1", True),
    ],
)
def test_an_scp_address_is_told_from_a_name_with_a_version(text: str, is_address: bool) -> None:
    assert is_git_address(text) is is_address
