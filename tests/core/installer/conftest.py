"""An environment and a store for the tests of the installer."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer.store import Store
from tests.fakes.installing import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Store(tmp_path / "store") as store:
        yield Bench(tmp_path, store)


@pytest.fixture(scope="session")
def uv() -> Path:
    program = os.environ.get("CHAPBOOK_TEST_UV") or shutil.which("uv")
    if not program:
        pytest.skip("uv is neither in CHAPBOOK_TEST_UV nor on PATH")
    return Path(program)
