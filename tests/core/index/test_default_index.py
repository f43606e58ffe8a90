"""The index that is asked when a project names none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.default_index import default_index, distlib_root, pip_index_url

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = {"XDG_CONFIG_HOME": "/nowhere", "XDG_CONFIG_DIRS": "/nowhere"}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_environment_comes_first(tmp_path: Path) -> None:
    write(tmp_path / ".config/pip/pip.conf", "[global]\nindex-url = https://example.org/user/\n")
    place = default_index({"PIP_INDEX_URL": "https://u:s3cret@example.org/env"}, tmp_path)
    assert place.url == "https://example.org/env/"
    assert place.is_default
    assert place.credentials is not None
    assert "s3cret" not in repr(place)


@pytest.mark.parametrize(
    ("platform", "path"),
    [
        ("linux", ".config/pip/pip.conf"),
        ("linux", ".pip/pip.conf"),
        ("darwin", "Library/Application Support/pip/pip.conf"),
        ("darwin", ".config/pip/pip.conf"),
        ("win32", "pip/pip.ini"),
    ],
)
def test_pips_file_of_the_user_is_read(tmp_path: Path, platform: str, path: str) -> None:
    write(tmp_path / path, "[global]\nindex-url = https://example.org/user/\n")
    variables = {"PROGRAMDATA": str(tmp_path / "nowhere")}
    assert pip_index_url(variables, tmp_path, platform) == "https://example.org/user/"


def test_the_section_of_a_command_beats_the_general_one(tmp_path: Path) -> None:
    text = "[global]\nindex-url = https://example.org/one/\n[install]\nindex_url = https://example.org/two/\n"
    write(tmp_path / "own.conf", text)
    variables = {"PIP_CONFIG_FILE": str(tmp_path / "own.conf")}
    assert pip_index_url(variables, tmp_path) == "https://example.org/two/"


def test_pips_files_can_be_switched_off(tmp_path: Path) -> None:
    write(tmp_path / ".config/pip/pip.conf", "[global]\nindex-url = https://example.org/user/\n")
    assert pip_index_url({"PIP_CONFIG_FILE": "/dev/null"}, tmp_path) == ""


@pytest.mark.parametrize("text", ["no ini file", "[global]\nindex-url\n", "\0", "[global]\nextra-index-url = x\n"])
def test_a_file_that_tells_nothing_is_passed_over(tmp_path: Path, text: str) -> None:
    write(tmp_path / "own.conf", text)
    variables = {**NOWHERE, "PIP_CONFIG_FILE": str(tmp_path / "own.conf")}
    assert not pip_index_url(variables, tmp_path).startswith("http")


def test_further_indexes_of_pip_are_left_aside(tmp_path: Path) -> None:
    variables = {"PIP_INDEX_URL": "https://example.org/simple", "PIP_EXTRA_INDEX_URL": "https://example.org/extra"}
    assert "extra" not in repr(default_index(variables, tmp_path))


def test_distlibs_constant_gives_the_root_of_simple_pages() -> None:
    root = distlib_root()
    assert root.startswith("https://")
    assert root.endswith("/simple/")
    assert "/pypi/" not in root


def test_a_mirror_is_called_by_its_address(tmp_path: Path) -> None:
    place = default_index({"PIP_INDEX_URL": "https://u:s3cret@example.org/mirror/"}, tmp_path)
    assert "https://example.org/mirror" == place.shown
    write(tmp_path / ".config/pip/pip.conf", "[global]\nindex-url = https://example.org/user/\n")
    assert "https://example.org/user" == default_index(NOWHERE | {"XDG_CONFIG_HOME": ""}, tmp_path).shown
    assert "PyPI" == default_index(NOWHERE, tmp_path).shown
