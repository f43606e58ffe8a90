"""Sights: projects in which nothing was to be done, remembered by a process that runs many commands.

As long as files have the times, sizes and numbers that they had when they were read, they need not be read again.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.commands.dispatch import is_left_alone
from chapbook_core.installer.traces import has_traces
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping
    from pathlib import Path

    from chapbook_core.commands.dispatch import Seen

_SECONDS_TO_REST = 2.0
"""What changed since then may change once more and keep its time: some file systems count in steps as long."""
_MOST = 32
_ARE_TIMES_TOLD = os.name != "nt"
"""Whether every change leaves its time, even that of who sets another one."""
_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0)

_Traits = tuple[int, int, int, int, int]


@frozen
class Sight:
    """What a command saw."""

    variables: Mapping[str, str]
    traits: Mapping[str, _Traits | None]
    """Of each file and folder that was read, None where there was none."""
    environment: Path
    seen: Seen


class Sights:
    """The last ones, by what was asked."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Sight] = {}

    def recall(self, question: Hashable, variables: Mapping[str, str]) -> Seen | None:
        """Return what was seen, if everything is as it was, and nobody changes it."""
        sight = self._known.get(question)
        if sight is None:
            return None
        try:
            is_same = sight.variables == variables and _are_same(sight.traits)
        except OSError:
            is_same = False
        if is_same and not has_traces(sight.environment) and is_left_alone(sight.seen.folder):
            return sight.seen
        self._known.pop(question, None)
        return None

    def keep(
        self,
        question: Hashable,
        variables: Mapping[str, str],
        *,
        places: Iterable[str],
        environment: Path,
        seen: Seen,
        since: float,
    ) -> None:
        """Remember what was seen when these places were read, unless one has changed shortly before or `since`."""
        if not _ARE_TIMES_TOLD:
            return
        try:
            traits = {place: _traits(place) for place in places}
        except OSError:
            return
        youngest = max((max(its[-2:]) for its in traits.values() if its is not None), default=0)
        if youngest > (since - _SECONDS_TO_REST) * 1e9:
            return
        # As a whole: other threads come and go meanwhile.
        known = tuple(self._known)
        for oldest in known[: max(0, len(known) + 1 - _MOST)]:
            self._known.pop(oldest, None)
        self._known[question] = Sight(dict(variables), traits, environment, seen)


def _are_same(traits: Mapping[str, _Traits | None]) -> bool:
    for place, its in traits.items():  # noqa: SIM110  a generator takes as long again
        if _traits(place) != its:
            return False
    return True


def _traits(place: str) -> _Traits | None:
    """Return what changes with the content of a file, or the names in a folder; raises OSError."""
    try:
        # A folder shared over a network tells who opens a file what others have written; who only asks hears it later.
        descriptor = os.open(place, os.O_RDONLY | _WITHOUT_WAITING)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        told = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns
