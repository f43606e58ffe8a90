"""Real Poetry and our locks of repositories, folders, files and addresses."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.fakes.index import FakeIndex
from tests.interop.interchange import Pair, interchange
from tests.interop.poetry_program import POETRY, WITHOUT_POETRY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(POETRY is None, reason=WITHOUT_POETRY)

POETRY_LIBRARY = """
[tool.poetry]
name = "Lib"
version = "1.0"
description = "In Poetry's words"
authors = []
[tool.poetry.dependencies]
python = "^3.9"
b = "^1.2"
c = { version = "~1.0", optional = true }
w = { version = ">=1", python = "<3.12" }
inner = { path = "../inner", develop = true, extras = ["y"] }
[tool.poetry.extras]
x = ["c"]
"""

STANDARD_LIBRARY = """
[project]
name = "inner"
version = "2"
requires-python = ">=3.9"
dependencies = ["b>=1,<3", "d>=1 ; sys_platform == 'win32'"]
[project.optional-dependencies]
y = ["c ; python_version > '3.11'"]
"""


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        for name, version in (("b", "1.5"), ("c", "1.0.3"), ("d", "1.5"), ("w", "1.5")):
            index.serve(name, version)
        yield index


def _project(folder: Path, index: FakeIndex, dependencies: str) -> Path:
    folder.mkdir()
    source = f'[[tool.poetry.source]]\nname = "first"\nurl = "{index.url}"\n'
    text = f'[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\npython = ">=3.11,<4.0"\n{dependencies}\n'
    (folder / "pyproject.toml").write_text(f"{text}\n{source}", "utf-8")
    return folder


def _folder(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return folder


def test_folders_files_and_addresses_are_locked_as_poetry_does(pair: Pair, index: FakeIndex, tmp_path: Path) -> None:
    _folder(tmp_path / "libs" / "lib", POETRY_LIBRARY)
    _folder(tmp_path / "libs" / "inner", STANDARD_LIBRARY)
    index.serve("filed", "1.0", requires=["b"], python=">=3.9", summary="A wheel")
    index.serve("fetched", "1.0", requires=["b>=1"], extras={"z": ("c",)}, sdist="only")
    (wheel,) = index.files("filed")
    (tmp_path / wheel.filename).write_bytes(wheel.body)
    (archive,) = index.files("fetched")
    project = _project(
        tmp_path / "here",
        index,
        'lib = { path = "../libs/lib", develop = true, extras = ["x"] }\n'
        f'filed = {{ path = "../{wheel.filename}" }}\n'
        f'fetched = {{ url = "{index.url_of(archive)}" }}\n',
    )

    found = interchange(pair, project)

    assert found.check == ""
    assert found.plan == ()
    assert found.again == found.after == ()
    assert found.relock_text == found.fresh_text == found.foreign_text == ()


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_repository_is_locked_as_poetry_does(pair: Pair, index: FakeIndex, tmp_path: Path) -> None:
    upstream = _folder(tmp_path / "upstream", '[project]\nname = "kept"\nversion = "3"\ndependencies = ["b"]\n')
    who = {f"GIT_{role}_{key}": "a@b" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "it"], ["tag", "v3"]):
        subprocess.run(["git", *words], cwd=upstream, env={**os.environ, **who}, check=True)
    project = _project(
        tmp_path / "here", index, f'kept = {{ git = "{upstream.as_uri()}", tag = "v3", develop = true }}\n'
    )

    found = interchange(pair, project)

    assert found.check == ""
    assert found.plan == ()
    assert found.again == ()
    # Poetry writes `file://None/...` for an address of this machine.
    misspelled = {f'-url = "{upstream.as_uri()}"', f'+url = "{upstream.as_uri()}"'.replace(":///", "://None/")}
    assert set(found.relock_text) == misspelled
    assert len(found.fresh_text) == len(found.foreign_text) == 2
