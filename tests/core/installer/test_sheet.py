from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer.sheet import MARK, PIECE, NoSheet, SpareFolder, read_sheet, write_sheet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Provide a spare with so many files that they are looked at in three pieces."""
    for number in range(2 * PIECE + 1):
        file = tmp_path / "tree" / "näme" / f"m{number:03}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("X = 1\n")
    (tmp_path / "tree" / "other.py").touch()
    write_sheet(tmp_path, "tree", b"its rows")
    return tmp_path


def true_pieces(place: Path) -> list[bool]:
    sheet = read_sheet(str(place))
    with SpareFolder(str(place)) as folder:
        return [sheet.is_true(folder, piece) for piece in sheet.pieces]


def test_a_sheet_tells_what_was_written_on_it(place: Path) -> None:
    sheet = read_sheet(str(place))
    assert (("näme", "other.py"), b"its rows") == (sheet.names, sheet.rows)
    assert 2 * PIECE + 3 == len(sheet.paths) == len(sheet.stamps) // 16
    assert {os.fsencode("tree/näme/m000.py"), os.fsencode("tree/näme"), b"tree/other.py"} <= {*sheet.paths}
    assert [True] * 3 == true_pieces(place)


@pytest.mark.parametrize("change", ["its size", "its time", "it is gone"])
@pytest.mark.parametrize("piece", range(3))
def test_a_file_that_was_changed_makes_its_piece_untrue_and_no_other(place: Path, change: str, piece: int) -> None:
    paths = read_sheet(str(place)).paths
    file = place / os.fsdecode(paths[(piece + 1) * PIECE - 1 if piece < 2 else -1])
    status = file.stat()
    untrue = {piece}
    match change:
        case "its size":
            file.write_text("EDITED = True\n")
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        case "its time":
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1000))
        case _:
            file.unlink()
            # What a folder has lost makes that another one as well.
            untrue.add(paths.index(os.fsencode("tree/näme")) // PIECE)
    assert [number not in untrue for number in range(3)] == true_pieces(place)


def test_what_is_no_sheet_is_not_read(place: Path) -> None:
    whole = (place / MARK).read_bytes()
    for content in (b"", whole[:20], whole[:-1], whole.replace(b"other", b"ether"), whole + b"more"):
        (place / MARK).write_bytes(content)
        with pytest.raises(NoSheet):
            read_sheet(str(place))
    (place / MARK).unlink()
    with pytest.raises(NoSheet):
        read_sheet(str(place))


@pytest.mark.parametrize("added", ["tree/näme/more.py", "tree/näme/more/", "schemes/data/more"])
def test_what_somebody_adds_makes_a_sheet_untrue(place: Path, added: str) -> None:
    (place / MARK).unlink()
    (place / "schemes/data").mkdir(parents=True)
    write_sheet(place, "tree", b"its rows")
    assert all(true_pieces(place))
    if added.endswith("/"):
        (place / added).mkdir()
    else:
        (place / added).touch()
    assert not all(true_pieces(place))
