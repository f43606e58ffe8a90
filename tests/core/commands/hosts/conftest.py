"""A project for which no environment is made, and what there is in place of one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.installing import require
from tests.fakes.plain_python import PlainPython, make_plain_python

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("alpha", "1.0", requires=["beta"], scripts={"alpha": "alpha:main"})
    for version in ("1.0", "2.0"):
        index.serve("beta", version)
    return index


@pytest.fixture
def project(equipped: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project for which no environment is made."""
    monkeypatch.setenv("POETRY_VIRTUALENVS_CREATE", "false")
    for name in ("CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PIP_BREAK_SYSTEM_PACKAGES"):
        monkeypatch.delenv(name, raising=False)
    # No test shall ever change the Python that it runs on.
    monkeypatch.setattr(sys, "_base_executable", "/nowhere/python")
    require(equipped, "alpha")
    return equipped


@pytest.fixture
def apart(project: Path) -> PlainPython:
    """A Python that nothing leads to."""
    try:
        return make_plain_python(project.parent / "usr")
    except OSError as reason:
        pytest.skip(f"the running Python cannot be had under another prefix: {reason}")


@pytest.fixture
def python(apart: PlainPython, monkeypatch: pytest.MonkeyPatch) -> PlainPython:
    """The Python of the machine."""
    monkeypatch.setattr(sys, "_base_executable", str(apart.program))
    return apart


@pytest.fixture
def conda(apart: PlainPython, monkeypatch: pytest.MonkeyPatch) -> PlainPython:
    """An active environment of conda."""
    folder = apart.top / "conda-meta"
    folder.mkdir()
    apart.put("listed", "1.0")
    files = ["lib/site-packages/listed.py", "lib/site-packages/listed-1.0.dist-info/METADATA"]
    (folder / "listed-1.0-0.json").write_text(json.dumps({"name": "listed", "files": files}), "utf-8")
    monkeypatch.setenv("CONDA_PREFIX", str(apart.top))
    monkeypatch.setenv("CONDA_DEFAULT_ENV", "study")
    return apart
