"""The folders of this person's cache that commands keep things in."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.installer.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.session import Session

STORE_FOLDER = "store"
INTACT = "intact"
"""In a build environment: written last, and touched by each build that uses it."""


@contextmanager
def open_store(session: Session) -> Iterator[Store]:
    """Open the store of this person; one that is gone at the end when the cache is not to be used."""
    with ExitStack() as stack:
        folder = session.cache
        if folder is None:
            # Nearly everybody uses the cache.
            from tempfile import TemporaryDirectory

            folder = Path(stack.enter_context(TemporaryDirectory(prefix="chapbook-", ignore_cleanup_errors=True)))
        yield stack.enter_context(Store(folder / STORE_FOLDER, now=session.surroundings.now))
