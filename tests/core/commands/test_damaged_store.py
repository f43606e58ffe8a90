"""Wheels that somebody has changed in the store: the next installation makes them whole, or says that it cannot."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer.spare import FOLDER as SPARE
from chapbook_core.installer.store import WHEELS
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook

PROJECT = """[project]
name = "here"
version = "1"
requires-python = ">=3.11"
dependencies = ["alpha", "beta", "gamma"]
[tool.poetry]
package-mode = false
"""
SCRIPT = b"#!python\nprint('alpha')\n"
CHANGED = "was changed in the store since it was put there"


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        index.serve("alpha", "1.0", files={"alpha/__init__.py": b"x = 1\n", "alpha-1.0.data/scripts/say": SCRIPT})
        index.serve("beta", "1.0", files={"beta/__init__.py": b"x = 2\n", "beta/part/__init__.py": b"y = 2\n"})
        index.serve("gamma", "1.0", files={"gamma/__init__.py": b"x = 3\n"})
        yield index


@pytest.fixture
def store(folder: Path, chapbook: Chapbook, index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a project, take its environment away, and return the store that has everything."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    monkeypatch.setenv("CHAPBOOK_KEYRING_ENABLED", "false")
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    outcome = chapbook("install")
    assert outcome.status == 0, outcome.err
    shutil.rmtree(folder / ".venv")
    index.reset_counts()
    store = next((folder.parent / "home").rglob("store"))
    for spare in store.glob(f"{WHEELS}/*/*/{SPARE}"):
        shutil.rmtree(spare)
    return store


def tree(store: Path, name: str) -> Path:
    """Return the folder with the files of a wheel."""
    return next(store.glob(f"{WHEELS}/*/*/tree/{name}-1.0.dist-info")).parent


def spoil(path: Path, content: bytes = b"x = 'spoilt'\n") -> None:
    """Write into the store, as whoever edits what is linked to it."""
    path.chmod(0o644)
    path.write_bytes(content)


def module(folder: Path, path: str) -> bytes:
    """Return what has come into the environment."""
    return next((folder / ".venv").glob(f"lib/python*/site-packages/{path}")).read_bytes()


def downloads(index: FakeIndex) -> list[str]:
    """Return the names of the wheels that were asked for."""
    return sorted({seen.path.rpartition("/")[2] for seen in index.requests if seen.path.endswith(".whl")})


def test_every_wheel_that_was_changed_is_fetched_anew_and_told(
    store: Path, folder: Path, chapbook: Chapbook, index: FakeIndex
) -> None:
    spoil(tree(store, "alpha") / "alpha" / "__init__.py")
    shutil.rmtree(tree(store, "beta"))
    outcome = chapbook("install")
    assert outcome.status == 0, outcome.err
    assert f"alpha-1.0-py3-none-any.whl {CHANGED} (`alpha/__init__.py`): it is fetched anew" in outcome.err
    assert f"beta-1.0-py3-none-any.whl {CHANGED}: it is fetched anew" in outcome.err
    assert module(folder, "alpha/__init__.py") == b"x = 1\n"
    assert module(folder, "beta/__init__.py") == b"x = 2\n"
    assert downloads(index) == ["alpha-1.0-py3-none-any.whl", "beta-1.0-py3-none-any.whl"]
    shutil.rmtree(folder / ".venv")
    assert CHANGED not in chapbook("install").err


@pytest.mark.parametrize("what", ["script", "folder gone", "folder replaced by a link"])
def test_whatever_was_changed_is_noticed(
    store: Path, folder: Path, chapbook: Chapbook, index: FakeIndex, what: str
) -> None:
    aside = folder.parent / "aside"
    part = tree(store, "beta") / "beta" / "part"
    if what == "script":
        spoil(tree(store, "alpha") / "alpha-1.0.data" / "scripts" / "say", b"#!python\nprint('spoilt')\n")
    else:
        part.rename(aside)
    if what == "folder replaced by a link":
        part.symlink_to(aside)
    outcome = chapbook("install")
    assert outcome.status == 0, outcome.err
    assert CHANGED in outcome.err
    assert len(downloads(index)) == 1
    assert b"spoilt" not in (folder / ".venv" / "bin" / "say").read_bytes()
    assert module(folder, "beta/part/__init__.py") == b"y = 2\n"


def test_offline_a_changed_wheel_is_an_error_and_nothing_is_changed(
    store: Path, folder: Path, chapbook: Chapbook, index: FakeIndex
) -> None:
    spoil(tree(store, "beta") / "beta" / "__init__.py")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for _ in range(2):
        outcome = chapbook("install", "--offline")
        assert outcome.status == 1
        assert f"beta-1.0-py3-none-any.whl {CHANGED} (`beta/__init__.py`), and `--offline` forbids" in outcome.err
        assert "hint: run the command again without `--offline`" in outcome.err
        assert before == {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        assert not (folder / ".venv").exists()
    assert index.requests == []
    assert chapbook("install").status == 0
    assert module(folder, "beta/__init__.py") == b"x = 2\n"


def test_what_was_only_touched_is_whole_and_needs_no_network(
    store: Path, folder: Path, chapbook: Chapbook, index: FakeIndex
) -> None:
    for path in store.rglob("tree/**/*"):
        if path.is_file():
            os.utime(path)
    outcome = chapbook("install", "--offline")
    assert outcome.status == 0, outcome.err
    assert CHANGED not in outcome.err
    assert index.requests == []
    assert module(folder, "gamma/__init__.py") == b"x = 3\n"
