"""Real Poetry, where there is one, against what `new`, `init`, `version` and `source` write."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from chapbook_core.cli import main

if TYPE_CHECKING:
    from pathlib import Path

POETRY = shutil.which(os.environ.get("CHAPBOOK_TEST_POETRY", "poetry"))

pytestmark = pytest.mark.skipif(
    POETRY is None, reason="needs Poetry: put it on PATH or name it in CHAPBOOK_TEST_POETRY"
)


def poetry(folder: Path, *words: str) -> tuple[int, str]:
    assert POETRY is not None
    done = subprocess.run(
        [POETRY, "--no-ansi", "--no-interaction", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "POETRY_CONFIG_DIR": str(folder / ".config"), "POETRY_CACHE_DIR": str(folder / ".cache")},
    )
    return done.returncode, (done.stdout + done.stderr).strip()


@pytest.mark.parametrize(
    "options",
    [
        "--src --license MIT --dependency requests@^2 --dev-dependency pytest",
        "--flat --name a.b --python ^3.11",
        "--notebook --dependency pandas",
    ],
)
def test_poetry_is_content_with_a_new_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "made", *options.split()]) == 0
    assert main(["-C", "made", "source", "add", "--priority=explicit", "mine", "https://example.org/simple/"]) == 0
    assert main(["-C", "made", "version", "preminor"]) == 0
    assert poetry(tmp_path / "made", "check", "--strict") == (0, "All set!")
    assert poetry(tmp_path / "made", "version", "--short") == (0, "0.2.0a0")


def test_poetry_is_content_with_a_folder_made_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ipynb").write_text('{"cells": [{"cell_type": "code", "source": "import yaml"}]}', encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n", encoding="utf-8")
    assert main(["init", "--imports", "--dev-dependency", "ruff>=0.9"]) == 0
    assert poetry(tmp_path, "check", "--strict") == (0, "All set!")
