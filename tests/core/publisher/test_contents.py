from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

from chapbook_core.publisher.contents import check_contents
from chapbook_core.publisher.package_file import read_package_file
from tests.fakes.publishing import sdist_file, wheel_file

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.publisher.package_file import PackageFile

HEAD = "Metadata-Version: 2.4\nName: spam\nVersion: 1.0\n"


def told(file: PackageFile) -> list[str]:
    return [problem.message for problem in check_contents(file)]


def test_what_is_whole_has_no_problems(tmp_path: Path) -> None:
    assert told(wheel_file(tmp_path)) == []
    assert told(sdist_file(tmp_path)) == []


def test_a_wheel_holds_what_its_record_lists_and_nothing_else(tmp_path: Path) -> None:
    file = wheel_file(tmp_path)
    with zipfile.ZipFile(file.path, "a") as archive:
        archive.writestr("spam/more.py", "")
    assert told(file) == ["its RECORD does not list `spam/more.py`"]
    absent = wheel_file(tmp_path, record_text="a.py,,\nb.py,,\nc.py,,\nd.py,,\n")
    assert "its RECORD lists what is not in it: `a.py`, `b.py`, `c.py` and 1 more" in told(absent)


def test_license_files_are_where_the_metadata_says(tmp_path: Path) -> None:
    text = f"{HEAD}License-File: LICENSE\n\nx"
    message = "the license files it tells of are not in it: `LICENSE`"
    assert told(wheel_file(tmp_path, metadata_text=text)) == [message]
    assert told(sdist_file(tmp_path, metadata_text=text)) == [message]
    assert told(wheel_file(tmp_path, metadata_text=text.replace("2.4", "2.3"))) == []


def test_a_source_distribution_is_one_folder(tmp_path: Path) -> None:
    path = tmp_path / "spam-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (("spam-1.0/PKG-INFO", HEAD.encode()), ("other/x", b"")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert told(read_package_file(path)) == ["it holds more than one folder: `other`, `spam-1.0`"]


def test_an_archive_that_ends_too_early_is_damaged(tmp_path: Path) -> None:
    file = sdist_file(tmp_path, weight=100_000)
    file.path.write_bytes(file.path.read_bytes()[:-2000])
    assert any("it is damaged" in message for message in told(file))
