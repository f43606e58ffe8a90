"""Caches and projects in places that are read-only, or on another device."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.index import FakeIndex
from tests.faults.end_commands import World
from tests.faults.fail_calls import Refusing, refused
from tests.faults.in_copy import NOTHING_HAPPENED
from tests.faults.kill_install import judge, locked, serve, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="works in copies of this process")
READ_ONLY = os.strerror(errno.EROFS)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with FakeIndex() as index:
        serve(index)
        yield World(tmp_path_factory.mktemp("places"), index.url)


def read_only(world: World, folder: Path, *words: str) -> tuple[int, str]:
    """Run a command while nothing can be written below a folder."""
    status, told = refused(world, words, Refusing(str(folder), errno.EROFS, first=1, forever=True, relative=False))
    assert "Traceback" not in told
    return 0 if status == NOTHING_HAPPENED else status, told


def test_what_a_read_only_cache_has_is_put_in(world: World) -> None:
    world.restore(("sync",))
    status, told = read_only(world, world.project.cache, "sync")
    assert 0 == status, told
    assert [] == judge(world.project, locked(world.files()))


def test_what_a_read_only_cache_lacks_is_told_and_nothing_is_changed(world: World) -> None:
    world.restore(("add",))
    world.project.forget_cache()
    before = snapshot(world.project.environment)
    status, told = read_only(world, world.project.cache, "add", "more")
    assert 1 == status
    assert READ_ONLY in told
    assert world.base == world.files()
    assert before == snapshot(world.project.environment)
    assert 0 == world.project.run("sync")[0]


@pytest.mark.parametrize(
    "words", [("show",), ("status",), ("lock", "--check"), ("env", "info"), ("install",), ("sync",)]
)
def test_in_a_read_only_project_reading_works_and_so_does_having_nothing_to_do(
    world: World, words: tuple[str, ...]
) -> None:
    world.restore(())
    status, told = read_only(world, world.project.folder, *words)
    assert 0 == status, told


@pytest.mark.parametrize("words", [("add", "more"), ("remove", "gone"), ("update",)])
def test_in_a_read_only_project_nothing_changes(world: World, words: tuple[str, ...]) -> None:
    world.restore(words)
    before = snapshot(world.project.environment)
    status, told = read_only(world, world.project.folder, *words)
    assert 1 == status
    assert READ_ONLY in told
    assert world.base == world.files()
    assert before == snapshot(world.project.environment)


def test_a_cache_on_another_device_is_as_good(world: World) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == world.project.folder.stat().st_dev:
        pytest.skip("there is no other device")
    cache = Path(tempfile.mkdtemp(dir=elsewhere))
    before = world.project.variables["CHAPBOOK_CACHE_DIR"]
    world.project.variables["CHAPBOOK_CACHE_DIR"] = str(cache)
    try:
        world.restore(())
        shutil.rmtree(world.project.environment)
        status, told = world.project.run("sync")
        assert 0 == status, told
        assert [] == judge(world.project, locked(world.files()))
        # What is edited here is nobody else's.
        edited = next(world.project.environment.glob("lib/python*/site-packages/a/part1.py"))
        edited.chmod(0o644)
        edited.write_text("edited")
        assert not [file for file in cache.rglob("part1.py") if file.read_text() == "edited"]
    finally:
        world.project.variables["CHAPBOOK_CACHE_DIR"] = before
        shutil.rmtree(cache)
