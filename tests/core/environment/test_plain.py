"""Pythons that are no virtual environments, as they tell of themselves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.condition import Broken, Sound
from chapbook_core.environment.plain import look_at_plain
from tests.fakes.interpreter import interpreter

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.environment.interpreter import Interpreter

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the paths are written as elsewhere")


def told(top: Path, **changes: str | list[str]) -> Interpreter:
    """Return a Python below a folder, with what it says of its places."""
    packages = f"{top}/lib/python3.12/site-packages"
    places = {
        "purelib": packages,
        "platlib": packages,
        "scripts": f"{top}/bin",
        "data": str(top),
        "include": f"{top}/include/python3.12",
    }
    libraries = changes.pop("libraries", [packages])
    return interpreter("3.12.1", f"{top}/bin/python3.12", places={**places, **changes}, libraries=libraries)


def reason(python: Interpreter) -> str:
    """Return why a Python takes no packages."""
    condition = look_at_plain(python)
    assert isinstance(condition, Broken)
    return condition.reason


def test_its_parts_are_where_it_says(tmp_path: Path) -> None:
    condition = look_at_plain(told(tmp_path))
    assert isinstance(condition, Sound)
    environment = condition.environment
    assert (tmp_path, False) == (environment.path, environment.is_virtual)
    assert tmp_path / "bin" / "python3.12" == environment.python == environment.base_program()
    assert tmp_path / "lib/python3.12/site-packages" == environment.site_packages
    assert tmp_path / "bin" == environment.scripts
    assert environment.layout is not None
    assert tmp_path / "include/python3.12" == environment.layout.headers


def test_what_the_system_adds_may_be_apart_from_what_it_brings(tmp_path: Path) -> None:
    """As on Debian, whose own packages are in `/usr` and all others in `/usr/local`."""
    local = tmp_path / "local"
    packages = f"{local}/lib/python3.12/dist-packages"
    python = told(
        tmp_path,
        purelib=packages,
        platlib=packages,
        scripts=f"{local}/bin",
        data=str(local),
        libraries=[packages, f"{tmp_path}/lib/python3/dist-packages"],
    )
    condition = look_at_plain(python)
    assert isinstance(condition, Sound)
    assert (local, tmp_path) == (condition.path, condition.environment.prefix)
    assert condition.environment.layout is not None
    # Its own headers are none of ours.
    assert local / "include/site/python3.12" == condition.environment.layout.headers


def test_one_that_keeps_packages_in_two_folders_is_refused(tmp_path: Path) -> None:
    assert "in two folders" in reason(told(tmp_path, platlib=f"{tmp_path}/lib64/python3.12/site-packages"))
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib64").symlink_to("lib")
    linked = told(tmp_path, platlib=f"{tmp_path}/lib64/python3.12/site-packages")
    assert isinstance(look_at_plain(linked), Sound)


def test_one_that_keeps_things_elsewhere_is_refused(tmp_path: Path) -> None:
    assert "outside of it, in `/elsewhere/bin`" in reason(told(tmp_path, scripts="/elsewhere/bin"))


def test_one_that_does_not_look_there_is_refused(tmp_path: Path) -> None:
    """As on systems that have changed where `pip` puts packages and not what `sysconfig` says."""
    assert "does not look for packages" in reason(told(tmp_path, libraries=[f"{tmp_path}/dist-packages"]))


def test_one_that_gave_no_account_is_refused() -> None:
    assert isinstance(look_at_plain(interpreter("3.12.1")), Broken)
