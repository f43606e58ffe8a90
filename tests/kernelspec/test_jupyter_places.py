from __future__ import annotations

import site
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.paths import jupyter_data_dir

from chapbook_kernelspec.jupyter_places import folders_of_jupyter, search_folders, user_data_folder

HOME = Path("/home/ada")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "/home/ada/.local/share/jupyter"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/jupyter"),
        ("linux", {"JUPYTER_DATA_DIR": "/jupyter", "XDG_DATA_HOME": "/data"}, "/jupyter"),
        ("darwin", {}, "/home/ada/Library/Jupyter"),
        ("darwin", {"JUPYTER_PLATFORM_DIRS": "1"}, "/home/ada/Library/Application Support/Jupyter"),
        ("darwin", {"JUPYTER_PLATFORM_DIRS": "0"}, "/home/ada/Library/Jupyter"),
        ("win32", {"APPDATA": "/roaming"}, "/roaming/jupyter"),
        ("win32", {}, "/home/ada/.jupyter/data"),
        ("win32", {"JUPYTER_PLATFORM_DIRS": "yes", "LOCALAPPDATA": "/local"}, "/local/Jupyter"),
    ],
)
def test_the_data_folder_follows_the_custom_of_the_platform(
    platform: str, variables: dict[str, str], expected: str
) -> None:
    assert Path(expected) == user_data_folder(variables, HOME, platform=platform)


@pytest.mark.skipif(sys.platform == "win32", reason="the home is another variable there")
@pytest.mark.parametrize("variables", [{}, {"XDG_DATA_HOME": "/data"}, {"JUPYTER_DATA_DIR": "/jupyter"}])
def test_jupyter_itself_says_the_same(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "JUPYTER_DATA_DIR", "JUPYTER_PLATFORM_DIRS"):
        monkeypatch.delenv(name, raising=False)
    # As its older versions, which warn of what newer ones do.
    for name, value in {"HOME": str(HOME), "JUPYTER_PLATFORM_DIRS": "0", **variables}.items():
        monkeypatch.setenv(name, value)
    assert Path(jupyter_data_dir()) == user_data_folder(variables, HOME)


def test_the_nearest_folders_are_searched_first_and_none_twice() -> None:
    variables = {"JUPYTER_PATH": "/told:relative:/told", "VIRTUAL_ENV": "/project/.venv"}
    found = search_folders(variables, HOME, (Path("/project/.venv"), Path("/tool")))
    assert [
        Path("/told/kernels"),
        Path("/home/ada/.local/share/jupyter/kernels"),
        Path("/project/.venv/share/jupyter/kernels"),
        Path("/tool/share/jupyter/kernels"),
    ] == list(found[:4])
    assert len(set(found)) == len(found)


@pytest.mark.skipif(sys.platform == "win32", reason="the home is another variable there")
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"JUPYTER_PREFER_ENV_PATH": "1"},
        {"JUPYTER_PREFER_ENV_PATH": "no"},
        {"JUPYTER_PATH": "/one:/two", "JUPYTER_DATA_DIR": "/jupyter"},
        {"IPYTHONDIR": "/ipython"},
    ],
)
def test_jupyter_itself_looks_in_the_same_order(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = ("XDG_DATA_HOME", "JUPYTER_DATA_DIR", "JUPYTER_PATH", "JUPYTER_PREFER_ENV_PATH", "IPYTHONDIR")
    for name in (*names, "CONDA_PREFIX", "CONDA_DEFAULT_ENV"):
        monkeypatch.delenv(name, raising=False)
    variables = {name: value.replace("/ipython", str(tmp_path)) for name, value in variables.items()}
    for name, value in {"HOME": str(tmp_path), "JUPYTER_PLATFORM_DIRS": "0", **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(site, "ENABLE_USER_SITE", False)
    expected = [Path(folder) for folder in KernelSpecManager().kernel_dirs]
    assert expected == list(folders_of_jupyter(variables, tmp_path))
