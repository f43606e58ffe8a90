"""Real Poetry against what we select from a lock, and against what `show` tells of it."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.cli import main
from chapbook_core.commands.present_environment import present_environment
from chapbook_core.commands.session import Session
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.events import Unwatched
from chapbook_core.lock.poetry_reader import read_lock
from chapbook_core.lock.selection import select
from chapbook_core.project.manifest import read_manifest
from chapbook_core.project.settings import read_settings
from tests.fakes.index import FakeIndex
from tests.interop.poetry_program import POETRY, WITHOUT_POETRY, ResidentPoetry, make_environment, poetry_plan

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(POETRY is None, reason=WITHOUT_POETRY)

PROJECT = """
[project]
name = "here"
version = "1"
requires-python = ">=3.9,<4.0"
dependencies = [
    "a>=1",
    "only-windows; sys_platform == 'win32'",
    "split<2; python_version < '3.11'",
    "split>=2; python_version >= '3.11'",
]

[project.optional-dependencies]
fast = ["c[turbo]"]
plot = ["p", "b"]

[dependency-groups]
dev = ["d"]

[tool.poetry]
package-mode = false

[tool.poetry.group.docs]
optional = true

[tool.poetry.group.docs.dependencies]
e = "*"
"""
ALL = ("fast", "plot")
CASES: list[tuple[list[str], set[str], tuple[str, ...]]] = [
    ([], {"main", "dev"}, ()),
    (["--with", "docs"], {"main", "dev", "docs"}, ()),
    (["--only", "dev"], {"dev"}, ()),
    (["--without", "dev", "-E", "fast"], {"main"}, ("fast",)),
    (["--all-extras"], {"main", "dev"}, ALL),
    (["--only", "docs", "--all-extras"], {"docs"}, ALL),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    with FakeIndex() as index, pytest.MonkeyPatch.context() as patch:
        index.serve("a", "1.0", requires=["b>=1", "old; python_version < '3.8'"], summary="The first")
        index.serve("b", "1.5", requires=["shared-tool; sys_platform != 'win32'"])
        index.serve("c", "2.0", extras={"turbo": ("speed>=0.1",)})
        index.serve("d", "3.0", requires=["b", "c"])
        index.serve("e", "4.0", requires=["shared_tool"])
        index.serve("p", "1.0", requires=["split", "only-windows; sys_platform == 'win32'"])
        index.serve("speed", "0.1")
        index.serve("shared-tool", "5.0", summary="For many")
        index.serve("only-windows", "1.0")
        index.serve("split", "1.5", python="<3.11")
        index.serve("split", "2.5", python=">=3.11")
        patch.setenv("PIP_INDEX_URL", index.url)
        patch.chdir(folder)
        (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
        assert 0 == main(["--no-cache", "lock"])
    make_environment(folder / ".venv")
    return folder


def selected(project: Path, groups: set[str], extras: tuple[str, ...]) -> dict[str, str]:
    manifest = read_manifest(project)
    file = project / "poetry.lock"
    settings = read_settings(project, variables={}, home=project)
    session = Session(manifest, settings, Surroundings(project, {}, project, sys.version_info[:2]), Unwatched())
    environment = present_environment(session).markers
    lock = read_lock(file.read_text("utf-8"), file)
    return {one.name: one.version for one in select(lock, environment, groups, extras, project=manifest.groups)}


@pytest.mark.parametrize(("words", "groups", "extras"), CASES, ids=[" ".join(case[0]) or "default" for case in CASES])
def test_poetry_installs_what_we_select(
    project: Path, poetry: ResidentPoetry, words: list[str], groups: set[str], extras: tuple[str, ...]
) -> None:
    plan, refusal = poetry_plan(project, project / ".venv", *words, program=poetry)
    assert "" == refusal
    assert plan == selected(project, groups, extras)


@pytest.fixture
def former(project: Path, tmp_path: Path) -> Path:
    """The same project with a lock of a former format."""
    text = (project / "poetry.lock").read_text("utf-8")
    lock = re.sub(r"(?m)^(groups|markers) = .*\n", "", text).replace('lock-version = "2.1"', 'lock-version = "2.0"')
    (tmp_path / "poetry.lock").write_text(lock, "utf-8")
    (tmp_path / "pyproject.toml").write_text(PROJECT, "utf-8")
    (tmp_path / ".venv").symlink_to(project / ".venv")
    return tmp_path


@pytest.mark.parametrize(("words", "groups", "extras"), CASES[::3], ids=["default", "an extra"])
def test_poetry_installs_what_we_select_from_a_lock_of_a_former_format(
    former: Path, poetry: ResidentPoetry, words: list[str], groups: set[str], extras: tuple[str, ...]
) -> None:
    plan, refusal = poetry_plan(former, former / ".venv", *words, program=poetry)
    assert "" == refusal
    assert plan == selected(former, groups, extras)


@pytest.mark.parametrize("words", [[], ["--why", "--with", "docs"], ["--top-level"], ["b"], ["shared-tool"]])
def test_show_tells_what_poetry_tells(
    project: Path,
    poetry: ResidentPoetry,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(project)
    assert 0 == main(["show", *words, "--format", "json"])
    ours: Any = json.loads(capsys.readouterr().out)
    answer = poetry(project, "show", *words, "--format", "json", environment=project / ".venv")
    assert json.loads(answer.text[answer.text.index("[" if isinstance(ours, list) else "{") :]) == ours
