"""The garbage collector, kept still while a command makes much that stays and little that goes."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def without_collector() -> Iterator[None]:
    """Keep Python from looking for garbage: there is hardly any, and the search takes up to half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            # What was made counts as old from here on; otherwise all of it would be searched at once.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
