"""Everything that has been found where an environment belongs, and that none of it is lost."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.condition import (
    Absent,
    Broken,
    Foreign,
    Moved,
    NotToBeRemoved,
    Sound,
    look_at,
    require_removable,
)
from chapbook_core.environment.state import State, write_state

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need rights there")


def environment_in(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\nversion = 3.11.7\n")
    return folder


def a_file(place: Path) -> None:
    place.write_text("precious")


def a_link_to_home(place: Path) -> None:
    home = place.parent / "home"
    home.mkdir()
    (home / "thesis.ipynb").write_text("precious")
    place.symlink_to(home)


def a_link_to_nothing(place: Path) -> None:
    place.symlink_to(place.parent / "gone")


def a_link_to_itself(place: Path) -> None:
    place.symlink_to(place)


def a_link_to_another_project(place: Path) -> None:
    place.symlink_to(environment_in(place.parent / "other" / ".venv"))


def a_folder_of_files(place: Path) -> None:
    place.mkdir()
    (place / "data.csv").write_text("precious")


def an_environment_with_a_repository(place: Path) -> None:
    environment_in(place)
    (place / ".git").mkdir()


def an_environment_with_the_file_of_a_worktree(place: Path) -> None:
    environment_in(place)
    (place / ".git").write_text("gitdir: elsewhere")


def a_folder_that_cannot_be_an_environment(place: Path) -> None:
    place.mkdir()
    (place / "pyvenv.cfg").mkdir()


KEPT = (
    a_file,
    a_link_to_home,
    a_link_to_nothing,
    a_link_to_itself,
    a_link_to_another_project,
    a_folder_of_files,
    an_environment_with_a_repository,
    an_environment_with_the_file_of_a_worktree,
    a_folder_that_cannot_be_an_environment,
)


@pytest.mark.parametrize("layout", KEPT)
def test_what_is_not_ours_to_remove_stays(tmp_path: Path, layout: Callable[[Path], None]) -> None:
    layout(tmp_path / ".venv")
    with pytest.raises(NotToBeRemoved, match="is left as it is"):
        require_removable(tmp_path / ".venv", ())


@pytest.mark.parametrize(
    ("layout", "kind"),
    [
        (a_file, Foreign),
        (a_link_to_home, Foreign),
        (a_link_to_nothing, Foreign),
        (a_link_to_itself, Foreign),
        (a_link_to_another_project, Sound),
        (a_folder_of_files, Foreign),
        (a_folder_that_cannot_be_an_environment, Foreign),
        (an_environment_with_a_repository, Sound),
    ],
)
def test_what_stands_there_is_told_apart(tmp_path: Path, layout: Callable[[Path], None], kind: type) -> None:
    layout(tmp_path / ".venv")
    assert isinstance(look_at(tmp_path / ".venv"), kind)


def test_nothing_and_an_empty_folder_are_the_same(tmp_path: Path) -> None:
    place = tmp_path / ".venv"
    assert Absent(place) == look_at(place)
    place.mkdir()
    assert Absent(place) == look_at(place)


def test_an_environment_may_be_removed(tmp_path: Path) -> None:
    environment = environment_in(tmp_path / ".venv")
    assert isinstance(look_at(environment), Sound)
    require_removable(environment, (tmp_path,))


@pytest.mark.parametrize("inside", ["", "lib/work"])
def test_an_environment_that_holds_what_is_precious_stays(tmp_path: Path, inside: str) -> None:
    environment = environment_in(tmp_path / ".venv")
    (environment / inside).mkdir(parents=True, exist_ok=True)
    with pytest.raises(NotToBeRemoved, match="it holds"):
        require_removable(environment, (environment / inside,))


def test_the_environment_that_runs_this_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = environment_in(tmp_path / ".venv")
    monkeypatch.setattr(sys, "prefix", str(environment))
    with pytest.raises(NotToBeRemoved, match="Chapbook itself runs from it"):
        require_removable(environment, ())


def test_a_python_that_is_gone_breaks_an_environment(tmp_path: Path) -> None:
    environment = environment_in(tmp_path / ".venv")
    (environment / "bin" / "python").unlink()
    assert Broken(environment, "it has no `bin/python`") == look_at(environment)
    (environment / "bin" / "python").symlink_to(tmp_path / "gone")
    condition = look_at(environment)
    assert isinstance(condition, Broken)
    assert condition.reason.startswith("its Python 3.11.7 in ")
    require_removable(environment, ())


def test_an_environment_without_account_of_its_python_is_broken(tmp_path: Path) -> None:
    environment = environment_in(tmp_path / ".venv")
    (environment / "pyvenv.cfg").write_text("")
    assert isinstance(look_at(environment), Broken)


def test_a_moved_environment_is_noticed(tmp_path: Path) -> None:
    environment = environment_in(tmp_path / "old" / ".venv")
    write_state(environment, State(environment, made_here=True))
    assert isinstance(look_at(environment), Sound)
    (tmp_path / "old").rename(tmp_path / "new")
    condition = look_at(tmp_path / "new" / ".venv")
    assert isinstance(condition, Moved)
    assert str(tmp_path / "old" / ".venv") in condition.reason


def test_a_project_behind_a_link_was_not_moved(tmp_path: Path) -> None:
    environment = environment_in(tmp_path / "real" / ".venv")
    write_state(environment, State(environment))
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert isinstance(look_at(tmp_path / "link" / ".venv"), Sound)
