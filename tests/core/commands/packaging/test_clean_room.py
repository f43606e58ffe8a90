from __future__ import annotations

from typing import TYPE_CHECKING
from zipfile import ZipFile

from chapbook_core.commands.packaging.clean_room import ImportFailure, modules_of

if TYPE_CHECKING:
    from pathlib import Path


def test_the_modules_of_a_wheel_are_what_can_be_imported(tmp_path: Path) -> None:
    wheel = tmp_path / "a-1-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for name in (
            *("a/__init__.py", "a/b.py", "a/__main__.py", "a/data.json", "a/no-name.py", "single.py"),
            *("a-1.dist-info/METADATA", "a-1.data/scripts/run.py", "spaced/deep/c.py"),
        ):
            archive.writestr(name, "")
    assert ["a", "a.b", "single", "spaced.deep.c"] == list(modules_of(wheel))


def test_a_failure_is_told_by_its_last_line() -> None:
    assert "E: no" == ImportFailure("a", "Traceback\n  File\nE: no\n").message
