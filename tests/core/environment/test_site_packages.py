from __future__ import annotations

import os
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from chapbook_core.environment import site_packages
from chapbook_core.environment.site_packages import scan_site_packages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


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
    ((_found, is_whole, has_direct_url),) = scan_site_packages(tmp_path).look()
    assert (True, True) == (is_whole, has_direct_url)
    assert found.direct_url == {"url": "file:///x", "dir_info": {"editable": True}}


def test_a_distribution_without_its_files_is_not_whole(tmp_path: Path) -> None:
    install(tmp_path, "half-1.0.dist-info", METADATA="Name: half\n")
    install(tmp_path, "torn-1.0.dist-info", direct_url_json="{")
    found = scan_site_packages(tmp_path)
    assert [("half", False, False), ("torn", False, True)] == [
        (one.name, is_whole, has_direct_url) for one, is_whole, has_direct_url in found.look()
    ]
    torn = found.distributions["torn"]
    assert ("", "torn", {}, False) == (torn.installer, torn.pretty_name, torn.direct_url, torn.is_editable)


def _counted(taken: list[str], name: str, own: Callable[..., object], *given: object, **named: object) -> object:
    taken.append(name)
    return own(*given, **named)


def test_a_look_at_a_distribution_takes_three_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        install(tmp_path, f"one{number}-1.0.dist-info", METADATA="Name: one", RECORD="one.py,,")
    present = scan_site_packages(tmp_path)
    taken: list[str] = []
    for name in ("stat", "access", "open", "listdir", "scandir"):
        monkeypatch.setattr(os, name, partial(_counted, taken, name, getattr(os, name)))
    looks = present.look()
    monkeypatch.undo()
    assert [(True, False)] * 5 == [look[1:] for look in looks]
    assert Counter(stat=10, access=5, open=1) == Counter(taken)


def test_what_happens_to_a_distribution_between_two_looks_is_seen(tmp_path: Path) -> None:
    folder = install(tmp_path, "one-1.0.dist-info", METADATA="Name: one", RECORD="one.py,,")
    present = scan_site_packages(tmp_path)
    assert [(True, False)] == [look[1:] for look in present.look()]
    # As a power cut leaves it: the name is there, and the folder as it was.
    (folder / "RECORD").write_bytes(b"")
    assert [(False, False)] == [look[1:] for look in present.look()]
    (folder / "RECORD").write_bytes(b"one.py,,")
    (folder / "direct_url.json").write_bytes(b"{}")
    assert [(True, True)] == [look[1:] for look in present.look()]


def test_what_is_no_file_does_not_count_as_one(tmp_path: Path) -> None:
    folder = install(tmp_path, "one-1.0.dist-info", METADATA="Name: one")
    (folder / "RECORD").mkdir()
    assert [(False, False)] == [look[1:] for look in scan_site_packages(tmp_path).look()]


def test_distributions_are_looked_at_where_no_folder_can_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "half-1.0.dist-info", METADATA="Name: half")
    install(tmp_path, "one-1.0.dist-info", METADATA="Name: one", RECORD="one.py,,", direct_url_json="{}")
    monkeypatch.setattr(site_packages, "_CAN_START_IN_FOLDERS", False)
    assert [(False, False), (True, True)] == [look[1:] for look in scan_site_packages(tmp_path).look()]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert [] == list(scan_site_packages(tmp_path / "gone"))
