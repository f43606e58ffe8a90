from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from chapbook_core.environment.place import place_of

if TYPE_CHECKING:
    from pathlib import Path


def test_the_environment_of_a_project_is_in_its_folder(tmp_path: Path) -> None:
    place = place_of(tmp_path, "notes", None)
    assert tmp_path / ".venv" == place.present("3.12") == place.path("3.13")
    assert () == place.existing()
    place.select("3.12.1")
    assert place.selected() is None
    assert [] == list(tmp_path.iterdir())


def test_a_central_environment_has_a_name_that_tells_projects_apart(tmp_path: Path) -> None:
    one = place_of(tmp_path / "a", "My Notes!", tmp_path / "central").path("3.12")
    other = place_of(tmp_path / "b", "My Notes!", tmp_path / "central").path("3.12")
    assert one.name.startswith("my_notes_-")
    assert one.name.endswith("-py3.12")
    assert one != other
    assert len("my_notes_-12345678-py3.12") == len(one.name)


def test_a_selection_is_kept_beside_those_of_other_projects(tmp_path: Path) -> None:
    central = tmp_path / "central"
    central.mkdir()
    (central / "envs.toml").write_text('[other-12345678]\nminor = "3.9"\npatch = "3.9.1"\n')
    place = place_of(tmp_path, "notes", central)
    place.select("3.12.1")
    assert "3.12" == place.selected()
    assert place.path("3.12") == place.present("3.10")
    place.select("3.13.0")
    written = tomllib.loads((central / "envs.toml").read_text())
    assert {"minor": "3.13", "patch": "3.13.0"} == written[place.stem]
    place.forget()
    written = tomllib.loads((central / "envs.toml").read_text())
    assert {"other-12345678": {"minor": "3.9", "patch": "3.9.1"}} == written


def test_an_only_environment_is_used_though_it_is_of_another_python(tmp_path: Path) -> None:
    place = place_of(tmp_path, "notes", tmp_path / "central")
    place.path("3.9").mkdir(parents=True)
    assert place.path("3.9") == place.present("3.12")
    place.path("3.10").mkdir()
    assert place.path("3.12") == place.present("3.12")
    assert {place.path("3.10"), place.path("3.9")} == set(place.existing())
