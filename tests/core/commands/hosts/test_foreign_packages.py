"""What others look after in a Python that a project is installed into."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.installing import require

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex
    from tests.fakes.plain_python import PlainPython

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the Python is made with links")


@pytest.mark.usefixtures("index")
def test_it_is_synchronised_as_poetry_does_it_but_for_what_others_look_after(
    python: PlainPython, chapbook: Chapbook
) -> None:
    python.put("stray", "1.0")
    python.put("pip", "23.0")
    python.put("system", "1.0", installer="debian")
    python.put("unlisted", "1.0", record=False, installer="")
    assert 0 == chapbook("lock").status
    assert 0 == chapbook("install").status
    assert "stray 1.0" in python.installed
    outcome = chapbook("sync", "--dry-run")
    assert "- stray 1.0" in outcome.out
    outcome = chapbook("sync")
    assert 0 == outcome.status, outcome.err
    told = "not taken out, because they were installed by an unknown program, debian: `system`, `unlisted`\n"
    assert told in outcome.err
    assert ["alpha 1.0", "beta 2.0", "pip 23.0", "system 1.0", "unlisted 1.0"] == python.installed
    assert "another" == python.run("import system; print(system.BY)")
    assert "Everything agrees" in chapbook("status").out


@pytest.mark.usefixtures("index")
def test_what_conda_has_installed_is_neither_replaced_nor_taken_out(
    project: Path, conda: PlainPython, chapbook: Chapbook
) -> None:
    conda.put("beta", "1.0", installer="conda", origin="file:///home/conda/feedstock/work")
    assert 0 == chapbook("lock").status
    before, text = conda.files, (project / "poetry.lock").read_bytes()
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert outcome.err.startswith("error: not replaced: `beta` 1.0, which conda has installed\nhint: ")
    assert before == conda.files
    assert 1 == chapbook("add", "beta==2.0").status
    assert (before, text) == (conda.files, (project / "poetry.lock").read_bytes())
    # The same version is as good as any, wherever it was built.
    assert 0 == chapbook("add", "beta==1.0").status
    outcome = chapbook("sync")
    assert "not taken out, because they were installed by conda: `listed`" in outcome.err
    assert ["alpha 1.0", "beta 1.0", "listed 1.0"] == conda.installed
    assert "another" == conda.run("import beta; print(beta.BY)")
    assert "not replaced: `beta` 1.0" in chapbook("install", "--reinstall-package", "beta").err


@pytest.mark.usefixtures("index")
def test_a_python_of_the_systems_is_left_alone_until_somebody_insists(
    python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 == chapbook("lock").status
    assert 0 == chapbook("env", "info").status
    mark = python.standard / "EXTERNALLY-MANAGED"
    mark.write_text("[externally-managed]\nError=Use the system.\n", "utf-8")
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert f"error: the packages of `{python.program}` are looked after by another program" in outcome.err
    assert "set PIP_BREAK_SYSTEM_PACKAGES=1" in outcome.err
    # Looking is free.
    assert 0 == chapbook("env", "info").status
    for value, status in (("0", 1), ("1", 0)):
        monkeypatch.setenv("PIP_BREAK_SYSTEM_PACKAGES", value)
        assert status == chapbook("install").status
    assert ["alpha 1.0", "beta 2.0"] == python.installed
    # As images of containers do it.
    monkeypatch.delenv("PIP_BREAK_SYSTEM_PACKAGES")
    mark.unlink()
    assert 0 == chapbook("add", "beta==1.0").status


def test_the_python_that_chapbook_runs_on_is_left_alone(
    python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(python.top))
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert "Chapbook itself runs from it" in outcome.err
    assert not (python.top / ".chapbook").exists()


def test_a_folder_that_nobody_may_write_in_is_told_before_anything_is_fetched(
    python: PlainPython, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 == chapbook("lock").status
    index.reset_counts()
    monkeypatch.setattr("chapbook_core.commands.host.os.access", lambda path, _mode: path != python.library)
    outcome = chapbook("--no-cache", "install")
    expected = f"error: nothing can be put into `{python.top}`: `{python.library}` cannot be written in\n"
    assert (1, True) == (outcome.status, outcome.err.startswith(expected))
    assert {} == dict(index.counts)
    assert [] == python.installed


@pytest.mark.usefixtures("index")
def test_folders_that_systems_have_stay(
    project: Path, python: PlainPython, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve(
        "gamma",
        "1.0",
        files={"gamma-1.0.data/data/share/man/man1/gamma.1": "words", "gamma-1.0.data/data/gamma/it": "more"},
    )
    for folder in ("share/man/man1", "src"):
        (python.top / folder).mkdir(parents=True)
    before = python.files
    for requirements in (("gamma",), ()):
        require(project, *requirements)
        assert 0 == chapbook("lock").status
        assert 0 == chapbook("sync").status
        with suppress(FileNotFoundError):
            assert bool(requirements) == (python.top / "gamma" / "it").is_file()
    assert before == python.files
