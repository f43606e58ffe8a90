from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.discovery import Whereabouts, find_interpreters
from chapbook_core.environment.probe import Prober

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.environment.interpreter import Interpreter


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that the tests of one run share, so that each Python is asked and each pristine made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def prober(kept: Path) -> Prober:
    return Prober(kept / "interpreters", dict(os.environ))


@pytest.fixture(scope="session")
def machine(prober: Prober) -> dict[str, Interpreter]:
    """The Pythons of this machine, the first of each minor version."""
    found = find_interpreters(Whereabouts(dict(os.environ), Path.home()), prober)
    return {one.python_version: one for one in reversed(found.interpreters) if one.implementation == "cpython"}


@pytest.fixture
def python(machine: dict[str, Interpreter]) -> Callable[[str], Interpreter]:
    def required(version: str) -> Interpreter:
        if version not in machine:
            pytest.skip(f"needs a Python {version} on this machine")
        return machine[version]

    return required
