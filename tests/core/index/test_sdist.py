from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.sdist import SourceFiles, UnreadableArchive, read_source_files
from tests.fakes.index.sdist import pack

if TYPE_CHECKING:
    from pathlib import Path


def _never(_information: bytes) -> bool:
    return False


def _read(folder: Path, members: dict[str, bytes]) -> SourceFiles:
    path = folder / "a-1.tar.gz"
    path.write_bytes(pack(members))
    return read_source_files(path, path.name, _never)


def test_only_what_may_tell_the_metadata_is_read(tmp_path: Path) -> None:
    files = _read(
        tmp_path,
        {
            "a-1/PKG-INFO": b"1",
            "a-1/setup.py": b"2",
            "a-1/a/code.py": b"3",
            "a-1/src/a.egg-info/requires.txt": b"4",
            "a-1/deep/er/b.egg-info/requires.txt": b"5",
            "a-1/tests/pyproject.toml": b"6",
            "pyproject.toml": b"7",
        },
    )

    assert {"PKG-INFO": b"1", "setup.py": b"2"} == files.top
    assert {"a": {"requires.txt": b"4"}} == files.egg_infos


def test_reading_ends_when_pkg_info_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "a-1.tar.gz"
    path.write_bytes(pack({"a-1/PKG-INFO": b"1", "a-1/setup.py": b"2"}))

    assert {"PKG-INFO": b"1"} == read_source_files(path, path.name, lambda information: information == b"1").top


def test_a_zip_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "a-1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a-1/PKG-INFO", "1")
        archive.writestr("a-1/a.egg-info/requires.txt", "2")

    files = read_source_files(path, path.name, _never)

    assert b"1" == files.information
    assert {"requires.txt": b"2"} == files.egg_info(lambda project: project == "a")


@pytest.mark.parametrize("name", ["../PKG-INFO", "/PKG-INFO", "PKG-INFO", "a-1/../PKG-INFO", "a-1/b/../PKG-INFO"])
def test_a_member_that_leads_elsewhere_tells_nothing(tmp_path: Path, name: str) -> None:
    assert {} == _read(tmp_path, {name: b"x"}).top


def test_a_link_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    path = tmp_path / "a-1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for kind, target in ((tarfile.SYMTYPE, str(tmp_path / "secret")), (tarfile.LNKTYPE, "../secret")):
            member = tarfile.TarInfo("a-1/PKG-INFO")
            member.type, member.linkname = kind, target
            archive.addfile(member)

    assert {} == read_source_files(path, path.name, _never).top


@pytest.mark.parametrize("ending", [".tar.gz", ".zip", ".tar.xz"])
def test_a_damaged_archive_is_told(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a-1{ending}"
    path.write_bytes(b"no archive at all" * 100)

    with pytest.raises(UnreadableArchive, match="a-1"):
        read_source_files(path, path.name, _never)


def test_an_archive_cut_short_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a-1.tar.gz"
    whole = pack({"a-1/x": bytes(range(256)) * 4000, "a-1/PKG-INFO": b"1"})
    path.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(UnreadableArchive):
        read_source_files(path, path.name, _never)


def test_an_enormous_pkg_info_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableArchive, match="larger than 16 MB"):
        _read(tmp_path, {"a-1/PKG-INFO": bytes(16_000_001)})


def test_a_zip_that_understates_a_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a-1.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a-1/PKG-INFO", bytes(17_000_000))
    size = (17_000_000).to_bytes(4, "little")
    path.write_bytes(buffer.getvalue().replace(size, (10).to_bytes(4, "little")))

    with pytest.raises(UnreadableArchive):
        read_source_files(path, path.name, _never)
