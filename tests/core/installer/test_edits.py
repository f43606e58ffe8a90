"""What a person does to the files of one environment concerns that environment alone, for root and for anybody else."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer.placement import place_wheels
from chapbook_core.installer.readying import ReadyRequest, post, work_off
from chapbook_core.installer.spare import has_spare
from chapbook_core.installer.store import Store
from chapbook_core.value import replace
from tests.fakes.installing import Bench
from tests.fakes.wheels import GOOD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chapbook_core.installer.schemes import InstallPaths

TAG = f"cpython-{sys.version_info[0]}{sys.version_info[1]}"
LIBRARY = "lib/python3.11/site-packages"
NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """Provide a folder that others may enter, unlike those of pytest."""
    path = Path(tempfile.mkdtemp(prefix="chapbook-edits-"))
    yield path
    shutil.rmtree(path)


def in_a_child(work: Callable[[], None], user: int) -> None:
    """Let a process of some user do it."""
    # The ordinary person may not be able to read the library of this Python: what is needed is loaded before.
    "".encode("utf-8-sig")
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() != user:
                os.setgid(user)
                os.setuid(user)
            work()
        except BaseException:  # noqa: BLE001  whatever it is, the parent is to fail of it
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert 0 == os.waitpid(child, 0)[1]


def installed_edited_and_looked_at(folder: Path, *, is_laid_out: bool) -> None:
    with Store(folder / "store") as store:
        bench = Bench(folder, store)
        stored = bench.stored(GOOD)
        environments: list[InstallPaths] = []
        for name in ("mine", "other", "later"):
            if is_laid_out:
                post(store.folder, ReadyRequest(Path(sys.executable), TAG, (stored.manifest.sha256,)))
                work_off(store.folder, deadline=time.monotonic() + 30)
                assert has_spare(stored.folder, TAG)
            if name == "later":
                edit(environments[0].root / LIBRARY / "good")
            paths = bench.environment(name)
            place_wheels([replace(bench.arrival(GOOD, paths), tag=TAG)], bench.watcher)
            environments.append(paths)
        store.verify(stored, is_thorough=True)
        for paths in environments[1:]:
            for file in (paths.root / LIBRARY / "good").rglob("*"):
                assert not file.is_file() or b"EDITED" not in file.read_bytes(), file


def edit(package: Path) -> None:
    """Write into a file as an editor does that keeps the file, and replace another as most editors do."""
    kept, replaced = package / "__init__.py", package / "sub" / "inner.py"
    try:
        with kept.open("a", encoding="utf-8") as stream:
            stream.write("EDITED = True\n")
    except PermissionError:
        # A linked file is read-only, and that is the answer.
        assert os.geteuid() != 0
    draft = replaced.with_suffix(".new")
    draft.write_text("EDITED = True\n", encoding="utf-8")
    draft.replace(replaced)
    assert "EDITED" in replaced.read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="it needs processes of several users")
@pytest.mark.parametrize("is_laid_out", [False, True])
@pytest.mark.parametrize("who", ["whoever runs the tests", "an ordinary person"])
def test_an_edit_changes_neither_the_store_nor_another_environment(
    folder: Path, who: str, *, is_laid_out: bool
) -> None:
    user = os.geteuid()
    if who == "an ordinary person" and user == 0:
        user = NOBODY
        os.chown(folder, user, user)
    in_a_child(lambda: installed_edited_and_looked_at(folder, is_laid_out=is_laid_out), user)
