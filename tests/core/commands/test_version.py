from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BOTH = """\
[project]
name = "x"  # its name
version = '1.2.3'

[tool.poetry]
version = "1.2.3" # again
"""


def write(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8", newline="")


def text(folder: Path) -> str:
    return (folder / "pyproject.toml").read_bytes().decode()


def test_the_name_and_the_version_are_shown(chapbook: Callable[..., Any], folder: Path) -> None:
    write(folder, BOTH)
    (folder / "sub").mkdir()
    assert chapbook("version").out == "x 1.2.3\n"
    assert chapbook("-C", "sub", "version", "-s").out == "1.2.3\n"
    assert chapbook("-P", str(folder), "version", "--short").out == "1.2.3\n"


def test_every_place_of_the_version_is_written_and_nothing_else(chapbook: Callable[..., Any], folder: Path) -> None:
    write(folder, BOTH.replace("\n", "\r\n"))
    assert chapbook("version", "minor").out == "Bumped x from 1.2.3 to 1.3.0\n"
    assert text(folder) == BOTH.replace("1.2.3", "1.3.0").replace("\n", "\r\n")


def test_a_dry_run_writes_nothing(chapbook: Callable[..., Any], folder: Path) -> None:
    write(folder, BOTH)
    assert chapbook("version", "--dry-run", "major").out == "Would bump x from 1.2.3 to 2.0.0\n"
    assert chapbook("version", "-s", "--dry-run", "2.0rc1").out == "2.0rc1\n"
    assert text(folder) == BOTH


def test_phases_follow_each_other(chapbook: Callable[..., Any], folder: Path) -> None:
    write(folder, BOTH)
    versions = [chapbook("version", "-s", "prerelease", "--next-phase").out.strip() for _ in range(4)]
    assert versions == ["1.2.4a0", "1.2.4b0", "1.2.4rc0", "1.2.4"]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["mijor"], 1, "error: `mijor` is neither a rule nor a version\nhint: rules are major, "),
        (["minor", "--next-phase"], 2, "error: `--next-phase` goes with the rule `prerelease`\n"),
    ],
)
def test_a_wrong_rule_changes_nothing(
    chapbook: Callable[..., Any], folder: Path, words: list[str], status: int, message: str
) -> None:
    write(folder, BOTH)
    outcome = chapbook("version", *words)
    assert outcome.status == status
    assert outcome.err.startswith(message)
    assert text(folder) == BOTH


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[tool.poetry]\npackage-mode = false\n", "has no version"),
        ('[project]\nname = "x"\ndynamic = ["version"]\n[tool.poetry]\npackage-mode = false\n', "leaves its version"),
    ],
)
def test_a_project_without_a_version_says_so(
    chapbook: Callable[..., Any], folder: Path, content: str, message: str
) -> None:
    write(folder, content)
    outcome = chapbook("version", "minor")
    assert outcome.status == 1
    assert message in outcome.err
    assert text(folder) == content


def test_a_folder_that_is_no_project_is_named(chapbook: Callable[..., Any], folder: Path) -> None:
    write(folder, "[tool.ruff]\n")
    outcome = chapbook("version")
    assert outcome.status == 1
    assert outcome.err.startswith(f"error: no project in `{folder}` or any folder above it\n")
    assert "only configures tools" in outcome.err
