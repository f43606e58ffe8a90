from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.kernel_start import KernelWants
from chapbook_core.commands.kernel_wants import read_wants
from chapbook_core.project.discovery import ProjectNotFound
from chapbook_kernelspec.belonging import Belonging, find_belonging, find_notebook

if TYPE_CHECKING:
    from pathlib import Path


def project(folder: Path, text: str = '[project]\nname = "here"\nversion = "1"\n') -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text)
    return folder.resolve()


def notebook(file: Path, metadata: dict[str, object] | None = None) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {"cells": [], "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return file


def test_a_notebook_belongs_to_the_nearest_project_above_it(tmp_path: Path) -> None:
    outer, inner = project(tmp_path / "outer"), project(tmp_path / "outer" / "inner")
    file = notebook(inner / "deep" / "a.ipynb")
    assert Belonging(inner, KernelWants()) == find_belonging({"JPY_SESSION_NAME": str(file)}, outer)


def test_a_file_that_only_configures_tools_makes_no_project(tmp_path: Path) -> None:
    outer = project(tmp_path / "outer")
    inner = project(outer / "inner", "[tool.ruff]\nline-length = 100\n")
    assert outer == find_belonging({}, inner).project


def test_the_notebooks_own_name_goes_before_the_folder_the_kernel_starts_in(tmp_path: Path) -> None:
    before, after = project(tmp_path / "before"), project(tmp_path / "after")
    moved = notebook(after / "moved.ipynb")
    assert after == find_belonging({"JPY_SESSION_NAME": str(moved)}, before).project


def test_the_variable_for_a_project_goes_before_everything(tmp_path: Path) -> None:
    one, other = project(tmp_path / "one"), project(tmp_path / "other")
    variables = {"CHAPBOOK_PROJECT": str(one), "JPY_SESSION_NAME": str(notebook(other / "a.ipynb"))}
    assert one == find_belonging(variables, other).project


def test_who_knows_the_notebook_better_than_the_server_is_believed(tmp_path: Path) -> None:
    root, deep = project(tmp_path / "root"), project(tmp_path / "root" / "sub" / "deep")
    variables = {
        "CHAPBOOK_NOTEBOOK": str(notebook(deep / "a.ipynb")),
        "JPY_SESSION_NAME": str(notebook(root / "a.ipynb")),
    }
    assert deep == find_belonging(variables, root).project


@pytest.mark.parametrize("drive", ["RTC:", "RTC:/", "shared-drive:"])
def test_the_drive_of_a_collaborative_server_is_no_part_of_the_path(tmp_path: Path, drive: str) -> None:
    deep = project(tmp_path / "sub" / "deep")
    file = notebook(deep / "a.ipynb")
    assert file == find_notebook({"JPY_SESSION_NAME": f"{tmp_path}/{drive}sub/deep/a.ipynb"})


def test_a_notebook_that_is_not_there_leaves_its_folder(tmp_path: Path) -> None:
    one, other = project(tmp_path / "one"), project(tmp_path / "other")
    assert one == find_belonging({"JPY_SESSION_NAME": str(one / "console-1-ab12")}, other).project
    assert other == find_belonging({"JPY_SESSION_NAME": "relative.ipynb"}, other).project


def test_a_notebook_may_want_groups_of_the_project(tmp_path: Path) -> None:
    table = {"groups": ["training", "größe"], "extras": ["plot"], "more": 1}
    file = notebook(tmp_path / "a.ipynb", {"chapbook": table})
    assert KernelWants(("training", "größe"), ("plot",)) == read_wants(file)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"metadata": {"chapbook": 1}}', '{"metadata": {"chapbook": {"groups": "training"}}}', '"chapbook"'],
)
def test_metadata_that_cannot_be_understood_want_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.ipynb").write_text(text)
    assert KernelWants() == read_wants(tmp_path / "a.ipynb")


def test_where_no_project_is_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ProjectNotFound, match="no project in") as raised:
        find_belonging({}, tmp_path)
    assert any("chapbook init" in hint for hint in raised.value.hints)
