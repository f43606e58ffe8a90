from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def secure() -> Iterator[FakeIndex]:
    """An index that is spoken to in secret, by who trusts its certificate."""
    with FakeIndex(tls="valid") as index:
        index.serve("a", "1.0", requires=["b"])
        yield index
