from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING

import pytest

from chapbook_core.builder.child import ChildTookTooLong, run_child
from chapbook_core.builder.frontend import BuildFailed, BuildSystem, Frontend, read_build_system
from chapbook_core.builder.isolation import Supply
from chapbook_core.errors import Cancelled
from chapbook_core.events import Event, Notice, Unwatched
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATH = {"PATH": os.environ.get("PATH", os.defpath)}


class _Watcher:
    """Remembers what it is told, and is cancelled after some glances."""

    def __init__(self, glances: int = 1_000_000) -> None:
        self.events: list[Event] = []
        self._glances = glances

    def emit(self, event: Event, /) -> None:
        self.events.append(event)

    def checkpoint(self) -> None:
        self._glances -= 1
        if self._glances < 0:
            raise Cancelled


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def frontend(cache: Path) -> Iterator[Frontend]:
    with Frontend({**PATH, "A_TOKEN": "s3cret"}, Unwatched(), supply=Supply(), cache_folder=cache) as frontend:
        yield frontend


def _tree(folder: Path, backend: str, table: str = 'requires = []\nbuild-backend = "b"\nbackend-path = ["."]') -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(f"[build-system]\n{table}\n", "utf-8")
    (folder / "b.py").write_text(backend, "utf-8")
    return folder


METADATA = "Metadata-Version: 2.1\\nName: a\\nVersion: 1\\nRequires-Dist: c>=3\\n"
PREPARES = f"""
import os
def prepare_metadata_for_build_wheel(folder, settings=None):
    os.mkdir(os.path.join(folder, "a-1.dist-info"))
    with open(os.path.join(folder, "a-1.dist-info", "METADATA"), "w") as file:
        file.write("{METADATA}")
    return "a-1.dist-info"
"""
BUILDS = f"""
import os, zipfile
def build_wheel(folder, settings=None, metadata_directory=None):
    with zipfile.ZipFile(os.path.join(folder, "a-1-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("a-1.dist-info/METADATA", "{METADATA}")
    return "a-1-py3-none-any.whl"
"""


def test_an_archive_is_built_by_its_own_backend_without_any_network(tmp_path: Path, cache: Path) -> None:
    log = tmp_path / "log"
    watcher = _Watcher()
    with FakeIndex() as index:
        index.serve("source", "1.0", requires=["c>=3"], sdist="dynamic-only", build_log=str(log))
        (file,) = index.files("source")
        archive = tmp_path / file.filename
        archive.write_bytes(file.body)

    with Frontend(PATH, watcher, supply=Supply(), cache_folder=cache) as frontend:
        found = frontend.metadata_of_archive(archive, archive.name, "source 1.0")

    assert ("c>=3",) == found.requires_dist
    assert ["get_requires_for_build_wheel", "prepare_metadata_for_build_wheel"] == log.read_text().split()
    notices = [event.message for event in watcher.events if isinstance(event, Notice)]
    assert ["source 1.0 tells what it requires only to its build backend; building it"] == notices


@pytest.mark.parametrize("backend", [PREPARES, BUILDS])
def test_metadata_is_prepared_or_taken_from_a_wheel(frontend: Frontend, tmp_path: Path, backend: str) -> None:
    found = frontend.metadata_of_tree(_tree(tmp_path / "a", backend), "a")

    assert ("a", "1", ("c>=3",)) == (found.name, found.version, found.requires_dist)


def test_builds_that_ask_for_the_same_share_an_environment(frontend: Frontend, tmp_path: Path) -> None:
    frontend.metadata_of_tree(_tree(tmp_path / "a", PREPARES), "a")
    began = time.monotonic()
    frontend.metadata_of_tree(_tree(tmp_path / "b", PREPARES), "b")

    assert 1 == len(frontend._isolations)
    assert time.monotonic() - began < 10


