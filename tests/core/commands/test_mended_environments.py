"""Environments that something has happened to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.site_packages import scan_site_packages
from tests.core.commands.installing import installed, require, run_python, site_packages
from tests.fakes.killed import Killed, killed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook, Outcome
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(equipped: Path) -> Path:
    return equipped


def test_a_damaged_journal_does_not_keep_anybody_from_removing_the_environment(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    chapbook("install")
    (project / ".venv/.chapbook/journal").write_text("{")
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert "hint: remove the environment with `chapbook env remove --all`" in outcome.err
    outcome = chapbook("env", "remove", "--all")
    assert 0 == outcome.status, outcome.err
    assert 0 == chapbook("install").status
    assert ["a 1.0"] == installed(project)


def test_what_somebody_else_takes_out_is_put_back(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    chapbook("install")
    (site_packages(project) / "a-1.0.dist-info" / "METADATA").unlink()
    (site_packages(project) / "a-1.0.dist-info" / "RECORD").unlink()
    (site_packages(project) / "a" / "__init__.py").write_text("broken = 1\n")
    # The names in the folder are the same, so another command has to notice.
    assert "~ a 1.0 (its files are incomplete)" in chapbook("sync").out
    assert "1.0" == run_python(project, "import a; print(a.__version__)")


@pytest.mark.parametrize("name", ["RECORD", "METADATA"])
def test_what_a_power_cut_has_emptied_is_put_in_anew(
    project: Path, index: FakeIndex, chapbook: Chapbook, name: str
) -> None:
    index.serve("a", "1.0", files={"a.py": "VALUE = 1\n"})
    require(project, "a")
    chapbook("install")
    for file in (site_packages(project) / "a.py", site_packages(project) / "a-1.0.dist-info" / name):
        file.unlink()
        file.touch()
    (project / ".venv/.chapbook/state.json").unlink()
    outcome = chapbook("install")
    assert 0 == outcome.status, outcome.err
    assert "VALUE = 1\n" == (site_packages(project) / "a.py").read_text()


@pytest.mark.parametrize("words", [["install"], ["env", "info"], ["lock"]])
def test_an_environment_that_was_interrupted_is_mended_by_whatever_command_comes_first(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    with monkeypatch.context() as patched:
        _kill_install(chapbook, patched)
    _require_mended(project / ".venv", chapbook(*words))


@pytest.mark.parametrize("words", [["install"], ["show"], ["lock"]])
def test_so_is_one_that_is_not_in_the_project(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_IN_PROJECT", "false")
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_PATH", str(project / "central"))
    index.serve("a", "1.0")
    require(project, "a")
    with monkeypatch.context() as patched:
        _kill_install(chapbook, patched)
    [environment] = (project / "central").glob("here-*")
    _require_mended(environment, chapbook(*words))
    assert not (project / ".chapbook" / "away").exists()


def _kill_install(chapbook: Chapbook, patched: pytest.MonkeyPatch) -> None:
    patched.setattr("chapbook_core.installer.transaction.carry_forward", killed)
    patched.setattr("chapbook_core.installer.transaction.undo", killed)
    with pytest.raises(Killed):
        chapbook("install")


def _require_mended(environment: Path, outcome: Outcome) -> None:
    assert 0 == outcome.status, outcome.err
    assert "finished what a command was installing when it was interrupted" in outcome.err
    found = scan_site_packages(next(environment.glob("lib/python*/site-packages")))
    assert ["a 1.0"] == [f"{one.name} {one.version}" for one in found]
    assert ["state.json"] == [path.name for path in (environment / ".chapbook").iterdir()]
