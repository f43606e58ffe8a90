"""Builds that go wrong, which change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.commands.installing import installed, require
from tests.core.commands.source_projects import BACKEND, archive_of, lib, told_lib

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(workshop: Path) -> Path:
    return workshop


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (('NAME, VERSION = "lib"', 'NAME, VERSION = "other"'), "its backend made a wheel of `other`"),
        (('"lib", "1.0"', '"lib", "2.0"'), "its backend made version 2.0"),
        (('tag="py3-none-any"', 'tag="cp27-none-win32"'), "does not fit this Python"),
        (("    with open", "    print('so it goes'); 1 / 0\n    with open"), "so it goes"),
        (("    with open", "    sys.exit(3)\n    with open"), "failed without a word"),
        (("    with open", "    os._exit(0)\n    with open"), "ended without an answer"),
        (("    with open", "    return '../../x.whl'\n    with open"), "no file name"),
        (("    with open", "    return 'lib-1.0-py3-none-any.whl'\n    with open"), "made no wheel"),
        (('[info + "/RECORD"] = rows', '[info + "/RECORD"] = "x,sha256=AAA,1\\n"'), "lib-1.0-py3-none-any.whl"),
    ],
)
def test_a_build_that_goes_wrong_changes_nothing(
    project: Path, chapbook: Chapbook, fresh_cache: Path, edit: tuple[str, str], words: str
) -> None:
    assert edit[0] in BACKEND
    archive_of(told_lib(project / "made", BACKEND.replace(*edit)), project / "lib-1.0.tar.gz")
    require(project, "lib @ file:lib-1.0.tar.gz")
    outcome = chapbook("lock")
    assert 0 == outcome.status, outcome.err

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert words in outcome.err
    assert "Traceback (most recent call last)" not in outcome.err or "ZeroDivisionError" in outcome.err
    assert [] == installed(project)
    assert [] == list((fresh_cache / "builds").iterdir())
    assert not list((project / ".venv" / ".chapbook").glob("stage*"))


def test_everything_a_failed_build_said_can_be_read_later(project: Path, chapbook: Chapbook, fresh_cache: Path) -> None:
    lib(project / "lib", "for number in range(300): print('line', number)\n1 / 0\n")
    require(project, "lib @ file:lib")

    outcome = chapbook("lock")

    (log,) = (fresh_cache / "logs").iterdir()
    assert str(log) in outcome.err
    assert "line 0\n" in log.read_text()
    assert "line 0\n" not in outcome.err


def test_of_several_builds_the_first_failure_is_told(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    for name in ("a", "b", "c", "d"):
        index.serve(name, "1.0", sdist="only", build_requires=["nowhere"] if name == "c" else [])
    require(project, "a", "b", "c", "d")
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "building c 1.0 failed" in outcome.err
    assert [] == installed(project)


@pytest.mark.parametrize(
    "edit",
    [
        ("    with open", "    print('so it goes'); 1 / 0\n    with open"),
        ("    with open", "    return '../../x.whl'\n    with open"),
        ('NAME, VERSION = "lib"', 'NAME, VERSION = "other"'),
    ],
)
def test_of_a_folder_of_the_persons_own_nobody_else_is_told(
    project: Path, chapbook: Chapbook, edit: tuple[str, str]
) -> None:
    told_lib(project / "lib", BACKEND.replace(*edit))
    require(project, "lib @ file:lib")
    assert 0 == chapbook("lock").status
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert "building lib failed" in outcome.err
    assert "hint:" in outcome.err
    assert "owners" not in outcome.err
    assert "choose" not in outcome.err
