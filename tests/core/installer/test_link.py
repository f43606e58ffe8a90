from __future__ import annotations

import errno
import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer import link
from chapbook_core.installer.link import Changed, Linker, Method
from chapbook_core.installer.relocation import entered
from tests.fakes.wheels import GOOD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.installing import Bench

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has copies only")
TEXT, BINARY = "good/__init__.py", "good/data.bin"


def brought(bench: Bench, linker: Linker, path: str) -> Path:
    stored = bench.stored(GOOD)
    file = next(file for file in stored.manifest.files if file.path == path)
    target = bench.folder / "target"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    name = path.rpartition("/")[2]
    with entered(stored.tree, "good") as here, entered(target, "") as there:
        linker.bring(file, name, here, there, (1, 1))
    assert (stored.tree / path).read_bytes() == (target / name).read_bytes()
    assert file.mtime == (target / name).stat().st_mtime_ns
    return target / name


def copying_clone(writing: int, reading: int) -> None:
    os.write(writing, os.read(reading, 1 << 20))


def failing_clone(_writing: int, _reading: int) -> None:
    raise OSError(errno.EOPNOTSUPP, "not here")


def test_a_clone_is_a_file_of_its_own(bench: Bench) -> None:
    linker = Linker(clone=copying_clone)
    file = brought(bench, linker, BINARY)
    assert Method.CLONE is linker.method((1, 1))
    assert 1 == file.stat().st_nlink
    assert file.stat().st_mode & 0o200


def test_where_clones_do_not_work_files_are_linked_from_then_on(bench: Bench) -> None:
    linker = Linker(clone=failing_clone)
    file = brought(bench, linker, BINARY)
    assert Method.LINK is linker.method((1, 1))
    assert Method.CLONE is linker.method((1, 2))
    assert 2 == file.stat().st_nlink
    assert 0o444 == file.stat().st_mode & 0o777


def test_a_text_is_linked_only_where_permissions_bind(bench: Bench) -> None:
    file = brought(bench, Linker(Method.LINK), TEXT)
    assert (1 if os.geteuid() == 0 else 2) == file.stat().st_nlink


def test_where_permissions_bind_a_text_is_linked(bench: Bench) -> None:
    linker = Linker(Method.LINK)
    linker._binding = True
    assert 2 == brought(bench, linker, TEXT).stat().st_nlink


def test_where_links_do_not_work_files_are_copied(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_words: object, **_options: object) -> None:
        raise OSError(errno.EXDEV, "another device")

    monkeypatch.setattr(os, "link", refuse)
    linker = Linker(Method.LINK)
    assert 1 == brought(bench, linker, BINARY).stat().st_nlink
    assert Method.COPY is linker.method((1, 1))


def test_where_the_system_does_not_copy_we_do(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopping(reading: int, writing: int, _count: int) -> int:
        if os.lseek(reading, 0, os.SEEK_CUR):
            raise OSError(errno.EXDEV, "another device")
        return os.write(writing, os.read(reading, 5))

    monkeypatch.setattr(os, "copy_file_range", stopping, raising=False)
    brought(bench, Linker(Method.COPY), TEXT)


def test_a_changed_file_is_not_brought(bench: Bench) -> None:
    stored = bench.stored(GOOD)
    victim = stored.tree / TEXT
    victim.chmod(0o644)
    victim.write_bytes(b"")
    for method in (Method.LINK, Method.COPY):
        with pytest.raises(Changed):
            brought(bench, Linker(method), TEXT)
    assert [] == os.listdir(bench.folder / "target")  # noqa: PTH208  names are enough


def test_where_only_names_can_be_given_a_time_a_copy_has_that_of_its_file(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "_IS_TIMED_OPEN", False)
    brought(bench, Linker(Method.COPY), BINARY)
