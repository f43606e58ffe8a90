"""`check`, held against locks that somebody has written into."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from chapbook_core.project.content_hash import content_hash
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook

PROJECT = """[project]
name = "x"
version = "1"
requires-python = ">=3.11"
dependencies = [{requirements}]

[tool.poetry]
package-mode = false
{more}"""


def write(folder: Path, requirements: str, more: str = "") -> None:
    (folder / "pyproject.toml").write_text(PROJECT.format(requirements=requirements, more=more), "utf-8")


def test_a_lock_that_was_emptied_is_told_and_locking_mends_it(chapbook: Chapbook, folder: Path) -> None:
    with FakeIndex() as index:
        index.serve("alpha", "1.0", requires=["beta"])
        index.serve("beta", "1.0")
        write(folder, '"alpha"')
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PIP_INDEX_URL", index.url)
            assert chapbook("lock").status == 0
            file = folder / "poetry.lock"
            good = file.read_text("utf-8")
            first, second, end = (
                good.index(text) for text in ("[[package]]", '[[package]]\nname = "beta"', "[metadata]")
            )
            for spoilt, missing in (
                (f"{good[:first]}package = []\n\n{good[end:]}", "`alpha`, which the project requires"),
                (good[:second] + good[end:], "`beta`, which `alpha` requires"),
                (good[:first] + good[second:], "`alpha`, which the project requires"),
            ):
                file.write_text(spoilt, "utf-8")
                outcome = chapbook("check", "--lock")
                assert outcome.status == 1
                assert f"error: poetry.lock: holds no {missing}\nhint: run `chapbook lock`\n" in outcome.err
                outcome = chapbook("lock", "--check")
                assert outcome.status == 1
                assert f"poetry.lock holds no {missing}" in outcome.err
                assert "the lock holds no" in chapbook("sync").err
                assert file.read_text("utf-8") == spoilt
                assert chapbook("lock").status == 0
                assert file.read_text("utf-8") == good
                assert chapbook("check", "--lock").status == 0


def test_what_the_project_excludes_need_not_be_locked(chapbook: Chapbook, folder: Path) -> None:
    with FakeIndex() as index, pytest.MonkeyPatch.context() as patch:
        index.serve("alpha", "1.0", requires=["beta", "gamma"])
        index.serve("gamma", "1.0")
        tool = '[tool.chapbook]\nexclude = ["beta", "delta"]\noverrides = ["gamma; sys_platform == \'win32\'"]\n'
        write(folder, '"alpha", "delta"', tool)
        patch.setenv("PIP_INDEX_URL", index.url)
        assert chapbook("lock").status == 0
        outcome = chapbook("check", "--lock")
        assert "holds no" not in outcome.err
        assert chapbook("lock", "--check").status == 0
        outcome = chapbook("install")
        assert outcome.status == 0, outcome.err


def test_a_lock_that_cannot_be_read_is_told_with_every_mistake(chapbook: Chapbook, folder: Path) -> None:
    write(folder, "")
    project_hash = content_hash(tomllib.loads((folder / "pyproject.toml").read_text("utf-8")))
    metadata = f'[metadata]\nlock-version = "2.1"\npython-versions = ">=3.11"\ncontent-hash = "{project_hash}"\n'
    entry = '[[package]]\nversion = "1.0"\n\n'
    (folder / "poetry.lock").write_text(entry + metadata, "utf-8")
    outcome = chapbook("check")
    assert outcome.status == 1
    assert "poetry.lock: package[0].name: it is missing" in outcome.err
