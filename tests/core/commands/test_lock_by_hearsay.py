"""Locking offline what was installed from a lock: nothing was kept of the indexes, and the lock tells all there is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

PROJECT = """[project]
name = "here"
version = "1"
requires-python = ">=3.11"
dependencies = ["a[more]>=1", "c", "w; sys_platform == 'win32'"]
[tool.poetry]
package-mode = false
"""
NOT_CACHED = "is not in the cache, and `--offline` forbids asking"


@pytest.fixture
def installed(workshop: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install what somebody else has locked."""
    own = os.environ["CHAPBOOK_CACHE_DIR"]
    index.serve("a", "0.9")
    index.serve(
        "a", "1.0", requires=["b[x]!=1.1,>=1", "t; python_version < '3.11'", "e>=1; extra == 'more'", "f; extra == 'f'"]
    )
    index.serve("b", "1.0", requires=["d; sys_platform == 'win32' and extra == 'x'"])
    for name in ("c", "d", "e", "f", "t", "w"):
        index.serve(name, "1.0")
    (workshop / "pyproject.toml").write_text(PROJECT, "utf-8")
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(workshop.parent / "theirs"))
    assert chapbook("lock").status == 0
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", own)
    assert chapbook("install").status == 0
    index.reset_counts()
    return workshop


def test_the_lock_is_what_it_was(installed: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    before = (installed / "poetry.lock").read_bytes()
    outcome = chapbook("lock", "--offline")
    assert (0, "poetry.lock is up to date: 6 packages\n") == (outcome.status, outcome.out), outcome.err
    assert (installed / "poetry.lock").read_bytes() == before
    assert index.counts.total() == 0


def test_a_version_that_its_files_write_in_another_way_is_the_same(installed: Path, chapbook: Chapbook) -> None:
    lock = installed / "poetry.lock"
    before = lock.read_text("utf-8")
    lock.write_text(before.replace('name = "c"\nversion = "1.0"', 'name = "c"\nversion = "1.0.0"'), "utf-8")
    outcome = chapbook("lock", "--offline")
    assert outcome.status == 0, outcome.err
    # As an index would have told it.
    assert before == lock.read_text("utf-8")


def test_a_package_can_be_taken_out(installed: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    outcome = chapbook("remove", "c", "--offline")
    assert outcome.status == 0, outcome.err
    assert 'name = "c"' not in (installed / "poetry.lock").read_text("utf-8")
    assert index.counts.total() == 0


def test_an_extra_that_was_not_on_is_known(installed: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    file = installed / "pyproject.toml"
    file.write_text(PROJECT.replace('"c"', '"c", "a[f]"'), "utf-8")
    outcome = chapbook("lock", "--offline")
    assert f"the page of f {NOT_CACHED}" in outcome.err
    assert index.counts.total() == 0


@pytest.mark.parametrize(
    ("former", "later"),
    [(">=3.11", ">=3.10"), ("; sys_platform == 'win32'", "")],
    ids=["an older Python", "further platforms"],
)
def test_what_a_lock_was_not_made_for_has_to_be_asked(
    installed: Path, chapbook: Chapbook, former: str, later: str
) -> None:
    before = (installed / "poetry.lock").read_bytes()
    (installed / "pyproject.toml").write_text(PROJECT.replace(former, later), "utf-8")
    outcome = chapbook("lock", "--offline")
    assert outcome.status == 1
    assert NOT_CACHED in outcome.err
    assert (installed / "poetry.lock").read_bytes() == before


def test_a_lock_that_is_not_to_count_tells_nothing(installed: Path, chapbook: Chapbook) -> None:
    assert NOT_CACHED in chapbook("lock", "--offline", "--regenerate").err
    assert "the page of a" in chapbook("update", "a", "--offline").err
    assert (installed / "poetry.lock").is_file()


def test_releases_of_another_source_are_told_apart(
    connected: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.serve("a", "1.0")
    monkeypatch.setenv("PIP_INDEX_URL", f"{index.url}nowhere/")
    project = PROJECT.replace('"a[more]>=1", "c", "w; sys_platform == \'win32\'"', '"a"')
    source = f'[[tool.poetry.source]]\nname = "ours"\nurl = "{index.url}"\n'
    (connected / "pyproject.toml").write_text(project + source, "utf-8")
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(connected.parent / "theirs"))
    assert chapbook("lock").status == 0
    before = (connected / "poetry.lock").read_bytes()
    assert b"[package.source]" in before
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(connected.parent / "ours"))
    outcome = chapbook("lock", "--offline")
    assert outcome.status == 0, outcome.err
    assert (connected / "poetry.lock").read_bytes() == before
