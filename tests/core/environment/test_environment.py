from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.environment import read_environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "version", "implementation"),
    [
        ("version = 3.12.1\nversion_info = 3.12.1.final.0\nimplementation = CPython", "3.12.1", "cpython"),
        ("version_info = 3.14.0.candidate.2\nimplementation = CPython", "3.14.0rc2", "cpython"),
        ("version = 3.9.18", "3.9.18", "cpython"),
        ("implementation = PyPy\nuv = 0.13.8\nversion_info = 3.10.14", "3.10.14", "pypy"),
        ("version = 3.13.0rc1", "3.13.0rc1", "cpython"),
        ("version_info = 3.13", "3.13.0", "cpython"),
    ],
)
def test_what_each_tool_writes_is_understood(tmp_path: Path, text: str, version: str, implementation: str) -> None:
    (tmp_path / "pyvenv.cfg").write_text(f"home = /opt/python/bin\n{text}\n")
    environment = read_environment(tmp_path)
    assert environment is not None
    assert (version, implementation) == (environment.version, environment.implementation)


@pytest.mark.parametrize("text", ["", "version = 3.12.1", "home = /x", "home = /x\nversion = new", "\xff"])
def test_what_says_no_python_is_no_environment(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyvenv.cfg").write_bytes(text.encode("latin-1"))
    assert read_environment(tmp_path) is None


@pytest.mark.skipif(os.name == "nt", reason="the folders have other names there")
@pytest.mark.parametrize("name", ["python3.13", "pypy3.13", "python3.13t"])
def test_the_packages_are_where_the_python_looks(tmp_path: Path, name: str) -> None:
    (tmp_path / "pyvenv.cfg").write_text("home = /opt/python/bin\nversion = 3.13.0\n")
    folder = tmp_path / "lib" / name / "site-packages"
    folder.mkdir(parents=True)
    environment = read_environment(tmp_path)
    assert environment is not None
    assert folder == environment.site_packages
