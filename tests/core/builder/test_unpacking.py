from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest

from chapbook_core.builder.unpacking import UnsafeArchive, unpack
from chapbook_core.index.sdist import UnreadableArchive, read_source_files
from tests.fakes.index.sdist import pack

if TYPE_CHECKING:
    from pathlib import Path


def _member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def _archive(folder: Path, *members: tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]) -> Path:
    path = folder / "a-1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for entry in members:
            member, content = entry if isinstance(entry, tuple) else (entry, b"")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def _everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_the_folder_of_the_project_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "a-1.tar.gz"
    path.write_bytes(pack({"a-1/setup.py": b"1", "a-1/b/c.py": b"2"}))

    top = unpack(path, path.name, tmp_path / "out")

    assert tmp_path / "out/a-1" == top
    assert b"2" == (top / "b/c.py").read_bytes()


def test_links_inside_the_archive_become_copies(tmp_path: Path) -> None:
    path = _archive(
        tmp_path,
        _member("a/link", tarfile.SYMTYPE, "folder/file"),
        _member("a/hard", tarfile.LNKTYPE, "a/folder/file"),
        (_member("a/folder/file"), b"x"),
        _member("a/other", tarfile.SYMTYPE, "folder"),
    )

    top = unpack(path, path.name, tmp_path / "out")

    assert b"x" == (top / "link").read_bytes() == (top / "hard").read_bytes() == (top / "other/file").read_bytes()
    assert not any(each.is_symlink() for each in top.rglob("*"))


@pytest.mark.parametrize(
    "members",
    [
        [_member("a/../../evil")],
        [_member("../evil")],
        [_member("/evil")],
        [_member("a\\..\\..\\evil")],
        [_member("C:/evil")],
        [_member("a/link", tarfile.SYMTYPE, "../../outside"), _member("a/link/evil")],
        [_member("a/link", tarfile.SYMTYPE, "/etc/passwd")],
        [_member("a/link", tarfile.LNKTYPE, "../outside")],
        [_member("a/link", tarfile.LNKTYPE, "/etc/passwd")],
        [_member("a/pipe", tarfile.FIFOTYPE)],
        [_member("a/device", tarfile.CHRTYPE)],
        [_member("a/twice"), _member("a/twice")],
        [_member("a/x"), _member("b/x")],
        [_member("/".join("a" * 129))],
    ],
    ids=lambda members: f"{members[0].name}-{members[0].linkname}",
)
def test_an_archive_that_leads_elsewhere_is_refused(tmp_path: Path, members: list[tarfile.TarInfo]) -> None:
    path = _archive(tmp_path, *members)
    before = _everything(tmp_path)

    with pytest.raises(UnsafeArchive, match="a-1"):
        unpack(path, path.name, tmp_path / "out")

    assert before == {name for name in _everything(tmp_path) if not name.startswith("out")}


@pytest.mark.parametrize(("limit", "most"), [("_MOST_BYTES", 8000), ("_MOST_MEMBERS", 60)])
def test_what_links_are_copies_of_counts_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    links = [_member(f"a/{level}/{name}", tarfile.SYMTYPE, f"../{level - 1}") for level in range(1, 5) for name in "xy"]
    path = _archive(tmp_path, (_member("a/0/file"), bytes(1000)), *links)
    unpack(path, path.name, tmp_path / "whole")
    assert 15 * 1000 < sum(file.stat().st_size for file in (tmp_path / "whole").rglob("file")) < 32 * 1000
    monkeypatch.setattr(f"chapbook_core.builder.unpacking.{limit}", most)
    with pytest.raises(UnsafeArchive, match="more than"):
        unpack(path, path.name, tmp_path / "out")


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_headers_do_not_fill_the_memory(tmp_path: Path, kind: bytes) -> None:
    header = tarfile.TarInfo("header")
    header.type, header.size = kind, 20_000_000
    path = tmp_path / "a-1.tar.gz"
    path.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(20_000_000 + 1024)))
    tracemalloc.start()
    try:
        with pytest.raises(UnsafeArchive, match="headers are larger"):
            unpack(path, path.name, tmp_path / "out")
        with pytest.raises(UnreadableArchive, match="headers are larger"):
            read_source_files(path, path.name, lambda _information: False)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_long_names_are_read_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "a-1.tar.gz"
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        with tarfile.open(path, "w:gz", format=form) as archive:
            archive.addfile(_member(f"a/{'folder/' * 40}setup.py"))
        unpack(path, path.name, tmp_path / str(form))
        assert 1 == len(list((tmp_path / str(form)).rglob("setup.py")))


def test_a_file_through_a_link_stays_inside(tmp_path: Path) -> None:
    path = _archive(tmp_path, _member("a/link", tarfile.SYMTYPE, "folder"), (_member("a/link/file"), b"x"))

    with pytest.raises(UnsafeArchive, match="twice"):
        unpack(path, path.name, tmp_path / "out")


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_a_zip_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a-1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")

    with pytest.raises(UnsafeArchive):
        unpack(path, path.name, tmp_path / "out")
    assert not (tmp_path.parent / "evil").exists()


def test_a_zip_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a-1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a-1/setup.py", "x")

    assert "x" == (unpack(path, path.name, tmp_path / "out") / "setup.py").read_text()


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a-1.tar.gz"
    path.write_bytes(b"nothing")

    with pytest.raises(UnsafeArchive):
        unpack(path, path.name, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"no archive", bytes(2000), b"\x1f\x8b\x08\x00"])
def test_what_is_no_archive_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a-1.tar.gz"
    path.write_bytes(content)
    with pytest.raises(UnsafeArchive) as raised:
        unpack(path, path.name, tmp_path / "out")
    assert "\n" not in raised.value.message


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    path = _archive(tmp_path, (_member("a/setup.py"), b"1"), (_member("a/b.py"), b"2"))
    whole = bytearray(gzip.decompress(path.read_bytes()))
    whole[whole.index(b"a/b.py") + 2] ^= 1
    path.write_bytes(gzip.compress(whole))
    with pytest.raises(UnsafeArchive, match="what follows its last file"):
        unpack(path, path.name, tmp_path / "out")