def test_a_build_sees_no_variable_that_could_hold_a_token(frontend: Frontend, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    backend = f"import json, os\nwith open({str(seen)!r}, 'w') as file: json.dump(dict(os.environ), file)\n{PREPARES}"

    frontend.metadata_of_tree(_tree(tmp_path / "a", backend), "a")

    variables = json.loads(seen.read_text())
    assert "s3cret" not in seen.read_text()
    assert "PATH" in variables
    assert str(frontend._folder) in variables["TMPDIR"]


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        (
            "def build_wheel(folder, settings=None, metadata=None):\n    print('it is broken')\n    1 / 0",
            "it is broken",
        ),
        ("import nowhere", "nowhere"),
        ("", "no hook to build a wheel"),
        ("def prepare_metadata_for_build_wheel(folder, settings=None): return '../x'", "no file name"),
        ("def prepare_metadata_for_build_wheel(folder, settings=None): return 'x'", "METADATA"),
        ("def get_requires_for_build_wheel(settings=None): return ['--index-url=x']", "--index-url=x"),
        ("import sys; sys.exit('https://me:s3cret@example.org/')", "https://****@example.org"),
    ],
)
def test_a_build_that_fails_shows_its_words(frontend: Frontend, tmp_path: Path, backend: str, words: str) -> None:
    with pytest.raises(BuildFailed) as caught:
        frontend.metadata_of_tree(_tree(tmp_path / "a", backend), "a 1.0")

    assert "building a 1.0 failed" in caught.value.message
    assert words in caught.value.message


def test_requirements_that_are_nowhere_are_told(frontend: Frontend, tmp_path: Path) -> None:
    tree = _tree(tmp_path / "a", PREPARES, 'requires = ["nowhere-to-be-found"]\nbuild-backend = "b"')

    with pytest.raises(BuildFailed, match=r"what the build needs \(nowhere-to-be-found\) cannot be installed"):
        frontend.metadata_of_tree(tree, "a")


def test_build_requirements_come_from_the_index(tmp_path: Path, cache: Path) -> None:
    with FakeIndex() as index:
        index.serve("helper", "2.0")
        with Frontend(PATH, Unwatched(), supply=Supply((index.url,)), cache_folder=cache) as frontend:
            backend = f"import helper\n{PREPARES}"
            table = 'requires = ["helper"]\nbuild-backend = "b"\nbackend-path = ["."]'
            found = frontend.metadata_of_tree(_tree(tmp_path / "a", backend, table), "a")

    assert "a" == found.name


def test_everything_is_removed_at_the_end(tmp_path: Path, cache: Path) -> None:
    with Frontend(PATH, Unwatched(), supply=Supply(), cache_folder=cache) as frontend:
        folder = frontend._folder
        frontend.metadata_of_tree(_tree(tmp_path / "a", PREPARES), "a")
        assert folder.is_dir()

    assert not folder.exists()


def test_a_build_can_be_cancelled_and_takes_its_children_along(tmp_path: Path, cache: Path) -> None:
    mark = tmp_path / "mark"
    backend = (
        "import subprocess, sys, time\n"
        f"code = 'import pathlib, time; time.sleep(3); pathlib.Path(\"{mark}\").touch()'\n"
        "child = subprocess.Popen([sys.executable, '-c', code])\n"
        "time.sleep(60)\n"
    )
    began = time.monotonic()
    with Frontend(PATH, _Watcher(3), supply=Supply(), cache_folder=cache) as frontend, pytest.raises(Cancelled):
        frontend.metadata_of_tree(_tree(tmp_path / "a", backend), "a")

    assert time.monotonic() - began < 20
    time.sleep(3.2)
    assert not mark.exists()


def test_a_child_is_ended_when_its_time_is_over(tmp_path: Path) -> None:
    with pytest.raises(ChildTookTooLong, match="more than 0 seconds"):
        run_child(["sleep", "60"], folder=tmp_path, variables=PATH, watcher=Unwatched(), seconds=0.2)


def test_without_a_table_setuptools_builds(tmp_path: Path) -> None:
    (tmp_path / "setup.py").touch()

    assert BuildSystem(("setuptools>=40.8.0",), "setuptools.build_meta:__legacy__") == read_build_system(tmp_path)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('requires = ["x"]\nbackend-path = [".."]', "leads out of its source tree"),
        ('requires = ["x"]\nbackend-path = ["/tmp"]', "leads out of its source tree"),
        ('requires = ["x"]\nbackend-path = ["link"]', "leads out of its source tree"),
        ('requires = ["--help"]', "--help"),
        ('requires = "x"', "no list `requires`"),
        ("", "no list `requires`"),
        ("requires = []\nbuild-backend = 3", "wrong type"),
    ],
)
def test_a_build_system_that_cannot_be_used_is_refused(tmp_path: Path, table: str, words: str) -> None:
    tree = _tree(tmp_path / "a", "", table)
    (tree / "link").symlink_to(tmp_path)

    with pytest.raises(ValueError, match=re.escape(words)):
        read_build_system(tree)


def test_a_folder_that_is_no_project_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither a"):
        read_build_system(tmp_path)
