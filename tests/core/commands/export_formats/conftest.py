from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        index.serve("a", "1.0", requires=["b"], sdist=True, uploaded="2024-05-06T07:08:09Z")
        index.serve("b", "2.0", tags=["py3-none-any", "py2-none-any"])
        index.serve("c", "3.0")
        index.serve("d", "4.0", requires=["b"])
        index.serve("only-windows", "1.0")
        yield index


@pytest.fixture
def project(connected: Path) -> Path:
    return connected
