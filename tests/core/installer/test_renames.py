"""Files that move as whole folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer.relocation import InTheWay
from chapbook_core.installer.renames import arriving_moves, leaving_moves
from tests.core.installer.changes import OLD, written

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = written(tmp_path / ".venv", OLD)
    (folder / ".chapbook").mkdir()
    return folder


def test_files_move_as_whole_folders_where_nothing_else_is_in_them(environment: Path) -> None:
    written(environment, {"lib/a/c.py": "", "lib/b/mine.py": "", "lib/b/other.py": ""})
    gone = ["lib/a/__init__.py", "lib/a/c.py", "lib/b/mine.py", "lib/a-1.dist-info/RECORD", "bin/tool"]
    moves = leaving_moves(environment, gone, {"lib", "bin"}, "trash")
    assert [
        ("lib/a-1.dist-info", "trash/lib/a-1.dist-info"),
        ("bin/tool", "trash/bin/tool"),
        ("lib/a", "trash/lib/a"),
        ("lib/b/mine.py", "trash/lib/b/mine.py"),
    ] == [tuple(move) for move in moves]


def test_what_comes_moves_as_whole_folders_and_the_dist_info_last(environment: Path) -> None:
    written(
        environment / "stage",
        {"lib/a/new.py": "1", "lib/new/one.py": "1", "lib/a-2.dist-info/RECORD": "", "bin/tool": "3"},
    )
    moves = arriving_moves(environment, "stage", ["bin/tool"])
    assert ["bin/tool", "lib/a/new.py", "lib/new", "lib/a-2.dist-info"] == [move.target for move in moves]
    with pytest.raises(InTheWay):
        arriving_moves(environment, "stage", [])
