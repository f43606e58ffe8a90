"""What is set aside, what is left behind, and environments whose folders cannot be given another name."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from chapbook_core.environment import workshop
from chapbook_core.environment.condition import Broken, look_at, require_removable
from chapbook_core.environment.virtualenv import remove_environment, set_aside
from chapbook_core.environment.workshop import attended, new_place, open_workshop, sweep
from chapbook_core.errors import ChapbookError
from tests.core.environment.made import tree


@pytest.fixture
def layered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that came with the image of a container: its folders cannot be given another name."""
    path = tmp_path / ".venv"
    (path / "bin").mkdir(parents=True)
    (path / "pyvenv.cfg").write_text("home = /usr/bin")
    (path / "bin" / "python").symlink_to("/usr/bin/python")
    (path / "lib64").symlink_to("lib")
    below = path.stat().st_ino
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if self.stat().st_ino == below:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    return path


def test_an_environment_that_cannot_be_renamed_is_removed_where_it_is(layered: Path) -> None:
    remove_environment(layered)
    assert not os.path.lexists(layered)


def test_what_a_kill_leaves_of_one_that_is_removed_where_it_is_can_be_replaced(
    layered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[str] = []
    discard = workshop.discard

    def killed(folder: Path) -> None:
        assert isinstance(look_at(layered), Broken)
        require_removable(layered, ())
        gone.append(folder.name)
        discard(folder)

    monkeypatch.setattr(workshop, "discard", killed)
    remove_environment(layered)
    assert {"bin", "lib64", "pyvenv.cfg"} == set(gone)
    assert not os.path.lexists(layered)


def test_an_environment_that_cannot_be_renamed_is_set_aside_as_a_copy(layered: Path) -> None:
    before = tree(layered)

    def interrupted() -> None:
        with set_aside(layered):
            assert not os.path.lexists(layered)
            layered.mkdir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert before == tree(layered)
    with set_aside(layered):
        layered.mkdir()
    assert [] == list(layered.iterdir())
    assert [".venv"] == [path.name for path in layered.parent.iterdir()]


def test_nothing_that_somebody_works_at_is_swept_away_when_the_clock_leaps(tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()
    (first / "pyvenv.cfg").write_text("home = /usr/bin")

    def interrupted() -> None:
        with set_aside(first):
            (aside,) = (tmp_path / ".chapbook").glob("environment-*")
            _grow_old(aside)
            with open_workshop(tmp_path / "second"), open_workshop(tmp_path / "third"):
                assert aside.is_dir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (first / "pyvenv.cfg").exists()


def test_what_nobody_works_at_is_swept_away_after_a_while(tmp_path: Path) -> None:
    with open_workshop(tmp_path / "first") as folder:
        left, young = new_place(folder), new_place(folder)
        left.mkdir()
        young.mkdir()
    _grow_old(left)
    with open_workshop(tmp_path / "second"):
        assert not left.exists()
        assert young.exists()


def test_one_that_is_made_ahead_is_not_swept_away_when_the_clock_leaps(tmp_path: Path) -> None:
    with attended(tmp_path, tmp_path):
        making = new_place(tmp_path)
        making.mkdir()
        _grow_old(making)
        sweep(tmp_path, tmp_path)
        assert making.is_dir()
    sweep(tmp_path, tmp_path)
    assert not making.exists()


def _grow_old(path: Path) -> None:
    week_ago = time.time() - 7 * 24 * 3600 - 60
    os.utime(path, (week_ago, week_ago))


@pytest.mark.parametrize(
    ("first", "told", "hints"),
    [
        (ChapbookError("the index is down", hints=["try later"]), "the index is down", ["try later"]),
        (OSError(errno.ENOSPC, "No space left on device", "/disk"), "/disk: No space left on device", []),
        (KeyboardInterrupt(), "cancelled", []),
        (ValueError("odd"), "ValueError: odd", []),
    ],
    ids=["error", "system", "interrupt", "bug"],
)
def test_a_way_back_that_fails_as_well_does_not_hide_what_went_wrong_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: BaseException, told: str, hints: list[str]
) -> None:
    path = tmp_path / ".venv"
    path.mkdir()
    (path / "pyvenv.cfg").write_text("home = /usr/bin")
    discard = workshop.discard

    def refused(folder: Path) -> None:
        if folder == path:
            raise PermissionError(errno.EACCES, "it is in use", str(folder / "python.exe"))
        discard(folder)

    def failing() -> None:
        with set_aside(path):
            path.mkdir()
            raise first

    monkeypatch.setattr(workshop, "discard", refused)
    with pytest.raises(ChapbookError) as caught:
        failing()
    assert caught.value.__cause__ is first
    assert [
        told,
        f"`{path}` could not be made what it was before: {path / 'python.exe'}: it is in use",
    ] == caught.value.message.splitlines()
    assert [*hints] == list(caught.value.hints[: len(hints)])
    (aside,) = (tmp_path / ".chapbook").glob("environment-*")
    assert f"`{aside}`" in caught.value.hints[-1]
    assert (aside / "pyvenv.cfg").exists()
