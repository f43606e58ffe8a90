from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.environment.site_packages import scan_site_packages

if TYPE_CHECKING:
    from pathlib import Path


def install(folder: Path, name: str, **files: str) -> Path:
    path = folder / name
    path.mkdir(parents=True)
    for file, text in files.items():
        (path / file.replace("_json", ".json")).write_text(text, encoding="utf-8")
    return path


def test_the_names_of_the_folders_tell_names_and_versions(tmp_path: Path) -> None:
    install(tmp_path, "Flask_SQLAlchemy-3.1.1.dist-info")
    install(tmp_path, "torch-2.1.0+cpu.dist-info")
    install(tmp_path, "numpy")
    found = scan_site_packages(tmp_path)
    assert {"flask-sqlalchemy": "3.1.1", "torch": "2.1.0+cpu"} == {one.name: one.version for one in found}
    assert "3.1.1" == found.version_of("flask-sqlalchemy")
    assert found.version_of("numpy") is None


def test_what_an_installer_has_renamed_away_does_not_count(tmp_path: Path) -> None:
    for name in ("~umpy-1.0.dist-info", ".numpy-1.0.dist-info", "-1.0.dist-info", "numpy.dist-info"):
        install(tmp_path, name)
    assert [] == list(scan_site_packages(tmp_path))


def test_a_name_twice_is_told(tmp_path: Path) -> None:
    install(tmp_path, "six-1.16.0.dist-info")
    install(tmp_path, "six-1.17.0.dist-info")
    found = scan_site_packages(tmp_path)
    assert "1.16.0" == found.version_of("six")
    assert ["1.17.0"] == [one.version for one in found.repeated]


def test_what_is_older_than_wheels_is_listed_apart(tmp_path: Path) -> None:
    install(tmp_path, "old-1.0-py3.11.egg-info")
    (tmp_path / "mine.egg-link").touch()
    found = scan_site_packages(tmp_path)
    assert [] == list(found)
    assert ("mine.egg-link", "old-1.0-py3.11.egg-info") == found.legacy


def test_the_files_of_a_distribution_are_read_when_asked_for(tmp_path: Path) -> None:
    metadata = (
        "Metadata-Version: 2.1\nName: My_Package\nVersion: 1.0\nRequires-Dist: a\nRequires-Dist: b\n\nName: text\n"
    )
    source = '{"url": "file:///x", "dir_info": {"editable": true}}'
    install(
        tmp_path,
        "my_package-1.0.dist-info",
        METADATA=metadata,
        RECORD="my_package-1.0.dist-info/RECORD,,\n",
        INSTALLER="chapbook\n",
        REQUESTED="",
        direct_url_json=source,
    )
    (found,) = scan_site_packages(tmp_path)
    assert "My_Package" == found.pretty_name
    assert "chapbook" == found.installer
    assert found.is_requested
    assert found.is_editable
    assert found.is_whole
    assert found.direct_url == {"url": "file:///x", "dir_info": {"editable": True}}


def test_a_distribution_without_its_files_is_not_whole(tmp_path: Path) -> None:
    install(tmp_path, "half-1.0.dist-info", METADATA="Name: half\n")
    install(tmp_path, "torn-1.0.dist-info", direct_url_json="{")
    found = scan_site_packages(tmp_path)
    assert [False, False] == [one.is_whole for one in found]
    torn = found.distributions["torn"]
    assert ("", "torn", {}, False) == (torn.installer, torn.pretty_name, torn.direct_url, torn.is_editable)


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert [] == list(scan_site_packages(tmp_path / "gone"))
