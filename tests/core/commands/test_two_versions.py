"""Two versions of Chapbook on one cache: neither loses what the other one keeps, and what one leaves goes in time."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer.store import WHEELS
from tests.fakes.other_version import OtherVersion

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

LONG_AGO = 40 * 24 * 3600.0
PROJECT = """[project]
name = "here"
version = "1"
requires-python = ">=3.11"
dependencies = ["a"]
[tool.poetry]
package-mode = false
"""


@pytest.fixture
def cache(connected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache that both versions use."""
    assert connected.is_dir()
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> OtherVersion:
    """The other version, which has not run yet."""
    return OtherVersion(tmp_path_factory.mktemp("other"))


@pytest.fixture
def used_by_both(three_packages: FakeIndex, cache: Path, chapbook: Chapbook, other: OtherVersion) -> OtherVersion:
    """Install a project with this version, and then another one with the other version."""
    here, there = cache.parent / "work", cache.parent / "there"
    there.mkdir()
    for project in (here, there):
        (project / "pyproject.toml").write_text(PROJECT, "utf-8")
    outcome = chapbook("install")
    assert outcome.status == 0, outcome.err
    other.run(there, "install")
    three_packages.reset_counts()
    return other


def age(cache: Path, *patterns: str) -> list[Path]:
    """Make things look as if they had not been used for long."""
    then = time.time() - LONG_AGO
    found = [path for pattern in patterns for path in cache.glob(pattern)]
    for path in found:
        os.utime(path, (then, then))
    return found


def test_each_still_has_everything_that_it_kept(
    cache: Path, used_by_both: OtherVersion, three_packages: FakeIndex, chapbook: Chapbook, tmp_path: Path
) -> None:
    for project in (tmp_path / "work", tmp_path / "there"):
        (project / "poetry.lock").unlink()
        (project / ".venv").rename(tmp_path / f"former {project.name}")
    outcome = chapbook("install", "--offline")
    assert outcome.status == 0, outcome.err
    used_by_both.run(tmp_path / "there", "install", "--offline")
    assert three_packages.counts.total() == 0
    shelves = sorted(path.name for path in (cache / "store").glob("wheels-*"))
    assert shelves == [WHEELS, "wheels-8"]
    for what in ("index/*.sqlite", "interpreters/*.json", "environments/*/template.json"):
        assert len(list(cache.glob(what))) == 2, what


def test_what_one_has_left_goes_when_it_was_not_used_for_long(
    cache: Path, used_by_both: OtherVersion, chapbook: Chapbook, tmp_path: Path
) -> None:
    assert chapbook("cache", "prune").out == "nothing can go\n"
    age(cache, "index/*P8*", "store/wheels-8/??/*/manifest")
    told = chapbook("cache", "prune").out
    assert "wheels of other versions" in told
    assert "answers of indexes of other versions  1" in told
    assert list((cache / "store").glob("wheels-8/??/*")) == []
    assert list((cache / "index").glob("*P8*")) == []
    assert chapbook("install", "--offline").status == 0
    # It starts anew as it started at first.
    (tmp_path / "there" / ".venv").rename(tmp_path / "former")
    used_by_both.run(tmp_path / "there", "install")


def test_what_indexes_said_goes_by_itself_unless_somebody_has_it_open(
    cache: Path, used_by_both: OtherVersion, three_packages: FakeIndex, chapbook: Chapbook
) -> None:
    assert used_by_both
    (path,) = (cache / "index").glob("*P8*.sqlite")
    connection = sqlite3.connect(path)
    connection.execute("SELECT count(*) FROM page").fetchone()
    assert chapbook("cache", "clear", "--all").status == 0
    age(cache, "index/*P8*")
    chapbook("cache", "prune")
    assert path.exists()
    connection.execute("INSERT INTO fact VALUES ('s', 't', 'u')")
    connection.commit()
    connection.close()
    age(cache, "index/*P8*")
    three_packages.serve("d", "1.0")
    assert chapbook("add", "d").status == 0
    assert list((cache / "index").glob("*P8*")) == []
    assert len(list((cache / "index").glob("*.sqlite"))) == 1
