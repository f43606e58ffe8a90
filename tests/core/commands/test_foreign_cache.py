"""A cache into which somebody else may have put something."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

PROJECT = """[project]
name = "here"
version = "1"
requires-python = ">=3.11"
dependencies = ["a"]
[tool.poetry]
package-mode = false
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are another matter here")
def test_a_foreign_cache_is_told_once_and_neither_read_nor_written(
    connected: Path, three_packages: FakeIndex, chapbook: Chapbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert three_packages.url
    cache = tmp_path / "open to all"
    cache.mkdir()
    cache.chmod(0o777)
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(cache))
    (connected / "pyproject.toml").write_text(PROJECT, "utf-8")
    outcome = chapbook("install")
    assert outcome.status == 0, outcome.err
    told = f"warning: the cache `{cache}` is not used: everybody may write there\n"
    assert outcome.err.count(told) == outcome.err.count("is not used") == 1
    assert f"hint: take that right away: `chmod o-w {cache}`\n" in outcome.err
    assert list(cache.iterdir()) == []
    assert (connected / "poetry.lock").exists()
    assert list((connected / ".venv").rglob("a-1.0.dist-info"))
    cache.chmod(0o755)
    assert "is not used" not in chapbook("lock").err
    assert list(cache.iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are another matter here")
@pytest.mark.parametrize("words", [("info",), ("list",), ("clear", "--all")])
def test_commands_about_a_foreign_cache_leave_nothing_in_it(
    connected: Path, chapbook: Chapbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    assert connected.is_dir()
    cache = tmp_path / "open to all"
    cache.mkdir()
    cache.chmod(0o777)
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(cache))
    outcome = chapbook("cache", *words)
    assert outcome.status == 1
    assert "is not used: everybody may write there" in outcome.err
    assert list(cache.iterdir()) == []
