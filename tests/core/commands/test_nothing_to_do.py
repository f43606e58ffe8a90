"""Environments that are as they should be, which is found out in no time."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.site_packages import scan_site_packages
from tests.core.commands.installing import require
from tests.fakes.holding import held_by_another

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chapbook_core.environment.site_packages import SitePackages
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(equipped: Path) -> Path:
    return equipped


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders of packages that somebody looks into."""
    looked: list[Path] = []

    def scan(folder: Path) -> SitePackages:
        looked.append(folder)
        return scan_site_packages(folder)

    monkeypatch.setattr("chapbook_core.commands.installing.scan_site_packages", scan)
    return looked


def test_a_second_run_has_nothing_to_do_and_opens_a_handful_of_files(
    project: Path, index: FakeIndex, chapbook: Chapbook, looks: list[Path]
) -> None:
    names = [f"p{number}" for number in range(30)]
    for name in names:
        index.serve(name, "1.0")
    require(project, *names)
    chapbook("install")
    asked = sum(index.counts.values())
    looks.clear()
    assert "Nothing to do: 30 packages are installed\n" == chapbook("install").out

    opened = _opened_while(lambda: chapbook("install"))

    assert asked == sum(index.counts.values())
    assert [] == looks
    # Files of settings that are not there are among them.
    assert len(opened) <= 9, opened
    listed = [path for path in opened if path.endswith("site-packages")]
    assert listed == []


def test_who_has_nothing_to_do_waits_for_nobody(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    chapbook("install")
    with held_by_another(project):
        assert "Nothing to do: 1 package is installed\n" == chapbook("install").out
    assert "Nothing to do: 1 package is installed\n" == chapbook("sync", "--dry-run").out


@pytest.mark.parametrize("sign", ["away", "history/underway"])
def test_what_an_interrupted_command_has_left_is_looked_into_first(
    project: Path, index: FakeIndex, chapbook: Chapbook, sign: str
) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    chapbook("install")
    left = project / ".chapbook" / sign
    left.parent.mkdir(parents=True, exist_ok=True)
    left.touch()
    chapbook("install")
    assert not left.exists()


def test_after_a_sync_an_install_has_nothing_to_look_for(
    project: Path, index: FakeIndex, chapbook: Chapbook, looks: list[Path]
) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    chapbook("install")
    chapbook("sync")
    looks.clear()
    chapbook("install")
    assert [] == looks
    # The other way round there may be more than is wanted.
    chapbook("remove", "a")
    assert [path for path in _opened_while(lambda: chapbook("sync")) if "poetry.lock" in path]


@pytest.mark.skipif(os.name == "nt", reason="the Python is a copy there")
def test_there_is_something_to_do_when_the_python_is_gone(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    chapbook("install")
    for python in (project / ".venv" / "bin").glob("python*"):
        python.unlink()
        python.symlink_to(project / "taken-away")
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert "is gone\nhint: run `chapbook env use system` to make it anew" in outcome.err


def test_after_an_upgrade_of_chapbook_an_environment_is_looked_into_once_more(
    project: Path, index: FakeIndex, chapbook: Chapbook, looks: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    chapbook("install")
    monkeypatch.setattr("chapbook_core.commands.nothing_to_do.own_version", lambda: "99")
    looks.clear()
    chapbook("install")
    assert 1 == len(looks)
    chapbook("install")
    assert 1 == len(looks)


def test_an_environment_among_those_of_other_projects_is_known_as_quickly(
    project: Path, index: FakeIndex, chapbook: Chapbook, looks: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_IN_PROJECT", "false")
    index.serve("a", "1.0")
    require(project, "a")
    assert 0 == chapbook("install").status
    assert not (project / ".venv").exists()
    assert not (project / ".chapbook" / "away").exists()
    looks.clear()
    chapbook("install")
    assert [] == looks


def _opened_while(work: Callable[[], object]) -> list[str]:
    opened: list[str] = []
    listening = True

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        if (
            listening
            and event == "open"
            and isinstance(arguments[0], str)
            and not arguments[0].endswith((".py", ".pyc"))
        ):
            opened.append(arguments[0])

    sys.addaudithook(listen)
    try:
        work()
    finally:
        listening = False
    return opened
