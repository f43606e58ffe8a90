"""Attending: the errand of a companion that works on spares, see `turn`.

It looks at the files of spares, and lays out those that there are not, until it is told that the turn is over.
"""

from __future__ import annotations

import json
import os
import select
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.installer.link import Changed
from chapbook_core.installer.sheet import NoSheet, SpareFolder, read_sheet
from chapbook_core.installer.spare import has_spare, make_spare, spare_folder
from chapbook_core.installer.store import Store, StoreFailed
from chapbook_core.installer.turn import BEGUN, ENDED, WORD, Errand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_UP_TO_STORE = 2


class Over(Exception):
    """The turn has ended."""


def attend(
    errands: Sequence[tuple[int, Errand]],
    say: Callable[[bytes], object],
    is_over: Callable[[], bool],
) -> None:
    """Work on the spares of numbered wheels, the last first, until it is over, and say what was done."""

    def checkpoint() -> None:
        if is_over():
            raise Over

    with suppress(Over), ExitStack() as stack:

        @cache
        def store_in(folder: Path) -> Store:
            return stack.enter_context(Store(folder))

        for number, errand in reversed(errands):
            checkpoint()
            if has_spare(errand.folder, errand.tag) or not errand.is_laid:
                for piece, checksum in _true_pieces(errand, checkpoint):
                    say(WORD.pack(number, piece, checksum))
                continue
            say(WORD.pack(number, BEGUN, b""))
            folder = Path(errand.folder)
            _lay(store_in(folder.parents[_UP_TO_STORE]), folder.name, errand.tag, checkpoint)
            # Each file was looked at to write down what it is like.
            for piece, checksum in _pieces(errand):
                say(WORD.pack(number, piece, checksum))
            say(WORD.pack(number, ENDED, b""))


def _true_pieces(errand: Errand, checkpoint: Callable[[], None]) -> Iterator[tuple[int, bytes]]:
    with suppress(OSError, NoSheet):
        place = spare_folder(errand.folder, errand.tag)
        sheet = read_sheet(place)
        with SpareFolder(place) as folder:
            for piece in reversed(sheet.pieces):
                checkpoint()
                if sheet.is_true(folder, piece):
                    yield piece, sheet.checksum


def _lay(store: Store, digest: str, tag: str, checkpoint: Callable[[], None]) -> None:
    with suppress(OSError, StoreFailed, Changed, ValueError):
        stored = store.find(digest)
        if stored is not None:
            make_spare(store, stored, tag, checkpoint)


def _pieces(errand: Errand) -> Iterator[tuple[int, bytes]]:
    with suppress(NoSheet):
        sheet = read_sheet(spare_folder(errand.folder, errand.tag))
        for piece in sheet.pieces:
            yield piece, sheet.checksum


def main() -> None:
    """Do the errand that the input tells of, until that ends."""
    with open(0, "rb", closefd=False) as inlet:
        line = inlet.readline()
    poll = select.poll()
    poll.register(0, select.POLLIN)
    # Whoever has said all closes the pipe when it is over.
    attend([(number, Errand(*rest)) for number, *rest in json.loads(line)], _say, lambda: bool(poll.poll(0)))


def _say(word: bytes) -> None:
    try:
        os.write(1, word)
    except BrokenPipeError:
        raise Over from None
