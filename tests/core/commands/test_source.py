from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BARE = '[project]\nname = "x"\nversion = "1"\n# end\n'
URL = "https://example.org/simple/"


@pytest.fixture
def file(folder: Path) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(BARE, encoding="utf-8")
    return path


def test_a_source_is_added_shown_and_removed_without_a_trace(chapbook: Callable[..., Any], file: Path) -> None:
    outcome = chapbook("source", "add", "-p", "explicit", "wheels", URL)
    assert (outcome.status, outcome.out, outcome.err) == (0, "Added the source wheels\n", "")
    assert f'[[tool.poetry.source]]\nname = "wheels"\nurl = "{URL}"\npriority = "explicit"\n' in file.read_text("utf-8")
    assert chapbook("source", "show").out == (
        f"name      wheels\nurl       {URL}\npriority  explicit\n\n"
        "name      pypi\nurl       (that of the default index)\npriority  primary (implicit)\n"
    )
    assert chapbook("source", "show", "WHEELS").out == f"name      wheels\nurl       {URL}\npriority  explicit\n"
    assert chapbook("source", "remove", "wheels").out == "Removed the source wheels\n"
    assert file.read_text("utf-8") == BARE


def test_a_primary_source_replaces_the_default_index_and_that_is_said(chapbook: Callable[..., Any], file: Path) -> None:
    outcome = chapbook("source", "add", "mine", URL)
    assert outcome.err.startswith("warning: `mine` replaces the default index, as a primary source does\nhint: ")
    assert "pypi" not in chapbook("source", "show").out
    assert chapbook("source", "add", "pypi").err == ""
    assert 'name = "pypi"\npriority = "primary"' in file.read_text("utf-8")
    assert chapbook("source", "show", "pypi").out.endswith("priority  primary\n")


def test_adding_a_known_source_changes_it(chapbook: Callable[..., Any], file: Path) -> None:
    chapbook("source", "add", "-p", "supplemental", "mine", URL)
    assert chapbook("source", "add", "-p", "explicit", "Mine", f"{URL}2/").out == "Changed the source Mine\n"
    text = file.read_text("utf-8")
    assert text.count("[[tool.poetry.source]]") == 1
    assert f'url = "{URL}2/"' in text
    assert 'priority = "explicit"' in text


def test_removing_a_source_names_those_that_still_want_it(chapbook: Callable[..., Any], file: Path) -> None:
    text = (
        BARE + 'dependencies = ["torch"]\n[tool.poetry.dependencies]\ntorch = {source = "mine"}\n'
        f'[[tool.poetry.source]]\nname = "mine"\nurl = "{URL}"\n'
    )
    file.write_text(text, encoding="utf-8")
    assert "is still named by `torch`" in chapbook("source", "remove", "mine").err
    assert "there is no source `mine`, which `torch` must come from" in chapbook("check").err


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["add", "mine"], 2, "the source `mine` needs a URL"),
        (["add", "PyPI", URL], 2, "`PyPI` is the default index, whose URL is known"),
        (["add", "mine", "example.org"], 2, "`example.org` is not the URL of an index"),
        (["add", "mine", "https://"], 2, "`https://` is not the URL of an index"),
        (["add", "my source", URL], 2, "`my source` cannot be the name of a source"),
        (["add", "mine", URL, "-p", "default"], 2, "the option `-p` does not know `default`"),
        (["remove", "mine"], 1, "there is no source `mine`"),
        (["show", "mine"], 1, "there is no source `mine`"),
    ],
)
def test_a_mistake_changes_nothing(
    chapbook: Callable[..., Any], file: Path, words: list[str], status: int, message: str
) -> None:
    outcome = chapbook("source", *words)
    assert outcome.status == status
    assert outcome.err.startswith(f"error: {message}\nhint: ")
    assert file.read_text("utf-8") == BARE


def test_credentials_in_a_url_are_refused_and_not_shown(chapbook: Callable[..., Any], file: Path) -> None:
    outcome = chapbook("source", "add", "mine", "https://ada:s3cret@example.org/simple/")
    assert outcome.status == 2
    assert "s3cret" not in outcome.err
    assert "hint: run `chapbook config http-basic.mine USERNAME PASSWORD`" in outcome.err
    assert file.read_text("utf-8") == BARE


def test_a_default_index_that_becomes_explicit_is_said(chapbook: Callable[..., Any], file: Path) -> None:
    outcome = chapbook("source", "add", "pypi", "--priority", "explicit")
    assert outcome.err == "warning: from here on the default index serves only packages that name it as their source\n"
    assert 'priority = "explicit"' in file.read_text("utf-8")
