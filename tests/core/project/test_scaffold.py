from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.project.author import Author, InvalidAuthor, git_author, parse_author
from chapbook_core.project.scaffold import (
    Layout,
    Outline,
    default_requires_python,
    module_name,
    name_of_folder,
    pyproject_text,
)
from chapbook_core.requirements.name import canonical_name, is_valid_name

FOLDER = Path("/nowhere")
words = st.text(max_size=20)


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("My_Package.Name", "my-package-name"),
        ("mes données", "mes-donnees"),
        ("__x__", "x"),
        ("日本", "project"),
        ("a & b", "a-b"),
        ("", "project"),
    ],
)
def test_a_project_is_named_after_its_folder(folder: str, name: str) -> None:
    assert name_of_folder(folder) == name


@given(words)
@settings(max_examples=100, deadline=None)
def test_every_folder_gives_a_valid_name(folder: str) -> None:
    name = name_of_folder(folder)
    assert is_valid_name(name)
    assert name == canonical_name(name)


@given(words.filter(bool))
@settings(max_examples=100, deadline=None)
def test_every_module_can_be_imported(text: str) -> None:
    assert module_name(text).isidentifier()


@given(
    description=words,
    author=st.builds(Author, words, st.just("a@b")),
    license_text=words,
    layout=st.sampled_from(Layout),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_said_can_be_read_back(description: str, author: Author, license_text: str, layout: Layout) -> None:
    outline = Outline("a-b", layout, description=description, authors=(author,), license=license_text)
    project = tomllib.loads(pyproject_text(outline, FOLDER))["project"]
    assert project["description"] == description
    assert project["authors"] == [{k: v for k, v in (("name", author.name), ("email", author.email)) if v}]
    assert project.get("license", "") == license_text


def test_packages_are_for_all_later_pythons_and_notebooks_for_one() -> None:
    ranges = [default_requires_python((3, 12), layout) for layout in (Layout.SRC, Layout.FLAT, Layout.NOTEBOOKS)]
    assert ranges == [">=3.12", ">=3.12", ">=3.12,<3.13"]


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("Ada Lovelace <ada@example.org>", Author("Ada Lovelace", "ada@example.org")),
        ("  Åsa ", Author("Åsa")),
        ("<ada@example.org>", Author("", "ada@example.org")),
    ],
)
def test_an_author_is_read_and_written(text: str, author: Author) -> None:
    assert parse_author(text) == author
    assert str(author) == text.strip()


@pytest.mark.parametrize("text", ["", "<>", "<", "a <b>", "a <b@c", "a\nb <c@d>"])
def test_what_is_no_author_is_refused(text: str) -> None:
    with pytest.raises(InvalidAuthor, match="is not an author"):
        parse_author(text)


def test_without_git_nobody_is_known(tmp_path: Path) -> None:
    assert git_author(tmp_path, {"PATH": str(tmp_path)}) is None
    assert git_author(tmp_path / "missing", {"PATH": ""}) is None
