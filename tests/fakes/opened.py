"""An index opened for a test: the real client, cache and reader, with short patience."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.events import Unwatched
from chapbook_core.index.mode import Mode
from chapbook_core.index.opening import OpenIndex, open_index
from chapbook_core.index.retry import Patience
from chapbook_core.index.sources import Sources, index_place
from chapbook_core.index.transport import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.events import Watcher
    from chapbook_core.index.memory import Memory
    from chapbook_core.index.sources import Place
    from tests.fakes.clock import Clock
    from tests.fakes.index import FakeIndex

QUICK = Patience(total=5.0, first_wait=0.01, longest_wait=0.05, longest_retry_after=1.0)


def opened(
    index: FakeIndex | Place | Sources,
    cache: Path | None = None,
    *,
    watcher: Watcher | None = None,
    mode: Mode = Mode.ONLINE,
    variables: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    patience: Patience = QUICK,
    clock: Clock | None = None,
    home: Path | None = None,
    memory: Memory | None = None,
) -> OpenIndex:
    """Open a fake index, a place or several; without a folder there is no cache."""
    return open_index(
        sources_of(index),
        variables=variables or {},
        home=home or Path(tempfile.gettempdir(), "nobody"),
        watcher=watcher or Unwatched(),
        cache_folder=cache,
        mode=mode,
        keyring=False,
        memory=memory,
        workers=8,
        limits=limits or Limits(connect=2.0, silence=1.5),
        patience=patience,
        now=clock or time.time,
    )


def sources_of(index: FakeIndex | Place | Sources) -> Sources:
    """Give the sources that hold a fake index or a place alone."""
    if isinstance(index, Sources):
        return index
    place = index_place("fake", index.url) if hasattr(index, "serve") else index
    return Sources((place,))
