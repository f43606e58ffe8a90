from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer.schemes import UnknownLayout, paths_from_facts, paths_of_environment

if TYPE_CHECKING:
    from pathlib import Path


def made(folder: Path, *pythons: str, version: str = "version = 3.11.7") -> Path:
    for python in pythons:
        (folder / "lib" / python / "site-packages").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\n{version}\n")
    return folder


def test_the_folders_of_an_environment_are_found(tmp_path: Path) -> None:
    paths = paths_of_environment(made(tmp_path, "python3.11"), platform="linux")
    assert ("lib/python3.11/site-packages", "bin") == (paths.purelib, paths.scripts)
    assert tmp_path / "bin" / "python" == paths.interpreter
    assert "include/site/python3.11/numpy/a.h" == paths.target("headers", "a.h", "numpy")
    assert "share/x" == paths.target("data", "share/x", "numpy")


@pytest.mark.parametrize("python", ["pypy3.11", "python3.11t"])
def test_other_pythons_name_their_folder_otherwise(tmp_path: Path, python: str) -> None:
    paths = paths_of_environment(made(tmp_path, python, version="version_info = 3.11.7.final.0"), platform="linux")
    assert f"lib/{python}/site-packages" == paths.purelib


def test_a_folder_that_is_no_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayout, match=r"pyvenv\.cfg"):
        paths_of_environment(tmp_path)
    with pytest.raises(UnknownLayout, match="no folder for packages"):
        paths_of_environment(made(tmp_path), platform="linux")


def test_facts_may_be_relative_and_must_stay_inside(tmp_path: Path) -> None:
    facts = {"purelib": "lib/x", "platlib": str(tmp_path / "lib64" / "x"), "scripts": "bin"}
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib64").symlink_to("lib")
    paths = paths_from_facts(tmp_path, facts, tmp_path / "bin" / "python")
    assert ("lib/x", "lib/x") == (paths.purelib, paths.platlib)
    with pytest.raises(UnknownLayout, match="elsewhere"):
        paths_from_facts(tmp_path, {**facts, "purelib": "/usr/lib"}, tmp_path)
