from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from chapbook_core.cli import main
from tests.core.commands.changed import Project
from tests.core.commands.inspected import serve_demo, serve_newer, write_project
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Chapbook = Callable[..., "Outcome"]


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start in an empty folder, as a person without any settings."""
    home, here = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    here.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    xdg = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    for name in (*xdg, "CHAPBOOK_CACHE_DIR", "NO_COLOR", "FORCE_COLOR", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def chapbook(folder: Path, capsys: pytest.CaptureFixture[str]) -> Chapbook:
    """Run the terminal's command in this process."""
    assert folder.is_dir()

    def run(*words: str) -> Outcome:
        status = main(list(words))
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return run


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    """An index of the test's own; what a whole file wants of it, a fixture of the same name there serves."""
    with FakeIndex() as index:
        yield index


@pytest.fixture
def three_packages(index: FakeIndex) -> FakeIndex:
    """The index with `a`, which needs `b`, and with `c`."""
    index.serve("a", "1.0", requires=["b"])
    index.serve("b", "1.0")
    index.serve("c", "1.0")
    return index


@pytest.fixture
def connected(folder: Path, index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a person who has this index."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    return folder


@pytest.fixture
def among_others(connected: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project that has room for other projects beside it."""
    here = connected / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests of a file, so that one environment is made in earnest."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def equipped(connected: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a person who has this index and this cache."""
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(cache))
    return connected


@pytest.fixture
def project(equipped: Path) -> Project:
    """A project that requires nothing; what a whole file wants of it, a fixture of the same name there adds."""
    made = Project(equipped)
    made.require_here()
    return made


@pytest.fixture(scope="session")
def _pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pristine")


@pytest.fixture
def fresh_cache(tmp_path: Path, _pristine: Path) -> Path:
    """A cache of the test's own, but for pristine environments, of which one is made in earnest."""
    cache = tmp_path / "cache"
    cache.mkdir()
    for name in ("environments", "interpreters"):
        (_pristine / name).mkdir(exist_ok=True)
        (cache / name).symlink_to(_pristine / name)
    return cache


@pytest.fixture
def workshop(connected: Path, fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a person who has this index, and has built nothing yet."""
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(fresh_cache))
    return connected


@pytest.fixture
def demo(connected: Path, index: FakeIndex) -> Path:
    """The project `demo`, declared."""
    serve_demo(index)
    write_project(connected)
    return connected


@pytest.fixture
def locked_demo(demo: Path, chapbook: Chapbook) -> Path:
    """The project `demo`, locked."""
    assert 0 == chapbook("--no-cache", "lock").status
    return demo


@pytest.fixture
def aged_demo(locked_demo: Path, index: FakeIndex) -> Path:
    """The project `demo`, locked before there were newer versions on the index."""
    serve_newer(index)
    index.reset_counts()
    return locked_demo
