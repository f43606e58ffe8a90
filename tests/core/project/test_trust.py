from __future__ import annotations

import json
import shutil
import stat
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from chapbook_core.project.kernel_lock import try_lock
from chapbook_core.project.locations import find_locations
from chapbook_core.project.lock_place import LockPlace
from chapbook_core.project.trust import (
    RECORD,
    TrustNotRecorded,
    distrust,
    is_trusted,
    note_trust,
    trust,
    trusted_projects,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.project.locations import Locations


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    return find_locations({}, tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_a_project_is_trusted_from_when_it_is_said(project: Path, locations: Locations) -> None:
    assert not is_trusted(project, locations)
    assert trust(project, locations)
    assert is_trusted(project, locations)
    assert not trust(project, locations)


def test_trust_can_be_taken_back(project: Path, locations: Locations) -> None:
    trust(project, locations)
    assert distrust(project, locations)
    assert not is_trusted(project, locations)
    assert not distrust(project, locations)
    assert trust(project, locations)


def test_a_project_is_the_same_through_a_link(project: Path, locations: Locations, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(project, target_is_directory=True)
    trust(tmp_path / "link", locations)
    assert is_trusted(project, locations)


def test_what_comes_into_the_place_of_a_trusted_project_is_not_trusted(project: Path, locations: Locations) -> None:
    trust(project, locations)
    shutil.rmtree(project)
    project.mkdir()
    assert not is_trusted(project, locations)
    assert ["replaced"] == [one.state for one in trusted_projects(locations)]


def test_a_copy_elsewhere_is_not_trusted(project: Path, locations: Locations, tmp_path: Path) -> None:
    trust(project, locations)
    shutil.copytree(project, tmp_path / "copy")
    assert not is_trusted(tmp_path / "copy", locations)


def test_a_mark_that_came_with_a_project_is_worth_nothing(project: Path, locations: Locations) -> None:
    (project / ".chapbook").mkdir()
    (project / ".chapbook" / "trust").write_text("0" * 32)
    assert not is_trusted(project, locations)
    trust(project, locations)
    assert "0" * 32 != (project / ".chapbook" / "trust").read_text()


def test_a_link_to_the_mark_of_another_project_is_no_mark(project: Path, locations: Locations, tmp_path: Path) -> None:
    trust(project, locations)
    kept = tmp_path / "kept"
    project.rename(kept)
    project.mkdir()
    (project / ".chapbook").symlink_to(kept / ".chapbook", target_is_directory=True)
    assert not is_trusted(project, locations)
    (project / ".chapbook").unlink()
    (project / ".chapbook").mkdir()
    (project / ".chapbook" / "trust").symlink_to(kept / ".chapbook" / "trust")
    assert not is_trusted(project, locations)


def test_nothing_is_written_through_a_link(project: Path, locations: Locations, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project / ".chapbook").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    note_trust(project, locations)
    assert not is_trusted(project, locations)
    assert [] == list((tmp_path / "elsewhere").iterdir())


def test_git_does_not_see_the_mark(project: Path, locations: Locations) -> None:
    trust(project, locations)
    assert "*\n" == (project / ".chapbook" / ".gitignore").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
def test_the_record_is_private(project: Path, locations: Locations) -> None:
    trust(project, locations)
    assert 0o600 == stat.S_IMODE((locations.data / RECORD).stat().st_mode)


def test_a_damaged_record_trusts_nobody_and_is_not_written_over(project: Path, locations: Locations) -> None:
    locations.data.mkdir(parents=True)
    (locations.data / RECORD).write_text('{"projects": [')
    assert not is_trusted(project, locations)
    with pytest.raises(TrustNotRecorded, match="it is damaged"):
        trust(project, locations)
    with pytest.raises(TrustNotRecorded):
        trusted_projects(locations)
    note_trust(project, locations)
    assert '{"projects": [' == (locations.data / RECORD).read_text()


def test_projects_that_are_trusted_at_the_same_time_are_all_on_the_record(tmp_path: Path, locations: Locations) -> None:
    folders = [tmp_path / f"project{number}" for number in range(12)]
    for folder in folders:
        folder.mkdir()
    threads = [threading.Thread(target=trust, args=(folder, locations)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(folders) == [one.folder for one in trusted_projects(locations)]
    assert {"trusted"} == {one.state for one in trusted_projects(locations)}


def test_whoever_waits_for_the_record_in_vain_says_so(
    project: Path, locations: Locations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chapbook_core.project.trust._PATIENCE", 0.0)
    lock = LockPlace(locations.data, f"{RECORD}.lock", is_private=True).open()
    try:
        assert try_lock(lock.descriptor)
        with pytest.raises(TrustNotRecorded, match="another process holds it"):
            trust(project, locations)
    finally:
        lock.close()
    assert not is_trusted(project, locations)


def test_the_record_holds_nothing_but_folders_marks_and_times(project: Path, locations: Locations) -> None:
    trust(project, locations)
    data = json.loads((locations.data / RECORD).read_bytes())
    assert {str(project)} == set(data["projects"])
    assert {"mark", "since"} == set(data["projects"][str(project)])


def test_what_was_deleted_leaves_the_record_and_what_is_on_a_disk_that_is_away_stays(
    project: Path, locations: Locations, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    for folder in (tmp_path / "deleted", disk / "away"):
        folder.mkdir(parents=True)
        trust(folder, locations)
    shutil.rmtree(tmp_path / "deleted")
    disk.rename(tmp_path / "unplugged")
    trust(project, locations)
    assert [disk / "away", project] == [one.folder for one in trusted_projects(locations)]
    (tmp_path / "unplugged").rename(disk)
    assert is_trusted(disk / "away", locations)
