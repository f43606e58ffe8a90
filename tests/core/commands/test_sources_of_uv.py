"""Who requires what only uv knows where to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.commands.checked import HEAD, NO_PACKAGE, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.mark.parametrize(
    ("entry", "hint"),
    [
        ('{path = "../a", editable = true}', "run `chapbook add ../a` to take it from there"),
        ('{path = "lib"}', "run `chapbook add ./lib` to take it from there"),
        ('{git = "https://example.org/a"}', "run `chapbook add git+https://example.org/a` to take it from there"),
        ('{index = "own"}', "run `chapbook source add --priority=explicit own URL`, and name it where `a` is required"),
        ("{workspace = true}", "run `chapbook add PATH` to take it from there"),
    ],
)
def test_a_source_that_only_uv_reads_is_told_of(
    chapbook: Chapbook, connected: Path, index: FakeIndex, entry: str, hint: str
) -> None:
    folder = connected
    index.serve("a", "1.0")
    head = HEAD + f'dependencies = ["a"]\n[tool.uv.sources]\na = {entry}\nunneeded = {entry}\n'
    write(folder, head + NO_PACKAGE)
    message = "tool.uv.sources.a: only uv reads this; here `a` comes from an index"
    assert f"warning: pyproject.toml:7: {message}\nhint: {hint}\n" in chapbook("check").err
    assert chapbook("lock").err == f"warning: pyproject.toml: {message}\nhint: {hint}\n"
    # Who has said it to everybody hears no more of it.
    (folder.parent / "a").mkdir()
    (folder.parent / "a" / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n')
    write(folder, head + NO_PACKAGE + '[tool.poetry.dependencies]\na = {path = "../a"}\n')
    assert "uv" not in chapbook("check").err
    assert "uv" not in chapbook("lock").err
