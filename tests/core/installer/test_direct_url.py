from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer.provenance import difference, direct_url
from chapbook_core.lock.lockfile import LockedFile, LockedPackage, LockedSource

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "0123456789" * 4
DIGEST = "ab" * 32


def _package(source: LockedSource, *, develop: bool | None = None, file: str = "a-1.tar.gz") -> LockedPackage:
    return LockedPackage("a", "1", source=source, develop=develop, files=(LockedFile(file, f"sha256:{DIGEST}"),))


def test_what_comes_from_an_index_has_none(tmp_path: Path) -> None:
    assert direct_url(LockedPackage("a", "1"), tmp_path) is None


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://example.org/a.git", "https://example.org/a.git"),
        ("git@example.org:me/a.git", "ssh://git@example.org/me/a.git"),
        ("ssh://git@example.org/me/a.git", "ssh://git@example.org/me/a.git"),
    ],
)
def test_a_repository_is_told_by_url_and_commit(tmp_path: Path, url: str, told: str) -> None:
    package = _package(LockedSource("git", url, "main", COMMIT, "sub"), develop=False)

    found = direct_url(package, tmp_path)

    vcs = {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT}
    assert {"url": told, "vcs_info": vcs, "subdirectory": "sub"} == found
    assert not difference(package, found, tmp_path)


def test_the_default_branch_was_not_asked_for_by_name(tmp_path: Path) -> None:
    found = direct_url(_package(LockedSource("git", "https://example.org/a", "HEAD", COMMIT)), tmp_path)

    assert found is not None
    assert {"vcs": "git", "commit_id": COMMIT} == found["vcs_info"]


@pytest.mark.parametrize("file", ["a-1.tar.gz", "a-1-py3-none-any.whl"])
def test_an_archive_is_told_with_the_locked_hash(tmp_path: Path, file: str) -> None:
    package = _package(LockedSource("url", f"https://example.org/{file}#sha256={DIGEST}"), file=file)

    found = direct_url(package, tmp_path)

    hashes = {"hash": f"sha256={DIGEST}", "hashes": {"sha256": DIGEST}}
    assert {"url": f"https://example.org/{file}", "archive_info": hashes} == found
    assert not difference(package, found, tmp_path)


@pytest.mark.parametrize(("develop", "information"), [(True, {"editable": True}), (False, {})])
def test_a_folder_is_told_as_editable_or_not(tmp_path: Path, *, develop: bool, information: dict[str, bool]) -> None:
    package = _package(LockedSource("directory", "../a"), develop=develop)

    found = direct_url(package, tmp_path)

    assert {"url": (tmp_path.parent / "a").as_uri(), "dir_info": information} == found
    assert not difference(package, found, tmp_path)
