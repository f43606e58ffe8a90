"""Real Poetry, where there is one, against what `new`, `init`, `version` and `source` write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.cli import main
from tests.interop.poetry_program import POETRY, WITHOUT_POETRY, Answer, ResidentPoetry

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(POETRY is None, reason=WITHOUT_POETRY)


@pytest.mark.parametrize(
    "options",
    [
        "--src --license MIT --dependency requests@^2 --dev-dependency pytest",
        "--flat --name a.b --python ^3.11",
        "--notebook --dependency pandas",
    ],
)
def test_poetry_is_content_with_a_new_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, poetry: ResidentPoetry, options: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "made", *options.split()]) == 0
    assert main(["-C", "made", "source", "add", "--priority=explicit", "mine", "https://example.org/simple/"]) == 0
    assert main(["-C", "made", "version", "preminor"]) == 0
    assert poetry(tmp_path / "made", "check", "--strict") == Answer(succeeded=True, text="All set!")
    assert poetry(tmp_path / "made", "version", "--short") == Answer(succeeded=True, text="0.2.0a0")


def test_poetry_is_content_with_a_folder_made_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, poetry: ResidentPoetry
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ipynb").write_text('{"cells": [{"cell_type": "code", "source": "import yaml"}]}', encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n", encoding="utf-8")
    assert main(["init", "--imports", "--dev-dependency", "ruff>=0.9"]) == 0
    assert poetry(tmp_path, "check", "--strict") == Answer(succeeded=True, text="All set!")
