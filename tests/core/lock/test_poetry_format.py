from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.lock import poetry_format
from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedFile, LockedPackage
from chapbook_core.lock.poetry_format import format_lock
from chapbook_core.lock.poetry_reader import read_lock

if TYPE_CHECKING:
    import pytest

EVERY_FORM = Path(__file__).with_name("every_form.lock")


def test_a_file_that_poetry_wrote_is_written_again_byte_for_byte() -> None:
    text = EVERY_FORM.read_text("utf-8")

    assert text == format_lock(read_lock(text, EVERY_FORM))


def test_the_line_ending_is_the_callers_choice() -> None:
    text = EVERY_FORM.read_text("utf-8")

    written = format_lock(read_lock(text, EVERY_FORM), line_ending="\r\n")

    assert text == written.replace("\r\n", "\n")
    assert written.count("\n") == written.count("\r\n")


def test_a_lock_without_packages_says_so_right_below_the_header() -> None:
    lines = format_lock(Lock((), "*", "0" * 64)).split("\n")

    assert ["package = []", "", "[metadata]"] == lines[1:4]


def test_packages_are_sorted_by_version_not_by_text() -> None:
    lock = Lock((LockedPackage("a", "1.10"), LockedPackage("a", "1.9")), "*", "")

    text = format_lock(lock)

    assert text.index('"1.9"') < text.index('"1.10"')


def test_files_are_sorted_by_name() -> None:
    lock = Lock((LockedPackage("a", "1", files=(LockedFile("b", "sha256:2"), LockedFile("A", "sha256:1"))),), "*", "")

    text = format_lock(lock)

    assert text.index('"A"') < text.index('"b"')


def test_no_package_is_written_in_the_words_of_one_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poetry_format, "_MOST_PARTS", 50)
    for number in range(40):
        # What is made here takes the place in memory of what was made before.
        package = LockedPackage(
            "a",
            "1",
            files=(LockedFile(f"{number}.whl", f"sha256:{number}"),),
            dependencies={"b": (LockedDependency(f">={number}"),)},
            extras={"x": (f"c (>={number})",)},
        )
        text = format_lock(Lock((package,), "*", ""))

        assert f'file = "{number}.whl", hash = "sha256:{number}"' in text
        assert f'b = ">={number}"' in text
        assert f'x = ["c (>={number})"]' in text
        assert text == format_lock(Lock((package,), "*", ""))
        assert len(poetry_format._lines_of_parts) <= 50


def test_one_marker_shared_by_all_groups_is_written_once() -> None:
    shared = {"main": 'extra == "x"', "dev": 'extra == "x"'}
    lock = Lock((LockedPackage("a", "1", groups=("dev", "main"), markers=shared),), "*", "")

    text = format_lock(lock)

    assert 'groups = ["main", "dev"]\nmarkers = "extra == \\"x\\""\n' in text


def test_control_characters_are_escaped_so_that_the_line_stays_one_line() -> None:
    lock = Lock((LockedPackage("a", "1", description="one\ntwo\x00\x7f"),), "*", "")

    text = format_lock(lock)

    assert 'description = "one\\ntwo\\u0000\\u007F"\n' in text
    assert lock.packages[0].description == read_lock(text, Path("poetry.lock")).packages[0].description


def test_markers_of_groups_that_a_package_is_not_in_are_not_written() -> None:
    package = LockedPackage("apple", "1.0", groups=("dev",), markers={"main": 'sys_platform == "win32"'})
    assert "markers" not in format_lock(Lock((package,), "*", ""))
