"""Laying: several wheels, one after the other, with the help of a companion where there is one, or of a second thread.

A companion helps with what was laid out ahead of time. What was not is linked out of the store by two threads, as far
as the library in C does it; the first of them does all the rest, wheel by wheel.
"""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.installer.relocation import HAS_FOLDER_DESCRIPTORS, InTheWay, Way
from chapbook_core.installer.spare import has_spare
from chapbook_core.installer.swift import swift
from chapbook_core.project.removal import remove_folder
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from chapbook_core.installer.clash import Sharing
    from chapbook_core.installer.placement import WheelArrival
    from chapbook_core.installer.turn import Errand

_PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_CAN_DIVIDE = _PROCESSORS > 1 and HAS_FOLDER_DESCRIPTORS
_WORTH_DIVIDING = 1000
"""So many files are worth a second thread."""


def lay_all(
    arrivals: Sequence[WheelArrival],
    way: Way,
    sharing: Sharing,
    leaving: Collection[str],
    begun: Callable[[int, WheelArrival], None],
) -> None:
    """Lay wheels into an empty folder; raises what `lay` does.

    `begun` is called before each of them, and while one is waited for, with the number of those before it; it may raise
    whatever stops them.
    """
    task = _Task(way, sharing, leaving, begun)
    fresh = _fresh(arrivals, sharing) if _CAN_DIVIDE and _size(arrivals) >= _WORTH_DIVIDING else []
    if _size(fresh) < _WORTH_DIVIDING or swift() is None:
        _lay_helped(arrivals, task)
        return
    try:
        _lay_fresh(arrivals, fresh, task)
    except (FileExistsError, InTheWay):
        # Which of two was first, and so has the place, only one thread can tell.
        remove_folder(way.root)
        way.root.mkdir()
        with Way(way.root) as again:
            _lay_plainly(arrivals, replace(task, way=again))


@frozen
class _Task:
    way: Way
    sharing: Sharing
    leaving: Collection[str]
    begun: Callable[[int, WheelArrival], None]


def _fresh(arrivals: Sequence[WheelArrival], sharing: Sharing) -> list[WheelArrival]:
    """Return the wheels of which nothing was laid out, and nobody shares anything."""
    return [
        wheel
        for wheel in arrivals
        if not (wheel.tag and has_spare(wheel.stored.folder, wheel.tag)) and not sharing.of(wheel.name)
    ]


def _size(arrivals: Iterable[WheelArrival]) -> int:
    return sum([len(wheel.stored.manifest.files) for wheel in arrivals])


def _lay_plainly(arrivals: Sequence[WheelArrival], task: _Task, before: int = 0) -> None:
    for number, wheel in enumerate(arrivals, before):
        task.begun(number, wheel)
        wheel.lay(task.way, task.sharing, task.leaving)


def _lay_fresh(arrivals: Sequence[WheelArrival], fresh: Sequence[WheelArrival], task: _Task) -> None:
    """Lay wheels some of which have no spare, and nothing in common with others."""
    first, left = fresh[0], {wheel.name for wheel in fresh[1:]}
    first.linker.expect(_size(fresh))
    _lay_plainly([first], task)
    devices = os.stat(first.stored.tree).st_dev, os.stat(task.way.root).st_dev  # noqa: PTH116  paths are dearer
    if not first.linker.is_linking(devices):
        # Which shows with the first files. What is copied, or brought one by one, two processes do faster.
        left.clear()
    _lay_helped([wheel for wheel in arrivals if wheel is not first and wheel.name not in left], task, 1)
    if left:
        _lay_divided(fresh[1:], task, len(arrivals) - len(left))


def _lay_divided(arrivals: Sequence[WheelArrival], task: _Task, before: int) -> None:
    """Lay such wheels with two threads."""
    from chapbook_core.installer.ahead import Ahead  # few commands lay so much

    # What takes longest begins first; else it is what one of them waits for at the end.
    order = sorted(range(len(arrivals)), key=lambda number: -len(arrivals[number].stored.manifest.files))
    layers = [arrivals[number].begin(task.way, task.sharing, task.leaving) for number in order]
    problems: dict[int, ChapbookError | OSError] = {}
    count, wheel = before, arrivals[order[0]]

    def begin() -> None:
        task.begun(count, wheel)

    with Ahead([layer.link_ahead for layer in layers], task.way.root) as ahead:
        begin()
        for place in ahead.done(begin):
            number = order[place]
            wheel = arrivals[number]
            begin()
            # Of several problems the one is told that is met when they are laid one after the other.
            if number < min(problems, default=len(arrivals)):
                try:
                    wheel.finish(layers[place])
                except (ChapbookError, OSError) as problem:
                    problems[number] = problem
            count += 1
    if problems:
        raise problems[min(problems)]


def _lay_helped(arrivals: Sequence[WheelArrival], task: _Task, before: int = 0) -> None:
    """Lay wheels one after the other, with the help of a companion where there is one."""
    companion = arrivals[0].companion if arrivals else None
    if companion is None:
        _lay_plainly(arrivals, task, before)
        return
    way, sharing, leaving, begun = task.way, task.sharing, task.leaving, task.begun
    device = way.root.stat().st_dev
    turn = companion.begin([_errand(wheel, device, sharing) for wheel in arrivals])
    left, order = [], itertools.count(before)
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
