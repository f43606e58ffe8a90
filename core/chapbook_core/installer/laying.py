"""Laying: several wheels, one after the other, with the help of a companion where there is one."""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from chapbook_core.installer.clash import Sharing
    from chapbook_core.installer.placement import WheelArrival
    from chapbook_core.installer.relocation import Way
    from chapbook_core.installer.turn import Errand


def lay_all(
    arrivals: Sequence[WheelArrival],
    way: Way,
    sharing: Sharing,
    leaving: Collection[str],
    begun: Callable[[int, WheelArrival], None],
) -> None:
    """Lay wheels one after the other, with the help of a companion where there is one; raises what `lay` does.

    `begun` is called before each of them, and while one is waited for, with the number of those before it; it may raise
    whatever stops them.
    """
    companion = arrivals[0].companion if arrivals else None
    if companion is None:
        for number, wheel in enumerate(arrivals):
            begun(number, wheel)
            wheel.lay(way, sharing, leaving)
        return
    device = way.root.stat().st_dev
    turn = companion.begin([_errand(wheel, device, sharing) for wheel in arrivals])
    left, order = [], itertools.count()
    try:
        for number, wheel in enumerate(arrivals):
            if turn.is_at(number):
                left.append(number)
                continue
            begun(next(order), wheel)
            wheel.lay(way, sharing, leaving, partial(turn.has_seen, number))
        for number in left:
            begin = partial(begun, next(order), arrivals[number])
            begin()
            turn.wait(number, begin)
            arrivals[number].lay(way, sharing, leaving, partial(turn.has_seen, number))
    finally:
        companion.end(turn)


def _errand(wheel: WheelArrival, device: int, sharing: Sharing) -> Errand:
    """Say what a companion may do for a wheel; a spare on another device, or of files that others share, is no use."""
    from chapbook_core.installer.turn import Errand  # beside an engine alone

    folder = str(wheel.stored.folder)
    is_laid = False
    # What is no longer in the store is missed when it is laid.
    with suppress(OSError):
        is_laid = wheel.tag is not None and not sharing.of(wheel.name) and os.stat(folder).st_dev == device  # noqa: PTH116
    return Errand(folder, wheel.tag or "", is_laid)
