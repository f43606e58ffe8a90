"""Finding the project of a notebook or a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.project.discovery import ProjectNotFound, ProjectUnreadable, declares_project, find_project

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = '[project]\nname = "a"\nversion = "1"\n'
LINTERS = "[tool.ruff]\nline-length = 100\n"


def make(folder: Path, text: str = PROJECT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_notebook_belongs_to_the_nearest_folder_with_a_project(tmp_path: Path) -> None:
    make(tmp_path)
    inner = make(tmp_path / "inner")
    notebook = inner / "deep" / "er" / "a.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.touch()

    assert find_project(notebook) == inner


def test_a_notebook_that_is_not_saved_yet_has_a_project_all_the_same(tmp_path: Path) -> None:
    make(tmp_path)

    assert find_project(tmp_path / "untitled.ipynb") == tmp_path


def test_a_file_that_only_configures_linters_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path)
    inner = make(tmp_path / "inner", LINTERS)

    assert find_project(inner) == tmp_path


def test_the_error_names_the_files_that_were_passed_over(tmp_path: Path) -> None:
    folder = make(tmp_path / "inner", LINTERS)

    with pytest.raises(ProjectNotFound) as caught:
        find_project(folder, ceiling=tmp_path)

    assert str(folder) in caught.value.message
    assert str(folder / "pyproject.toml") in caught.value.hints[0]


def test_the_error_says_what_keeps_a_project_file_from_being_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("x =\n")
    with pytest.raises(ProjectNotFound) as caught:
        find_project(tmp_path, ceiling=tmp_path)
    assert caught.value.hints[0].startswith(f"`{tmp_path / 'pyproject.toml'}` cannot be read: Invalid value (at line 1")


def test_the_error_names_a_project_file_that_is_a_link_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").symlink_to("nowhere")

    with pytest.raises(ProjectNotFound) as caught:
        find_project(tmp_path, ceiling=tmp_path)

    assert caught.value.hints[0] == f"`{tmp_path / 'pyproject.toml'}` is a link to nothing"


def test_the_error_names_a_project_file_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()

    with pytest.raises(ProjectNotFound) as caught:
        find_project(tmp_path, ceiling=tmp_path)

    assert caught.value.hints[0] == f"`{tmp_path / 'pyproject.toml'}` is not a file"


def test_no_folder_above_the_ceiling_is_looked_into(tmp_path: Path) -> None:
    make(tmp_path)
    inner = tmp_path / "inner"
    inner.mkdir()

    with pytest.raises(ProjectNotFound):
        find_project(inner, ceiling=inner)


def test_a_folder_with_a_space_and_other_letters_is_a_folder_like_any(tmp_path: Path) -> None:
    folder = make(tmp_path / "mes études ñ 図")

    assert find_project(folder / "première.ipynb") == folder


def test_a_project_reached_through_a_link_has_its_real_folder(tmp_path: Path) -> None:
    real = make(tmp_path / "real")
    link = tmp_path / "link"
    link.symlink_to(real, target_is_directory=True)

    assert find_project(link / "a.ipynb") == real


def test_a_linked_notebook_belongs_to_the_folder_of_the_link(tmp_path: Path) -> None:
    elsewhere = make(tmp_path / "elsewhere") / "a.ipynb"
    elsewhere.touch()
    here = make(tmp_path / "here")
    (here / "a.ipynb").symlink_to(elsewhere)

    assert find_project(here / "a.ipynb") == here


def test_a_linked_project_file_counts_where_the_link_is(tmp_path: Path) -> None:
    make(tmp_path / "elsewhere")
    here = tmp_path / "here"
    here.mkdir()
    (here / "pyproject.toml").symlink_to(tmp_path / "elsewhere" / "pyproject.toml")

    assert find_project(here) == here


def test_a_project_file_that_links_to_itself_is_a_clear_error(tmp_path: Path) -> None:
    link = tmp_path / "pyproject.toml"
    link.symlink_to(link)

    # Newer versions of Python take a broken link for no file.
    with pytest.raises((ProjectUnreadable, ProjectNotFound)) as caught:
        find_project(tmp_path, ceiling=tmp_path)

    assert str(tmp_path) in caught.value.message


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind the administrator")
def test_an_unreadable_project_file_is_named_with_the_cause(tmp_path: Path) -> None:
    file = make(tmp_path) / "pyproject.toml"
    file.chmod(0)

    with pytest.raises(ProjectUnreadable, match="Permission denied") as caught:
        find_project(tmp_path)

    assert str(file) in caught.value.message


def test_a_failing_look_into_a_folder_names_it_with_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make(tmp_path) / "pyproject.toml"

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("chapbook_core.project.discovery.read_small", refuse)
    with pytest.raises(ProjectUnreadable) as caught:
        find_project(tmp_path)

    assert caught.value.message == f"cannot read `{file}`: Permission denied"
    assert caught.value.hints


@pytest.mark.parametrize(
    "text",
    [
        PROJECT,
        "[dependency-groups]\ntest = []\n",
        "[tool.poetry]\npackage-mode = false\n",
        "[tool.chapbook]\n",
        "[ tool . poetry ]\n",
        '["tool"."poetry"]\n',
        "[tool]\npoetry = {}\n",
        "tool.poetry.name = 'a'\n",
        "project.name = 'a'\n",
        "[[tool.poetry.source]]\nname = 'a'\n",
        "  [project]\n",
        "[tool.poetry.group.dev]\r\noptional = true\r\n",
        # Broken, but meant as one: the reader of the manifest says what is wrong.
        "[project\nname = ",
    ],
)
def test_these_files_make_a_project(text: str) -> None:
    assert declares_project(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        LINTERS,
        "[build-system]\nrequires = []\n",
        "[tool.poetry-dynamic-versioning]\nenable = true\n",
        "[tool.mypy]\n# [project] is elsewhere\n",
        '[tool.black]\nnote = """\n[project]\n"""\n',
        "[projects]\n",
        "[tool.ruff\n",
    ],
)
def test_these_files_make_none(text: str) -> None:
    assert not declares_project(text.encode())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_file_with_a_byte_order_mark_that_seems_to_declare_a_project_counts(encoding: str) -> None:
    mark = "" if encoding != "utf-16-le" else "\N{ZERO WIDTH NO-BREAK SPACE}"
    assert declares_project((mark + PROJECT).encode(encoding))
    assert not declares_project((mark + LINTERS).encode(encoding))


def test_a_file_in_another_encoding_that_seems_to_declare_a_project_counts() -> None:
    assert declares_project('[project]\nname = "études"\n'.encode("latin-1"))


def test_a_notebook_outside_of_projects_is_told_by_its_folder(tmp_path: Path) -> None:
    notebook = tmp_path / "a.ipynb"
    notebook.write_text("{}")
    with pytest.raises(ProjectNotFound) as caught:
        find_project(notebook)
    assert f"no project in `{tmp_path}` or any folder above it" == caught.value.message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[project]\nname = 'a'\n", True),
        (b"# of ours\r\n\r\n[tool.poetry]\r\n", True),
        (b"[project] what is this\n", True),
        (b"text = '''\n[project]\n'''\n[tool.ruff]\n", False),
        (b'text = """\n[project]\n"""\n[tool.chapbook]\n', True),
        (b"[tool.ruff]\nselect = [\n  'project',\n]\n", False),
        (b"[tool.ruff]\n# [project]\n", False),
    ],
)
def test_a_header_makes_a_project_unless_it_is_in_a_text(content: bytes, expected: bool) -> None:
    assert expected == declares_project(content)
