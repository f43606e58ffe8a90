from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.fakes.engine import EngineProcess
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PYTHON = f">={sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests here, so that one environment is made in earnest."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        yield index


@pytest.fixture
def variables(tmp_path: Path, index: FakeIndex, cache: Path) -> dict[str, str]:
    """The variables of a person without any settings."""
    if os.name == "nt":
        pytest.skip("signals and groups are those of POSIX")
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PIP_INDEX_URL": index.url,
        "CHAPBOOK_CACHE_DIR": str(cache),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture
def engine(variables: dict[str, str]) -> Iterator[EngineProcess]:
    with EngineProcess(variables) as engine:
        yield engine


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


def make_project(folder: Path) -> Path:
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "here"\nversion = "1.0"\nrequires-python = "{PYTHON}"\ndependencies = []\n'
        "[tool.poetry]\npackage-mode = false\n",
        "utf-8",
    )
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a project and its environment, but for what a lock file says of its last holder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.name != "lock"
    }
