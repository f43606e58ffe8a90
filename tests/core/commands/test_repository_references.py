"""Requirements of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.core.commands.references import lock, require, require_as_poetry, standard, write_package
from tests.fakes.repositories import committed, git, needs_git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(among_others: Path) -> Path:
    return among_others


@needs_git
@pytest.mark.parametrize(
    ("keys", "reference"),
    [("", "HEAD"), (', branch = "topic"', "topic"), (', tag = "v1"', "v1"), (', rev = "v1"', "v1")],
)
def test_a_repository_is_locked_at_its_commit(
    project: Path, index: FakeIndex, chapbook: Chapbook, keys: str, reference: str
) -> None:
    index.serve("b", "1.0")
    upstream = write_package(project.parent / "upstream", standard("lib", "b"))
    commit = committed(upstream)
    git(upstream, "tag", "v1")
    git(upstream, "branch", "topic")
    require_as_poetry(project, f'lib = {{ git = "{upstream.as_uri()}"{keys} }}')

    lib = lock(chapbook, project)["lib"]

    expected = {"type": "git", "url": upstream.as_uri(), "reference": reference, "resolved_reference": commit}
    assert expected == lib["source"]
    assert [] == lib["files"]
    assert lib["develop"] is False
    assert {"b": "*"} == lib["dependencies"]


@needs_git
def test_the_locked_commit_stays_until_all_is_chosen_anew(project: Path, chapbook: Chapbook) -> None:
    upstream = write_package(project.parent / "upstream", standard("lib"))
    before = committed(upstream)
    require(project, f"lib @ git+{upstream.as_uri()}@main")
    lock(chapbook, project)
    write_package(upstream, standard("lib", more='description = "Newer"'))
    after = committed(upstream)
    require(project, f"lib @ git+{upstream.as_uri()}@main", python=">=3.12")

    def resolved(*options: str) -> str:
        return cast("dict[str, str]", lock(chapbook, project, *options)["lib"]["source"])["resolved_reference"]

    assert before == resolved()
    assert after == resolved("--regenerate")


@needs_git
def test_a_path_inside_a_repository_stays_in_the_repository(project: Path, chapbook: Chapbook) -> None:
    poetry = '[tool.poetry]\nname = "a"\nversion = "1"\ndescription = ""\nauthors = []\n[tool.poetry.dependencies]\n'
    upstream = project.parent / "upstream"
    write_package(upstream / "packages" / "a", f'{poetry}b = {{ path = "../b" }}\n')
    write_package(upstream / "packages" / "b", standard("b"))
    commit = committed(upstream)
    require(project, f"a @ git+{upstream.as_uri()}#subdirectory=packages/a")

    locked = lock(chapbook, project)

    place = {"type": "git", "url": upstream.as_uri(), "reference": "HEAD", "resolved_reference": commit}
    assert {**place, "subdirectory": "packages/a"} == locked["a"]["source"]
    assert {**place, "subdirectory": "packages/b"} == locked["b"]["source"]


@needs_git
@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("@nowhere", "it has no revision `nowhere`"),
        ("@--upload-pack=x", "is no name"),
        ("#subdirectory=x", "no folder"),
    ],
)
def test_a_reference_that_is_not_there_is_told(project: Path, chapbook: Chapbook, reference: str, words: str) -> None:
    upstream = write_package(project.parent / "upstream", standard("lib"))
    committed(upstream)
    require(project, f"lib @ git+{upstream.as_uri()}{reference}")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert f"`lib` cannot be had from {upstream.as_uri()}" in outcome.err
    assert words in outcome.err


@needs_git
def test_a_repository_that_is_not_there_is_told(project: Path, chapbook: Chapbook) -> None:
    require(project, f"lib @ git+{(project / 'nowhere').as_uri()}")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "it cannot be fetched" in outcome.err
