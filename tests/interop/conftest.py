from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interop.interchange import Pair
from tests.interop.poetry_program import ResidentPoetry, chapbook_here, make_environment

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def poetry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResidentPoetry]:
    with ResidentPoetry(tmp_path_factory.mktemp("poetry")) as poetry:
        yield poetry


@pytest.fixture(scope="module")
def pair(poetry: ResidentPoetry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both programs, each with a home of its own, and an environment to plan for."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAPBOOK_CACHE_DIR", str(home / "ours"))
        yield Pair(chapbook_here, poetry, make_environment(home / "environment"))
