"""What stands where the environment of a project belongs, and is none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.commands.conftest import Chapbook

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the paths are written as elsewhere")
PROJECT = """
[project]
name = "notes"
version = "1.0"
requires-python = ">=3.9"
"""
LAYOUTS = (
    "another project's",
    "broken link",
    "conda's",
    "data",
    "file",
    "link out of a link",
    "link to everything",
    "link to home",
    "link to itself",
    "link to the project",
    "pipe",
    "repository",
)
"""What stands where the environment belongs, and is not one that Chapbook may remove."""


def tree(folder: Path) -> dict[str, bytes | str]:
    """Return everything below a folder, but for what Chapbook notes and keeps of a project."""
    return {
        str(path): path.read_bytes() if path.is_file() and not path.is_symlink() else str(path.lstat().st_mode)
        for path in folder.rglob("*")
        if ".chapbook" not in path.parts
    }


def put(layout: str, place: Path) -> None:
    """Put something where the environment of a project belongs."""
    project, other = place.parent, place.parent.parent / "other"
    other.mkdir()
    (other / "precious").write_text("thesis")
    (other / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.2\n")
    (project / "way").symlink_to(project.parent)
    targets = {
        "another project's": other,
        "broken link": project.parent / "gone",
        "link out of a link": Path("way/other"),
        "link to everything": Path("/"),
        "link to home": project.parent / "home",
        "link to itself": place,
        "link to the project": project,
    }
    if layout in targets:
        place.symlink_to(targets[layout])
    elif layout == "file":
        place.write_text("thesis")
    elif layout == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
        (place / "precious").write_text("thesis")
    if layout == "repository":
        (place / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.2\n")
        (place / ".git").mkdir()
    if layout == "conda's":
        (place / "conda-meta").mkdir()
        (place / "conda-meta" / "history").write_text("==> made <==")


@pytest.fixture
def project(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on a machine whose only Pythons are the running one and what a test adds."""
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(cache))
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_PATH", str(folder.parent / "central"))
    monkeypatch.setenv("PATH", f"{folder.parent / 'programs'}:/usr/bin:/bin")
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT"):
        monkeypatch.delenv(name, raising=False)
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder


@pytest.mark.parametrize("words", [("env", "use", "system"), ("env", "remove", "--all"), ("env", "remove", ".venv")])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_is_lost_that_is_not_the_projects_environment(
    chapbook: Chapbook, project: Path, layout: str, words: tuple[str, ...]
) -> None:
    place = project / ".venv"
    put(layout, place)
    before = tree(project.parent)
    outcome = chapbook(*words)
    assert 1 == outcome.status
    assert outcome.err.startswith(f"error: `{place}` is left as it is: ")
    assert before == tree(project.parent)


@pytest.mark.parametrize("words", [("install",), ("sync",), ("run", "python", "-V")])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_command_reaches_past_what_is_in_the_place(
    chapbook: Chapbook, project: Path, layout: str, words: tuple[str, ...]
) -> None:
    above = project.parent / ".venv"
    above.mkdir()
    (above / "precious").write_text("thesis")
    (above / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.2\n")
    put(layout, project / ".venv")
    assert 0 == chapbook("lock").status
    before = tree(project.parent)
    outcome = chapbook(*words)
    assert 1 == outcome.status
    assert "Traceback" not in outcome.err
    assert before == tree(project.parent)
