"""Builds that are ended in the middle, and what they leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.installing import installed, put_in, require
from tests.core.commands.source_projects import BACKEND, archive_bytes, archive_of, lib, told_lib
from tests.fakes.engine import is_alive, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")
_INSTALL = (sys.executable, "-m", "chapbook_core.cli", "install")


@pytest.fixture
def project(workshop: Path) -> Path:
    return workshop


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A file that a build writes once it has begun: the number of a process that would run for long."""
    return tmp_path / "begun"


def child_that_hangs(begun: Path) -> str:
    """Return the beginning of a backend that starts a process, and waits for it."""
    code = (
        f"import os, time; from pathlib import Path; file = Path({str(begun)!r}); "
        "file.with_suffix('.part').write_text(str(os.getpid())); file.with_suffix('.part').rename(file); time.sleep(99)"
    )
    return f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {code!r}])\n"


def lock_what_hangs(project: Path, chapbook: Chapbook, begun: Path) -> None:
    """Lock a source archive whose build starts a process, and waits for it."""
    archive_of(told_lib(project / "made", child_that_hangs(begun) + BACKEND), project / "lib-1.0.tar.gz")
    require(project, "lib @ file:lib-1.0.tar.gz")
    assert 0 == chapbook("lock").status


def interrupt_install(project: Path, begun: Path, cache: Path) -> None:
    """Interrupt an installation while it builds; that ends it at once, and leaves nothing."""
    child = subprocess.Popen(_INSTALL, cwd=project, stderr=subprocess.PIPE, text=True)
    assert wait_until(begun.exists)
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=60)

    assert 0 != child.returncode
    assert "Traceback" not in err
    assert [] == list((cache / "builds").iterdir())
    assert [] == installed(project)


def test_an_interrupt_ends_builds_that_others_wait_for(
    project: Path, index: FakeIndex, fresh_cache: Path, chapbook: Chapbook, begun: Path
) -> None:
    helper = told_lib(begun.with_name("made"), child_that_hangs(begun) + BACKEND, name="helper")
    index.add_file("helper", "helper-1.0.tar.gz", archive_bytes(helper, "helper"))
    for name in ("a", "b"):
        index.serve(name, "1.0", sdist="only", build_requires=["helper"])
    require(project, "a", "b")
    assert 0 == chapbook("lock").status

    interrupt_install(project, begun, fresh_cache)


def test_an_interrupt_ends_a_build_with_all_its_children(
    project: Path, fresh_cache: Path, chapbook: Chapbook, begun: Path
) -> None:
    lock_what_hangs(project, chapbook, begun)

    interrupt_install(project, begun, fresh_cache)

    assert wait_until(lambda: not is_alive(int(begun.read_text())), 2)


def test_no_build_outlives_a_process_that_was_killed_and_the_next_one_sweeps(
    project: Path, fresh_cache: Path, chapbook: Chapbook, begun: Path
) -> None:
    lock_what_hangs(project, chapbook, begun)
    child = subprocess.Popen(_INSTALL, cwd=project)
    assert wait_until(begun.exists)
    child.kill()
    child.wait()

    assert wait_until(lambda: not is_alive(int(begun.read_text())))
    archive_of(lib(project / "mended"), project / "lib-1.0.tar.gz")
    assert 0 == chapbook("lock").status
    put_in(chapbook)
    assert [] == list((fresh_cache / "builds").iterdir())


def test_a_process_that_was_killed_leaves_its_builds_to_the_next(
    project: Path, index: FakeIndex, chapbook: Chapbook, fresh_cache: Path
) -> None:
    index.serve("a", "1.0", sdist="only")
    (fresh_cache / "builds" / "1-abc").mkdir(parents=True)
    (fresh_cache / "builds" / "1-abc" / "half").touch()
    (fresh_cache / "builds" / "1-abc.lock").touch()
    require(project, "a")

    put_in(chapbook)

    assert [] == list((fresh_cache / "builds").iterdir())
