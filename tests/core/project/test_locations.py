"""Where configuration and caches are, by the customs of each platform."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from chapbook_core.project.locations import find_locations

HOME = Path("/home/ada")


@pytest.mark.parametrize("variables", [{}, {"XDG_CONFIG_HOME": "/c", "XDG_CACHE_HOME": "/k", "XDG_DATA_HOME": "/d"}])
def test_the_folders_are_those_of_the_library_that_knows_the_customs(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(HOME))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    found = find_locations(variables, HOME, platform="linux")

    assert found.config == platformdirs.user_config_path("chapbook", appauthor=False)
    assert found.poetry_config == platformdirs.user_config_path("pypoetry", appauthor=False)
    assert found.cache == platformdirs.user_cache_path("chapbook", appauthor=False)
    assert found.data == platformdirs.user_data_path("chapbook", appauthor=False)


def test_other_platforms_have_other_customs() -> None:
    mac = find_locations({}, HOME, platform="darwin")
    windows = find_locations({"APPDATA": "/roaming"}, HOME, platform="win32")

    assert mac.config == HOME / "Library" / "Application Support" / "chapbook"
    assert mac.cache == HOME / "Library" / "Caches" / "chapbook"
    assert windows.poetry_config == Path("/roaming/pypoetry")
    assert windows.cache == HOME / "AppData" / "Local" / "chapbook" / "Cache"


def test_a_relative_folder_is_ignored() -> None:
    assert (
        find_locations({"CHAPBOOK_CONFIG_DIR": "here"}, HOME, platform="linux").config == HOME / ".config" / "chapbook"
    )
