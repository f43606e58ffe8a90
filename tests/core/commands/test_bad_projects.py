"""Project files that cannot be read, or not as meant: what is told, whatever the command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.core.commands.checked import HEAD, SOUND, poetry_finds, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.core.commands.conftest import Outcome

not_root = pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="permissions do not bind root")

BAD_INPUT = [
    (b"[project]\nname = \n", ["pyproject.toml:2: is not valid TOML"]),
    (b'[project]\nname = "x"\nname = "y"\n', ["pyproject.toml:3: is not valid TOML"]),
    (b"[project]\n# \xff\n", ["pyproject.toml:2: is not UTF-8 text"]),
    (
        b'[project]\nname = 1\nversion = true\ndependencies = "six"\n[tool.poetry]\npackage-mode = "no"\n',
        ["2: project.name: expected a string", "3: project.version: ", "4: project.dependencies: ", "6: tool.poetry."],
    ),
    (
        SOUND.encode() + b'[tool.poetry.dependencies]\nsix = "^^1"\nseven = "7.."\n',
        ["9: tool.poetry.dependencies.six: ", "10: tool.poetry.dependencies.seven: "],
    ),
    (HEAD.encode() + b'dependencies = ["six ==="]\n', ["5: project.dependencies[0]: "]),
    (
        SOUND.encode() + b'[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "a"}]\n',
        ["groups include each other in a circle"],
    ),
    (
        SOUND.encode() + b'[dependency-groups]\ndocs_x = []\n[tool.poetry.group.docs-x.dependencies]\nsix = "*"\n',
        ["10: tool.poetry.group.docs-x: the group `docs-x` is spelled both `docs_x` and `docs-x`"],
    ),
    (SOUND.replace('"x"', '"-x-"').encode(), ["2: project.name: `-x-` is not a valid name"]),
    (
        SOUND.replace('"1"', '"one"').replace("\n", "\r\n").encode(),
        ["3: project.version: `one` is not a valid version"],
    ),
]


@pytest.mark.parametrize(("content", "messages"), BAD_INPUT)
@pytest.mark.parametrize("words", ["check", "version minor", "source add a https://example.org/", "source show"])
def test_bad_input_is_told_with_its_line_and_nothing_is_written(
    chapbook: Callable[..., Any], folder: Path, content: bytes, messages: list[str], words: str
) -> None:
    write(folder, content)
    outcome = chapbook(*words.split())
    assert outcome.status == 1
    for message in messages:
        assert message in outcome.err
    for line in outcome.err.splitlines():
        assert line.startswith(("error: ", "hint: ", "warning: "))
    assert (folder / "pyproject.toml").read_bytes() == content
    assert sorted(path.name for path in folder.iterdir()) == ["pyproject.toml"]


def test_a_file_that_cannot_be_read_is_named(
    chapbook: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, SOUND)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("chapbook_core.project.discovery.read_small", refuse)
    for words in ("check", "version minor", "source show"):
        outcome = chapbook(*words.split())
        assert outcome.status == 1
        assert f"{folder / 'pyproject.toml'}" in outcome.err
        assert "Permission denied\nhint: " in outcome.err


@not_root
def test_a_file_that_may_not_be_read_is_named(chapbook: Callable[..., Any], folder: Path) -> None:
    write(folder, SOUND)
    (folder / "pyproject.toml").chmod(0)
    outcome = chapbook("check")
    assert outcome.status == 1
    assert "hint: give yourself permission" in outcome.err


def test_a_project_behind_a_link_in_a_folder_with_a_strange_name_works(
    chapbook: Callable[..., Any], folder: Path
) -> None:
    real = folder / "mes données"
    real.mkdir()
    write(real, SOUND.replace("\n", "\r\n"))
    (folder / "link").symlink_to(real, target_is_directory=True)
    assert chapbook("-C", "link", "check", "--strict").out == "All is well\n"
    assert chapbook("-P", "link", "version", "major").out == "Bumped x from 1 to 2\n"
    assert (real / "pyproject.toml").read_bytes() == SOUND.replace('"1"', '"2"').replace("\n", "\r\n").encode()


@pytest.mark.parametrize("content", [content for content, _ in BAD_INPUT[6:]])
def test_what_poetry_calls_an_error_is_one_here(chapbook: Callable[..., Outcome], folder: Path, content: bytes) -> None:
    write(folder, content)
    assert poetry_finds(content)[0] > 0
    assert chapbook("check").status == 1
