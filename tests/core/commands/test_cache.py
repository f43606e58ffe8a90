"""The commands about the index cache, and `search`, from the terminal to a loopback index."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.cache import readable_size
from chapbook_core.project.kernel_lock import HAS_SHARED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("alpha", "1.0", summary="The first letter")
    index.serve("alpha", "2.0", summary="The first letter, again")
    index.serve("alpha", "3.0rc1")
    index.serve("alphabet", "1.0")
    return index


@pytest.fixture(autouse=True)
def _no_keyring_and_no_proxy(connected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert connected.is_dir()
    monkeypatch.setenv("CHAPBOOK_KEYRING_ENABLED", "false")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_search_shows_the_newest_release_of_a_name(chapbook: Chapbook) -> None:
    outcome = chapbook("search", "Alpha")
    assert outcome.status == 0
    assert "alpha" in outcome.out
    assert "2.0" in outcome.out
    assert "The first letter, again" in outcome.out


def test_search_finds_parts_of_names_that_the_cache_knows(chapbook: Chapbook) -> None:
    chapbook("search", "alphabet")
    outcome = chapbook("search", "alph")
    assert "known names like it: alphabet" in outcome.out


def test_search_for_an_unknown_name_fails_and_says_why(chapbook: Chapbook) -> None:
    outcome = chapbook("search", "beta")
    assert outcome.status == 1
    assert "no package is called beta" in outcome.out + outcome.err


def test_search_offline_asks_nobody(chapbook: Chapbook, index: FakeIndex) -> None:
    chapbook("search", "alpha")
    index.reset_counts()
    assert "2.0" in chapbook("search", "alpha", "--offline").out
    assert index.requests == []


def test_the_cache_is_listed_counted_and_cleared(chapbook: Chapbook) -> None:
    chapbook("search", "alpha", "alphabet")
    assert chapbook("cache", "list").out.split() == ["alpha", "alphabet"]
    assert chapbook("cache", "list", "bet").out.split() == ["alphabet"]
    assert "2 releases" in chapbook("cache", "info").out
    assert "2 entries were forgotten" in chapbook("cache", "clear", "Alpha").out
    assert chapbook("cache", "list").out.split() == ["alphabet"]
    chapbook("cache", "clear")
    assert "there was nothing to forget" in chapbook("cache", "clear").out
    assert "the cache knows no packages yet\n" == chapbook("cache", "list").out
    assert "the cache knows no package with `bet` in its name\n" == chapbook("cache", "list", "bet").out


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (5e12, "5000.0 GB")]
)
def test_sizes_are_written_for_people(size: float, text: str) -> None:
    assert readable_size(size) == text


@pytest.fixture
def project(folder: Path, chapbook: Chapbook, index: FakeIndex) -> Path:
    """Install two wheels into the environment of a project."""
    index.serve("beta", "1.0", files={"beta/__init__.py": b"x = 1\n" * 1000})
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "here"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["alpha", "beta"]\n'
        "[tool.poetry]\npackage-mode = false\n",
        "utf-8",
    )
    assert chapbook("install").status == 0
    return folder


@pytest.mark.usefixtures("project")
def test_wheels_are_listed_counted_and_cleared_by_name(chapbook: Chapbook) -> None:
    assert ["alpha", "beta"] == [line.split()[0] for line in chapbook("cache", "list", "--wheels").out.splitlines()[1:]]
    assert "alpha" not in chapbook("cache", "list", "--wheels", "bet").out
    assert "wheels                 2 " in chapbook("cache", "info").out
    assert "1 wheel removed" in chapbook("cache", "clear", "--wheels", "Beta").out
    assert "beta" not in chapbook("cache", "list", "--wheels").out


def test_pruning_tells_what_would_go_and_environments_keep_what_they_have(project: Path, chapbook: Chapbook) -> None:
    assert chapbook("cache", "prune").out == "nothing can go\n"
    outcome = chapbook("cache", "prune", "--days", "0", "--dry-run")
    assert "2 wheels and 1 other thing would go, " in outcome.out
    assert "beta" in outcome.out
    assert "2 wheels and 1 other thing removed, " in chapbook("cache", "prune", "--days=0").out
    assert "no such wheel is kept" in chapbook("cache", "list", "--wheels").out
    module = next((project / ".venv").glob("lib/python*/site-packages/beta/__init__.py"))
    assert module.stat().st_size == 6000
    assert "--days" in chapbook("cache", "prune", "--days", "soon").err


@pytest.mark.usefixtures("project")
@pytest.mark.skipif(not HAS_SHARED, reason="nobody knows here who else uses the store")
def test_what_another_command_may_use_stays(folder: Path, chapbook: Chapbook) -> None:
    store = next((folder.parent / "home").rglob("store"))
    program = (
        "import sys; from pathlib import Path; from chapbook_core.installer.store import Store\n"
        "with Store(Path(sys.argv[1])): print('open', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", program, str(store)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        outcome = chapbook("cache", "prune", "--days", "0")
        assert "other commands are using the store" in outcome.out
        assert "nothing can go" in outcome.out
        other.communicate()
    assert "2 wheels and 1 other thing removed" in chapbook("cache", "prune", "--days", "0").out


def test_a_package_may_be_named_with_a_source_before_and_a_version_behind(chapbook: Chapbook) -> None:
    chapbook("search", "alpha", "alphabet")
    assert "2 entries were forgotten" in chapbook("cache", "clear", "pypi:Alpha:1.0").out
    assert "2 entries were forgotten" in chapbook("cache", "clear", "pypi:alphabet").out
