"""Requirements of folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.core.commands.references import lock, require, require_as_poetry, standard, write_package

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(among_others: Path) -> Path:
    return among_others


def test_a_folder_is_locked_with_what_it_requires(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("b", "1.5")
    write_package(
        project.parent / "lib",
        standard("lib", "b>=1,<2", more='requires-python = ">=3.9"\ndescription = "Ours"'),
    )
    require_as_poetry(project, 'lib = { path = "../lib", develop = true }')

    locked = lock(chapbook, project)

    assert ["b", "lib"] == sorted(locked)
    assert {
        "name": "lib",
        "version": "2.0",
        "description": "Ours",
        "optional": False,
        "python-versions": ">=3.9",
        "groups": ["main"],
        "files": [],
        "develop": True,
        "dependencies": {"b": ">=1,<2"},
        "source": {"type": "directory", "url": "../lib"},
    } == locked["lib"]


def test_a_folder_of_a_poetry_project_keeps_the_words_of_its_author(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("b", "1.5")
    index.serve("c", "1.0")
    index.serve("unwanted", "1.0")
    write_package(
        project / "libs" / "lib",
        '[tool.poetry]\nname = "Lib"\nversion = "1.0"\ndescription = ""\nauthors = []\n'
        '[tool.poetry.dependencies]\npython = "^3.9"\nb = "^1.2"\nc = { version = "~1.0", optional = true }\n'
        '[tool.poetry.extras]\nx = ["c"]\n'
        '[tool.poetry.group.dev.dependencies]\nunwanted = "*"\n',
    )
    require_as_poetry(project, 'lib = { path = "libs/lib", extras = ["x"] }')

    lib = lock(chapbook, project)["lib"]

    assert "^3.9" == lib["python-versions"]
    assert {"b": "^1.2", "c": {"version": "~1.0", "optional": True}} == lib["dependencies"]
    assert {"x": ["c (>=1.0,<1.1)"]} == lib["extras"]
    assert {"type": "directory", "url": "libs/lib"} == lib["source"]
    assert lib["develop"] is False


def test_paths_in_a_required_folder_are_relative_to_it(project: Path, chapbook: Chapbook) -> None:
    deep = '[tool.poetry]\nname = "{}"\nversion = "1.0"\ndescription = ""\nauthors = []\n[tool.poetry.dependencies]\n{}'
    write_package(project / "libs" / "a", deep.format("a", 'b = { path = "../b" }'))
    write_package(project / "libs" / "b", deep.format("b", 'c = { path = "deeper/c", develop = true }'))
    write_package(project / "libs" / "b" / "deeper" / "c", deep.format("c", 'a = { path = "../../../a" }'))
    require_as_poetry(project, 'a = { path = "libs/a" }\nb = { path = "./libs/b" }')

    locked = lock(chapbook, project)

    sources = {name: cast("dict[str, str]", package["source"])["url"] for name, package in locked.items()}
    assert {"a": "libs/a", "b": "libs/b", "c": "libs/b/deeper/c"} == sources
    assert {"b": {"path": "../b"}} == locked["a"]["dependencies"]


def test_a_changed_folder_is_read_again(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("b", "1.0")
    lib = write_package(project / "lib", standard("lib"))
    require(project, "lib @ file:lib")
    assert ["lib"] == sorted(lock(chapbook, project))

    write_package(lib, standard("lib", "b", more='description = "Other"\nrequires-python = ">=3.8"'))
    locked = lock(chapbook, project)

    assert ["b", "lib"] == sorted(locked)
    assert ("Other", ">=3.8") == (locked["lib"]["description"], locked["lib"]["python-versions"])


def test_a_folder_wins_over_the_index_whoever_requires_it(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", requires=["lib>=1"])
    index.serve("lib", "9.0")
    write_package(project / "lib", standard("lib"))
    require(project, "a", "lib @ file:lib")

    locked = lock(chapbook, project)

    assert {"type": "directory", "url": "lib"} == locked["lib"]["source"]
    assert not any("/lib/" in request.path for request in index.requests)


def test_a_folder_in_a_version_that_nobody_wants_is_a_conflict(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", requires=["lib<2"])
    write_package(project / "lib", standard("lib"))
    require(project, "a", "lib @ file:lib")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "lib" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_folder_that_tells_nothing_is_built(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("b", "1.0")
    lib = write_package(
        project / "lib",
        '[project]\nname = "lib"\ndynamic = ["version"]\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    )
    (lib / "backend.py").write_text(
        "import os\n"
        "def prepare_metadata_for_build_wheel(folder, settings=None):\n"
        "    os.mkdir(os.path.join(folder, 'lib.dist-info'))\n"
        "    with open(os.path.join(folder, 'lib.dist-info', 'METADATA'), 'w') as file:\n"
        "        file.write('Metadata-Version: 2.1\\nName: lib\\nVersion: 7\\nRequires-Dist: b\\n')\n"
        "    return 'lib.dist-info'\n"
    )
    require(project, "lib @ file:lib")

    assert "7" == lock(chapbook, project)["lib"]["version"]

    outcome = chapbook("lock", "--no-build", "--no-cache")
    assert 1 == outcome.status
    assert "`lib` cannot be had from `lib`" in outcome.err
    assert "`--no-build` forbids that" in outcome.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no such file or folder"),
        (standard("other"), "it is the project `other`"),
        ("[project", "lib"),
        ('[tool.poetry]\npackage-mode = false\nname = "lib"\nversion = "1"', "it is no package"),
        ("[tool.poetry]\npackage-mode = false\n", "it is no package: its `package-mode` is false"),
        ("[tool.ruff]\n", "lib"),
    ],
)
def test_a_folder_that_is_not_what_is_required_is_told(
    project: Path, chapbook: Chapbook, text: str | None, words: str
) -> None:
    if text is not None:
        write_package(project / "lib", text)
    require(project, "lib @ file:lib")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "`lib` cannot be had from `lib`" in outcome.err
    assert words in outcome.err
    assert "Traceback" not in outcome.err
