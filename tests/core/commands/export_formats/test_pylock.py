"""Locks as installers read them."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from packaging.pylock import Pylock

from tests.core.commands.export_formats.exported import (
    NO_PACKAGE,
    PROJECT,
    locked,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


def test_a_pylock_holds_every_group_and_extra_with_the_files_of_the_index(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    locked(project, chapbook)
    outcome = chapbook("export", "-f", "pylock.toml", "-o", "pylock.toml")
    assert outcome.status == 0, outcome.err
    data = tomllib.loads((project / "pylock.toml").read_text("utf-8"))
    Pylock.from_dict(data)
    assert (data["extras"], data["dependency-groups"], data["default-groups"]) == (["fast"], ["dev"], [])
    assert data["requires-python"] == ">=3.11"
    entries = {entry["name"]: entry for entry in data["packages"]}
    assert {name: entry.get("marker") for name, entry in entries.items()} == {
        "a": None,
        "b": None,
        "c": '"fast" in extras',
        "d": '"dev" in dependency_groups',
        "only-windows": 'sys_platform == "win32"',
    }
    wheel, sdist = sorted(index.files("a"), key=lambda file: file.kind != "wheel")
    assert entries["a"]["sdist"]["hashes"] == {"sha256": sdist.sha256}
    assert entries["a"]["wheels"][0]["url"] == index.url_of(wheel)
    assert entries["a"]["wheels"][0]["size"] == wheel.size
    assert entries["a"]["wheels"][0]["upload-time"].isoformat() == "2024-05-06T07:08:09+00:00"
    assert [wheel["name"] for wheel in entries["b"]["wheels"]] == ["b-2.0-py2-none-any.whl", "b-2.0-py3-none-any.whl"]


def test_a_pylock_names_the_environments_of_the_project(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook, PROJECT + NO_PACKAGE + "[tool.chapbook]\nenvironments = [\"sys_platform == 'win32'\"]\n")
    data = tomllib.loads(chapbook("export", "-f", "pylock.toml").out)
    assert data["environments"] == ['sys_platform == "win32"']
    assert not [entry["name"] for entry in data["packages"] if "sys_platform" in entry.get("marker", "")]


def test_a_pylock_needs_a_name_that_installers_know(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    outcome = chapbook("export", "-f", "pylock.toml", "-o", "lock.toml")
    assert outcome.status == 2
    assert "no installer would read `lock.toml`" in outcome.err
    assert chapbook("export", "-f", "pylock.toml", "-o", "pylock.test.toml").status == 0


def test_a_pylock_for_chosen_groups_leaves_no_choice(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    data = tomllib.loads(chapbook("export", "-f", "pylock.toml", "--only", "dev").out)
    assert [entry["name"] for entry in data["packages"]] == ["b", "d"]
    assert not {"extras", "dependency-groups"} & data.keys()


def test_a_file_that_the_index_has_changed_is_refused(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    file = project / "poetry.lock"
    text = file.read_text("utf-8")
    for name in ("a-1.0-py3", "b-2.0-py2"):
        digest = text.partition(f'file = "{name}')[2].partition("sha256:")[2][:64]
        text = text.replace(digest, "0" * 64)
    file.write_text(text.replace("c-3.0-py3", "c-3.0-py4"), encoding="utf-8")
    outcome = chapbook("export", "-f", "pylock.toml", "-o", "pylock.toml")
    assert outcome.status == 1
    assert outcome.err.startswith(
        "error: a 1.0: a-1.0-py3-none-any.whl has another sha256 than was locked\n"
        "error: b 2.0: b-2.0-py2-none-any.whl has another sha256 than was locked\n"
        "error: c 3.0: the index no longer has c-3.0-py4-none-any.whl\n"
        "hint: "
    )
    assert not (project / "pylock.toml").exists()
