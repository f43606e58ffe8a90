from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.site_packages import Distribution
from chapbook_core.installer.alterations import Alteration, alterations
from chapbook_core.installer.record import Row, base64_digest, record_text
from chapbook_core.installer.unpacking import file_digest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def distribution(tmp_path: Path) -> Distribution:
    folder = tmp_path / "a-1.0.dist-info"
    (tmp_path / "a").mkdir()
    folder.mkdir()
    files = {"a/__init__.py": b"one = 1\n", "a/data.bin": bytes(5000), "a-1.0.dist-info/METADATA": b"Name: a\n"}
    rows = [Row("a-1.0.dist-info/RECORD"), Row("a/__pycache__/__init__.cpython-312.pyc")]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        rows.append(Row(name, f"sha256={file_digest(tmp_path / name, is_record=True)}", str(len(content))))
    (folder / "RECORD").write_bytes(record_text(rows))
    return Distribution("a", "1.0", tmp_path, folder.name)


def found(distribution: Distribution, *, by_content: bool = False) -> list[Alteration]:
    return list(alterations(distribution, by_content=by_content))


def test_nothing_is_told_of_what_is_as_it_was_put_in(distribution: Distribution) -> None:
    assert [] == found(distribution)
    assert [] == found(distribution, by_content=True)


def test_a_file_that_is_gone_or_longer_is_told(distribution: Distribution, tmp_path: Path) -> None:
    (tmp_path / "a/__init__.py").write_text("one = 11\n")
    (tmp_path / "a/data.bin").unlink()
    assert [Alteration("a/__init__.py", "changed"), Alteration("a/data.bin", "missing")] == found(distribution)


def test_other_bytes_of_the_same_number_are_told_to_who_asks_for_contents(
    distribution: Distribution, tmp_path: Path
) -> None:
    (tmp_path / "a/__init__.py").write_text("two = 2\n")
    assert [] == found(distribution)
    assert [Alteration("a/__init__.py", "changed")] == found(distribution, by_content=True)


def test_a_folder_in_the_place_of_a_file_is_no_file(distribution: Distribution, tmp_path: Path) -> None:
    (tmp_path / "a/data.bin").unlink()
    (tmp_path / "a/data.bin").mkdir()
    assert [Alteration("a/data.bin", "changed")] == found(distribution, by_content=True)


@pytest.mark.parametrize("content", [None, b"\xff,,\n", b"one,two\n"])
def test_a_list_of_files_that_is_of_no_use_is_told_itself(distribution: Distribution, content: bytes | None) -> None:
    if content is None:
        distribution.record.unlink()
    else:
        distribution.record.write_bytes(content)
    [one] = found(distribution)
    assert ("a-1.0.dist-info/RECORD", "missing" if content is None else "unreadable") == (one.path, one.kind)


def test_a_name_that_no_system_takes_is_a_file_that_is_missing(distribution: Distribution) -> None:
    distribution.record.write_bytes(record_text([Row("a/\0.py", f"sha256={base64_digest(os.urandom(32))}", "1")]))
    assert ["missing"] == [one.kind for one in found(distribution)]
