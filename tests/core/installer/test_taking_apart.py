"""Changes of an environment whose folders cannot be given another name."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from chapbook_core.events import Unwatched
from chapbook_core.installer.traces import is_interrupted
from chapbook_core.installer.transaction import ProjectFile, change_environment, recover
from tests.core.installer.changes import AFTER, OLD, Impatient, content, killed_at, update, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = written(tmp_path / ".venv", OLD)
    (folder / ".chapbook").mkdir()
    return folder


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return written(tmp_path, {"poetry.lock": "old lock"}) / "poetry.lock"


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Let an environment have come with the image of a container: none of its folders can be given another name."""
    rename = os.rename
    below: set[int] = set()

    def refused(source: str, target: str, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
        if os.stat(source, dir_fd=src_dir_fd).st_ino in below:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)
        rename(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    def begin(environment: Path) -> None:
        below.clear()
        below.update(path.stat().st_ino for path in environment.rglob("*") if path.is_dir())

    monkeypatch.setattr(os, "rename", refused)
    return begin


def test_where_no_folder_can_be_moved_its_files_are(
    environment: Path, lock: Path, refusing: Callable[[Path], None]
) -> None:
    (environment / "lib/a/empty").mkdir()
    refusing(environment)
    change_environment(environment, update(environment, ProjectFile(lock, b"old lock", b"new lock")), Unwatched())
    assert (AFTER, "new lock") == (content(environment), lock.read_text())
    assert {"a", "a-2.dist-info", "z.py"} == {path.name for path in (environment / "lib").iterdir()}
    assert {"__init__.py", "b"} == {path.name for path in (environment / "lib/a").iterdir()}


@pytest.mark.parametrize("moment", range(2, 14))
def test_where_no_folder_can_be_moved_an_interruption_brings_everything_back(
    environment: Path,
    lock: Path,
    moment: int,
    refusing: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chapbook_core.installer.carrying._AT_ONCE", 1)
    refusing(environment)
    change = update(environment, ProjectFile(lock, b"old lock", b"new lock"))
    with suppress(KeyboardInterrupt):
        change_environment(environment, change, Impatient(moment, KeyboardInterrupt))
    found = content(environment), lock.read_text()
    assert found == ((OLD, "old lock") if moment < 11 else (AFTER, "new lock"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a copy of this process")
def test_where_no_folder_can_be_moved_a_killed_change_is_finished_or_undone(
    tmp_path: Path, refusing: Callable[[Path], None]
) -> None:
    outcomes: dict[str, int] = {"old": 0, "new": 0}
    number, ended = 0, False
    while not ended:
        number += 1
        environment = written(tmp_path / str(number) / ".venv", OLD)
        (environment / ".chapbook").mkdir()
        refusing(environment)
        ended = killed_at(number, partial(change_environment, environment, update(environment), Unwatched()))
        recover(environment, environment.parent)
        found = content(environment)
        assert found in (OLD, AFTER), number
        outcomes["old" if found == OLD else "new"] += 1
        assert (environment / "lib/a-1.dist-info").exists() == (found == OLD)
        assert not is_interrupted(environment)
    assert outcomes["old"] > 10
    assert outcomes["new"] > 5
