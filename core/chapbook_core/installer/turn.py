"""Turn: what the companion says of the spares of some wheels, while the engine works on them as well.

The engine goes from the first wheel to the last, the companion from the last to the first. Of a spare that there is it
says which pieces are as they were noted, and whatever it has not said anything of, the engine looks at itself. One that
there is not it lays out, and the engine goes on with the other wheels meanwhile.

    in     a line with the wheels, numbered; its end ends the turn
    out    words: the numbers of wheel and piece, and the checksum of the sheet; or in place of the piece that it begins
           to lay a spare out, or has ended
"""

from __future__ import annotations

import select
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    from chapbook_core.installer.sheet import Sheet

WORD = struct.Struct("<II8s")
BEGUN, ENDED = 0xFFFFFFFE, 0xFFFFFFFF
"""What stands in place of a piece when a spare is laid out."""
_WORDS = WORD.size << 11
"""So many bytes are listened to at once; a word goes into the pipe as a whole, and comes out as one."""
_NOTHING = b"\0" * 8
_PATIENCE = 10.0
"""Seconds that somebody waits for a spare before laying out the files themselves."""
_GLANCE = 0.25
"""Seconds between two looks at whether the person wants to stop."""


class Errand(NamedTuple):
    """A wheel of a turn."""

    folder: str
    """Where it is in the store."""
    tag: str
    is_laid: bool
    """Whether a spare is to be laid out when there is none."""


class Turn:
    """What the companion has said of some wheels; one that has none says nothing."""

    def __init__(self, outlet: IO[bytes] | None = None, inlet: IO[bytes] | None = None) -> None:
        self._outlet = outlet
        self._pipes = [pipe for pipe in (outlet, inlet) if pipe is not None]
        self._seen: set[tuple[int, int, bytes]] = set()
        self._begun = b""
        """Of a word the rest of which has not come."""

    def has_seen(self, wheel: int, piece: int, sheet: Sheet) -> bool:
        """Tell whether each file of a piece of a wheel's spare was as it is noted on its sheet."""
        self._listen()
        return (wheel, piece, sheet.checksum) in self._seen

    def is_at(self, wheel: int) -> bool:
        """Tell whether it is laying out a spare of a wheel."""
        self._listen()
        is_begun = (wheel, BEGUN, _NOTHING) in self._seen and (wheel, ENDED, _NOTHING) not in self._seen
        return is_begun and self._outlet is not None

    def wait(self, wheel: int, checkpoint: Callable[[], None]) -> None:
        """Wait until it has ended that, unless it takes too long; raises what the checkpoint raises."""
        if self._outlet is None:
            return
        end = time.monotonic() + _PATIENCE
        # Which takes any number of a file, unlike `select`.
        poll = select.poll()
        poll.register(self._outlet, select.POLLIN)
        while self.is_at(wheel) and (left := end - time.monotonic()) > 0:
            checkpoint()
            poll.poll(min(left, _GLANCE) * 1000)

    def end(self) -> None:
        """Have it stop, and listen no more."""
        self._outlet = None
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.close()

    def _listen(self) -> None:
        said = None if self._outlet is None else self._outlet.read(_WORDS)
        if said == b"":
            # Its process has ended; if it said nothing at all yet, it is None.
            self._outlet = None
        if not said:
            return
        said = self._begun + said
        end = len(said) - len(said) % WORD.size
        self._begun = said[end:]
        self._seen.update(WORD.iter_unpack(said[:end]))
